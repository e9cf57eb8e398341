"""Networks in two halves: what frozen parts make of the inputs, and the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import stdsl
from stdsl.compiler.backends.networks.frozen_part import frozen_part
from stdsl.compiler.backends.networks.paths.build import build_path_network
from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet

HEAD = """stdsl 1
cell seen(c) on x = x -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu -> conv(c, 3x3x3) -> bn
cell changed(c) on x = x -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> dropout(0.5) -> bn
"""
TWO = "on a: clip(1, 4, 8, 8), b: clip(2, 4, 8, 8)"


def halves(folder: Path, body: str, inputs: str = TWO, supernet: bool = False) -> tuple[nn.Module, object]:
    file = folder / "net.space"
    file.write_text(f"{HEAD}meta net {inputs} {{\n{body}\n}}\nspace s = net\n", encoding="utf-8")
    space = stdsl.load(file)
    if supernet:
        model: nn.Module = build_supernet(space.graph, Relaxation("softmax", "softmax", False, 1), seed=0)
    else:
        model = stdsl.compile(space, space.sample(seed=0), seed=0)
    for name, buffer in model.named_buffers():  # statistics as after a training
        if name.endswith("running_mean"):
            buffer.normal_(generator=torch.Generator().manual_seed(1))
    return model.train(), frozen_part(model, [f"input {name}" for name in "ab"][: 1 + ("b:" in inputs)])


def tensors() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(16, 1, 4, 8, 8, generator=generator), torch.randn(16, 2, 4, 8, 8, generator=generator)


FUSED = """
  known = [a -> frozen seen(4), b -> frozen seen(4)]
  y = known -> concat -> {last}
  return y -> relu -> global_avg_pool -> linear(3)
"""


@pytest.mark.parametrize("supernet", [False, True])
def test_the_halves_compute_what_the_whole_does(tmp_path: Path, supernet: bool) -> None:
    last = "choose {one: conv(4, 1x1x1) -> bn, two: conv(4, 3x3x3) -> bn} as kind"
    model, part = halves(tmp_path, FUSED.format(last=last), supernet=supernet)
    assert part is not None
    assert part.values == ("known", "known_2")
    assert part.inputs == ()
    inputs = tensors()
    with torch.no_grad():
        features = part.features(*inputs)
    twin, _ = halves(tmp_path, FUSED.format(last=last), supernet=supernet)
    whole, split = twin(*inputs), part.rest(*features)
    assert torch.equal(whole, split)
    whole.sum().backward()
    split.sum().backward()
    for (name, p), q in zip(twin.named_parameters(), model.parameters(), strict=True):
        assert (p.grad is None) == (q.grad is None), name
        assert p.grad is None or torch.equal(p.grad, q.grad), name
    for (name, p), q in zip(twin.named_buffers(), model.buffers(), strict=True):
        assert torch.equal(p, q), name


def test_inputs_that_are_read_behind_frozen_parts_too(tmp_path: Path) -> None:
    read = "known = a -> frozen seen(4)\nnew = b -> changed(4)"
    body = f"{read}\nreturn [known, new] -> concat -> global_avg_pool -> linear(3)"
    model, part = halves(tmp_path, body)
    assert part is not None
    assert part.values == ("known",)
    assert part.inputs == (1,)
    a, b = tensors()
    model.eval()
    assert torch.equal(model(a, b), part.rest(*part.features(a, b), b))


@pytest.mark.parametrize(
    "body",
    [
        "return [a -> seen(4), b -> seen(4)] -> concat -> global_avg_pool -> linear(3)",
        "known = [a -> seen(4), b -> seen(4)] -> concat\nreturn known -> frozen seen(4) -> flatten -> linear(3)",
    ],
    ids=["nothing is frozen", "what is frozen stands behind something that is not"],
)
def test_no_part_is_frozen(tmp_path: Path, body: str) -> None:
    assert halves(tmp_path, body)[1] is None


def test_what_chance_changes_is_not_fixed(tmp_path: Path) -> None:
    known = "known = a -> frozen seen(4) -> dropout(0.5) -> frozen conv(4, 3x3x3)"
    body = f"{known}\nreturn [known, b -> seen(4)] -> concat -> global_avg_pool -> linear(3)"
    _, part = halves(tmp_path, body)
    assert part is not None
    assert len(part.values) == 1
    inputs = tensors()
    assert torch.equal(part.features(*inputs)[0], part.features(*inputs)[0])


def test_a_digest_is_about_operations_weights_and_inputs(tmp_path: Path) -> None:
    def digests(body: str, seed: int = 0, change: str | None = None) -> tuple[str, ...]:
        model, _ = halves(tmp_path, body)
        if change:
            with torch.no_grad():
                model.state_dict()[change].view(-1)[0] += 1
        part = frozen_part(model, ["a", "b"])
        assert part is not None
        return part.digests

    both = FUSED.format(last="conv(4, 1x1x1)")
    first, second = digests(both)
    assert digests(both.replace("known", "found")) == (first, second)
    assert first != second
    # The rest does not matter, a weight and a statistic of the part itself do.
    assert digests(both.replace("1x1x1", "3x3x3")) == (first, second)
    assert digests(both, change="linear.weight") == (first, second)
    assert digests(both, change="known.conv.weight")[0] != first
    assert digests(both, change="known.conv.weight")[1] == second
    assert digests(both, change="known.bn_2.running_mean")[0] != first
    assert digests(both.replace("[a -> frozen seen(4)", "[a -> frozen changed(4)"))[0] != first
    alone = "known = a -> frozen seen(4)\nreturn [known, b -> seen(4)] -> concat -> global_avg_pool -> linear(3)"
    assert digests(alone) == (first,)


def test_of_a_network_that_computes_one_path_what_every_path_computes(tmp_path: Path) -> None:
    """What is frozen and stands under a condition stays in the rest."""
    body = """
  one = a -> frozen seen(4)
  y = choose {alone: one, joined: one + (b -> frozen seen(4)), narrow: one -> conv(4, 1)} as kind
  return [y, one] -> concat -> pointwise(choose {2, 4} as width) -> global_avg_pool -> linear(3)
"""
    file = tmp_path / "net.space"
    file.write_text(f"{HEAD}meta net {TWO} {{\n{body}\n}}\nspace s = net\n", encoding="utf-8")
    net = build_path_network(stdsl.load(file).graph, "slice", seed=0).train()
    part = frozen_part(net, ["input a", "input b"])
    assert part is not None
    assert part.values == ("one",)
    assert part.inputs == (1,)
    inputs = tensors()
    with torch.no_grad():
        features = part.features(*inputs)
    for kind in ("alone", "joined", "narrow"):
        net.hold_architecture({"y.kind": kind, "width": "2"})
        assert torch.equal(net(*inputs), part.rest(*features, inputs[1]))
