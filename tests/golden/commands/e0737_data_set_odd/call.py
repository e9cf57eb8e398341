"""A data set whose length is no number."""

from __future__ import annotations

from typing import Any

import stdsl


class Rows:
    """Rows without end."""

    def __len__(self) -> Any:
        return "many"

    def __getitem__(self, index: int) -> Any:
        return [0.0] * 4, index % 3


stdsl.run("mine.space", data=Rows(), progress=False)
