"""The one way in: a file that is checked as a whole, and the space or the search of it that is asked for.

Every command and the Python API come through here, so that what `stdsl check` says of a file is what all of them say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..diagnostics.model import Sink, SpaceError
from ..diagnostics.source import Source, Span
from ..frontend import ast
from ..ir.graph import SpaceGraph
from ..record import record
from ..semantics.modules import Loader, Module
from ..semantics.program import open_module, pick, space_of
from .check import SearchReference, check_module
from .searches import CheckedSearch

if TYPE_CHECKING:  # schemas cost a quarter of a second, and most files of cells have none
    from ..schemas.data import Data


@record(eq=False)
class LoadedSpace:
    """A space with the module that it was read from."""

    graph: SpaceGraph
    module: Module


@record(eq=False)
class LoadedSearch:
    """A search with the module that it was read from."""

    search: CheckedSearch
    module: Module


def load_space(
    target: str | Path,
    name: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    allow_extern: bool = False,
    places: Mapping[str, Span] | None = None,
) -> LoadedSpace:
    """The space of a file, or of a library file by its name. Raises SpaceError with all errors of the file.

    ``allow_extern``: networks of the space may load the code of extern operators. ``places``: where the arguments are
    named, where that is a text.
    """
    sink = Sink()
    module = open_module(target, Loader(sink, allow_extern))
    return space_in(module, name, arguments or {}, sink, places)


def load_text(
    text: str, name: str | None = None, arguments: Mapping[str, Any] | None = None, allow_extern: bool = False
) -> LoadedSpace:
    """As :func:`load_space`, for a text that is at hand."""
    sink = Sink()
    return space_in(Loader(sink, allow_extern).source(Source("<text>", text)), name, arguments or {}, sink)


def load_search(
    target: str | Path,
    name: str | None = None,
    overrides: Sequence[str] = (),
    allow_extern: bool = False,
    data: Data | None = None,
) -> LoadedSearch:
    """The search of a file, or of a library file by its name, with ``overrides`` (`retrain.epochs=1`) laid over it.
    Raises SpaceError with all errors of the file.

    ``allow_extern``: networks of its spaces may load the code of extern operators. ``data``: in place of its own.
    """
    sink = Sink()
    return search_in(open_module(target, Loader(sink, allow_extern)), name, overrides, sink, data=data)


def space_in(
    module: Module | None,
    name: str | None,
    arguments: Mapping[str, Any],
    sink: Sink,
    places: Mapping[str, Span] | None = None,
) -> LoadedSpace:
    """As :func:`load_space`, of a module that is read; None where it cannot be, as ``sink`` says."""
    if module is None:
        raise SpaceError(sink.errors)
    reference = space_of(module, name, arguments, sink, places)
    checked = check_module(module, sink, reference, whole=not module.library)
    # What files of data say, whether they are there, and with which seed, is the business of one search.
    mistakes = [error for error in sink.errors if not error.of_one_search]
    if checked.space is None or mistakes:
        raise SpaceError(mistakes or sink.errors)
    return LoadedSpace(checked.space, module)


def _complete(search: CheckedSearch) -> bool:
    """Whether nothing is wrong with the searches that it needs either."""
    known = {search.config.name, *(needed.config.name for needed in search.needs)}
    return all(name in known for each in (search, *search.needs) for name in each.config.before)


def search_of(
    module: Module, name: str | None, overrides: Sequence[str], sink: Sink, data: Data | None = None
) -> SearchReference | None:
    """A search of a module by its name, or its only one, with what is changed in it; None, reported, where there is
    none."""
    declaration = pick(module, ast.SearchDecl, name, sink)
    if declaration is None:
        return None
    from ..semantics.settings.overrides import read_overrides

    found = module.lookup(declaration.name.id)
    return SearchReference(declaration, found[1] if found is not None else module, read_overrides(overrides), data)


def search_in(
    module: Module | None,
    name: str | None,
    overrides: Sequence[str],
    sink: Sink,
    whole: bool = True,
    data: Data | None = None,
) -> LoadedSearch:
    """As :func:`load_search`, of a module that is read; None where it cannot be, as ``sink`` says.

    ``whole``: without it the search is checked alone: of a text that has been checked before.
    """
    if module is None:
        raise SpaceError(sink.errors)
    reference = search_of(module, name, overrides, sink, data)
    checked = check_module(module, sink, reference, whole=whole and not module.library)
    errors = sink.errors
    if checked.search is not None and _complete(checked.search):
        errors = tuple(error for error in errors if not error.of_one_search)  # of other searches of the file
    if checked.search is None or errors:
        raise SpaceError(errors)
    return LoadedSearch(checked.search, module)
