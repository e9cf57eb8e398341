"""The posterior of a run as a plot by layer and unit."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any, Literal

from stdsl.compiler.diagnostics.data import PackageNeeded
from stdsl.compiler.diagnostics.model import RunError

from ..marginals import Marginals

Format = Literal["html", "svg", "png"]
FORMATS: tuple[Format, ...] = ("html", "svg", "png")


def marginal_plot(marginals: Marginals, format: Format) -> bytes:
    """A panel for each way in which layers come out (where no gates are told together, for each unit), layers from left
    to right, and the probability upwards. Raises RunError where Altair, or what makes pictures of its plots, is not
    installed."""
    chart = _chart(marginals)
    buffer: Any = io.StringIO() if format in ("html", "svg") else io.BytesIO()
    try:
        chart.save(buffer, format, **({"inline": True} if format == "html" else {}))
    except (ImportError, ValueError) as error:
        raise _needed("vl-convert-python") from error
    content = buffer.getvalue()
    return content.encode() if isinstance(content, str) else bytes(content)


def points(marginals: Marginals) -> list[dict[str, Any]]:
    """What is plotted: `layer`, `place` (from 1), `unit` and `probability`."""
    places: dict[str, int] = {}
    found = []
    if marginals.layers:
        rows = [(layer.layer, way, chance) for layer in marginals.layers for way, chance in layer.ways.items()]
    else:
        rows = [(unit.layer or unit.decision, unit.unit, unit.drawn) for unit in marginals.units]
    for layer, unit, probability in rows:
        place = places.setdefault(layer, len(places) + 1)
        found.append({"layer": layer, "place": place, "unit": unit, "probability": probability})
    return found


def _chart(marginals: Marginals) -> Any:
    try:
        # By name: what mypy says must not depend on whether the extra is installed.
        altair: Any = import_module("altair")
    except ImportError:
        raise _needed("Altair") from None
    data = points(marginals)
    units = marginals.ways or list(dict.fromkeys(point["unit"] for point in data))
    return (
        altair.Chart(altair.Data(values=data), title=f"{marginals.search}: the posterior over {marginals.space}")
        .mark_bar()
        .encode(
            x=altair.X("place:O", title="layer"),
            y=altair.Y("probability:Q", title="probability", scale=altair.Scale(domain=[0, 1])),
            color=altair.Color("unit:N", sort=units, legend=None),
            row=altair.Row("unit:N", sort=units, title=None),
            tooltip=["layer:N", "unit:N", altair.Tooltip("probability:Q", format=".3f")],
        )
        .properties(width=altair.Step(14), height=80)
    )


def _needed(package: str) -> RunError:
    return RunError([PackageNeeded(None, "a plot", package, "report")])
