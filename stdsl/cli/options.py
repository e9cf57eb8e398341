"""Options that several commands share, each defined once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stdsl.compiler.frontend.lexer import exact_number
from stdsl.target import Target

if TYPE_CHECKING:
    from stdsl.compiler.diagnostics.source import Span

F = TypeVar("F", bound=Callable[..., Any])

Given = Path | Mapping[str, Any]
"""An architecture as ``--arch`` names it: a file, or its values by their paths."""


def _place(ctx: click.Context, param: click.Parameter, value: str | None) -> Target | None:
    target = None if value is None else Target.parse(value)
    if target is not None and not target.file:
        raise click.BadParameter("name the file in front of `::`", ctx, param)
    return target


class NamedPath(click.Path):
    """A path that is written: of an empty text, as of a variable that is not set, would come the folder at work."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty: name a path, `.` for the folder at work", param, ctx)
        return super().convert(value, param, ctx)


class NamedArchitecture(NamedPath):
    """An ``.arch.json`` file, or its values as an object of JSON: path → value."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or not value.lstrip().startswith("{"):
            path = super().convert(value, param, ctx)
            self._no_run(path, param, ctx)
            return path
        from stdsl.compiler.text.documents import parsed_json

        try:
            return parsed_json(value)
        except (ValueError, RecursionError):
            self.fail(f'{value!r} is no object of JSON: write {{"PATH": VALUE, …}}, or name a file', param, ctx)

    def _no_run(self, path: Path, param: click.Parameter | None, ctx: click.Context | None) -> None:
        """The folder of a run is no file, but one of it is meant."""
        from stdsl.compiler.schemas.run_files import ARCHITECTURES, DERIVED

        if os.path.isfile(found := os.path.join(path, ARCHITECTURES, DERIVED)):
            self.fail(f"{path} is the folder of a run; the architecture that was derived in it is {found}", param, ctx)


def _pairs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise click.BadParameter(f"write NAME=VALUE, not {text!r}", ctx, param)
        if any("\ud800" <= char <= "\udfff" for char in text):  # octets that are no text
            raise click.BadParameter(f"{text!r} is not UTF-8 text", ctx, param)
        if name.strip() in found:
            raise click.BadParameter(f"`{name.strip()}` is given twice", ctx, param)
        found[name.strip()] = value.strip()
    return found


# As the language writes them; a budget with more digits to its exponent is beyond all that is computed with.
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?[KMGT]?")


def _numbers(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> tuple[int, ...]:
    """Costs as the language writes them, `2500000`, `2.5M` or `2.5e6`: whole numbers."""
    found = []
    for text in values:
        number = _whole(text)
        if number is None:
            meant = text.strip().upper()
            instead = f"; did you mean {meant}?" if _whole(meant) is not None else ""
            raise click.BadParameter(f"write a whole number such as 3000000 or 3M, not {text!r}{instead}", ctx, param)
        found.append(number)
    return tuple(found)


def _whole(text: str) -> int | None:
    """The whole number that a text is, if it is one of a length that somebody writes."""
    if len(text) > 30 or not _NUMBER.fullmatch(text.strip()):
        return None
    exact = exact_number(text.strip())
    return exact.numerator if exact.denominator == 1 else None


def target(kind: str, required: bool = True) -> Callable[[F], F]:
    """The argument ``FILE::KIND``."""
    shown = f"FILE::{kind.upper()}"
    metavar = shown if required else f"[{shown}]"
    return click.argument("target", metavar=metavar, callback=_place, required=required)


store = click.option(
    "--store",
    metavar="URL",
    help="A PostgreSQL database for trials, postgresql://USER@HOST/NAME; else a file of the run.",
)

parameters = click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_pairs,
    help="A parameter of the space, as text of the language; may be repeated.",
)

overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    callback=_pairs,
    help="A setting of the search, such as retrain.epochs=1; may be repeated.",
)

needs = click.option(
    "--needs",
    "needs",
    multiple=True,
    metavar="NAME=RUN",
    callback=_pairs,
    help="A finished run in the place of a search that this one needs, of which it takes a copy; may be repeated.",
)

quiet = click.option("-q", "--quiet", is_flag=True, help="Print no messages but errors.")

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def named_architecture(what: str) -> Callable[[F], F]:
    """``--arch``: an architecture that the call names."""
    return click.option("--arch", "architecture", type=NamedArchitecture(), metavar="FILE|JSON", help=what)


architecture = named_architecture("An architecture of the space: an .arch.json file, or its values as JSON.")

seed = click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything that is random.")

device = click.option(
    "--device", default="auto", show_default=True, metavar="NAME", help="`auto`, `cpu`, `cuda`, or another of torch's."
)


allow_extern = click.option(
    "--allow-extern", "allow_extern", is_flag=True, help="Load the Python code of what is extern in the file."
)


def given(parameter: str) -> bool:
    """Whether a parameter of the command at hand stands in the call."""
    source = click.get_current_context().get_parameter_source(parameter)
    return source is click.core.ParameterSource.COMMANDLINE


def front(what: str) -> Callable[[F], F]:
    """``--front``: the cost that several budgets are of."""
    costs = click.Choice(["flops", "params", "activations", "depth"])
    return click.option("--front", "metric", type=costs, help=what)


def budgets(more: str = "") -> Callable[[F], F]:
    """``--budget``, of ``--front``."""
    what = f"A budget of the front, such as 3M; may be repeated.{more}"
    return click.option("--budget", "budgets", multiple=True, metavar="NUMBER", callback=_numbers, help=what)


def output(what: str) -> Callable[[F], F]:
    """``-o``: where to write, but onto no file that a run keeps for itself."""
    return click.option("-o", "--output", "output", type=NamedPath(), metavar="PATH", callback=_no_run_file, help=what)


def _no_run_file(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    if path is None:
        return None
    from stdsl.cli.files import run_that_keeps

    folder = run_that_keeps(path)
    if folder is not None:
        fault = f"{path} is where the run in {folder} keeps its own files: name another place"
        raise click.BadParameter(fault, ctx, param)
    return path


def values(parameters: Mapping[str, str]) -> dict[str, Any]:
    """The values of ``-p`` options. Raises SpaceError with all that are no plain values."""
    from stdsl.compiler.diagnostics.model import Sink, SpaceError
    from stdsl.compiler.semantics.program import plain_value

    sink = Sink()
    found = {name: plain_value(text, name, sink) for name, text in parameters.items()}
    if sink.errors:
        raise SpaceError(sink.diagnostics)
    return found


def places(parameters: Mapping[str, str]) -> dict[str, Span]:
    """Where ``-p`` options name the parameters."""
    from stdsl.compiler.semantics.program import parameter_place

    return {name: parameter_place(name, text) for name, text in parameters.items()}
