"""The spaces and architectures that a command line names."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import click

from stdsl.cli.exit_codes import DIAGNOSTICS, exit_code
from stdsl.cli.options import Given, places, values
from stdsl.cli.output import tell
from stdsl.cli.places import of_option
from stdsl.compiler.analysis.architecture import Architecture, architecture, made_with, parameters_of
from stdsl.compiler.analysis.costs.measures import named as architecture_named
from stdsl.compiler.checks.opening import load_space
from stdsl.compiler.diagnostics.architectures import OtherParameters
from stdsl.compiler.diagnostics.command_line import ValuesRefused
from stdsl.compiler.diagnostics.model import Label, Severity, SpaceError
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.semantics.program import parameter_text
from stdsl.target import Target


def open_space(target: Target, parameters: Mapping[str, str], allow_extern: bool = False) -> SpaceGraph:
    """The graph of ``FILE::SPACE`` with its ``-p`` options. Raises SpaceError.

    ``allow_extern``: its networks, and counts of parameters that it does not state, may load the code of extern
    operators.
    """
    given = values(parameters)
    try:
        graph = load_space(target.file, target.name, given, allow_extern, places(parameters)).graph
    except SpaceError as error:
        raise SpaceError(_refused(target, parameters, error) or error.diagnostics) from None
    if allow_extern and graph.externs:
        from stdsl.compiler.backends.networks.extern_measure import measured

        return measured(graph)
    return graph


def _refused(target: Target, parameters: Mapping[str, str], error: SpaceError) -> list[ValuesRefused]:
    """What to say where a space has errors with the ``-p`` options alone: all of them are of these values' making."""
    if not parameters or exit_code(error.diagnostics) != DIAGNOSTICS:
        return []
    try:
        name = load_space(target.file, target.name).graph.name
    except SpaceError:
        return []
    alone = [option for option in parameters if len(parameters) > 1 and _right_without(target, parameters, option)]
    blamed, *others = (parameter_text(option, parameters[option]).value for option in alone or parameters)
    first, *more = (d for d in error.diagnostics if d.severity is Severity.ERROR)
    place = () if first.span is None else (Label(first.span, first.label or "this needs another value"),)
    return [ValuesRefused(blamed, name, tuple(others), first.message, (*place, *first.labels), len(more))]


def _right_without(target: Target, parameters: Mapping[str, str], name: str) -> bool:
    """Whether the space is right where all options are given but one."""
    rest = {other: text for other, text in parameters.items() if other != name}
    try:
        load_space(target.file, target.name, values(rest), places=places(rest))
    except SpaceError:
        return False
    return True


def the_architecture(given: Given | None, graph: SpaceGraph, option: str = "--arch") -> Architecture | None:
    """The architecture that ``option`` names; without it the only one of a space that leaves nothing open, else None.
    Raises ArchitectureError."""
    if given is not None:
        with of_option(option, given, "E0606"):
            return architecture_named(graph, given)
    return None if graph.open else architecture(graph, {})


def warn_of_parameters(given: Given | None, graph: SpaceGraph, named: Collection[str], quiet: bool) -> None:
    """Tells of parameters of the space that an architecture was made with and that are others now, but for those that
    the call has ``named``."""
    if given is None or isinstance(given, Mapping) or quiet:
        return
    then, now = made_with(given), parameters_of(graph)
    differing = tuple(
        (name, shown_value(then[name]), shown_value(now[name]))
        for name in then
        if name in now and name not in named and then[name] != now[name]
    )
    if differing:
        tell([OtherParameters(None, graph.name, differing)])


def shown_value(value: object) -> str:
    """A value of a parameter as the language has it, where it is a plain one."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def need_architecture(given: Given | None, graph: SpaceGraph, option: str = "--arch") -> Architecture:
    """As :func:`the_architecture`, for commands that cannot do without one."""
    found = the_architecture(given, graph, option)
    if found is None:
        decisions = f"{len(graph.open)} decision{'s' if len(graph.open) > 1 else ''}"
        raise click.UsageError(
            f"the space `{graph.name}` leaves {decisions} open: name an architecture with --arch "
            "(`stdsl sample -o DIR` and every run write such files)"
        )
    return found
