"""Drawings: what is a symbol, what is a box, and that every format comes out."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.backends.drawing import (
    Picture,
    layout,
    network_picture,
    space_picture,
    to_dot,
    to_html,
    to_mermaid,
    to_png,
    to_svg,
)
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.ir.graph import SpaceGraph


def kinds(picture: Picture) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in picture.root.everything():
        found[item.kind] = found.get(item.kind, 0) + 1
    return found


@pytest.fixture(name="small")
def _small(clip_space: Any) -> SpaceGraph:
    graph: SpaceGraph = clip_space(2)
    return graph


def test_a_choose_of_operations_is_one_symbol(small: SpaceGraph) -> None:
    picture = space_picture(small)
    assert kinds(picture) == {"input": 1, "output": 1, "op": 8, "choose": 10, "reduce": 4, "keep": 2}
    chosen = next(i for i in picture.root.everything() if i.kind == "choose")
    assert chosen.title == "x[1][1].kind"
    assert " | ".join(chosen.lines) == "pool | skip | space | time | none"
    assert [box.title for box in picture.root.boxes] == ["h[1] · normal", "h[2] · normal"]


def test_every_link_leads_between_symbols(small: SpaceGraph, arch: dict[str, Any]) -> None:
    network = specialise(small, arch)
    for picture in (
        space_picture(small),
        space_picture(small, closed=True),
        network_picture(small, network),
        network_picture(small, network, closed=True),
    ):
        ids = [item.id for item in picture.root.everything()]
        assert len(ids) == len(set(ids))
        assert {end for link in picture.links for end in (link.source, link.target)} <= set(ids)
        targets = {link.target for link in picture.links}
        inputs = {i.id for i in picture.root.everything() if i.kind == "input"}
        assert set(ids) - targets == inputs


def test_large_spaces_are_drawn_with_closed_cells(clip_space: Any) -> None:
    picture = space_picture(clip_space(12))
    assert kinds(picture)["cell"] == 12
    assert [box.title for box in picture.root.boxes] == ["overview", "normal, as in h[12]"]


def test_decisions_that_are_no_plain_choose_are_drawn_out(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    inner = hand.choose("y.deep.kind", ["a", "b"], [hand.op("relu", x), hand.op("avg_pool", x, k=3)])
    y = hand.choose("y.kind", ["deep", "same"], [hand.op("sigmoid", inner), x])
    picture = space_picture(hand.finish(output=hand.gate("g.gate", y)))
    assert kinds(picture) == {"input": 1, "output": 1, "op": 1, "choose": 2, "gate": 1}
    labels = {link.label for link in picture.links}
    assert {"deep", "same"} <= labels


def test_network_shows_what_was_chosen(small: SpaceGraph, arch: dict[str, Any]) -> None:
    picture = network_picture(small, specialise(small, arch))
    titles = [i.title for i in picture.root.everything()]
    assert titles.count("max_pool") == 2
    assert titles.count("relu_conv_norm") == 4
    assert any("parameters" in fact for fact in picture.facts)


def test_formats(small: SpaceGraph) -> None:
    picture = space_picture(small)
    dot = to_dot(picture)
    assert dot.count("subgraph") == 2
    assert dot.count("{") == dot.count("}")
    mermaid = to_mermaid(picture)
    assert mermaid.splitlines()[3] == "flowchart TB"
    assert mermaid.count("subgraph") == mermaid.count("\n  end")
    svg = to_svg(picture)
    assert ET.fromstring(svg[svg.index("<svg") :]).tag.endswith("svg")
    assert to_png(picture).startswith(b"\x89PNG")
    page = to_html(picture, [("a<b", "c & d")])
    assert "a&lt;b" in page
    assert "<svg" in page
    assert not re.search(r'(?:src|href)="https?:', page)


def test_odd_names_do_not_break_the_text(hand: Any) -> None:
    x = hand.input('a"b<c>', "image", 2, 4, 4)
    with hand.scope("q{|}", 'c"ell'):
        y = hand.choose('y".kind', ["a|b", "c{}", "<d>"], [hand.op("relu", x), hand.op("sigmoid", x), x])
    picture = space_picture(hand.finish(output=y))
    svg = to_svg(picture)
    ET.fromstring(svg[svg.index("<svg") :])
    assert "a|b" in svg
    to_mermaid(picture)


def test_no_layout_program(small: SpaceGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "programs", list)
    with pytest.raises(RunError, match="E0840"):
        to_svg(space_picture(small))
