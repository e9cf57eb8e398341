"""What a run found, as one document: ``result.json``, the result table, and what the API returns."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdsl.compiler.analysis.architecture import plain_values
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.layer_rows import layer_rows
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.families.registry import family
from stdsl.compiler.schemas.tasks.metrics import METRICS
from stdsl.compiler.text.commands import leave, parameters
from stdsl.compiler.text.kept_commands import Word, as_kept

from .data.targets import targets_of
from .learnt import network_of, shared_network_of
from .phases.assignment import Subject
from .phases.compare import compared
from .phases.context import Context
from .phases.derive import DRAW, drawn, members, repeats
from .phases.ensemble import FUSE
from .phases.ensemble import PHASE as TOGETHER
from .phases.export import PHASE as EXPORT
from .phases.lent import lender
from .prepare.job import Job
from .prepare.texts import file_of
from .tasks.measurement import TABLES
from .tracking.directory import RunDirectory, result_of
from .tracking.left import MARKS
from .tracking.names import DERIVED, ENSEMBLE, FUSION, SEARCH, title_of

FORMAT = 1
_ASIDE = frozenset({"probabilities", "logits", *MARKS})
"""Facts of a search that its journal alone keeps."""
MEMBERS = ("derived", "member")
"""The kinds of networks that an ensemble is of."""


@dataclass(frozen=True)
class RunResult:
    """``document`` is the content of ``result.json``; ``directory`` the run directory."""

    directory: Path
    document: Mapping[str, Any]

    @property
    def accuracy(self) -> float | None:
        """That of the derived network on the test split; None if nothing was trained, or the task has no accuracy."""
        return self.metrics.get("accuracy")

    @property
    def metrics(self) -> Mapping[str, float]:
        """Those of the derived network on the test split by name, none if nothing was trained; ``metric`` of the
        document names the one that the search is told by."""
        for network in self.document["networks"]:
            if network["kind"] == "derived":
                return {name: float(value) for name, value in network["test"].items() if name in METRICS}
        return {}

    @property
    def failures(self) -> list[Mapping[str, str]]:
        """What could not be exported: the ``code`` and the ``message`` of each diagnostic. All else is there."""
        return list((self.document.get("onnx") or {}).get("failed", ()))

    @property
    def architecture(self) -> Mapping[str, Any]:
        """The derived architecture: path → value."""
        values: Mapping[str, Any] = self.document["derived"]["values"]
        return values


def collect(
    run: Context, derived: Subject, trained: Mapping[str, Mapping[str, Any]], failed: Mapping[str, str]
) -> dict[str, Any]:
    """The document of a run whose phases are over. ``trained``: by name what the networks beside the derived one came
    to, ``failed``: the reasons of those that came to nothing."""
    finished = run.tracker.finished
    networks, metric = _networks(run, derived, trained), run.criterion.metric
    randoms = {n["title"]: n["test"][metric] for n in networks if n["kind"] == "random"}
    seeds = {n["title"]: n["test"][metric] for n in networks if n["kind"] in ("derived", "seed")}
    own = costs(derived.graph, derived.arch)
    own_files = {
        "architecture": run.directory.architecture(DERIVED),
        "weights": run.directory.weights(derived.name),
        "search's weights": run.directory.weights(SEARCH),
    }
    if "retrain" in finished:
        del own_files["search's weights"]
    own_files |= {name: run.directory.evaluation(derived.name, name) for name in TABLES}
    own_files |= {f"weights of {name}": run.directory.weights(name) for name in members(run)}
    own_files |= {f"{name} of the {ENSEMBLE}": run.directory.evaluation(ENSEMBLE, name) for name in TABLES}
    own_files |= {f"{name} of the fusion": run.directory.evaluation(FUSION, name) for name in TABLES}
    files = {"run": "."} | {name: _place(run, path) for name, path in own_files.items() if path.exists()}
    files |= finished.get("export", {}).get("files", {})
    reasons = [{"title": title, "reason": failed[name]} for _, title, name in _beside(run) if name in failed]
    return {
        "format": FORMAT,
        "id": run.manifest.id,
        "search": run.config.name,
        "space": str(run.config.space),
        "data": run.config.data.kind,
        "classes": list(run.datasets["retrain"].classes),
        "targets": targets_of(run.datasets["retrain"]).document(),
        "metric": metric,
        "seed": run.seed,
        "threads": run.manifest.threads,
        "derived": {
            "hash": finished["derive"]["hash"],
            "values": plain_values(derived.arch),
            "params": own.params,
            "flops": own.flops,
            "depth": own.depth,
            "layers": _layers(derived),
            "within": _within(run.job),
        },
        "search_facts": _search_facts(run),
        "networks": networks,
        "random": _summary(randoms, metric, finished.get(DRAW, {}).get("uniform", True)),
        "seeds": _summary(seeds, metric, True) if len(seeds) > 1 else None,
        "ensemble": _ensemble(run, networks),
        "fusion": _fusion(run, networks),
        "onnx": finished.get("export", {}).get("onnx"),
        "files": files,
        "next": _next(run, own.flops),
    } | _further(run, reasons)


def _search_facts(run: Context) -> dict[str, Any]:
    """``called``: what the family calls one and several of those that it drew."""
    facts = run.tracker.finished.get("search", {})
    found = {key: value for key, value in facts.items() if key not in _ASIDE}
    strategy = run.config.strategy
    if found.get("drawn") and strategy is not None:
        found["called"] = list(family(strategy.family).drawn)
    return found


def _further(run: Context, failed: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """What not every result has."""
    own = run.job.elastic
    found: dict[str, Any] = {} if own is None else {"elastic": {"run": own.run, "where": list(own.where)}}
    return found | ({"failed": failed} if failed else {})


def _place(run: Context, path: Path) -> str:
    """Where a file is inside the run directory."""
    return path.relative_to(run.directory.path).as_posix()


def _within(job: Job) -> list[dict[str, Any]]:
    """What was kept to, as it is written: `where` of the space that was searched, and of the one that is trained."""
    found = []
    for graph in dict.fromkeys((job.search.graph, job.final)):
        # That a keep keeps what is there is a constraint, too, which stands where it is decided.
        decided = {decision.span for decision in graph.decisions}
        texts = list(dict.fromkeys(c.span.text for c in graph.constraints if c.span not in decided))
        if texts:
            parameters = {name: str(value) for name, value in graph.parameters}
            found.append({"space": graph.name, "parameters": parameters, "where": texts})
    return found


def _layers(subject: Subject) -> list[dict[str, Any]]:
    """The layers with weights or windows of their own, in order."""
    rows = layer_rows(subject.graph, specialise(subject.graph, subject.arch))
    return [row.document() for row in rows if not row.is_input]


def _next(run: Context, flops: int | None) -> list[str]:
    """Commands to try on the result, which costs ``flops``, as its file keeps them; the last one makes an ONNX file
    that could not be made."""
    directory = run.directory.path.absolute()
    architecture = RunDirectory(directory).architecture(DERIVED)
    target = (f"{file_of(run.job.texts)}::{run.job.final.name}", *_parameters(run.job))
    found: list[tuple[Word, ...]] = [
        ("stdsl", "show", directory, "--layers"),
        ("stdsl", "graph", *target, "--arch", architecture, "-o", directory / "derived.svg"),
    ]
    if "evaluate" not in run.tracker.finished:
        network = network_of(directory, run.job)
        if network is not None:
            found.append((*network.words, architecture))
    elif run.config.retrain is None and run.job.elastic is None:
        others = shared_network_of(directory, run.job)
        if others is not None:
            found.append((*others.without, *_budgets(flops)))
    if "failed" in (run.tracker.finished.get(EXPORT, {}).get("onnx") or {}) and not (
        run.config.ensemble or run.config.fuse
    ):
        own = leave(run.job.allow_extern)
        found.append(("stdsl", "compile", *target, "--to", "onnx", "--weights", directory, *own))
    return [as_kept(words, directory) for words in found]


def _budgets(flops: int | None) -> tuple[str, ...]:
    """The words that ask for networks of half of ``flops`` and of all."""
    if not flops:
        return ()
    return ("--front", "flops", "--budget", str(flops // 2), "--budget", str(flops))


def _parameters(job: Job) -> list[str]:
    """The options that make a command mean the space of the final training, where the search gave it parameters."""
    config = job.config
    ref = config.retrain.space if config.retrain is not None and config.retrain.space is not None else config.space
    if "(" not in ref.text:
        return []
    return parameters(job.final.parameters)


def _beside(run: Context) -> list[tuple[str, str, str]]:
    """Kind, title and name of all networks that are trained beside the derived one."""
    found = [("member", name, name) for name in members(run)]
    found += [("seed", name, name) for name in repeats(run)]
    found += [("random", name, name) for name in drawn(run)]
    return found + [("space", title_of(text), run.directory.network_of(text)) for text in run.job.compared]


def _networks(run: Context, derived: Subject, trained: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    finished = run.tracker.finished
    if "evaluate" not in finished:
        return []
    if "retrain" not in finished:
        needed = lender(run.job, run.directory).needed
        title = f"{DERIVED}, with the weights of {needed}" if needed else f"{DERIVED}, with the search's weights"
        return [_row(title, "derived", derived, finished["evaluate"], finished["search"]["seconds"])]
    rows = [_row(DERIVED, "derived", derived, finished["evaluate"], finished["retrain"]["seconds"])]
    for kind, title, name in _beside(run):
        if name in trained:
            metrics = {key: value for key, value in trained[name].items() if key not in ("steps", "seconds")}
            subject = compared(run.job, run.directory, name)
            rows.append(_row(title, kind, subject, metrics, trained[name]["seconds"]))
    if TOGETHER in finished:
        own = [row for row in rows if row["kind"] in MEMBERS]
        rows.insert(len(own), _together(f"ensemble of {len(own)}", "ensemble", own, finished[TOGETHER]))
    if FUSE in finished:
        first = _told_by(rows)
        further = [_side(run, name, rows) for name in run.config.fuse]
        fused = _together(f"fused with {', '.join(run.config.fuse)}", "fusion", [first, *further], finished[FUSE])
        place = rows.index(first) + 1
        rows[place:place] = [*further, fused]
    return rows


def _together(title: str, kind: str, of: Sequence[Mapping[str, Any]], test: Mapping[str, float]) -> dict[str, Any]:
    """The row of several networks as one, which costs what all of them do."""
    facts: dict[str, Any] = {"title": title, "kind": kind}
    facts |= {cost: _total(row[cost] for row in of) for cost in ("params", "flops")}
    return facts | {"test": dict(test), "seconds": round(sum(row["seconds"] for row in of), 2)}


def _told_by(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The row of what a search tells: of its ensemble, or of the network that it found."""
    return next((row for row in rows if row["kind"] == "ensemble"), rows[0])


def _side(run: Context, name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The row of a search that this one is fused with, as its own result has it."""
    told = _told_by(result_of(run.directory.needed(name))["networks"])
    title = f"{name} (a search)" if any(row["title"] == name for row in rows) else name
    return told | {"title": title, "kind": "side"}


def _fusion(run: Context, networks: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The searches, this one first, and the title of what is best on the test split of what they tell by themselves."""
    if FUSE not in run.tracker.finished:
        return None
    own = [_told_by(networks), *(row for row in networks if row["kind"] == "side")]
    metric = run.criterion.metric
    best = max(own, key=lambda row: METRICS[metric].score(row["test"][metric]))
    return {"searches": [run.config.name, *run.config.fuse], "best": best["title"]}


def _total(values: Iterable[int | None]) -> int | None:
    """Of what all members cost; None where that of one is not known."""
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _ensemble(run: Context, networks: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The titles of its members, the best of the search first, and of the one that is best on the test split."""
    if TOGETHER not in run.tracker.finished:
        return None
    own = [row for row in networks if row["kind"] in MEMBERS]
    metric = run.criterion.metric
    best = max(own, key=lambda row: METRICS[metric].score(row["test"][metric]))
    return {"members": [row["title"] for row in own], "best": best["title"]}


def _row(title: str, kind: str, subject: Subject, test: Mapping[str, float], seconds: float) -> dict[str, Any]:
    own = costs(subject.graph, subject.arch)
    facts = {"title": title, "kind": kind, "params": own.params, "flops": own.flops}
    return facts | {"test": dict(test), "seconds": seconds}


def _summary(randoms: Mapping[str, float], metric: str, uniform: bool) -> dict[str, Any] | None:
    """``uniform``: whether all architectures were as likely to be among them."""
    if not randoms:
        return None
    best = max(randoms, key=lambda name: METRICS[metric].score(randoms[name]))
    values = list(randoms.values())
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return {
        "mean": statistics.mean(values),
        "sd": deviation,
        "best": randoms[best],
        "best_name": best,
        "values": values,
    } | ({} if uniform else {"uniform": False})
