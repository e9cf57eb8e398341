"""Whether what a search finds can be trained in the space that its `retrain` names, and within which constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..analysis.derivation.carry import differences
from ..analysis.joint.common import common
from ..analysis.joint.translation import shown_name
from ..diagnostics.architectures import NoSibling
from ..diagnostics.budgets import NothingWithin, UnknownWithin
from ..diagnostics.model import Label, Sink, SpaceError
from ..diagnostics.siblings import NothingInCommon, UnknownInCommon
from ..ir.graph import SpaceGraph

if TYPE_CHECKING:
    from ..schemas.search import SearchConfig


def check_sibling(
    config: SearchConfig, searched: SpaceGraph, final: SpaceGraph, sink: Sink, key: str = "retrain.space"
) -> bool:
    """Whether every architecture of ``searched`` carries over to ``final``; reports where it does not, at the setting
    ``key``."""
    found = differences(searched, final)
    if not found:
        return True
    first = found[0]
    named = ((first.here, f"`{first.path}` as it is searched"), (first.there, f"`{first.path}` where it is trained"))
    # Two spaces of one meta decide at the same place of the text, which then says nothing.
    places = () if first.here == first.there else tuple(Label(s, text) for s, text in named if s is not None)
    texts = tuple(difference.text for difference in found)
    span = config.place(key)
    sink.add(NoSibling(span, searched.name, final.name, texts, config.place("space"), places))
    return False


def check_common(config: SearchConfig, searched: SpaceGraph, final: SpaceGraph, sink: Sink) -> None:
    """Reports where no architecture is within `where` of both spaces, or perhaps none, though each of them has some."""
    try:
        both = common(searched, final)
    except SpaceError as error:
        sink.extend(error.diagnostics)
        return
    if both is searched:
        return
    from .where.satisfiable import satisfiable

    if any(satisfiable(graph).diagnostic is not None for graph in (searched, final)):
        return
    found, place, other = satisfiable(both).diagnostic, config.place("retrain.space"), shown_name(searched, final)
    if isinstance(found, NothingWithin):
        places = (*found.related, Label(found.span, "asked for here")) if found.span is not None else found.related
        sink.add(NothingInCommon(place, searched.name, other, found.reason, places))
    elif isinstance(found, UnknownWithin):
        sink.add(UnknownInCommon(place, searched.name, other, found.steps))
