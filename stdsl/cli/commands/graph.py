"""``stdsl graph``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from stdsl.cli.files import write_bytes
from stdsl.cli.options import Given, architecture, output, parameters, quiet, target
from stdsl.cli.output import fact, message
from stdsl.cli.spaces import open_space, the_architecture, warn_of_parameters
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.backends.drawing import (
    Picture,
    network_picture,
    space_picture,
    to_dot,
    to_html,
    to_mermaid,
    to_png,
    to_svg,
)
from stdsl.compiler.text.quoting import visible
from stdsl.target import Target

Rows = Sequence[tuple[str, str]]
FORMATS: Mapping[str, Callable[[Picture, Rows], bytes]] = {
    ".svg": lambda picture, rows: to_svg(picture).encode(),
    ".html": lambda picture, rows: to_html(picture, rows).encode(),
    ".png": lambda picture, rows: to_png(picture),
    ".dot": lambda picture, rows: to_dot(picture).encode(),
    ".mmd": lambda picture, rows: to_mermaid(picture).encode(),
}
"""By the suffix of the file. ``rows``: decisions with what is open or decided, for formats that have room for a
table."""


@click.command("graph")
@target("space")
@parameters
@architecture
@output(f"The drawing: {', '.join(FORMATS)} (Mermaid). Without it, Mermaid text on standard output.")
@quiet
def command(
    target: Target, parameters: Mapping[str, str], architecture: Given | None, output: Path | None, quiet: bool
) -> None:
    """Draw a space or one of its architectures.

    Decisions are drawn where they are made; large spaces as an overview with one cell of each kind.

    \b
    Example:
      stdsl graph darts::darts_cifar -o darts.svg
      stdsl graph darts::darts_cifar --arch found.arch.json -o found.html
    """
    suffix = output.suffix.lower() if output is not None else ".mmd"
    if suffix not in FORMATS:
        raise click.BadParameter(
            f"drawings are {', '.join(FORMATS)}, not {suffix or 'a file without a suffix'}", param_hint="-o"
        )
    graph = open_space(target, parameters)
    arch = the_architecture(architecture, graph) if architecture is not None else None
    warn_of_parameters(architecture, graph, parameters, quiet)
    if arch is None:
        picture = space_picture(graph)
        rows = [(d.path, f"{d.kind}: {', '.join(d.options)}") for d in graph.open]
    else:
        picture = network_picture(graph, specialise(graph, arch))
        rows = [(path, ", ".join(map(str, v)) if isinstance(v, tuple) else str(v)) for path, v in arch.items()]
    if output is None:
        fact(to_mermaid(picture), end="")
        return
    write_bytes(output, FORMATS[suffix](picture, rows))
    message(f"wrote {visible(str(output))}", quiet)
