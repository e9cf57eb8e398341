"""Small spaces from text: `a b c d e` are operators without decisions, `st` decides between two, `x` is the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from stdsl.compiler.analysis.count import decided
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.diagnostics.model import Sink, SpaceError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.semantics.elaboration.elaborate import elaborate
from stdsl.compiler.semantics.modules import Loader
from stdsl.compiler.semantics.program import space_of
from stdsl.compiler.semantics.text.names import check_names

HEAD = """stdsl 1
op a = relu
op b = gelu
op c = sigmoid
op d = silu
op e = tanh
op st = choose {a, b} as kind
"""


@dataclass(frozen=True)
class Found:
    """What a body comes to: the number of its architectures, counted and listed, and the paths of its decisions."""

    graph: SpaceGraph
    count: str
    listed: int
    paths: set[str]


class Make:
    """Elaborates the body of a meta on one image of 4 channels and 8 by 8 points."""

    def text(self, text: str, name: str | None = None, arguments: Mapping[str, Any] | None = None) -> SpaceGraph:
        """The graph of one space of a text, whatever other spaces are, and whether anything is within its `where` or
        not. Raises SpaceError."""
        sink = Sink()
        module = Loader(sink).source(Source("<text>", text))
        reference = space_of(module, name, arguments or {}, sink)
        check_names(module, sink)
        graph = elaborate(reference, sink) if reference is not None and not sink.errors else None
        if graph is None or sink.errors:
            raise SpaceError(sink.diagnostics)
        return graph

    def graph(self, body: str, declared: str = "", where: str = "") -> SpaceGraph:
        text = f"{HEAD}{declared}\nmeta m on x: image(4, 8, 8) {{ {body} }}\nspace s = m()"
        return self.text(f"{text} where {where}" if where else text)

    def __call__(self, body: str, declared: str = "", where: str = "") -> Found:
        graph = self.graph(body, declared, where)
        return Found(graph, str(decided(graph)), len(list(architectures(graph))), {d.path for d in graph.open})

    def codes(self, body: str, declared: str = "", where: str = "") -> list[str]:
        """The codes of the diagnostics; none where the space is fine."""
        try:
            self.graph(body, declared, where)
        except SpaceError as error:
            return [d.code for d in error.diagnostics]
        return []


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()
