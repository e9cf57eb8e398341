"""Successive halving: who goes on, and for how long."""

from __future__ import annotations

import random

from stdsl.runtime.strategies.evolution.halving import Ladder, further_steps


def test_steps_add_up_to_powers() -> None:
    for eta in (2, 3, 4):
        assert [40 + sum(further_steps(40, eta, r) for r in range(1, k + 1)) for k in range(4)] == [
            40 * eta**k for k in range(4)
        ]


def test_the_best_of_those_that_are_seen_go_on_from_the_highest_rung_first() -> None:
    ladder = Ladder(2, 2)
    assert ladder.next() is None
    for number, score in enumerate((0.1, 0.4, 0.3)):
        ladder.begin(number, None)
        ladder.see(number, (score,))
    assert ladder.next() == (1, 1)
    ladder.begin(3, 1)
    assert ladder.next() is None, "one of three goes on, and it has"
    ladder.begin(4, None)
    ladder.see(4, (0.9,))
    assert ladder.next() == (4, 1)
    ladder.begin(5, 4)
    ladder.see(5, (0.95,))
    assert ladder.next() is None, "there is one result on rung 1"
    ladder.see(3, (0.5,))
    assert ladder.next() == (5, 2)
    ladder.begin(6, 5)
    ladder.see(6, (0.99,))
    assert ladder.next() is None, "rung 2 is the highest"


def test_what_is_seen_decides_whatever_the_order() -> None:
    """With all results of a rung seen, those that have gone on in the end have the best half among them."""
    generator = random.Random(4)
    for _ in range(30):
        scores = [generator.random() for _ in range(16)]
        ladder, went = Ladder(4, 1), list[int]()
        for number in range(16):
            ladder.begin(number, None)
        for number in generator.sample(range(16), 16):
            ladder.see(number, (scores[number],))
            while (found := ladder.next()) is not None:
                went.append(found[0])
                ladder.begin(100 + found[0], found[0])
        best = sorted(range(16), key=lambda n: -scores[n])[:4]
        assert set(best) <= set(went)
