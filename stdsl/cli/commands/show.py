"""``stdsl show``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stdsl.cli.files import write_architecture, write_bytes
from stdsl.cli.options import NamedPath, as_json, budgets, front, output, quiet, store
from stdsl.cli.output import document, fact, message, table
from stdsl.cli.results import tell_front
from stdsl.compiler.text.figures import cost_title

if TYPE_CHECKING:
    from stdsl.compiler.analysis.derivation.front import Metric
    from stdsl.runtime.learnt import NetworkOf
    from stdsl.runtime.tracking.rows import Table

_TABLES = (".csv", ".json")
_FILES = (*_TABLES, ".html", ".svg", ".png", ".pdf", ".txt", ".md")
"""What ends so is meant to be a file."""


@click.command("show")
@click.argument("run", metavar="RUN", type=NamedPath())
@click.option("--layers", is_flag=True, help="All layers of the derived network too.")
@front("Instead: the best architecture for each of several budgets of a cost.")
@budgets(" Without it there are ten, or, of trials, what each costs that is better than all cheaper ones.")
@click.option(
    "--marginals", is_flag=True, help="Instead: how probable each unit is in the distribution that was learnt."
)
@click.option("--drawn", is_flag=True, help="Instead: all architectures that the search drew and measured.")
@click.option(
    "--windows",
    type=click.IntRange(1),
    metavar="N",
    help="Instead: windows over time of the N best networks that the search tried, and what they see.",
)
@click.option("--trials", is_flag=True, help="Instead: all trials of the search, also while it goes on.")
@store
@output(
    "A folder for the .arch.json files of the front, or of what was drawn; a .csv file for all trials with the front "
    "among them; a .csv or .json file for drawn architectures, trials and marginals. Trials with their front, and "
    "marginals, may be plotted as .html, .svg or .png too."
)
@as_json
@quiet
def command(
    run: Path,
    layers: bool,
    metric: Metric | None,
    budgets: Sequence[int],
    marginals: bool,
    drawn: bool,
    windows: int | None,
    trials: bool,
    store: str | None,
    output: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show the results of a run.

    RUN is the directory of a run, or of a front that `stdsl derive` made. --json prints its result.json. Of a run that
    is not over, what is done, how far the rest has come, and how to go on; then `over` is false in the JSON document.
    With --front, the architectures that the weights of its search prefer most within several budgets, and within
    `where`. With --marginals, the probability of each unit in the distribution that its search learnt, and with
    --drawn, a row for each architecture that it drew and measured. With --windows, how many windows over time the best
    networks of a search of separate trainings have, how long and where. With --trials, a row for each separate training
    of its search.

    \b
    Example:
      stdsl show runs/quickstart-0001 --layers
      stdsl show runs/quickstart-0001 --front flops
      stdsl show runs/quickstart-0001 --front flops --budget 3M --budget 4M -o front
      stdsl show runs/evolved-0001 --front params -o front.svg
      stdsl show runs/motion-0001 --marginals -o marginals.csv
      stdsl show runs/motion-0001 --drawn -o strategies
      stdsl show runs/evolved-0001 --windows 10
      stdsl show runs/evolved-0001 --trials -o trials.csv
    """
    questions: tuple[tuple[str, object], ...] = (
        ("--marginals", marginals),
        ("--drawn", drawn),
        ("--front", metric),
        ("--windows", windows),
    )
    questions += (("--trials", trials),)
    asked = [name for name, given in questions if given]
    if len(asked) > 1 or (budgets and asked and metric is None):
        raise click.UsageError(f"{asked[0]} and {(*asked, '--budget')[1]} are two questions: ask one")
    if store is not None and not trials:
        raise click.UsageError("--store goes with --trials")
    if trials:
        _trials(run, store, output, as_json, quiet)
        return
    if marginals:
        _marginals(run, output, as_json, quiet)
        return
    if windows is not None:
        _windows(run, windows, output, as_json, quiet)
        return
    if drawn:
        _drawn(run, output, as_json, quiet)
        return
    if metric is not None and output is not None and output.suffix.lower() in (".csv", ".html", ".svg", ".png"):
        if budgets or as_json:
            raise click.UsageError("a file of all trials has no --budget, and is no JSON document: leave that out")
        _tried(run, metric, output, quiet)
        return
    if metric is not None:
        _front(run, metric, budgets, output, as_json, quiet)
        return
    if budgets or output is not None:
        known = "--budget goes with --front, --output with --front, --marginals, --drawn or --trials"
        raise click.UsageError(known)
    from stdsl.compiler.schemas.run_files import ASKED
    from stdsl.runtime.report.progress import render_progress
    from stdsl.runtime.report.table import render_result
    from stdsl.runtime.report.terminal import Terminal
    from stdsl.runtime.tracking.directory import open_run, result_of
    from stdsl.runtime.tracking.progress import progress_of

    if not layers and os.path.isfile(run / ASKED) and _told_front(run, as_json):
        return
    directory = open_run(run)
    if not os.path.exists(directory.result):
        progress = progress_of(directory)
        if as_json:
            document(progress.document())
        else:
            render_progress(progress, Terminal())
        return
    result = result_of(run)
    if as_json:
        document(result)
    else:
        render_result(result, Terminal(), layers)


def _told_front(folder: Path, as_json: bool) -> bool:
    """Tell what `stdsl derive --front` made; whether it is over, so that it was."""
    from stdsl.runtime.elastic_front import front_in

    front = front_in(folder)
    if front is not None:
        tell_front(front, as_json)
    return front is not None


def _marginals(run: Path, output: Path | None, as_json: bool, quiet: bool) -> None:
    from stdsl.compiler.text.quoting import json_text
    from stdsl.runtime.marginals import marginals_of
    from stdsl.runtime.report.marginal_plot import marginal_plot
    from stdsl.runtime.report.marginal_table import marginals_csv, render_marginals
    from stdsl.runtime.report.plots import FORMATS
    from stdsl.runtime.report.terminal import Terminal

    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    if output is not None and ending not in ("csv", "json", *FORMATS):
        known = ", ".join(f".{name}" for name in ("csv", "json", *FORMATS))
        raise click.UsageError(f"{output}: marginals are written to files that end in {known}")
    found = marginals_of(run)
    if as_json:
        document(found.document())
    elif output is None:
        render_marginals(found, Terminal())
    if output is None:
        return
    if ending == "csv":
        content = marginals_csv(found).encode()
    elif ending == "json":
        content = (json_text(found.document(), 2) + "\n").encode()
    else:
        content = marginal_plot(found, next(format for format in FORMATS if format == ending))
    write_bytes(output, content)
    message(str(output), quiet)


def _drawn(run: Path, output: Path | None, as_json: bool, quiet: bool) -> None:
    from stdsl.runtime.drawn import drawn_of
    from stdsl.runtime.report.drawn_table import drawn_rows, render_drawn
    from stdsl.runtime.report.terminal import Terminal

    whole = output is not None and output.suffix.lower() in _TABLES
    if not whole:
        _is_folder(output, "drawn architectures", _TABLES)
    found = drawn_of(run)
    if as_json:
        document(found.document())
    elif not whole:
        render_drawn(found, Terminal())
    if output is not None and whole:
        _write_table(output, drawn_rows(found), found.document(), quiet)
        return
    for place, strategy in enumerate(found.strategies, 1):
        if output is not None:
            name = f"{found.search}-drawn-{place}.arch.json"
            message(write_architecture(strategy.architecture, output / name), quiet)
    if not as_json:
        _tell_next(found.network, output, quiet)


def _tell_next(network: NetworkOf | None, output: Path | None, quiet: bool) -> None:
    """What to do with an architecture of a list, where the run has a way."""
    if network is None:
        return
    file = "FILE" if output is not None else "FILE, one that `-o DIR` writes"
    message(f"next: `{network.command}` {file}, {network.does}", quiet)


def _windows(run: Path, count: int, output: Path | None, as_json: bool, quiet: bool) -> None:
    from stdsl.runtime.windows import Key, best_windows

    _is_table(output, "windows")
    found = best_windows(run, count)
    if as_json:
        document(found.document())
    elif output is None:
        networks = "the best network" if len(found.networks) == 1 else f"the best {len(found.networks)} networks"
        fact(f"{found.search}: windows over time in {networks} of {found.space}")
        columns: tuple[tuple[Key, str], ...] = (("operation", "windows on clips"), ("part", "part of the network"))
        for key, title in columns:
            rows = [(title, "a network", "mean length", "least", "greatest")]
            for own in found.by(key):
                mean, number = f"{float(own.mean):.1f}", f"{float(own.number):.1f}"
                rows.append((own.name, number, mean, str(own.least), str(own.greatest)))
            fact(f"\n{table(rows, right=(1, 2, 3, 4))}")
        if found.frames:
            whole, several = sum(found.frames) / len(found.frames), f"{min(found.frames)} to {max(found.frames)}"
            fact(f"\nreceptive field over time: {whole:.1f} frames, {several}")
    if output is not None:
        _write_table(output, found.rows(), found.document(), quiet)


def _trials(run: Path, store: str | None, output: Path | None, as_json: bool, quiet: bool) -> None:
    from stdsl.runtime.report.terminal import Terminal
    from stdsl.runtime.report.trial_table import render_trials, trial_rows
    from stdsl.runtime.trials.kept import kept_trials

    _is_table(output, "trials")
    found = kept_trials(run, store)
    if as_json:
        document(found.document())
    elif output is None:
        render_trials(found, Terminal())
    if output is not None:
        _write_table(output, trial_rows(found), found.document(), quiet)


def _is_table(output: Path | None, what: str) -> None:
    """Raises UsageError where the file cannot be one."""
    if output is not None and output.suffix.lower() not in _TABLES:
        raise click.UsageError(f"{output}: {what} are written to files that end in {', '.join(_TABLES)}")


def _is_folder(output: Path | None, what: str, files: Sequence[str]) -> None:
    """Raises UsageError where the name is that of a file, as its ending says. ``files``: those that there are."""
    if output is not None and output.suffix.lower() in _FILES and not output.is_dir():
        known = f"files that end in {', '.join(files)}"
        raise click.UsageError(f"{output}: {what} go into a folder, or into {known}")


def _write_table(output: Path, rows: Table, facts: Mapping[str, Any], quiet: bool) -> None:
    """The rows into a `.csv` file, the facts into a `.json` file."""
    from stdsl.compiler.text.quoting import json_text
    from stdsl.runtime.tracking.rows import csv_text

    text = csv_text(rows) if output.suffix.lower() == ".csv" else json_text(facts, 2) + "\n"
    write_bytes(output, text.encode())
    message(str(output), quiet)


def _front(run: Path, metric: Metric, budgets: Sequence[int], output: Path | None, as_json: bool, quiet: bool) -> None:
    from stdsl.runtime.front import front_of
    from stdsl.runtime.report.front_table import front_lines

    _is_folder(output, "a front", (".csv", ".html", ".svg", ".png"))
    found = front_of(run, metric, budgets)
    if as_json:
        document(found.document())
    else:
        fact(f"{found.search}: the best architectures of {found.space} by their {cost_title(metric)}, within `where`\n")
        fact(table(front_lines(found), right=(0, 1, 2)))
    for point in found.points:
        if point.architecture is not None and output is not None:
            place = f"{found.search}-front-{metric}-{point.budget}.arch.json"
            message(write_architecture(point.architecture, output / place), quiet)
    if not as_json and any(point.architecture is not None for point in found.points):
        _tell_next(found.network, output, quiet)


def _tried(run: Path, metric: Metric, output: Path, quiet: bool) -> None:
    """All trials by their objectives, with the front among them, as a table or a plot."""
    from stdsl.runtime.fronts import tried_by
    from stdsl.runtime.report.front_plot import front_plot, front_rows
    from stdsl.runtime.report.plots import FORMATS
    from stdsl.runtime.tracking.rows import csv_text

    ending = output.suffix.removeprefix(".").lower()
    found = tried_by(run, metric)
    if ending == "csv":
        content = csv_text(front_rows(found)).encode()
    else:
        content = front_plot(found, next(format for format in FORMATS if format == ending))
    write_bytes(output, content)
    message(str(output), quiet)
