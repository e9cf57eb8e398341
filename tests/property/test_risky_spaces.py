"""The check finds an error in a space if and only if some architecture has one; what is right goes on to the end."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from random_spaces.whole import risky_text
from reference import TooMany
from verdicts import goes_on, same_verdict


def verdicts(seeds: range) -> Counter[str]:
    found: Counter[str] = Counter()
    wrong = []
    for seed in seeds:
        try:
            text = risky_text(random.Random(seed)).text
            right = same_verdict(text, 300)
            found["right" if right else "wrong"] += 1
            if right:
                goes_on(text, 300)
        except TooMany:
            found["too many"] += 1
        except Exception as error:
            wrong.append(f"seed {seed}: {type(error).__name__}: {error}")
    assert not wrong, "\n".join([f"{len(wrong)} of {len(seeds)}", *wrong[:5]])
    return found


def test_some_spaces_that_may_be_wrong() -> None:
    found = verdicts(range(25))
    assert found["wrong"] >= 5
    assert found["right"] >= 5


def test_a_value_that_nothing_asks_for_may_be_wrong() -> None:
    text = (
        "stdsl 1\nmeta m on x: features(4) {\n  y = x -> linear(sqrt(0 - 4))\n  return x -> linear(2)\n}\nspace s = m\n"
    )
    assert not same_verdict(text, 10)


@pytest.mark.slow
def test_many_spaces_that_may_be_wrong() -> None:
    verdicts(range(1000, 3000))
