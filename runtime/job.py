"""What a run works on: the settings of a search and the spaces that they name, elaborated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.search import SearchConfig

from .texts import Texts


@dataclass(frozen=True)
class Job:
    """``graph`` is the space that is searched, ``final`` the one that the result is trained in (the same, or a larger
    sibling).

    ``compared``: the different spaces of ``compare { spaces = … }`` by the first text that names each. ``texts``: all
    text that this was made from. ``warnings``: what to tell before the run.
    """

    config: SearchConfig
    graph: SpaceGraph
    final: SpaceGraph
    compared: Mapping[str, SpaceGraph] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)
    warnings: tuple[Diagnostic, ...] = ()
