"""The division of samples into splits: each class in its own shares, by a hash that no other sample has a part in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stdsl.compiler.datafiles.splits import Shares

from ...randomness import Keys

Places = npt.NDArray[np.int64]


def divided(targets: Places, ranks: Keys, shares: Shares) -> dict[str, Places]:
    """The places of `train`, `valid` and `test` among samples with the classes ``targets`` (N,), in their order.

    Of each class those with the least of ``ranks`` (N,) are for the test, the next for `valid`: as many as
    ``shares.of`` says.
    """
    parts: dict[str, list[Places]] = {"train": [], "valid": [], "test": []}
    for label in np.unique(targets):
        own = np.nonzero(targets == label)[0]
        own = own[np.lexsort((own, ranks[own]))]
        _, valid, test = shares.of(len(own))
        parts["test"].append(own[:test])
        parts["valid"].append(own[test : test + valid])
        parts["train"].append(own[test + valid :])
    nothing = np.zeros(0, np.int64)
    return {split: np.sort(np.concatenate([nothing, *found])) for split, found in parts.items()}
