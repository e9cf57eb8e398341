"""All that a run leaves, without what differs between two runs of one text: times, places, and their own names."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from stdsl.compiler.schemas import run_files
from stdsl.runtime.tracking.journal import read_journal
from stdsl.runtime.tracking.sealed import unsealed

_TIMES = frozenset({"time", "seconds", "measuring", "waited", "latency_ms", "id"})
_ROUNDS = frozenset({"run", "attempt", "worker", "proposed", "heartbeat", "ended", "place", "seconds"})
_ASIDE = frozenset({"run.json", "result.json", "journal.jsonl", ".lock"})


def outcome(folder: Path) -> dict[str, Any]:
    """By place: the digest of every file, journals and results as they read; checkpoints alone are left out, for how
    many there were depends on the clock. What needed searches left is part of it."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_dir() or "checkpoints" in place.parts:
            continue
        if path.name == run_files.TRIAL_STORE:
            found[str(place)] = _trials(path)
        elif path.name.startswith(run_files.TRIAL_STORE):
            continue
        elif path.name == "journal.jsonl":
            found[str(place)] = [without_times(line) for line in read_journal(path)]
        elif path.name == "result.json":
            found[str(place)] = without_times({**unsealed(json.loads(path.read_bytes())), "next": None})
        elif path.name not in _ASIDE:
            found[str(place)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _trials(path: Path) -> list[Any]:
    """The rows of all tables, without what depends on who was at work when."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        tables = [row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [dict(row) for table in sorted(tables) for row in database.execute(f"SELECT * FROM {table}")]
    return sorted(({k: v for k, v in row.items() if k not in _ROUNDS} for row in rows), key=str)


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The places of which two outcomes say different things."""
    return sorted(place for place in {*one, *other} if one.get(place) != other.get(place))


def without_times(value: Any) -> Any:
    """A document without what says when something was, how long it took, or which run it is of."""
    if isinstance(value, dict):
        return {name: without_times(inner) for name, inner in value.items() if name not in _TIMES}
    return [without_times(inner) for inner in value] if isinstance(value, list) else value
