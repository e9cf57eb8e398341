"""What a run learnt of each unit as a plot by layer and unit."""

from __future__ import annotations

from typing import Any

from ..marginals import Marginals, Unit
from .plots import Format, altair, saved


def marginal_plot(marginals: Marginals, format: Format) -> bytes:
    """A block for each kind of layers (those that have the same units), in it a panel for each unit, layers from left
    to right by their names, and upwards the numbers of the table of units. Raises RunError where Altair, or what makes
    pictures of its plots, is not installed."""
    return saved(_chart(marginals), format)


def blocks(marginals: Marginals) -> list[list[dict[str, Any]]]:
    """What is plotted, of each kind of layers: `layer`, `unit`, `number` (as the table calls it) and `probability`."""
    layers: dict[str, list[Unit]] = {}
    for unit in marginals.units:
        layers.setdefault(unit.layer or unit.decision, []).append(unit)
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for layer, units in layers.items():
        block = found.setdefault(tuple(unit.unit for unit in units), [])
        for unit in units:
            for number, probability in zip(marginals.numbers, (unit.drawn, unit.alone, unit.score), strict=False):
                if probability is not None:
                    block.append({"layer": layer, "unit": unit.unit, "number": number, "probability": probability})
    return list(found.values())


_NAME = "slice(datum.label, 0, -1)"
"""A label without the space at its end."""


def _chart(marginals: Marginals) -> Any:
    alt = altair()
    title = f"{marginals.search}: the {marginals.learnt} over {marginals.space}"
    panels = [_block(alt, block, list(marginals.numbers)) for block in blocks(marginals)]
    return alt.vconcat(*panels, title=alt.TitleParams(title, anchor="start"))


def _block(alt: Any, block: list[dict[str, Any]], numbers: list[str]) -> Any:
    # Names become keys of objects in JavaScript, where each has a `toString` already: none ends with a space.
    block = [{**point, "panel": f"{point['unit']} ", "place": f"{point['layer']} "} for point in block]
    panels = list(dict.fromkeys(point["panel"] for point in block))
    places = list(dict.fromkeys(point["place"] for point in block))
    above = alt.Header(
        labelOrient="top", labelAnchor="start", labelExpr=_NAME
    )  # beside their panels long names would meet
    return (
        alt.Chart(alt.Data(values=block))
        .mark_bar()
        .encode(
            x=alt.X("place:N", title="layer", sort=places, axis=alt.Axis(labelExpr=_NAME)),
            xOffset=alt.XOffset("number:N", sort=numbers),
            y=alt.Y("probability:Q", title=None, scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("number:N", sort=numbers, title=None),
            row=alt.Row("panel:N", sort=panels, title=None, header=above),
            tooltip=["layer:N", "unit:N", "number:N", alt.Tooltip("probability:Q", format=".3f")],
        )
        .properties(width=alt.Step(10), height=80)
    )
