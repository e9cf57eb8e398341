"""The trials of a run as text: a table, and rows for a CSV file."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from stdsl.compiler.schemas.hyper import in_words
from stdsl.compiler.schemas.tasks.metrics import METRICS
from stdsl.compiler.text.durations import duration
from stdsl.compiler.text.figures import cost_title, figure
from stdsl.compiler.text.quoting import json_text

from ..tracking.rows import Table as Rows
from ..trials.kept import KeptTrials
from ..trials.store import TrialRow
from .whole import print_whole

_COLUMNS = [
    *("name", "number", "state", "hash", "seed", "steps", "steps_done", "start", "parents", "saw", "attempt", "place"),
    *("seconds", "worker", "proposed", "heartbeat", "ended", "error", "architecture", "settings", "params", "flops"),
]
_COSTS = ("params", "flops")


def render_trials(trials: KeptTrials, console: Console) -> None:
    """Print a row for each trial, in their order, then the errors of those that failed."""
    states = [trials.state(row) for row in trials.rows]
    known = ("done", "failed", "running", "stopped", "waiting")
    counts = [f"{states.count(state):,} {state}" for state in known if state in states]
    head = f"{trials.search}: trials of {trials.space}, {', '.join(counts)}"
    console.print(head, style="bold", markup=False, highlight=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("trial", "state"):
        table.add_column(title, no_wrap=True)
    goes_on = any(row.start is not None for row in trials.rows)
    if goes_on:
        table.add_column("goes on from")
    costs = [cost_title(name) for name in _COSTS] if trials.costs else []
    for title in (*(METRICS[name].title for name in trials.shown), *costs, "steps", "trained in", "attempt"):
        table.add_column(title, justify="right")
    table.add_column("architecture", no_wrap=True)
    tuned = any(row.settings for row in trials.rows)
    if tuned:
        table.add_column("settings", no_wrap=True)
    for row in trials.rows:
        values = row.values or {}
        found = [METRICS[name].written(values[name]) if name in values else "" for name in trials.shown]
        steps = "" if row.steps_done is None else f"{row.steps_done:,}"
        seconds = "" if row.seconds is None else duration(row.seconds)
        own = [in_words(row.settings)] if tuned else []
        facts = trials.facts(row)
        begins = [row.name, facts["state"], *([facts["start"] or ""] if goes_on else [])]
        found += [figure(facts[name]) for name in _COSTS] if costs else []
        table.add_row(*begins, *found, steps, seconds, str(row.attempt), row.hash[:12], *own)
    print_whole(table, console)
    for row in trials.rows:
        if row.error:
            console.print(f"{row.name}: {row.error}", markup=False, highlight=False, soft_wrap=True)


def trial_rows(trials: KeptTrials) -> Rows:
    """A row for each trial with all that is kept of it, and what it was measured to reach; numbers in full."""
    return [[*_COLUMNS, *trials.metrics], *(_cells(row, trials) for row in trials.rows)]


def _cells(row: TrialRow, trials: KeptTrials) -> list[str | int | float | None]:
    facts = trials.facts(row)
    facts |= {
        "architecture": json_text(dict(row.architecture)),
        "settings": json_text(dict(row.settings)) if row.settings else "",
        "parents": " ".join(facts["parents"]),
        "seed": str(row.seed),
    }
    return [*(facts[name] for name in _COLUMNS), *((row.values or {}).get(name) for name in trials.metrics)]
