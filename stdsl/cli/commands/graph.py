"""``stdsl graph``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from stdsl.cli.files import write, write_bytes
from stdsl.cli.options import architecture, output, parameters, quiet, target
from stdsl.cli.output import fact, message
from stdsl.cli.spaces import open_space, the_architecture
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
from stdsl.target import Target

FORMATS: Mapping[str, Callable[[Picture], str]] = {".svg": to_svg, ".dot": to_dot, ".mmd": to_mermaid}


@click.command("graph")
@target("space")
@parameters
@architecture
@output("The drawing: .svg, .html, .png, .dot or .mmd (Mermaid). Without it, Mermaid text on standard output.")
@quiet
def command(
    target: Target, parameters: Mapping[str, str], architecture: Path | None, output: Path | None, quiet: bool
) -> None:
    """Draw a space or one of its architectures.

    Decisions are drawn where they are made; large spaces as an overview with one cell of each kind.

    \b
    Example:
      stdsl graph darts::darts_cifar -o darts.svg
      stdsl graph darts::darts_cifar --arch found.arch.json -o found.html
    """
    suffix = output.suffix.lower() if output is not None else ".mmd"
    if suffix not in (*FORMATS, ".html", ".png"):
        known = ", ".join((".svg", ".html", ".png", ".dot", ".mmd"))
        raise click.BadParameter(f"drawings are {known}, not {suffix or 'a file without a suffix'}", param_hint="-o")
    graph = open_space(target, parameters)
    arch = the_architecture(architecture, graph) if architecture is not None else None
    if arch is None:
        picture = space_picture(graph)
        rows = [(d.path, f"{d.kind}: {', '.join(d.options)}") for d in graph.open]
    else:
        picture = network_picture(graph, specialise(graph, arch))
        rows = [(path, ", ".join(map(str, v)) if isinstance(v, tuple) else str(v)) for path, v in arch.items()]
    if output is None:
        fact(to_mermaid(picture), end="")
        return
    if suffix == ".png":
        write_bytes(output, to_png(picture))
    else:
        write(output, to_html(picture, rows) if suffix == ".html" else FORMATS[suffix](picture))
    message(f"wrote {output}", quiet)
