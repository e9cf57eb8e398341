"""What there is to say of a run that is not over."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from stdsl.compiler.schemas.tasks.task import TASKS
from stdsl.compiler.text.durations import duration
from stdsl.compiler.text.figures import times
from stdsl.compiler.text.quoting import visible

from ..tracking.progress import PhaseProgress, Progress
from .plain import plain

_SHOWN = ("loss", *dict.fromkeys(name for task in TASKS for name in (task.step, f"decision_{task.step}", *task.shown)))
"""What is shown of the facts of a phase, where it has them."""


def render_progress(progress: Progress, console: Console) -> None:
    """Print what is over, how far the phase under way has come, and how to go on."""
    head = f"{progress.search}: {progress.space} on {progress.data}, seed {progress.seed}: not over yet"
    console.print(plain(head, "bold"), highlight=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("phase", "state", ""):
        table.add_column(title)
    for phase in progress.phases:
        table.add_row(plain(phase.name), plain(_state(phase)), plain(_facts(phase)))
    for title, states in (("trials", progress.trials), ("comparisons", progress.comparisons)):
        if states:
            stopped = {"running": "stopped"} if progress.process is None else {}
            counts = ", ".join(f"{count:,} {stopped.get(state, state)}" for state, count in states.items())
            table.add_row(title, plain(counts), "")
    console.print(table, highlight=False)
    if progress.process is not None:
        by = f"process {progress.process}" if progress.process else "another process"
        console.print(f"{by} is working on it; {_checkpoint(progress)}", highlight=False)
    else:
        console.print(f"it was stopped; {_checkpoint(progress)}; go on with", highlight=False)
        console.print(plain(f"  {progress.resume}"), highlight=False, soft_wrap=True)


def _checkpoint(progress: Progress) -> str:
    kept = progress.checkpoint
    if kept is None and progress.trials.get("done"):
        return "what its trials came to is kept"
    if kept is None:
        return "it has no checkpoint yet, so what it did would be done again"
    at = "at the end" if kept.over else f"after {times(kept.step, 'step')}"
    return visible(f"its last checkpoint is {at} of {kept.phase}")


def _state(phase: PhaseProgress) -> str:
    if phase.state == "under way" and phase.measured:
        of = f" of {phase.drawn:,}" if phase.drawn else ""
        return f"{times(phase.step, 'step')}, {phase.measured:,}{of} drawn architectures measured"
    if phase.state == "under way":
        at = f"at step {phase.step:,}" + (f" of {phase.total:,}" if phase.total else "")
        return at if phase.step else phase.state
    if phase.state == "done" and phase.step:
        seconds = phase.facts.get("seconds")
        took = f" in {duration(seconds)}" if isinstance(seconds, int | float) else ""
        return f"done, {times(phase.step, 'step')}{took}"
    return phase.state


def _facts(phase: PhaseProgress) -> str:
    shown = ((name, phase.facts.get(name)) for name in _SHOWN)
    return "  ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in shown if isinstance(value, int | float))
