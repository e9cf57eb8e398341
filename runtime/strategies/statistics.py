"""Decision weights as a whole: how undecided they are, and how much they lean to operations without weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

UNDECIDED = 0.985
"""Above this share of full uncertainty a search has hardly decided anything."""


def mean_entropy(rows: Iterable[list[float]]) -> float:
    """The mean over decisions of the entropy of their weights as a share of the greatest possible: 1 is undecided, 0
    decided.
    """
    shares = []
    for row in rows:
        total = sum(row)
        if len(row) > 1 and total > 0:
            shares.append(-sum(p / total * math.log(p / total) for p in row if p > 0) / math.log(len(row)))
    return sum(shares) / len(shares) if shares else 0.0


@dataclass(frozen=True, slots=True)
class Leaning:
    """Towards alternatives without weights, over the chooses that have alternatives with and without.

    ``weight``: their mean share of the weights; ``likeliest``: for how many of the ``chooses`` the likeliest
    alternative is one; ``even``: their share among the alternatives, which indifferent weights would give.
    """

    weight: float
    likeliest: int
    chooses: int
    even: float

    @property
    def collapsed(self) -> bool:
        """Whether operations without weights have taken over: they are the likeliest for most chooses, and for half
        as many again as indifferent weights would make them."""
        return self.chooses > 1 and self.likeliest > max(0.5, 1.5 * self.even) * self.chooses

    def document(self) -> dict[str, Any]:
        return asdict(self) | {"weight": round(self.weight, 5), "even": round(self.even, 5)}


def leaning(scores: Mapping[str, Sequence[float]], weightless: Mapping[str, frozenset[int]]) -> Leaning | None:
    """``scores``: decision weights by path; ``weightless``: the options without weights, by path. None where there is
    no choose with both kinds."""
    shares, even, likeliest = [], [], 0
    for path, options in weightless.items():
        row = scores.get(path)
        total = sum(row) if row else 0
        if row is None or total <= 0:
            continue
        shares.append(sum(row[i] for i in options) / total)
        even.append(len(options) / len(row))
        likeliest += row.index(max(row)) in options
    if not shares:
        return None
    return Leaning(sum(shares) / len(shares), likeliest, len(shares), sum(even) / len(even))
