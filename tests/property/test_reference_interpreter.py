"""The compiler against an interpreter that was written from the documentation alone."""

import random
import re
from pathlib import Path

import pytest
from reference import TooMany, architectures
from reference.comparison import differences
from space_texts import space_text

LANGUAGE = Path(__file__).parents[2] / "docs" / "language"
COUNTED = [
    pytest.param(int(count), text, id=f"{page.stem}-{i}")
    for page in sorted(LANGUAGE.glob("*.md"))
    for i, (count, text) in enumerate(re.findall(r"<!-- count: (\d+) -->\n```stdsl\n(.*?)```", page.read_text(), re.S))
    if int(count) < 1000
]


@pytest.mark.parametrize(("count", "text"), COUNTED)
def test_counts_of_the_documentation(count: int, text: str) -> None:
    text = text if text.startswith("stdsl") else f"stdsl 1\n{text}"
    assert len(architectures(text)) == count
    assert differences(text) == []


@pytest.mark.parametrize("seed", range(8))
def test_random_spaces(seed: int) -> None:
    said(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_more_random_spaces(seed: int) -> None:
    said(seed)


def said(seed: int) -> None:
    text = space_text(random.Random(seed)).text
    try:
        assert differences(text) == [], text
    except TooMany:
        pytest.skip("too many architectures")
