"""Inputs that are tokens or features, from text to networks."""

from __future__ import annotations

import math

import pytest
import torch

import stdsl
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source

torch.set_num_threads(1)

TRANSFORMER = """stdsl 1

op mixing(heads) on x {
  y = x -> layer_norm
  return x + ([y -> linear(same, bias = false), y -> linear(same, bias = false), y -> linear(same, bias = false)]
    -> attention(heads) -> linear(same, bias = false))
}

op mlp(ratio) on x = x + (x -> layer_norm -> linear(ratio * x.channels) -> gelu -> linear(x.channels))

cell block on x {
  mixed = x -> choose {two: mixing(2), four: mixing(4), none: identity} as heads
  return mixed -> choose {narrow: mlp(1), plain: mlp(2), wide: mlp(4)} as ratio
}

meta encoder(c = 16, classes = 5) on words: tokens(6, 8) {
  x[0] = words -> linear(c)
  for i in 1..2 { x[i] = x[i - 1] -> block }
  return x[2] -> layer_norm -> global_avg_pool -> linear(classes)
}

space encoders = encoder()
"""

PERCEPTRON = """stdsl 1

meta perceptron(classes = 3) on row: features(10), extra: features(4) {
  joined = [row, extra] -> concat
  deep = joined -> repeat choose 1..3 as depth { linear(choose {8, 16} as width) -> bn -> relu }
  return [deep -> linear(classes), joined -> maybe linear(classes) as short] -> sum
}

space perceptrons = perceptron()
"""


def test_a_transformer() -> None:
    assert not check_text(Source("x.space", TRANSFORMER))
    space = stdsl.loads(TRANSFORMER)
    assert space.count() == 9**2
    arch = space.architecture(
        {"x[1].mixed.heads": "two", "x[1].ratio": "plain", "x[2].mixed.heads": "none", "x[2].ratio": "wide"}
    )
    n, c = 6, 16
    mixing = 4 * n * c * c + 2 * n * n * c
    assert space.costs(arch).flops == n * 8 * c + mixing + 2 * n * c * 2 * c + 2 * n * c * 4 * c + c * 5
    assert space.costs(arch).depth == 1 + (1 + 2 + 1) + 2 + 2 + 1
    network = stdsl.compile(space, arch, seed=0)
    assert network(torch.randn(3, n, 8)).shape == (3, 5)
    assert sum(p.numel() for p in network.parameters()) == space.costs(arch).params


def test_the_supernet_of_a_transformer() -> None:
    space = stdsl.loads(TRANSFORMER)
    assert not space.not_relaxable
    supernet = stdsl.compile(space, seed=0)
    y = supernet(torch.randn(2, 6, 8))
    y.square().sum().backward()
    assert y.shape == (2, 5)
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in supernet.parameters())


def test_attention_is_the_softmax_of_products() -> None:
    text = "stdsl 1 meta m on q: tokens(4, 6), k: tokens(5, 6), v: tokens(5, 9) = [q, k, v] -> attention(3) space s = m"
    network = stdsl.compile(stdsl.loads(text), {})
    q, k, v = torch.randn(2, 4, 6), torch.randn(2, 5, 6), torch.randn(2, 5, 9)
    heads = []
    for i in range(3):
        a, b, c = q[..., 2 * i : 2 * i + 2], k[..., 2 * i : 2 * i + 2], v[..., 3 * i : 3 * i + 3]
        heads.append(torch.softmax(a @ b.transpose(1, 2) / math.sqrt(2), -1) @ c)
    assert torch.allclose(network(q, k, v), torch.cat(heads, -1), atol=1e-6)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("[q, q, q] -> attention(4)", "E0215"),
        ("[q, k, k] -> attention(2)", "E0216"),
        ("[q, q, k] -> attention(2)", "E0216"),
        ("[q, q] -> attention(2)", "E0218"),
        ("q -> conv(4, 3)", "E0217"),
        ("q -> to_tokens", "E0217"),
        ("q.height + 1", "E0222"),
    ],
)
def test_what_tokens_are_not_for(body: str, code: str) -> None:
    text = f"stdsl 1 meta m on q: tokens(4, 6), k: tokens(5, 8) = {body} space s = m"
    found = [d.code for d in check_text(Source("x.space", text)) if d.code[0] == "E"]
    assert found[0] in (code, "E0214", "E0221"), found


def test_features_of_two_inputs() -> None:
    assert not check_text(Source("x.space", PERCEPTRON))
    space = stdsl.loads(PERCEPTRON)
    assert space.count() == (2 + 4 + 8) * 2
    for arch in list(space.architectures())[::5]:
        network = stdsl.compile(space, arch, seed=0)
        assert network(torch.randn(4, 10), torch.randn(4, 4)).shape == (4, 3)
        assert sum(p.numel() for p in network.parameters()) == space.costs(arch).params
