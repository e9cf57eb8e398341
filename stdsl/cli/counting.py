"""An exact count that may take minutes, with what is told while it goes on."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from stdsl.cli.output import message
from stdsl.compiler.analysis.circuits.of_space import CountResult
from stdsl.compiler.analysis.count import count_exactly
from stdsl.compiler.ir.graph import SpaceGraph

if TYPE_CHECKING:
    from stdsl.runtime.report.console import ConsoleReporter

TITLE = "counting"
"""What the progress of a count is called."""


def counted_exactly(graph: SpaceGraph, quiet: bool) -> CountResult:
    """Counted with a bar, or lines, from when it is known how much there is to do."""
    with ExitStack() as stack:
        reporters: list[ConsoleReporter] = []

        def told(done: int, whole: int) -> None:
            if not reporters:
                from stdsl.runtime.report.console import ConsoleReporter  # which a count that is there at once spares

                reporters.append(stack.enter_context(ConsoleReporter(quiet=quiet)))
                reporters[0].begin(TITLE, whole)
            reporters[0].advance(TITLE, done, {})

        found = count_exactly(graph, told)
        for reporter in reporters:
            reporter.end(TITLE)
    if not found.exact:
        message("an exact count is not to be had, but for certain it lies between these two", quiet)
    return found
