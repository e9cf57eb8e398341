"""The spaces and architectures that a command line names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from stdsl.compiler.analysis.architecture import Architecture, architecture
from stdsl.compiler.analysis.architecture import load as load_architecture
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.semantics.program import load_space
from stdsl.target import Target

from .options import values


def open_space(target: Target, parameters: Mapping[str, str], allow_extern: bool = False) -> SpaceGraph:
    """The graph of ``FILE::SPACE`` with its ``-p`` options. Raises SpaceError.

    ``allow_extern``: its networks may load the code of extern operators.
    """
    return load_space(target.file, target.name, values(parameters), allow_extern).graph


def the_architecture(path: Path | None, graph: SpaceGraph) -> Architecture | None:
    """The architecture of ``--arch``; without it the only one of a space that leaves nothing open, else None.
    Raises ArchitectureError."""
    if path is not None:
        return load_architecture(path, graph)
    return None if graph.open else architecture(graph, {})


def need_architecture(path: Path | None, graph: SpaceGraph) -> Architecture:
    """As :func:`the_architecture`, for commands that cannot do without one."""
    found = the_architecture(path, graph)
    if found is None:
        raise click.UsageError(
            f"the space `{graph.name}` leaves {len(graph.open)} decisions open: name an architecture with --arch "
            "(`stdsl sample -o DIR` and every run write such files)"
        )
    return found
