"""Settings from text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from stdsl.compiler.diagnostics.model import Diagnostic, Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast
from stdsl.compiler.schemas.search import SearchConfig
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.semantics.modules import Loader, Module
from stdsl.compiler.semantics.settings.overrides import read_overrides
from stdsl.compiler.semantics.settings.resolve import check_settings, resolve_search, resolve_strategy_declaration

HEADER = "stdsl 1\nuse std.strategies (darts, sdas, pc_darts, evanet)\n"


@dataclass
class Text:
    """A file of strategies and searches, in front of which the library's strategies are imported."""

    text: str

    def __post_init__(self) -> None:
        self.sink = Sink()
        self.module: Module = Loader(self.sink).source(Source("s.space", HEADER + self.text))

    def check(self) -> tuple[Diagnostic, ...]:
        list(check_settings(self.module, self.sink))
        return self.sink.diagnostics

    def search(self, name: str = "s", overrides: Sequence[str] = ()) -> SearchConfig | None:
        declaration = self.module.declarations[name]
        assert isinstance(declaration, ast.SearchDecl)
        return resolve_search(declaration, self.module, self.sink, read_overrides(overrides))

    def strategy(self, name: str = "s") -> Strategy | None:
        declaration = self.module.declarations[name]
        assert isinstance(declaration, ast.StrategyDecl)
        return resolve_strategy_declaration(declaration, self.module, self.sink)


@pytest.fixture
def read() -> Callable[[str], Text]:
    return Text
