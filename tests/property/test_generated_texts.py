"""The generator of random spaces leaves out nothing that the language has."""

from __future__ import annotations

import random

import pytest
from random_spaces.registry import PIECES
from random_spaces.searches import UNUSED
from random_spaces.whole import space_text
from space_texts import CONSTRUCTS
from written import every_name, every_production, shown

import stdsl

NEVER = {
    "ERROR": "stands for what could not be parsed",
    "error": "stands for what could not be parsed",
    "lexical": "is never parsed",
    "__dotted_star_2 -> __dotted_star_2 DOT _any_name": "no module of the library lies deeper than std.NAME",
    "_any_name -> ": "no attribute or module has the name of a word of the language",
    "_key -> ": "only some words of the language are settings",
    "setting -> STRING EQUAL": "patterns are keys in the phases of a search alone",
    "_any_name -> _key": "",
    "_key -> NAME": "",
}
"""Productions, or parts of their names, that no text of a space has, and why."""
MAY = ("_any_name -> _key", "_key -> NAME", "_key -> SPACE", "_key -> STRATEGY")


def expected() -> set[str]:
    never = [part for part, why in NEVER.items() if why]
    return {p for p in every_production() if p in MAY or not any(part in p for part in never)}


def gathered(times: int) -> tuple[set[str], set[str], set[str]]:
    """Productions, names and constructs of some small texts for each piece."""
    productions: set[str] = set()
    names: set[str] = set()
    constructs: set[str] = set()
    for n in range(times):
        for k, piece in enumerate(PIECES):
            written = space_text(random.Random(1000 * n + k), outside_files=True, budget=1 + 3 * (n % 2), first=piece)
            constructs |= written.constructs
            for text in (written.text, *written.files.values()):
                some, others = shown(text)
                productions |= some
                names |= others
    return productions, names, constructs


@pytest.fixture(scope="module")
def texts() -> tuple[set[str], set[str], set[str]]:
    return gathered(12)


def test_every_production_of_the_grammar_is_written(texts: tuple[set[str], set[str], set[str]]) -> None:
    missing = expected() - texts[0]
    assert not missing, sorted(missing)


def test_all_that_has_a_name_is_written(texts: tuple[set[str], set[str], set[str]]) -> None:
    missing = every_name() - texts[1]
    assert not missing, sorted(missing)


def test_texts_show_what_pieces_say(texts: tuple[set[str], set[str], set[str]]) -> None:
    assert not CONSTRUCTS - texts[2], sorted(CONSTRUCTS - texts[2])
    assert not texts[2] - CONSTRUCTS


def test_a_seed_means_one_text() -> None:
    for seed in range(20):
        one, other = (space_text(random.Random(seed), outside_files=True) for _ in range(2))
        assert (one.text, one.files, one.constructs) == (other.text, other.files, other.constructs)


@pytest.mark.parametrize("strategy", UNUSED)
def test_strategies_that_nothing_uses_are_right(strategy: str) -> None:
    """Few texts have a certain one: that it is refused, since a family came to run, would show in a long soak alone."""
    stdsl.loads(f"stdsl 1 strategy a = {strategy} space s = m meta m on x: image(1, 2, 2) {{ return x -> relu }}", "s")
