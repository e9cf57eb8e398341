"""The tables of trials: one with a row for each, one with what they were measured to reach."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

TRIALS = Table(
    "trials",
    METADATA,
    Column("run", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("number", Integer),
    Column("state", String(16), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("architecture", Text, nullable=False),
    Column("seed", Text, nullable=False),
    Column("steps", Integer),
    Column("start", Integer),
    Column("parents", Text, nullable=False),
    Column("saw", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker", Text),
    Column("proposed", Text, nullable=False),
    Column("heartbeat", Text),
    Column("ended", Text),
    Column("place", Integer),
    Column("steps_done", Integer),
    Column("seconds", Double),
    Column("error", Text),
)
"""``number`` counts the trials of a search from 0; networks that are trained beside the found one have none.
``state``: `waiting`, `running`, `done` or `failed`.
``architecture``, ``parents``: JSON. ``steps``: the budget (null: as the strategy says), ``steps_done`` what it was
trained for. ``start``: the number of the trial that it goes on from. ``saw``: how many outcomes its proposal saw.
``attempt``: how often it was begun anew because its process failed, from 1. ``place``: its place in the order of
finishing, from 0. ``proposed``, ``heartbeat``, ``ended``: times (UTC, ISO 8601)."""

METRICS = Table(
    "trial_metrics",
    METADATA,
    Column("run", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("split", String(16), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("metric", String(64), primary_key=True),
    Column("epoch", Integer),
    Column("value", Double, nullable=False),
)
"""``split``: `train` for means over an epoch of training, else what it was measured on after ``step`` steps: at its end
`valid` or `test`, and `held out` after an epoch."""

SETTINGS = Table(
    "trial_settings",
    METADATA,
    Column("run", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("key", String(512), primary_key=True),
    Column("value", Text, nullable=False),
)
"""The values of open settings that a trial was trained by, in JSON, by their dotted keys."""

LATER = frozenset({SETTINGS.name})
"""Tables that a database of an earlier version need not have; nothing stands in them then."""

Index("trials_by_number", TRIALS.c.run, TRIALS.c.number)
