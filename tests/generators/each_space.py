"""A law held by many random spaces."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from space_texts import space_text

Generator = Callable[[random.Random], str]
Said = TypeVar("Said")


def any_text(rng: random.Random) -> str:
    return space_text(rng).text


def each_space(generate: Generator, spaces: int, first: int, law: Callable[[str, int], Said]) -> list[Said]:
    """What ``law`` says of the texts of so many seeds. Raises AssertionError with the seed and the text that fails."""
    said = []
    for seed in range(first, first + spaces):
        text = generate(random.Random(seed))
        try:
            said.append(law(text, seed))
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error}\n{text}") from error
    return said
