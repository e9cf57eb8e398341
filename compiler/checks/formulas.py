"""Settings over the steps of a training, tried at its first and its last step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..diagnostics.model import Sink
from ..diagnostics.source import Span
from ..diagnostics.strategies import WrongFormula
from ..record import record
from ..schemas.base import Placed, Settings
from ..schemas.length import Length
from ..schemas.over import LENGTHS, Over, Variables

if TYPE_CHECKING:
    from ..schemas.search import SearchConfig


@record
class _Found:
    """A setting ``key`` of ``owner``, over the steps of a training that is as long as ``length`` says; None: over
    something else."""

    owner: Placed
    key: str
    over: Over
    minimum: float | None
    length: Length | None


def check_formulas(config: SearchConfig, sink: Sink) -> None:
    """Reports expressions over `t` and `T` that have no value, or one that is not allowed, at the first or the last
    step of the search, of one of its phases or of the final training, as long as that is. E0508."""
    for found in _all(config):
        lengths = found.length.lengths if found.length is not None else LENGTHS
        fault = found.over.fault_in(lengths, found.minimum)
        if fault is not None:
            name = found.key.rpartition(".")[2]
            sink.add_once(WrongFormula(found.owner.place(found.key), name, found.over.variables, fault))


def formula_place(config: SearchConfig, key: str, setting: Over) -> Span | None:
    """The text that set ``key`` to an expression."""
    found = [f for f in _all(config) if f.key.rpartition(".")[2] == key and f.over == setting]
    return found[0].owner.place(found[0].key) if found else None


def _all(config: SearchConfig) -> Iterator[_Found]:
    for part in config.phase or (None,):
        strategy = config.strategy if part is None or part.strategy is None else part.strategy
        if strategy is not None:
            own = part is not None and (part.steps is not None or part.epochs is not None)
            length = part if own else strategy if isinstance(strategy, Length) else None
            yield from _inside(strategy, strategy, length)
    yield from _inside(config, config.retrain, None, "retrain")


def _inside(owner: Placed, settings: Any, length: Length | None, key: str = "") -> Iterator[_Found]:
    """Those of settings and of all settings inside them; trainings inside them have lengths of their own."""
    if isinstance(settings, tuple):
        for number, item in enumerate(settings, 1):
            yield from _inside(owner, item, length, f"{key}.{number}")
    if not isinstance(settings, Settings):
        return
    if isinstance(settings, Length) and settings is not owner:
        length = settings
    for name in type(settings).model_fields:
        value, inside = getattr(settings, name), f"{key}.{name}" if key else name
        if not isinstance(value, Over):
            yield from _inside(owner, value, length, inside)
        elif value.constant is None:
            yield _Found(owner, inside, value, _minimum(settings, name), length)


def _minimum(settings: Settings, name: str) -> float | None:
    """The least value that the setting may have."""
    found = [m for m in type(settings).model_fields[name].metadata if isinstance(m, Variables)]
    return found[0].minimum if found else 0.0
