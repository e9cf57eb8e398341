"""Whether what a search is fused with can be told together with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..diagnostics.ensembles import CannotFuse
from ..diagnostics.model import Sink
from .outputs import targets_for

if TYPE_CHECKING:
    from ..schemas.search import SearchConfig
    from ..schemas.tasks.targets import TargetSignature


def check_fusion(config: SearchConfig, known: Mapping[str, SearchConfig], sink: Sink) -> None:
    """Reports the searches that one cannot be fused with, as far as that is known before data is read. ``known``: the
    searches of the file."""
    for name in config.fuse:
        other = known.get(name)
        if other is not None and name != config.name:  # the circle is told of
            for fault, advice in _faults(config, other):
                sink.add_once(CannotFuse(config.place("fuse"), name, fault, advice))


def _faults(config: SearchConfig, other: SearchConfig) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to do."""
    if other.retrain is None:
        yield "it trains no network after its search", f"add `retrain {{ … }}` to `{other.name}`"
    if other.fuse:
        yield "it is a fusion of several searches itself", "name each of the searches once: `fuse = [a, b]`"
    own, its = (targets_for(each, "evaluate") for each in (config, other))
    differing = different_targets(own, its)
    if differing is not None:
        yield f"it tells {differing}", "use data with the same classes, labels or numbers"
    sizes = [each.data_of("evaluate").samples(("test",)) for each in (config, other)]
    if None not in sizes and sizes[0] != sizes[1]:
        fault = f"its test split has {sizes[1]:,} samples, and that of this search {sizes[0]:,}"
        yield fault, "measure both on the same samples, seen otherwise"


def different_targets(own: TargetSignature, its: TargetSignature) -> str | None:
    """What another network tells, beside this one, where that is something else as far as both are known."""
    for key in ("kind", "count", "names", "positions"):
        mine, theirs = getattr(own, key), getattr(its, key)
        if mine is not None and theirs is not None and mine != theirs:
            return f"{its}, and this one {own}" + (", which are called otherwise" if str(its) == str(own) else "")
    return None
