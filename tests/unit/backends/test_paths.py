"""Networks that compute one path: slices against weights of their own, and what the code says."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import stdsl
from stdsl.compiler.backends.codegen.printing import text_of
from stdsl.compiler.backends.kernels.slices import sliced, sliced_conv, sliced_norm
from stdsl.compiler.backends.networks.paths.build import build_path_network
from stdsl.compiler.backends.networks.paths.text import path_source
from stdsl.compiler.ops.torch.expressions import Comparison, Conditional, Literal, Logic, Name, Negation

WIDTHS = """stdsl 1
meta m on x: image(3, 8, 8) {
  y = x -> conv(choose {2, 4, 6} as width, choose {1, 3, 5} as window) -> bn -> relu
  return y -> pointwise(5)
}
space s = m
"""


def arch(width: str, window: str) -> dict[str, str]:
    return {"y.width": width, "y.window": window}


def test_slices_are_leading_and_in_the_middle() -> None:
    weight = torch.arange(2 * 3 * 5 * 4.0).reshape(2, 3, 5, 4)
    assert torch.equal(sliced(weight, (1, 2, 3, 3), 2), weight[:1, :2, 1:4, 0:3])
    assert sliced(weight, weight.shape, 2) is weight


@pytest.mark.parametrize("channels", [1, 3])
def test_a_convolution_of_few_channels_that_enter_is_one(channels: int) -> None:
    """One channel in one group is no depthwise convolution (a newcomer's find: each width had a stem of its own)."""
    text = f"""stdsl 1
meta m on x: image({channels}, 5, 5) {{ return x -> conv(choose {{2, 4}} as width, 3) -> global_avg_pool -> linear(2) }}
space s = m
"""
    net = build_path_network(stdsl.loads(text).graph, "slice", seed=0)
    assert [tuple(p.shape) for p in net.parameters() if p.dim() == 4] == [(4, channels, 3, 3)]


def test_a_slice_has_the_shapes_of_separate_weights_and_the_value_of_the_largest() -> None:
    graph = stdsl.loads(WIDTHS).graph
    shared, separate = (build_path_network(graph, how, seed=0).double() for how in ("slice", "separate"))
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    for width in ("2", "4", "6"):
        for window in ("1", "3", "5"):
            for net in (shared, separate):
                net.hold_architecture(arch(width, window))
            assert shared(x).shape == separate(x).shape
    assert sum(p.numel() for p in shared.parameters()) < sum(p.numel() for p in separate.parameters())
    largest = {"conv": "conv_c6_k5x5", "bn": "bn_in6x8x8", "pointwise": "pointwise_in6x8x8"}
    with torch.no_grad():
        for name, parameter in shared.named_parameters():
            module, _, kind = name.partition(".")
            parameter.copy_(separate.get_parameter(f"{largest[module]}.{kind}"))
    for net in (shared, separate):
        net.hold_architecture(arch("6", "5"))
    torch.testing.assert_close(shared(x), separate(x), rtol=0, atol=0)


def test_gradients_reach_the_slice_alone() -> None:
    net = build_path_network(stdsl.loads(WIDTHS).graph, "slice", seed=0)
    net.hold_architecture(arch("4", "3"))
    net(torch.randn(2, 3, 8, 8)).square().sum().backward()
    conv, pointwise = net.get_parameter("conv.weight").grad, net.get_parameter("pointwise.weight").grad
    assert conv is not None
    assert pointwise is not None
    inside = sliced(torch.ones_like(conv), (4, 3, 3, 3), 2)
    assert (sliced(conv, (4, 3, 3, 3), 2) != 0).all()
    assert int((conv != 0).sum()) == inside.numel()
    assert not pointwise[:, 4:].any()


def test_what_a_path_has_not_gets_no_gradient_at_all() -> None:
    """None, so that neither momentum nor decay nor clipping touches it."""
    text = "stdsl 1\nmeta m on x: image(3, 4, 4) = x -> choose {a: conv(3, 1), b: conv(3, 3)} as kind\nspace s = m\n"
    net = build_path_network(stdsl.loads(text).graph, seed=0)
    net.hold_architecture({"kind": "b"})
    net(torch.randn(2, 3, 4, 4)).sum().backward()
    assert {name for name, p in net.named_parameters() if p.grad is not None} == {"conv_2.weight"}


def test_the_statistics_of_a_slice_are_those_of_its_norm_alone() -> None:
    norm, small = nn.BatchNorm2d(4), nn.BatchNorm2d(2)
    x = torch.randn(8, 2, 3, 3)
    torch.testing.assert_close(sliced_norm(norm, x), small(x))
    torch.testing.assert_close(norm.running_mean[:2], small.running_mean)  # type: ignore[index]
    assert torch.equal(norm.running_mean[2:], torch.zeros(2))  # type: ignore[index]
    norm.eval()
    small.eval()
    torch.testing.assert_close(sliced_norm(norm, x), small(x))


def test_a_depthwise_slice_has_as_many_groups_as_channels() -> None:
    conv = nn.Conv2d(6, 12, 3, padding=1, groups=6)
    x = torch.randn(1, 2, 5, 5)
    own = nn.Conv2d(2, 4, 3, padding=1, groups=2)
    with torch.no_grad():
        own.weight.copy_(conv.weight[:4])
        own.bias.copy_(conv.bias[:4])  # type: ignore[union-attr, index]
    torch.testing.assert_close(sliced_conv(conv, x, out_channels=4), own(x))


def test_a_value_that_the_space_does_not_have_is_refused() -> None:
    net = build_path_network(stdsl.loads(WIDTHS).graph)
    for wrong in ({"y.width": "3"}, {"y.height": "2"}):
        with pytest.raises(ValueError, match=r"y\."):
            net.hold_architecture(wrong)


def test_instances_of_a_cell_share_a_class() -> None:
    text = """stdsl 1
cell unit on x = x -> choose {one: conv(4, 1), two: conv(4, 3)} as kind -> bn
meta m on x: image(4, 6, 6) { a = x -> unit  b = a -> unit  return b -> unit }
space s = m
"""
    source = path_source(stdsl.loads(text).graph)
    assert source.count("class ") == 2
    assert source.count('if path["kind"] == "one":') == 1


def test_an_operation_that_may_not_be_asked_for_stands_under_its_condition() -> None:
    text = """stdsl 1
op block = conv(3, 3) -> bn
meta m on x: image(3, 6, 6) = x -> repeat choose 0..2 as depth { block } -> relu
space s = m
"""
    source = path_source(stdsl.loads(text).graph)
    assert 'if path["depth"] == 2:' in source
    assert 'if path["depth"] != 0:' in source or 'if path["depth"] >= 1:' in source


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Logic("and", (Logic("or", (Name("a"), Name("b"))), Negation(Name("c")))), "(a or b) and not c"),
        (Logic("or", (Logic("and", (Name("a"), Name("b"))), Name("c"))), "a and b or c"),
        (Negation(Logic("and", (Name("a"), Name("b")))), "not (a and b)"),
        (Negation(Comparison(Name("a"), "==", Name("b"))), "not a == b"),
        (Comparison(Literal(1), "not in", Name("a")), "1 not in a"),
        (Conditional(Name("a"), Logic("or", (Name("b"), Name("c"))), Literal(None)), "a if b or c else None"),
        (Comparison(Comparison(Name("a"), "==", Name("b")), "==", Name("c")), "(a == b) == c"),
    ],
)
def test_logic_is_printed_with_as_few_parentheses_as_it_needs(found: Logic, text: str) -> None:
    assert text_of(found) == text
