"""Whether the task of a search, its loss and its metrics go with the targets of its data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..diagnostics.model import Diagnostic, Sink
from ..diagnostics.source import Span
from ..diagnostics.tasks import CannotBalance, LossMismatch, MetricMismatch, OtherInputs, OtherTargets, TaskMismatch
from .outputs import targets_for

if TYPE_CHECKING:
    from ..schemas.search import Role, SearchConfig
    from ..schemas.tasks.targets import TargetSignature


def check_task(config: SearchConfig, sink: Sink) -> None:
    """Reports what of a search does not go with its targets, as far as these are known before data is read."""
    searched = targets_for(config)
    sink.extend(task_faults(config, searched))
    for role in ("retrain", "evaluate"):
        if config.owner(role) == role:
            own = targets_for(config, role)
            sink.extend(other_targets(config, role, searched, own))
            if role == "retrain":  # what is measured on has as many classes
                sink.extend(_weight_faults(config, own, " in the data of `retrain`"))
    trained, measured = (
        tuple(one.name for one in config.data_of(role).signature().inputs) for role in ("retrain", "evaluate")
    )
    fault = other_inputs(trained, measured)
    if fault is not None:
        sink.add(OtherInputs(config.place(config.data_key("evaluate")), config.data_of("evaluate").kind, fault))


def other_inputs(trained: Sequence[str], own: Sequence[str]) -> str | None:
    """How the names of inputs differ from those of the training; of a single one the name does not matter, and of
    another number it is told where they are held against the space."""
    if len(own) < 2 or len(own) != len(trained) or set(own) == set(trained):
        return None
    names, others = (", ".join(f"`{name}`" for name in found) for found in (own, trained))
    return f"its inputs are {names}, and those of the training {others}"


def other_targets(
    config: SearchConfig, role: Role, searched: TargetSignature, own: TargetSignature
) -> Iterator[Diagnostic]:
    """That data of another role has targets of another form than those of the search, as far as both are known; what is
    measured on has the classes of what is trained on."""
    trained = targets_for(config, "retrain") if role == "evaluate" else own
    kinds = {targets.kind for targets in (searched, own) if targets.kind is not None}
    grids = {targets.dense for targets in (searched, own) if targets.positions is not None}
    counts = {targets.count for targets in (trained, own) if targets.count is not None}
    names = {targets.names for targets in (trained, own) if targets.names is not None}
    if any(len(different) > 1 for different in (kinds, grids, counts, names)):
        other = trained if role == "evaluate" else searched
        fault = str(own) if str(own) != str(other) else f"{own}, which are called otherwise"
        yield OtherTargets(config.place(config.data_key(role)), config.data_of(role).kind, fault, str(other), role)


def task_faults(config: SearchConfig, targets: TargetSignature) -> Iterator[Diagnostic]:
    """What of a search does not go with ``targets``; of metrics and losses nothing is said where the task does not."""
    from ..schemas.constructors import constructor_name
    from ..schemas.tasks.losses import LOSSES
    from ..schemas.tasks.metrics import METRICS
    from ..schemas.tasks.task import named, task_of

    if config.task is not None:
        rows = named(config.task)
        kinds, dense = {row.kind for row in rows}, rows[0].dense
        wrong_kind = targets.kind is not None and targets.kind not in kinds
        if wrong_kind or (targets.positions is not None and targets.dense != dense):
            other, known = task_of(targets), not _of_no_task(targets)
            whole = "" if wrong_kind else " of whole samples"
            own = str(targets) if targets.positions or targets.kind is None else f"{targets.kind}{whole}"
            name = other.name if other is not None else None
            way = config.data.way_to(config.task)
            yield TaskMismatch(config.place("task"), config.task, config.data.kind, own, name, known, way)
            return
    elif _of_no_task(targets):
        yield TaskMismatch(config.place("data"), None, config.data.kind, str(targets), None, known=False)
        return
    told = f"{targets.kind or 'unknown'}{' at positions' if targets.dense else ''}"
    losses = tuple(constructor_name(loss) for loss in LOSSES if loss.of(targets))
    if config.loss is not None and not config.loss.fits(targets):
        yield LossMismatch(config.place("loss"), config.loss.kind, told, losses)
    smooth = type(config.loss).smooths if config.loss is not None else targets.kind in (None, "classes")
    for place, value in _settings(config, "label_smoothing"):
        if value and not smooth:
            by = f" with the loss `{config.loss.kind}`" if config.loss is not None else ""
            yield LossMismatch(place, "label_smoothing", f"{told}{by}", ())
    yield from _weight_faults(config, targets)
    if config.sampling == "balanced" and (targets.kind not in (None, "classes") or targets.dense):
        fault = f"targets that are {told} are no classes that samples could be drawn by"
        yield CannotBalance(config.place("sampling"), fault, "leave `sampling` out")
    metrics = tuple(name for name, metric in METRICS.items() if metric.of(targets))
    for place, value in _settings(config, "metric"):
        if value is not None and value not in metrics:
            yield MetricMismatch(place, value, told, metrics)


def _of_no_task(targets: TargetSignature) -> bool:
    """Whether all of the form of targets is known, and no task has such."""
    from ..schemas.tasks.task import task_of

    return targets.kind is not None and targets.positions is not None and task_of(targets) is None


def _weight_faults(config: SearchConfig, targets: TargetSignature, where: str = "") -> Iterator[Diagnostic]:
    """That weights are written out, and are not one for each class or label. ``where``: said of these behind them."""
    weights = getattr(config.loss, "weights", None)
    if isinstance(weights, tuple) and targets.count not in (None, len(weights)):
        fault = f"there are {len(weights)} weights, and {targets.count} {targets.kind or 'classes'}{where}"
        yield CannotBalance(config.place("loss"), fault, "write one for each, or `balanced`")


def _settings(config: SearchConfig, key: str) -> Iterator[tuple[Span | None, Any]]:
    """The values of a setting that the parts of a search have, with their places."""
    from ..schemas.base import Placed

    parts: list[tuple[Placed, str, Any]] = [(config, "evaluate", config.evaluate), (config, "retrain", config.retrain)]
    strategy = config.strategy
    if strategy is not None:
        parts.append((strategy, "", strategy))
        parts += [(strategy, name, getattr(strategy, name, None)) for name in ("derive", "fitness")]
    for owner, prefix, part in parts:
        if part is not None and hasattr(part, key):
            yield owner.place(f"{prefix}.{key}" if prefix else key), getattr(part, key)
