"""Whether what a search finds can be trained in the space that its `retrain` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..analysis.derivation.carry import differences
from ..diagnostics.architectures import NoSibling
from ..diagnostics.model import Label, Sink
from ..ir.graph import SpaceGraph

if TYPE_CHECKING:
    from ..schemas.search import SearchConfig


def check_sibling(config: SearchConfig, searched: SpaceGraph, final: SpaceGraph, sink: Sink) -> bool:
    """Whether every architecture of ``searched`` carries over to ``final``; reports where it does not."""
    found = differences(searched, final)
    if not found:
        return True
    first = found[0]
    named = ((first.here, f"`{first.path}` as it is searched"), (first.there, f"`{first.path}` where it is trained"))
    # Two spaces of one meta decide at the same place of the text, which then says nothing.
    places = () if first.here == first.there else tuple(Label(s, text) for s, text in named if s is not None)
    texts = tuple(difference.text for difference in found)
    span = config.place("retrain.space")
    sink.add(NoSibling(span, searched.name, final.name, texts, config.place("space"), places))
    return False
