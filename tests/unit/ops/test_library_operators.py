"""The library's operators, elaborated: shapes and parameters of each, against figures from the papers or by hand."""

from __future__ import annotations

import pytest

from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.ir.network import Network
from stdsl.compiler.semantics.elaboration.elaborate import SpaceReference, elaborate
from stdsl.compiler.semantics.modules import Loader

IMAGE, CLIP = "image(8, 8, 8)", "clip(8, 8, 8, 8)"


def network(expression: str, shape: str, use: str = "", arch: dict[str, object] | None = None) -> Network:
    text = f"stdsl 1\n{use}\nmeta m() on x: {shape} = x -> {expression}\nspace s = m()\n"
    sink = Sink()
    module = Loader(sink).source(Source("test.space", text))
    declaration = module.declarations["s"]
    graph = elaborate(SpaceReference(declaration, module, {}, declaration.span), sink)
    assert not sink.errors, [str(d.message) for d in sink.errors]
    assert graph is not None
    return specialise(graph, arch or {})


def described(found: Network) -> tuple[str, int]:
    """The shape of the output and the parameters."""
    ((_, output),) = found.outputs
    return str(found.layer(output).shape), sum(layer.cost.params for layer in found.layers)


@pytest.mark.parametrize(
    ("expression", "shape", "output", "params"),
    [
        ("relu_conv_bn(16)", IMAGE, "image(16, 8, 8)", 8 * 16 + 32),
        ("factorized_reduce(16)", IMAGE, "image(16, 4, 4)", 8 * 16 + 32),
        ("factorized_reduce(7)", IMAGE, "image(7, 4, 4)", 8 * 7 + 14),
        ("factorized_reduce(16)", "image(8, 7, 9)", "image(16, 4, 5)", 8 * 16 + 32),
        ("sep_conv(3x3)", IMAGE, "image(8, 8, 8)", 2 * (72 + 64 + 16)),
        ("sep_conv(5x5, 2)", IMAGE, "image(8, 4, 4)", 2 * (200 + 64 + 16)),
        ("dil_conv(5x5, stride = 2)", IMAGE, "image(8, 4, 4)", 200 + 64 + 16),
        ("skip", IMAGE, "image(8, 8, 8)", 0),
        ("skip(2)", IMAGE, "image(8, 4, 4)", 64 + 16),
        ("skip(1x1)", IMAGE, "image(8, 8, 8)", 0),
        ("skip(1x2x2)", CLIP, "clip(8, 8, 4, 4)", 64 + 16),
        ("skip(2x2x2)", CLIP, "clip(8, 4, 4, 4)", 64 + 16),
        ("skip(1x1x1)", CLIP, "clip(8, 8, 8, 8)", 0),
    ],
)
def test_images_and_skips(expression: str, shape: str, output: str, params: int) -> None:
    use = "use std.image (relu_conv_bn, factorized_reduce, sep_conv, dil_conv)"
    assert described(network(expression, shape, use)) == (output, params)


@pytest.mark.parametrize(
    ("expression", "output", "params"),
    [
        ("relu_conv_bn(4, 3x1x1)", "clip(4, 8, 8, 8)", 96 + 8),
        ("conv2plus1d(16, 3x3x3)", "clip(16, 8, 8, 8)", 9 * 128 + 32 + 3 * 256),
        ("conv2plus1d(k = 3x3x3, middle = 5)", "clip(8, 8, 8, 8)", 9 * 40 + 10 + 3 * 40),
        ("conv2plus1d(16, 3x3x3, 2)", "clip(16, 4, 4, 4)", 9 * 128 + 32 + 3 * 256),
        ("conv2plus1d(16, 3x3x3, stride = 1x2x2)", "clip(16, 8, 4, 4)", 9 * 128 + 32 + 3 * 256),
        ("itgm(16, 9x3x3)", "clip(16, 8, 8, 8)", 9 * 128 + 2 * 4 + 4 * 16),
        ("itgm(16, (3, 3, 3), mixtures = 2)", "clip(16, 8, 8, 8)", 9 * 128 + 2 * 2 + 2 * 16),
        ("sep3d(3x3x3)", "clip(8, 8, 8, 8)", 2 * (216 + 64 + 16)),
        ("dil3d(3x3x3, 2x2x2)", "clip(8, 4, 4, 4)", 216 + 64 + 16),
        ("flattened(3)", "clip(8, 8, 8, 8)", 3 * 3 * 64 + 16),
        ("separable3d(3x5x5, 2)", "clip(8, 4, 4, 4)", 2 * (200 + 24 + 64 + 16)),
        ("dil_separable3d(3x3x3)", "clip(8, 8, 8, 8)", 72 + 24 + 64 + 16),
        ("channel_scale", "clip(8, 8, 8, 8)", 64 + 8),
        ("channel_bias(stride = 1x2x2)", "clip(8, 8, 4, 4)", 64 + 8 + 64 + 16),
    ],
)
def test_clips(expression: str, output: str, params: int) -> None:
    use = f"use std.video ({expression.partition('(')[0]})"
    assert described(network(expression, CLIP, use)) == (output, params)


@pytest.mark.parametrize(
    ("expression", "millions"),
    [
        ("sep3d(3x3x3)", 0.55),
        ("conv2plus1d(k = 3x3x3, middle = 1152)", 7.08),
        ("conv2plus1d(k = 3x3x3, middle = 512)", 3.15),
        ("flattened(3)", 2.36),
    ],
)
def test_candidates_of_autodeepfuse_at_512_channels(expression: str, millions: float) -> None:
    """Tables 1 and 2 of AutoDeepFuse, which leave batch-norm out."""
    found = network(expression, "clip(512, 4, 4, 4)", f"use std.video ({expression.partition('(')[0]})")
    params = sum(layer.cost.params for layer in found.layers if layer.op != "bn")
    assert round(params / 1e6, 2) == millions


@pytest.mark.parametrize("stride", ["1", "2", "1x2x2", "2x2x2"])
@pytest.mark.parametrize(
    ("name", "alternatives"),
    [
        ("o2d", "skip max133 avg133 sep133 sep155 dil133 dil155"),
        ("o3d", "skip max133 max333 sep133 sep155 dil133 sep333 sep355 dil333"),
        ("o_adv", "skip max133 max333 sep133 sep155 sep333 sep355 scale bias"),
    ],
)
def test_all_operations_of_a_set_give_one_shape(name: str, alternatives: str, stride: str) -> None:
    sizes = {"1": "8, 8, 8", "2": "4, 4, 4", "1x2x2": "8, 4, 4", "2x2x2": "4, 4, 4"}[stride]
    for alternative in alternatives.split():
        found = network(f"choose {name}({stride}) as kind", CLIP, f"use std.video ({name})", {"kind": alternative})
        assert described(found)[0] == f"clip(8, {sizes})"
