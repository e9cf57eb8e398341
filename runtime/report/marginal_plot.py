"""The posterior of a run as a plot by layer and unit."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any, Literal

from stdsl.compiler.diagnostics.data import PackageNeeded
from stdsl.compiler.diagnostics.model import RunError

from ..marginals import NUMBERS, Marginals, Unit

Format = Literal["html", "svg", "png"]
FORMATS: tuple[Format, ...] = ("html", "svg", "png")


def marginal_plot(marginals: Marginals, format: Format) -> bytes:
    """A block for each kind of layers (those that have the same units), in it a panel for each unit, layers from left
    to right by their names, and upwards the numbers of the table of units. Raises RunError where Altair, or what makes
    pictures of its plots, is not installed."""
    chart = _chart(marginals)
    try:
        import_module("vl_convert")  # which Altair asks for when it saves a file
    except ImportError:
        raise _needed("vl-convert-python") from None
    buffer: Any = io.StringIO() if format in ("html", "svg") else io.BytesIO()
    chart.save(buffer, format, **({"inline": True} if format == "html" else {}))
    content = buffer.getvalue()
    return content.encode() if isinstance(content, str) else bytes(content)


def blocks(marginals: Marginals) -> list[list[dict[str, Any]]]:
    """What is plotted, of each kind of layers: `layer`, `unit`, `number` (as the table calls it) and `probability`."""
    layers: dict[str, list[Unit]] = {}
    for unit in marginals.units:
        layers.setdefault(unit.layer or unit.decision, []).append(unit)
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for layer, units in layers.items():
        block = found.setdefault(tuple(unit.unit for unit in units), [])
        for unit in units:
            for number, probability in zip(NUMBERS, (unit.drawn, unit.alone, unit.score), strict=True):
                if probability is not None:
                    block.append({"layer": layer, "unit": unit.unit, "number": number, "probability": probability})
    return list(found.values())


def _chart(marginals: Marginals) -> Any:
    try:
        # By name: what mypy says must not depend on whether the extra is installed.
        altair: Any = import_module("altair")
    except ImportError:
        raise _needed("Altair") from None
    title = f"{marginals.search}: the posterior over {marginals.space}"
    panels = [_block(altair, block) for block in blocks(marginals)]
    return altair.vconcat(*panels, title=altair.TitleParams(title, anchor="start"))


def _block(altair: Any, block: list[dict[str, Any]]) -> Any:
    units = list(dict.fromkeys(point["unit"] for point in block))
    layers = list(dict.fromkeys(point["layer"] for point in block))
    above = altair.Header(labelOrient="top", labelAnchor="start")  # beside their panels long names would meet
    return (
        altair.Chart(altair.Data(values=block))
        .mark_bar()
        .encode(
            x=altair.X("layer:N", title="layer", sort=layers),
            xOffset=altair.XOffset("number:N", sort=list(NUMBERS)),
            y=altair.Y("probability:Q", title=None, scale=altair.Scale(domain=[0, 1])),
            color=altair.Color("number:N", sort=list(NUMBERS), title=None),
            row=altair.Row("unit:N", sort=units, title=None, header=above),
            tooltip=["layer:N", "unit:N", "number:N", altair.Tooltip("probability:Q", format=".3f")],
        )
        .properties(width=altair.Step(10), height=80)
    )


def _needed(package: str) -> RunError:
    return RunError([PackageNeeded(None, "a plot", package, "report")])
