"""Where an expression of the settings is read: the file's names, and the parameters of a strategy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from ...diagnostics.model import Diagnostic, Sink
from ...diagnostics.source import Span
from ...frontend import ast
from ...record import record
from ...schemas.over import Variables
from ..modules import Module


class Stop(Exception):
    """An expression has no value: what is wrong was reported, or it depends on a parameter without an argument."""


@record(eq=False, frozen=False)
class Report:
    """Passes diagnostics on and remembers that there was one, even where the sink has it already."""

    sink: Sink
    failed: bool = False
    values: dict[ast.Let | Thunk, Any] = field(default_factory=dict)
    """What constants and arguments have come to, each computed once."""

    def add(self, diagnostic: Diagnostic) -> None:
        self.failed = True
        self.sink.add_once(diagnostic)

    def stop(self, diagnostic: Diagnostic) -> Stop:
        """Reports; to be raised: ``raise report.stop(…)``."""
        self.add(diagnostic)
        return Stop()


@record(eq=False)
class Thunk:
    """An argument, read where it is used; ``over``: the variables that its parameter's type declares. ``expr`` is None
    where a strategy is checked by itself and the parameter has no default."""

    expr: ast.Expr | None
    env: Env
    over: Variables | None = None


@record(eq=False)
class Env:
    """``tunable``: whether hyper-parameters may stand here. ``found``: whether this is a setting of the
    final training that may be as a search found it. ``setting``: the key whose value is being read.

    ``family``: that of the search's strategy, "" where it has none or that is wrong.

    ``active``: the names whose definitions are being read, with definition and place of use, to find circles.
    """

    module: Module
    report: Report
    parameters: Mapping[str, Thunk] = field(default_factory=dict)
    tunable: bool = False
    found: bool = False
    setting: str = ""
    family: str = ""
    active: tuple[tuple[str, ast.Let | Thunk, Span], ...] = ()

    def names(self) -> Iterator[str]:
        """Parameters and the file's constants."""
        yield from self.parameters
        for name in self.module.names():
            found = self.module.lookup(name)
            if found is not None and isinstance(found[0], ast.Let):
                yield name

    def is_broken(self, name: str) -> bool:
        """Whether a failed import was to bring the name; using it is not a second mistake."""
        return name in self.module.import_spans and name not in self.module.imports


def variables_of_type(kind: ast.Expr) -> Variables | None:
    """The variables of `over(M, t, T)`, None where it is another type."""
    if not (isinstance(kind, ast.Call) and isinstance(kind.callee, ast.Name) and kind.callee.id == "over"):
        return None
    return Variables(*(a.value.id for a in kind.arguments if isinstance(a.value, ast.Name)))


def whole_span(section: ast.Section) -> Span:
    """The name of a section, or where it has none the section itself."""
    return section.name.span if section.name is not None else section.span
