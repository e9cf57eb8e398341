from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stdsl.runtime.trials.database import file_database
from stdsl.runtime.trials.store import TrialStore

sys.path.insert(0, str(Path(__file__).parents[2] / "generators"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TrialStore]:
    made = TrialStore(file_database(tmp_path / "trials.sqlite"), "a run")
    yield made
    made.close()
