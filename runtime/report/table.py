"""The result table of a run, from the document that ``result.json`` holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stdsl.compiler.schemas.hyper import in_words
from stdsl.compiler.schemas.tasks.metrics import METRICS, Metric
from stdsl.compiler.schemas.tasks.task import TASKS
from stdsl.compiler.text.durations import duration
from stdsl.compiler.text.figures import apart, cost_title, figure, rounded, times

from ..tasks.best_first import best_first
from .plain import plain
from .whole import print_whole


def render_result(result: Mapping[str, Any], console: Console, layers: bool = False) -> None:
    """Print the table: accuracies, the derived decisions (all of them with ``layers``), costs, export, files and what
    to do next.
    """
    for part in _parts(result, layers):
        if isinstance(part, Table):
            print_whole(part, console)
        else:
            console.print(part, highlight=False)
    if result["next"]:
        console.print("next", style="bold")
    for command in result["next"]:  # to be copied: never broken into lines
        console.print(plain(f"  {command}"), highlight=False, soft_wrap=True)


def _parts(result: Mapping[str, Any], layers: bool) -> Iterator[RenderableType]:
    head = f"{result['search']}: {result['space']} on {result['data']}, seed {result['seed']}"
    yield plain(head, "bold")
    yield _networks(result) if result["networks"] else _untrained(result)
    for failed in result.get("failed") or ():
        yield plain(f"{failed['title']} failed: {failed['reason']}")
    yield from _search(result.get("search_facts") or {})
    yield _decisions(result["derived"]["values"])
    if layers and result["derived"].get("layers"):
        yield _layers(result["derived"]["layers"])
    yield from _export(result.get("onnx"))
    yield Text("files", style="bold")
    yield Padding(_pairs(result["files"]), (0, 0, 0, 2))


def _networks(result: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("network", no_wrap=True)
    shown = _shown(result)
    titles = [METRICS[name].title for name in shown]
    inherited = not (result.get("search_facts") or {}).get("steps", 1) and result["networks"][0]["title"] != "derived"
    took = "measured in" if inherited else "trained in"  # what it was chosen among, with weights that are there
    for title in (f"test {titles[0]}", *titles[1:], "params", "FLOPs", took):
        table.add_column(title, justify="right")
    for row in result["networks"]:
        test = row["test"]
        table.add_row(
            plain(row["title"]),
            *(METRICS[name].written(test[name]) for name in shown),
            figure(row["params"]),
            figure(row["flops"]),
            duration(row["seconds"]),
            style="bold" if row["kind"] in ("derived", "ensemble", "fusion") else None,
        )
    summary, seeds = result.get("random"), result.get("seeds")
    together = result.get("ensemble")
    fused = result.get("fusion")
    if summary or seeds or together or fused:
        table.add_section()
    written = METRICS[shown[0]].written
    if together:
        best = next(row for row in result["networks"] if row["title"] == together["best"])
        table.add_row(f"best member: {best['title']}", written(best["test"][shown[0]]))
    if fused:
        best = next(row for row in result["networks"] if row["title"] == fused["best"])
        table.add_row(f"best of the fused: {best['title']}", written(best["test"][shown[0]]))
    if seeds:
        table.add_row(f"derived, {len(seeds['values'])} seeds", f"{written(seeds['mean'])} ± {written(seeds['sd'])}")
    if summary and len(summary["values"]) > 1:  # of one the row above says all of it
        drawn = "random" if summary.get("uniform", True) else "random, not equally likely"
        table.add_row(f"mean of {len(summary['values'])} {drawn}", written(summary["mean"]))
        table.add_row("best random", written(summary["best"]))
    return table


def _untrained(result: Mapping[str, Any]) -> Table:
    """What is known of the found architecture where there is no network of it: what the search measured it to reach,
    and what it costs."""
    derived, facts = result["derived"], result.get("search_facts") or {}
    tried = [*(facts.get("trials") or ()), *(facts.get("drawn") or ())]
    own = [one["value"] for one in tried if one.get("hash") == derived.get("hash")]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("architecture", no_wrap=True)
    for title in (*([f"valid {METRICS[facts['metric']].title}"] if own else []), "params", "FLOPs"):
        table.add_column(title, justify="right")
    value = [METRICS[facts["metric"]].written(max(own, key=METRICS[facts["metric"]].score))] if own else []
    numbers = (figure(derived.get(cost)) for cost in ("params", "flops"))
    table.add_row("derived, not trained", *value, *numbers, style="bold")
    return table


_FIVE = 5
"""Classes that the metric `top5` looks at."""


def _shown(result: Mapping[str, Any]) -> list[str]:
    """The metrics of the table: what the search is told by, then those of its task; of five classes or fewer all are
    among the five likeliest."""
    own = result["targets"]
    task = next(task for task in TASKS if task.name == own["task"] and task.kind == own["kind"])
    few = 0 < len(result.get("classes") or ()) <= _FIVE
    return list(dict.fromkeys((result["metric"], *(name for name in task.shown if name != "top5" or not few))))


def _search(facts: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What the search was like: how decided it ended, the gap, and how it leant to operations without weights."""
    if not facts:
        return
    took = duration(facts["seconds"])
    parts = [f"search: {times(facts['steps'], 'step')} in {took}"]
    if not facts["steps"]:  # with weights that are there
        parts = [f"search: nothing trained, architectures measured in {took}"]
    if facts.get("trials") is not None:
        number = times(len(facts["trials"]), "trial")
        head = f"{parts[0]} of {number}" if facts["steps"] else f"search: nothing trained, {number} measured in {took}"
        yield Text(f"{head}, by their {METRICS[facts['metric']].title} on held-out samples")
        yield _trials(facts["trials"], METRICS[facts["metric"]], facts["steps"] > 0)
        first = next(iter(_best_first(facts["trials"], METRICS[facts["metric"]])), {})
        if first.get("settings"):
            yield Text(f"settings of {first['name']}: {in_words(first['settings'])}")
        if facts.get("front"):
            count = times(len(facts["front"]), "trial")
            yield plain(f"front of {count}: no other is as good in all objectives and better in one")
            yield _front(facts)
        return
    if facts.get("fixed"):
        parts.append(f"{len(facts['fixed'])} decisions fixed on the way")
    elif facts.get("entropy") is not None:
        parts.append(f"decisions at {facts['entropy']:.0%} of full uncertainty")
    gap = facts.get("gap")
    if gap:
        metric = METRICS[gap["metric"]]
        what = "" if gap["metric"] == "accuracy" else f", {metric.title}"
        relaxed, discrete = metric.written(gap["relaxed"]), metric.written(gap["discrete"])
        parts.append(f"relaxed network {relaxed}, discrete {discrete} with its weights{what}")
    yield plain("; ".join(parts))
    lean = facts.get("weightless")
    if lean:
        yield Text(
            f"operations without weights: {lean['weight']:.0%} of the decision weights "
            f"(even: {lean['even']:.0%}), likeliest in {lean['likeliest']} of {lean['chooses']} decisions"
        )
    if len(facts.get("history") or ()) > 1:
        yield _history(facts["history"])
    if facts.get("drawn"):
        metric = METRICS[facts["metric"]]
        called = facts.get("called") or ("architecture", "architectures")
        number = sum(one["times"] for one in facts["drawn"])
        head = f"{called[1]} drawn: {number}, {len(facts['drawn'])} of them different"
        if facts.get("named"):
            head = f"the {called[0]} that was named"
        elif facts.get("all"):
            head = f"all {called[1]} that there are: {number}"
        yield plain(f"{head}, by {'its' if facts.get('named') else 'their'} {metric.title}")
        yield _drawn(facts["drawn"], facts["metric"], called[0], counted=not (facts.get("named") or facts.get("all")))


_SHOWN = 8
"""The tables of trials and of drawn architectures have so many rows."""


def _trials(trials: list[Mapping[str, Any]], metric: Metric, trained: bool) -> Table:
    """The best ones; ``trained``: whether they were, and not measured alone."""
    best = _best_first(trials, metric)
    goes_on = any(trial.get("start") for trial in trials)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("trial", *(["goes on from"] if goes_on else [])):
        table.add_column(title)
    for title in (metric.title, "params", "FLOPs", "trained in" if trained else "measured in"):
        table.add_column(title, justify="right")
    for trial in best[:_SHOWN]:
        begins = [trial["name"], *([trial.get("start") or ""] if goes_on else [])]
        numbers = metric.written(trial["value"]), figure(trial["params"]), figure(trial["flops"])
        table.add_row(*map(Text, begins), *numbers, duration(trial["seconds"]))
    if len(best) > _SHOWN:
        begins = [f"… {len(best) - _SHOWN} more", *([""] if goes_on else [])]
        table.add_row(*begins, f"{metric.written(best[-1]['value'])} at the end", "", "", "")
    return table


def _best_first(trials: Sequence[Mapping[str, Any]], metric: Metric) -> list[Mapping[str, Any]]:
    """Of equal ones the earlier one first."""
    return sorted(trials, key=lambda trial: -metric.score(trial["value"]))


def _front(facts: Mapping[str, Any]) -> Table:
    """The cheapest first."""
    metric, costs = METRICS[facts["metric"]], facts["minimize"]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("trial")
    for title in (metric.title, *map(cost_title, costs)):
        table.add_column(title, justify="right")
    by_name = {trial["name"]: trial for trial in facts["trials"]}
    for name in facts["front"]:
        trial = by_name[name]
        known = ("" if trial[cost] is None else f"{trial[cost]:,}" for cost in costs)
        table.add_row(Text(name), metric.written(trial["value"]), *known)
    return table


def _drawn(drawn: list[Mapping[str, Any]], metric: str, one_of_them: str, counted: bool) -> Table:
    """The best ones; ``counted``: with how often each was drawn."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(one_of_them)
    costs = [name for name in ("params", "flops") if name in drawn[0]]  # those of older runs have none
    known = any(one["log_prob"] is not None for one in drawn)
    titles = ["value", *(["drawn"] if counted else []), *(["log probability"] if known else [])]
    titles += map(cost_title, costs)
    for title in titles:
        table.add_column(title, justify="right")
    best = best_first(drawn, metric)
    for one in best[:_SHOWN]:
        likely = "" if one["log_prob"] is None else rounded(one["log_prob"], 2)
        often = [str(one["times"])] if counted else []
        numbers = (METRICS[metric].written(one["value"]), *often, *([likely] if known else []))
        table.add_row(plain(one["hash"][:12]), *numbers, *(figure(one[name]) for name in costs))
    if len(best) > _SHOWN:
        last = f"{METRICS[metric].written(best[-1]['value'])} at the end"
        table.add_row(f"… {len(best) - _SHOWN} more", last, *([""] * (len(titles) - 1)))
    return table


def _history(moments: list[Mapping[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("after step", *(str(moment["step"] + 1) for moment in moments)):
        table.add_column(title, justify="left" if title == "after step" else "right")
    for name, key in (("undecided", "entropy"), ("without weights", "weightless")):
        if all(moment.get(key) is not None for moment in moments):
            table.add_row(name, *(f"{moment[key]:.0%}" for moment in moments))
    if all(moment.get("remaining") is not None for moment in moments):
        table.add_row("networks left", *(_short(moment["remaining"]) for moment in moments))
    return table


def _short(digits: str) -> str:
    """A whole number of any size; a large one cut after its second digit."""
    return f"{int(digits):,}" if len(digits) <= 6 else f"{digits[0]}.{digits[1]}e{len(digits) - 1}"


def _decisions(values: Mapping[str, Any]) -> RenderableType:
    if not values:
        return Text("no open decisions")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="derived architecture", title_justify="left")
    table.add_column("decision")
    table.add_column("value")
    for path, value in values.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        table.add_row(plain(path), plain(text))
    return table


def _layers(rows: list[Mapping[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="layers", title_justify="left")
    for title in ("layer", "operation", "shape"):
        table.add_column(title)
    frames = any(row.get("frames") is not None for row in rows)
    for title in ("params", "FLOPs", *(["frames"] if frames else [])):
        table.add_column(title, justify="right")
    for row in rows:
        seen = row.get("frames")
        table.add_row(
            *(plain(row[name]) for name in ("path", "op", "shape")),
            *(figure(row[name]) for name in ("params", "flops")),
            *(["" if seen is None else str(seen)] if frames else []),
        )
    return table


def _export(onnx: Mapping[str, Any] | None) -> Iterator[RenderableType]:
    if onnx is None:
        return
    if onnx.get("failed") is not None:
        yield from (Text(f"ONNX: not exported: {failed['message']}\n") for failed in onnx["failed"])
        return
    worst = max(onnx["difference"].values(), default=None)
    # Of a run of before it is not known how large the outputs were.
    relative = max((onnx.get("relative_difference") or {}).values(), default=None)
    checked = "not verified" if worst is None else f"differs from PyTorch by at most {apart(worst, relative)}"
    checked = "gives what PyTorch does to the last digit" if worst == 0 else checked
    latency = f", {onnx['latency_ms']:.2f} ms a sample in onnxruntime" if onnx.get("latency_ms") else ""
    yield Text(f"ONNX: {checked}{latency}, {onnx['bytes'] / 1000:,.0f} KB\n")


def _pairs(files: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, place in files.items():
        table.add_row(plain(name), plain(place))
    return table
