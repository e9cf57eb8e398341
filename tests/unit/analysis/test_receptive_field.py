"""How many frames a layer sees: by hand, and as gradients show it."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

import stdsl
from stdsl.compiler.analysis.layer_rows import layer_rows
from stdsl.compiler.analysis.receptive_field import ReceptiveField, receptive_field, views
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.analysis.temporal_windows import WindowRow, window_rows
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ops.registry import primitives_of


def graph_of(body: str, clip: str = "clip(2, 96, 4, 4)") -> SpaceGraph:
    use = "use std.video (conv2plus1d, itgm, sep3d)"
    return stdsl.loads(f"stdsl 1\n{use}\nmeta net on x: {clip} {{\n{body}\n}}\nspace s = net\n").graph


def field(graph: SpaceGraph) -> ReceptiveField:
    network, primitives = specialise(graph, {}), primitives_of(graph)
    return receptive_field(network, views(network, primitives), primitives)


WAYS = {
    "return x -> conv(2, 5x3x3)": 5,
    "return x -> conv(2, 3x1x1) -> conv(2, 3x1x1)": 5,
    "return x -> conv(2, 3x1x1, stride = 2x1x1) -> conv(2, 3x1x1)": 7,
    "return x -> depthwise(3x1x1, dilation = 4x1x1)": 9,
    "return x -> avg_pool(2x1x1, 2x1x1) -> avg_pool(2x1x1, 2x1x1)": 4,
    "return x -> conv(2, 1x3x3) -> pointwise(2) -> relu": 1,
    "return x -> pointwise(2, stride = 2x1x1) -> avg_pool(3x1x1)": 5,
    "return x -> avg_pool(3x2x2, 3x1x1) -> upsample(3x1x1) -> avg_pool(3x1x1)": 6,
    "return x -> upsample(2x1x1) -> conv(2, 5x1x1)": 3,
    "return x -> subsample(stride = 4x1x1, offset = 1x0x0) -> avg_pool(3x1x1)": 9,
    "return x -> time_to_channel(4) -> conv(2, 3x1x1)": 12,
    "return (x -> conv(2, 3x1x1)) + (x -> conv(2, 7x1x1))": 7,
    # Windows of even length pad more at their end: the ways see other frames.
    "return (x -> avg_pool(4x1x1)) + (x -> avg_pool(5x1x1))": 5,
    "return [x -> conv(2, 3x1x1), x -> avg_pool(2x1x1)] -> concat -> conv(2, 3x1x1, dilation = 3x1x1)": 9,
    "return x -> temporal_gaussian(11) -> temporal_gaussian(4, stride = 2)": 14,
    "return (x -> upsample(3x1x1) -> avg_pool(2x1x1, 3x1x1)) + (x -> avg_pool(3x1x1))": 3,
    "return x -> conv(2, 4x1x1, pad = none, stride = 3x1x1) -> conv(2, 3x1x1, pad = none)": 10,
}


@pytest.mark.parametrize("body", WAYS)
def test_it_is_what_gradients_reach(body: str) -> None:
    """In the middle of a long clip, where no window is cut off."""
    graph = graph_of(body)
    assert field(graph) == ReceptiveField({"x": WAYS[body]}, ())
    model = build_module(graph, {}).double()
    for p in model.parameters():
        torch.nn.init.uniform_(p, 0.5, 1.5)
    x = torch.rand(1, 2, 96, 4, 4, dtype=torch.float64, requires_grad=True)
    y = model(x)
    middle = y.shape[2] // 2
    widest = 0
    for t in range(middle - 6, min(middle + 6, y.shape[2])):
        (g,) = torch.autograd.grad(y[:, :, t].sum(), x, retain_graph=True)
        seen = g.abs().amax((0, 1, 3, 4)).nonzero().flatten().tolist()
        widest = max(widest, seen[-1] - seen[0] + 1)
    assert widest == WAYS[body]


def test_what_sees_all_is_named_and_ways_through_it_are_left_out() -> None:
    graph = graph_of("""  a = x -> conv(2, 3x1x1)
      b = a * (a -> global_avg_pool -> sigmoid)
      return b -> conv(2, 3x1x1) -> global_avg_pool -> linear(3)""")
    assert field(graph) == ReceptiveField({"x": 5}, ("global_avg_pool",))
    frames = [row.frames for row in layer_rows(graph, specialise(graph, {}))]
    assert frames[-2:] == [None, None]
    assert [f for f in frames if f is not None] == [1, 3, 3, 5]


def test_a_single_frame_is_all_there_is() -> None:
    assert field(graph_of("return x -> global_avg_pool -> flatten -> linear(3)", "clip(2, 1, 4, 4)")).whole == ()
    assert field(graph_of("return x -> global_avg_pool -> flatten", "clip(2, 2, 4, 4)")).whole == ("global_avg_pool",)
    assert field(graph_of("return x -> flatten -> linear(3)", "clip(2, 2, 4, 4)")).whole == ("flatten",)


def test_attention_sees_all_tokens() -> None:
    graph = graph_of("t = x -> conv(2, 3x1x1) -> to_tokens -> linear(2)\n return [t, t, t] -> attention(1)")
    assert field(graph) == ReceptiveField({"x": 3}, ("attention",))


def test_tokens_that_become_a_clip_again_see_what_they_saw() -> None:
    there = "x -> conv(2, 3x1x1) -> to_tokens -> linear(2)"
    graph = graph_of(f"return {there} -> from_tokens(x.frames, x.height, x.width) -> conv(2, 3x1x1)")
    assert field(graph).frames == {"x": 5}
    attended = f"t = {there}\n return [t, t, t] -> attention(1) -> from_tokens(x.frames, x.height, x.width)"
    assert field(graph_of(attended)) == ReceptiveField({"x": 3}, ("attention",))


def test_of_tokens_that_become_other_frames_each_is_looked_at() -> None:
    """Six frames of four positions: as four frames of six, as three of eight, and as twelve of two."""
    for frames, seen in ((4, 2), (3, 2), (12, 1), (1, 6)):
        graph = graph_of(f"return x -> to_tokens -> from_tokens({frames}, {24 // frames}, 1)", "clip(2, 6, 2, 2)")
        assert field(graph).frames == {"x": seen}, frames


def test_tensors_that_walk_at_other_paces() -> None:
    """Five frames become two by steps of 3, and of 2 and 2: where they meet, each instant is looked at by itself."""
    met = "(x -> avg_pool(3x1x1, 3x1x1)) + (x -> avg_pool(1x1x1, 2x1x1) -> avg_pool(3x1x1, 2x1x1))"
    # -2 … 2 and 2 … 6; a window over both sees what they do.
    assert field(graph_of(f"return {met}", "clip(2, 5, 4, 4)")).frames == {"x": 5}
    assert field(graph_of(f"return {met} -> avg_pool(3x1x1)", "clip(2, 5, 4, 4)")).frames == {"x": 9}


def test_images_have_none() -> None:
    graph = stdsl.loads(
        "stdsl 1\nmeta net on x: image(3, 8, 8) = x -> conv(4, 3) -> global_avg_pool\nspace s = net"
    ).graph
    assert field(graph) == ReceptiveField({}, ())
    assert all(row.frames is None for row in layer_rows(graph, specialise(graph, {})))


def test_of_several_clips_each() -> None:
    text = """stdsl 1
    meta net on rgb: clip(3, 16, 8, 8), flow: clip(2, 64, 8, 8) {
      a = rgb -> conv(4, 3x1x1)
      b = flow -> conv(4, 5x1x1, stride = 4x1x1)
      return [a, b -> conv(4, 3x1x1)] -> concat -> conv(4, 3x1x1) -> global_avg_pool
    }
    space s = net
    """
    assert field(stdsl.loads(text).graph).frames == {"rgb": 5, "flow": 21}


def test_windows_are_counted_by_what_brings_them() -> None:
    """EvaNet's Table 9: number and mean length, by kind."""
    graph = graph_of("""  a = x -> conv(2, 3x3x3) -> conv(2, 1x3x3) -> pointwise(2)
      b = a -> conv2plus1d(2, 7x3x3) -> itgm(2, 11x3x3) -> conv2plus1d(2, 1x3x3)
      return b -> max_pool(5x3x3) -> sep3d(3x3x3) -> global_avg_pool""")
    found = window_rows(graph, specialise(graph, {}), primitives_of(graph))
    assert found == (
        WindowRow("conv", 2, Fraction(2), 1, 3),
        WindowRow("conv2plus1d", 2, Fraction(4), 1, 7),
        WindowRow("itgm", 1, Fraction(11), 11, 11),
        WindowRow("max_pool", 1, Fraction(5), 5, 5),
        WindowRow("sep3d", 1, Fraction(5), 5, 5),  # the convolution is applied twice
    )
