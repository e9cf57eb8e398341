"""The memory does not hold the file."""

from __future__ import annotations

import numpy as np
import pytest

from stdsl.runtime.data.numbers import arrays


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez("digits.npz", x=np.zeros((60, 8, 8)), y=np.arange(60) % 3)

    def too_much(*_: object) -> None:
        raise MemoryError("Unable to allocate 7.45 GiB")

    monkeypatch.setattr(arrays, "values_of", too_much)
