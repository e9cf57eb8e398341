"""Networks that draw a path for each pass: the straight-through gradient against its definition, what is drawn against
the mixture's samples, and where weights stand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import stdsl
from stdsl.compiler.backends.networks.paths.build import build_drawn_network
from stdsl.compiler.backends.networks.paths.drawn import settle
from stdsl.compiler.backends.networks.paths.text import drawn_source
from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.runtime.training.descent import gradients_of

EDGE = """stdsl 1
meta m on x: image(3, 6, 6) {
  y = x -> choose {skip, slope: relu, window: conv(3, 3), deep: conv(3, 1) -> relu -> conv(3, 3)} as kind
  return y -> conv(2, 1)
}
space s = m
"""
CELL = """stdsl 1
meta m on x: image(4, 6, 6) {
  a = [x, x -> conv(4, 1)] -> each choose {skip, conv: relu -> conv(4, 3) -> bn, pool: max_pool(3)} as first -> sum
  b = [x, a] -> each choose {skip, conv: relu -> conv(4, 3) -> bn, none: zero} as second -> keep 1 as inputs -> sum
  return [a, b] -> concat -> global_avg_pool -> linear(3)
}
space s = m
"""


def both(text: str) -> tuple[Any, Any]:
    """The mixture that samples hard, and the network that computes what is drawn, with the same weights and α."""
    graph = stdsl.loads(text).graph
    mixture = build_supernet(graph, Relaxation("gumbel", "none", affine=False), seed=0)
    drawn = build_drawn_network(graph, affine=False, seed=1)
    drawn.load_state_dict(mixture.state_dict())
    for net in (mixture, drawn):
        net.sampled = True
        net.temperature = 0.7
    mixture.hard = True
    return mixture.double(), drawn.double()


def gumbel(alpha: Tensor, seed: int, temperature: float = 0.7) -> Tensor:
    torch.manual_seed(seed)
    return F.gumbel_softmax(alpha, temperature, dim=0)


@pytest.mark.parametrize("seed", range(6))
def test_the_gradient_is_that_of_the_chosen_operation_times_its_hard_weight(seed: int) -> None:
    """Written out as Dong and Yang's code has it in `forward_gdas_v1`: hard weights with the gradient of the soft ones,
    of which the chosen one multiplies its operation. Their `forward_gdas` adds the weights of the others as numbers
    besides, which are zero: that adds the sum of the output's gradient to ∂L/∂w of each, as if it gave ones. The
    mixture has the outputs of all in that place."""
    mixture, drawn = both(EDGE)
    alpha = drawn.parameter("y.kind")
    with torch.no_grad():
        alpha.copy_(torch.tensor([0.3, -0.2, 0.5, 0.1]))
    mixture.load_state_dict(drawn.state_dict())
    x, towards = (torch.randn(2, c, 6, 6, dtype=torch.float64) for c in (3, 2))

    ops = [lambda v: v, F.relu, drawn.conv, lambda v: drawn.conv_3(F.relu(drawn.conv_2(v)))]
    soft = gumbel(alpha, seed)
    index = int(soft.argmax())
    hard = F.one_hot(soft.argmax(), 4) - soft.detach() + soft

    def gradient(mixed: Tensor) -> Tensor:
        loss = (drawn.conv_4(mixed) * towards).sum()
        return torch.autograd.grad(loss, alpha, retain_graph=True)[0]

    chosen = gradient(hard[index] * ops[index](x))
    torch.manual_seed(seed)
    found = torch.autograd.grad((drawn(x) * towards).sum(), alpha)[0]
    torch.testing.assert_close(found, chosen, rtol=1e-12, atol=1e-12)

    mixed = hard[index] * ops[index](x)
    numbers = gradient(mixed + sum(hard[i] for i in range(4) if i != index))
    ones = torch.autograd.grad((drawn.conv_4(mixed) * towards).sum(), mixed, retain_graph=True)[0].sum()
    others = torch.autograd.grad(sum(soft[i] for i in range(4) if i != index), alpha, retain_graph=True)[0]
    torch.testing.assert_close(numbers, chosen + ones * others, rtol=1e-10, atol=1e-12)

    torch.manual_seed(seed)
    of_all = torch.autograd.grad((mixture(x) * towards).sum(), mixture.parameter("y.kind"))[0]
    torch.testing.assert_close(of_all, gradient(sum(w * op(x) for w, op in zip(hard, ops, strict=True))))


@pytest.mark.parametrize("seed", range(4))
def test_the_same_seed_draws_what_a_mixture_draws(seed: int) -> None:
    """And the pass gives the same, and the same gradients of weights; of what is not drawn there is none at all."""
    mixture, drawn = both(CELL)
    x = torch.randn(3, 4, 6, 6, dtype=torch.float64)
    outputs = []
    for net in (mixture, drawn):
        torch.manual_seed(seed)
        outputs.append(net(x))
        outputs[-1].square().sum().backward()
    torch.testing.assert_close(outputs[1], outputs[0])
    expected = dict(mixture.named_parameters())
    for name, parameter in drawn.named_parameters():
        if name.startswith("decision_parameters"):
            continue
        other = expected[name].grad
        if parameter.grad is None:
            assert other is None or not other.any()
        else:
            torch.testing.assert_close(parameter.grad, other)


def test_what_is_drawn_comes_as_often_as_its_probability_says() -> None:
    _, drawn = both(EDGE)
    with torch.no_grad():
        drawn.parameter("y.kind").copy_(torch.tensor([0.0, 1.0, -1.0, 0.5]))
    torch.manual_seed(0)
    draws = [drawn._draws()["y.kind"].value for _ in range(4000)]
    shares = torch.tensor([draws.count(name) / 4000 for name in ("skip", "slope", "window", "deep")])
    drawn.sampled = False
    torch.testing.assert_close(shares, torch.tensor(drawn.probabilities()["y.kind"]), atol=0.03, rtol=0)
    assert {drawn._draws()["y.kind"].value for _ in range(9)} == {"slope"}  # the likeliest


def test_without_a_gradient_of_decisions_a_pass_is_the_discrete_network_to_the_bit() -> None:
    """Nothing is multiplied while weights learn."""
    _, drawn = both(CELL)
    for parameter in drawn.decisions():
        parameter.requires_grad_(False)
    assert all(draw.weight is None for draw in drawn._draws().values())


@pytest.mark.parametrize("norm", ["bn", "group_norm(2)"])
def test_behind_a_norm_a_weight_multiplies_what_the_norm_gives(norm: str) -> None:
    """A norm undoes any factor of what it reads, so that nothing would be learnt of a number in front of it."""
    text = f"""stdsl 1
meta m on x: image(3, 6, 6) = x -> conv(choose {{2, 4}} as width, 3) -> {norm} -> relu -> global_avg_pool -> linear(2)
space s = m
"""
    net: Any = build_drawn_network(stdsl.loads(text).graph, seed=0).double()
    net.sampled = True
    x, towards = torch.randn(4, 3, 6, 6, dtype=torch.float64), torch.randn(4, 2, dtype=torch.float64)
    (alpha,) = net.decisions()
    torch.manual_seed(1)
    (found,) = torch.autograd.grad((net(x) * towards).sum(), alpha)
    assert found.abs().max() > 1e-3
    soft = gumbel(alpha, 1, 1.0)
    place = int(soft.argmax())
    net.hold({"width": ("2", "4")[place]})
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.GroupNorm):
            module.register_forward_hook(lambda _, given, output: output * weight)
    (own,) = torch.autograd.grad((net(x) * towards).sum(), weight)
    torch.testing.assert_close(found, own * torch.autograd.grad(soft[place], alpha)[0])


def test_a_gate_is_drawn_on_or_off_and_off_is_not_computed() -> None:
    text = """stdsl 1
meta m on x: image(3, 6, 6) = x + (x -> maybe conv(3, 3) as more)
space s = m
"""
    net = build_drawn_network(stdsl.loads(text).graph, seed=0)
    net.sampled = True
    x = torch.randn(2, 3, 6, 6)
    seen = set()
    for seed in range(12):
        torch.manual_seed(seed)
        found = set(gradients_of(net(x).square().sum()))
        assert found in ({net.get_parameter("conv.weight"), net.parameter("more")}, set())
        seen.add(bool(found))
    assert seen == {True, False}


def test_all_elements_of_keeps_are_computed_until_an_architecture_is_held() -> None:
    _, drawn = both(CELL)
    assert drawn._drawn()["b.inputs"] == (1, 2)
    drawn.hold_architecture({"b.inputs": (2,)})
    assert drawn._drawn()["b.inputs"] == (2,)
    drawn.release()
    assert drawn._drawn()["b.inputs"] == (1, 2)
    with pytest.raises(ValueError, match=r"b\.inputs has no"):
        drawn.hold({"b.inputs": (3,)})


def test_what_is_settled_is_no_decision_any_more() -> None:
    _, drawn = both(CELL)
    first = next(iter(drawn.rows))
    settle(drawn, {first: "pool", "b.inputs": (1,)})
    assert first not in drawn.probabilities()
    assert (drawn._drawn()[first], drawn._drawn()["b.inputs"]) == ("pool", (1,))
    drawn.release()
    assert (drawn._drawn()[first], drawn._drawn()["b.inputs"]) == ("pool", (1,))


def test_the_code_multiplies_what_is_chosen_by_its_weight() -> None:
    source = drawn_source(stdsl.loads(EDGE).graph)
    assert "path = self._drawn()" in source
    assert 'weighed(y_kind, path["y.kind weight"])' in source


def test_a_keep_whose_elements_are_joined_cannot_have_all_of_them() -> None:
    text = """stdsl 1
meta m on x: image(3, 5, 5) = [x -> conv(i, 1) for i in 1..4] -> keep 1..3 as few -> concat -> conv(4, 3)
space s = m
"""
    with pytest.raises(SpaceError) as raised:
        drawn_source(stdsl.loads(text).graph)
    assert [d.code for d in raised.value.diagnostics] == ["E0802"]
