"""The kernels of merged supernets against the modules that they stand for, in float64."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune

from stdsl.compiler.backends.kernels import merged_forward, merged_terms, plans
from stdsl.compiler.backends.kernels.blocks import blocks, inner_products, joined, joined_inner_products, multiply
from stdsl.compiler.backends.kernels.depthwise import filtered
from stdsl.compiler.backends.kernels.merged_terms import Terms
from stdsl.compiler.backends.kernels.paths import Window, path
from stdsl.compiler.backends.kernels.pointwise import product
from stdsl.compiler.backends.kernels.pools import pooled
from stdsl.compiler.backends.kernels.recompute import recomputed
from stdsl.compiler.backends.kernels.weighted import edge_weights, weighted

EDGES, C = 3, 4
HINTS = "clips phases narrow"
CONV = {2: nn.Conv2d, 3: nn.Conv3d}
NORM = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}

# name: sizes, then kernel, padding and dilation of the depthwise convolutions that are added up
SHAPES: dict[str, tuple[tuple[int, ...], list[tuple[Any, Any, Any]]]] = {
    "3x3": ((8, 8), [(3, 1, 1)]),
    "wide": ((8, 6), [(5, 2, 1)]),
    "seven": ((8, 9), [(7, 3, 1)]),
    "phases": ((8, 6), [(5, 4, 2)]),
    "odd size, dilated": ((7, 6), [(3, 2, 2)]),
    "no depthwise": ((7, 6), []),
    "frames": ((4, 6, 6), [((1, 3, 3), (0, 1, 1), 1)]),
    "frames in phases": ((4, 6, 6), [((1, 5, 5), (0, 4, 4), 2)]),
    "side by side": ((4, 6, 6), [((1, 3, 3), (0, 1, 1), 1), ((3, 1, 1), (1, 0, 0), 1)]),
    "side by side, dilated": ((4, 6, 6), [((1, 3, 3), (0, 2, 2), 2), ((3, 1, 1), (2, 0, 0), 2)]),
    "pixels": ((5, 6, 6), [((3, 1, 1), (2, 0, 0), (2, 1, 1))]),
    "space and time at once": ((5, 6, 6), [((3, 3, 3), 1, 1)]),
}


class Edges(nn.Module):
    """The operations of a few edges, computed one by one."""

    def __init__(self, rank: int, convolutions: list[tuple[Any, Any, Any]], stride: int, affine: bool) -> None:
        super().__init__()
        self.depthwise = nn.ModuleList(
            nn.ModuleList(CONV[rank](C, C, k, stride, p, d, groups=C, bias=False) for _ in range(EDGES))  # type: ignore[misc]
            for k, p, d in convolutions
        )
        self.pointwise = nn.ModuleList(CONV[rank](C, C, 1, bias=False) for _ in range(EDGES))
        self.norms = nn.ModuleList(NORM[rank](C, affine=affine) for _ in range(EDGES))
        for norm in self.norms:
            if affine:
                nn.init.normal_(norm.weight)  # type: ignore[arg-type]
                nn.init.normal_(norm.bias)  # type: ignore[arg-type]
            norm.running_mean.normal_()  # type: ignore[operator,union-attr]
            norm.running_var.uniform_(0.5, 2)  # type: ignore[operator,union-attr]

    def forward(self, x: Tensor) -> list[Tensor]:
        results = []
        for e, part in enumerate(x.chunk(EDGES, 1)):
            inner = sum(parts[e](part) for parts in self.depthwise) if len(self.depthwise) else part  # type: ignore[index]
            results.append(self.norms[e](self.pointwise[e](inner)))
        return results


class Chain(nn.Module):
    """One stage, or two with a ReLU between them, for a few edges."""

    def __init__(self, rank: int, convolutions: list[tuple[Any, Any, Any]], strides: list[int], affine: bool) -> None:
        super().__init__()
        self.stages = nn.ModuleList(Edges(rank, convolutions, stride, affine) for stride in strides)

    def forward(self, xs: list[Tensor]) -> list[Tensor]:
        for i, stage in enumerate(self.stages):
            xs = stage(torch.cat(xs, 1).relu() if i else torch.cat(xs, 1))
        return xs


def merged_sum(w: Tensor, places: tuple[int, ...], plain: list[Tensor], lines: list[Any]) -> Tensor:
    """All that meets in a node; lines hold what they read."""
    xs = [*plain, *[x for found, _, _ in lines for x in found]]
    sources = list({id(x): x for x in xs}.values())
    number = {id(x): i for i, x in enumerate(sources)}
    numbered = [(tuple(number[id(x)] for x in found), stages, places) for found, stages, places in lines]
    owner = nn.ModuleList(m for _, stages, _ in lines for rows, p, n, _ in stages for row in (*rows, p, n) for m in row)
    return merged_forward.merged_sum(Terms(owner, [number[id(x)] for x in plain], places, numbered), w, *sources)


def line(chain: nn.Module, xs: list[Tensor], first: int, hints: str = HINTS) -> Any:
    """What ``merged_sum`` takes for all edges of a chain, whose weights stand at ``first`` and after it."""
    stages = [([list(r) for r in s.depthwise], list(s.pointwise), list(s.norms), hints) for s in chain.stages]  # type: ignore[union-attr,arg-type]
    return xs, stages, tuple(range(first, first + EDGES))


def test_products_of_blocks() -> None:
    """Few channels and many, bunches of equal and of different sizes, counts that are odd."""
    torch.manual_seed(0)
    for size, c, d, count in ((5, 8, 8, 12), (3, 4, 2, 10), (9, 4, 4, 16), (2, 16, 17, 6), (3, 2, 3, 7)):
        a, b = (torch.randn(count, size * n, dtype=torch.float64) for n in (c, d))
        matrices = torch.randn(size, c, d, dtype=torch.float64)
        found = torch.empty(size, c, d, dtype=torch.float64)
        inner_products(a, b, size, found)
        torch.testing.assert_close(found, torch.bmm(blocks(a, size).transpose(1, 2), blocks(b, size)))
        wanted = torch.bmm(blocks(a, size), matrices).transpose(0, 1).reshape(count, -1)
        out = torch.zeros_like(b)
        multiply(a, matrices, out)
        torch.testing.assert_close(out, wanted)
        multiply(a, matrices, out, add=True)
        torch.testing.assert_close(out, 2 * wanted)
        total = joined(a, matrices.view(-1, d), None)
        torch.testing.assert_close(total, a @ matrices.view(-1, d))
        torch.testing.assert_close(joined(a, matrices.view(-1, d), total), 2 * a @ matrices.view(-1, d))
        products = torch.empty(d, size * c, dtype=torch.float64)
        joined_inner_products(a, b[:, :d].contiguous(), products)
        torch.testing.assert_close(products, b[:, :d].t() @ a)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(("name", "stride"), [(n, s) for n in SHAPES for s in (1, 2) if s == 1 or SHAPES[n][1]])
def test_equal_to_modules(name: str, stride: int, affine: bool, training: bool) -> None:
    """Two lines that read some of the same tensors, one of two stages, and plain terms."""
    torch.manual_seed(0)
    sizes, convolutions = SHAPES[name]
    plain = nn.ModuleList(Chain(len(sizes), convolutions, strides, affine) for strides in ([stride], [stride, 1]))
    plain = plain.double().train(training)
    merged = copy.deepcopy(plain)
    xs = [torch.randn(3, C, *sizes, dtype=torch.float64, requires_grad=True) for _ in range(EDGES + 1)]
    w = torch.rand(2 + 2 * EDGES, dtype=torch.float64, requires_grad=True)
    for hints in (HINTS, ""):
        outs = [y for chain, at in zip(plain, (0, 1), strict=True) for y in chain(xs[at : at + EDGES])]
        v = [torch.randn_like(outs[0]).requires_grad_(True) for _ in range(2)]
        a = sum(w[i] * y for i, y in enumerate([*v, *outs]))
        lines = [line(merged[i], xs[i : i + EDGES], 2 + i * EDGES, hints) for i in (0, 1)]
        b = merged_sum(w, (0, 1), v, lines)
        torch.testing.assert_close(a, b)
        r = torch.randn_like(b)
        mine = torch.autograd.grad((b * r).sum(), [w, *xs, *v, *merged.parameters()])
        theirs = torch.autograd.grad((a * r).sum(), [w, *xs, *v, *plain.parameters()])
        for p, q in zip(theirs, mine, strict=True):
            torch.testing.assert_close(p, q)
        for (key, p), q in zip(plain.named_buffers(), merged.buffers(), strict=True):
            torch.testing.assert_close(p, q, msg=key)


@pytest.mark.parametrize("name", ["3x3", "wide", "phases", "side by side, dilated"])
def test_passes_in_any_order(name: str) -> None:
    """Two forward passes, then their backward passes, the first one first or last: what one keeps, the other leaves
    alone."""
    torch.manual_seed(0)
    sizes, convolutions = SHAPES[name]
    chain = Chain(len(sizes), convolutions, [1, 1], True).double()
    batches = [[torch.randn(n, C, *sizes, dtype=torch.float64) for _ in range(EDGES)] for n in (3, 2)]
    w = torch.ones(EDGES, dtype=torch.float64)
    wanted = [torch.autograd.grad(sum(chain(xs)).square().sum(), list(chain.parameters())) for xs in batches]  # type: ignore[union-attr]
    for backward in ((0, 1), (1, 0)):
        losses = [merged_sum(w, (), [], [line(chain, xs, 0)]).square().sum() for xs in batches]
        for i in backward:
            for p, q in zip(wanted[i], torch.autograd.grad(losses[i], list(chain.parameters())), strict=True):
                torch.testing.assert_close(p, q)


class Node(nn.Module):
    """What generated code has of a node: modules, and the terms that are made of them."""

    def __init__(self, chain: Chain) -> None:
        super().__init__()
        self.chain = chain
        _, stages, places = line(chain, [], 1)
        self.terms = Terms(self, (0,), (0,), [(tuple(range(EDGES)), stages, places)])

    def forward(self, w: Tensor, *xs: Tensor) -> Tensor:
        return merged_forward.merged_sum(self.terms, w, *xs)


def test_terms_are_used_again() -> None:
    """By batches and images of other sizes, with other parameters frozen, in evaluation, and by copies, which have
    modules of their own."""
    torch.manual_seed(0)
    chain = Chain(2, [(5, 4, 2)], [1, 1], True).double()
    nodes = [Node(copy.deepcopy(chain))]
    w = torch.rand(1 + EDGES, dtype=torch.float64, requires_grad=True)

    def check(node: Node, n: int, size: int) -> None:
        plain = copy.deepcopy(node.chain)
        xs = [torch.randn(n, C, size, 6, dtype=torch.float64, requires_grad=True) for _ in range(EDGES)]
        a = w[0] * xs[0] + sum(w[1 + i] * y for i, y in enumerate(plain(xs)))
        b = node(w, *xs)
        torch.testing.assert_close(a, b)
        tensors = [(w, w), *zip(xs, xs, strict=True), *zip(plain.parameters(), node.chain.parameters(), strict=True)]
        wanted = [(p, q) for p, q in tensors if p.requires_grad]
        mine = torch.autograd.grad(b.square().sum(), [q for _, q in wanted])
        for p, q in zip(torch.autograd.grad(a.square().sum(), [p for p, _ in wanted]), mine, strict=True):
            torch.testing.assert_close(p, q)
        for (key, p), q in zip(plain.named_buffers(), node.chain.buffers(), strict=True):
            torch.testing.assert_close(p, q, msg=key)

    def all_sizes() -> None:
        for node in nodes:
            more = ((n, 4) for n in range(2, 2 + merged_terms.REMEMBERED))
            for n, size in ((3, 8), (2, 8), (3, 6), (3, 8), *more, (3, 8)):
                check(node, n, size)

    all_sizes()
    nodes[0].chain.stages[0].requires_grad_(False)
    w.requires_grad_(False)
    all_sizes()
    nodes.append(pickle.loads(pickle.dumps(nodes[0])))
    nodes.append(copy.deepcopy(nodes[0]).requires_grad_(True).eval())
    with torch.no_grad():
        for p in nodes[1].parameters():
            p.add_(0.1)
    with torch.inference_mode():
        nodes[2](w, *[torch.randn(3, C, 8, 6, dtype=torch.float64) for _ in range(EDGES)])
    all_sizes()


def test_modules_that_take_the_places_of_others() -> None:
    """They are what is computed with, and what is put into evaluation, at any depth."""
    torch.manual_seed(0)
    node = Node(Chain(2, [(3, 1, 1)], [1, 1], False).double())
    other = copy.deepcopy(node.chain)
    w = torch.rand(1 + EDGES, dtype=torch.float64)
    xs = [torch.randn(3, C, 6, 6, dtype=torch.float64) for _ in range(EDGES)]

    def check() -> None:
        wanted = w[0] * xs[0] + sum(w[1 + i] * y for i, y in enumerate(copy.deepcopy(node.chain)(xs)))
        torch.testing.assert_close(node(w, *xs), wanted)

    check()
    with torch.no_grad():
        for p in other.parameters():
            p.add_(1)
    node.chain.stages[0].pointwise[1] = other.stages[0].pointwise[1]  # type: ignore[index,union-attr]
    check()
    node.chain.stages[1] = other.stages[1].eval()
    check()
    node.chain = Chain(2, [(3, 1, 1)], [1, 1], False).double()
    check()
    copied = copy.deepcopy(node)
    copied.chain.stages[0].norms[2] = nn.BatchNorm2d(C, affine=False).double()  # type: ignore[index,union-attr]
    copied(w, *xs)
    assert copied.chain.stages[0].norms[2].num_batches_tracked == 1  # type: ignore[index,union-attr]
    check()


def test_modules_of_another_kind_are_refused() -> None:
    """They would be computed like those beside them."""
    torch.manual_seed(0)
    for row, other in (
        ("pointwise", nn.Conv2d(C, C, 1)),
        ("pointwise", nn.Identity()),
        ("norms", nn.BatchNorm2d(C, eps=0.1)),
        ("norms", nn.InstanceNorm2d(C)),
    ):
        node = Node(Chain(2, [(3, 1, 1)], [1, 1], True))
        w, xs = torch.rand(1 + EDGES), [torch.randn(3, C, 6, 6) for _ in range(EDGES)]
        node(w, *xs)
        getattr(node.chain.stages[1], row)[1] = other
        with pytest.raises(TypeError, match="like those beside them"):
            node(w, *xs)
    node = Node(Chain(2, [(3, 1, 1)], [1, 1], True))
    del node.chain.stages[1]
    with pytest.raises(TypeError, match=r"no module `chain\.stages\.1"):
        node(w, *xs)


class Doubled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


def test_parameters_that_are_made_of_others() -> None:
    """Parametrizations are followed in each pass; what sets attributes in calls of the module is refused."""
    torch.manual_seed(0)
    node = Node(Chain(2, [(3, 1, 1)], [1], True).double())
    w = torch.rand(1 + EDGES, dtype=torch.float64)
    xs = [torch.randn(3, C, 6, 6, dtype=torch.float64) for _ in range(EDGES)]
    pointwise: Any = node.chain.stages[0].pointwise[0]  # type: ignore[index,union-attr]
    parametrize.register_parametrization(pointwise, "weight", Doubled())
    for _ in range(2):
        wanted = w[0] * xs[0] + sum(w[1 + i] * y for i, y in enumerate(node.chain(xs)))
        y = node(w, *xs)
        torch.testing.assert_close(y, wanted)
        y.sum().backward()
        with torch.no_grad():
            pointwise.parametrizations.weight.original.add_(1)
    prune.random_unstructured(node.chain.stages[0].norms[1], "weight", 1)  # type: ignore[index,union-attr]
    with pytest.raises(TypeError, match="is no parameter"):
        node(w, *xs)


def test_what_is_remembered_is_bounded() -> None:
    """However many sets of parameters are frozen in turns."""
    torch.manual_seed(0)
    node = Node(Chain(2, [(3, 1, 1)], [1, 1], True))
    parameters = list(node.chain.parameters())
    w = torch.rand(1 + EDGES)
    xs = [torch.randn(2, C, 4, 4) for _ in range(EDGES)]
    for _ in range(3 * plans.PATTERNS):
        for p in parameters:
            p.requires_grad_(bool(torch.rand(()) < 0.5))
        node(w, *xs)
    (plan,) = node.terms.plans(xs)
    assert len(plan._wants) <= plans.PATTERNS


def test_steps_after_inference_mode() -> None:
    """What is kept for the next pass can be written to outside inference mode."""
    torch.manual_seed(0)
    chain = Chain(2, [(5, 4, 2)], [1, 1], False).double()
    xs = [torch.randn(3, C, 8, 8, dtype=torch.float64) for _ in range(EDGES)]
    for training in (False, True):
        with torch.inference_mode():
            still = merged_sum(torch.ones(EDGES), (), [], [line(copy.deepcopy(chain).train(training), xs, 0)])
        again = merged_sum(torch.ones(EDGES), (), [], [line(copy.deepcopy(chain).train(training), xs, 0)])
        assert torch.equal(still, again)
        again.sum().backward()


def test_running_statistics_stay_where_they_are_looked_for() -> None:
    """With copies, other types, files and other neighbours: in the buffers of their norms."""
    torch.manual_seed(0)
    plain = Chain(2, [(3, 1, 1)], [1, 1], True).double()
    merged = copy.deepcopy(plain)

    def step(edges: int = EDGES) -> None:
        xs = [torch.randn(3, C, 6, 6, dtype=torch.float64) for _ in range(EDGES)]
        plain(xs)
        found, stages, places = line(merged, xs, 0)
        for start in range(0, EDGES, edges):
            at = slice(start, start + edges)
            cut = [([r[at] for r in rows], points[at], norms[at], hints) for rows, points, norms, hints in stages]
            merged_sum(torch.ones(EDGES, dtype=torch.float64), (), [], [(found[at], cut, places[at])])
        for (key, p), q in zip(plain.named_buffers(), merged.buffers(), strict=True):
            torch.testing.assert_close(p, q, msg=key)

    step()
    step()
    kept = {name: t.clone() for name, t in merged.state_dict().items()}
    file = safetensors.torch.save(merged.state_dict())
    first = copy.deepcopy(merged)
    step(edges=1)
    step(edges=2)
    assert all(torch.equal(t, kept[name]) for name, t in first.state_dict().items())
    for start in (first, first.float().double(), merged):
        start.load_state_dict(safetensors.torch.load(file))
        merged = start
        plain.load_state_dict(kept)
        step()
        step(edges=2)


def test_accurate_far_from_zero() -> None:
    """Inputs whose mean is a thousand times their deviation: the covariance is of centred values."""
    torch.manual_seed(0)
    plain = Chain(2, [], [1], False)
    merged = copy.deepcopy(plain)
    xs = [1000 + torch.randn(4, C, 8, 8) for _ in range(EDGES)]
    exact = sum(copy.deepcopy(plain).double()([x.double() for x in xs]))
    mine = merged_sum(torch.ones(EDGES), (), [], [line(merged, xs, 0)])
    assert (mine - exact).abs().max() < 5e-2
    assert (mine - exact).abs().max() <= 2 * (sum(plain(xs)) - exact).abs().max()


def test_portions_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small portions, each with operations of its own."""
    torch.manual_seed(0)
    plain = Chain(2, [(3, 1, 1)], [1, 1], True).double()
    xs = [torch.randn(2, C, 4, 4, dtype=torch.float64) for _ in range(EDGES)]
    w = torch.rand(2 * EDGES, dtype=torch.float64)
    both = [line(copy.deepcopy(plain), xs, 0), line(copy.deepcopy(plain), xs, EDGES)]
    whole = merged_sum(w, (0,), [xs[0]], both)
    monkeypatch.setattr(merged_terms, "TOGETHER", 1)
    numbered = [(range(EDGES), stages, places) for _, stages, places in both]
    assert len(list(merged_terms.portions(numbered, xs))) == 2 * EDGES
    torch.testing.assert_close(merged_sum(w, (0,), [xs[0]], both), whole)


def test_one_value_a_channel_is_refused() -> None:
    chain = Chain(2, [], [1], False)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        merged_sum(torch.ones(EDGES), (), [], [line(chain, [torch.randn(1, C, 1, 1)] * EDGES, 0)])


@pytest.mark.parametrize("name", [n for n in SHAPES if len(SHAPES[n][1]) == 1])
@pytest.mark.parametrize("stride", [1, 2])
def test_single_convolutions(name: str, stride: int) -> None:
    """Depthwise convolutions by themselves, with all hints and with none."""
    torch.manual_seed(0)
    sizes, ((k, p, d),) = SHAPES[name]
    conv = CONV[len(sizes)](C, C, k, stride, p, d, groups=C, bias=False).double()
    x = torch.randn(2, C, *sizes, dtype=torch.float64, requires_grad=True)
    wanted = conv(x)
    r = torch.randn_like(wanted)
    expected = torch.autograd.grad((wanted * r).sum(), [x, conv.weight])
    for hints in (HINTS, "narrow", ""):
        y = filtered(conv, x, hints)
        torch.testing.assert_close(y, wanted)
        for p, q in zip(torch.autograd.grad((y * r).sum(), [x, conv.weight]), expected, strict=True):
            torch.testing.assert_close(p, q)


@pytest.mark.parametrize("k", [5, 7, 9, 11])
@pytest.mark.parametrize("stride", [1, 2])
def test_maps_smaller_than_the_window(k: int, stride: int) -> None:
    torch.manual_seed(0)
    for h, w in ((1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (2, 5), (4, 1)):
        conv = nn.Conv2d(C, C, k, stride, k // 2, groups=C, bias=False).double()
        x = torch.randn(2, C, h, w, dtype=torch.float64, requires_grad=True)
        wanted = conv(x)
        r = torch.randn_like(wanted)
        expected = torch.autograd.grad((wanted * r).sum(), [x, conv.weight])
        y = filtered(conv, x, HINTS)
        torch.testing.assert_close(y, wanted)
        for p, q in zip(torch.autograd.grad((y * r).sum(), [x, conv.weight]), expected, strict=True):
            torch.testing.assert_close(p, q)


def test_pools() -> None:
    """Over clips, of equal values too, in both formats: values, and which of them get the gradient."""
    for k, stride, padding in (((1, 3, 3), 1, (0, 1, 1)), ((1, 3, 3), 2, (0, 1, 1)), ((3, 1, 1), 2, (1, 0, 0))):
        strides = (stride,) * 3
        for format in (torch.contiguous_format, torch.channels_last_3d):
            x = torch.randint(0, 3, (2, C, 5, 6, 6)).double().contiguous(memory_format=format).requires_grad_()
            a, b = nn.functional.max_pool3d(x, k, strides, padding), pooled(x, k, strides, padding)
            torch.testing.assert_close(a, b)
            r = torch.randn_like(a)
            torch.testing.assert_close(torch.autograd.grad((a * r).sum(), x), torch.autograd.grad((b * r).sum(), x))


@pytest.mark.parametrize("stride", [1, 2])
def test_products(stride: int) -> None:
    conv = nn.Conv2d(C, 6, 1, stride).double()
    x = torch.randn(2, C, 5, 4, dtype=torch.float64)
    for format in (torch.contiguous_format, torch.channels_last):
        torch.testing.assert_close(product(conv, x.contiguous(memory_format=format)), conv(x))


def test_no_gradient_that_is_not_wanted() -> None:
    """With the weights frozen neither their gradients nor the input of the convolution are kept."""
    chain = Chain(2, [(3, 1, 1)], [1], False).requires_grad_(False)
    w = torch.rand(EDGES, requires_grad=True)
    kept: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t.detach(), lambda t: t):  # type: ignore[func-returns-value]
        xs = [torch.randn(2, C, 8, 8) for _ in range(EDGES)]
        y = merged_sum(w, (), [], [line(chain, xs, 0)])
    assert all(t.data_ptr() != x.data_ptr() for t in kept for x in xs)
    (gradient,) = torch.autograd.grad(y.sum(), [w])
    assert gradient.shape == (EDGES,)
    assert all(p.grad is None for p in chain.parameters())


def test_weighted_sums() -> None:
    w = torch.rand(5, dtype=torch.float64, requires_grad=True)
    values = [torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    torch.testing.assert_close(weighted(w, (3, 1), *values), w[3] * values[0] + w[1] * values[1])
    assert torch.autograd.gradcheck(lambda w, a, b: weighted(w, (3, 1), a, b), (w, *values))
    with torch.no_grad():
        still = w.clone()
    kept: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t.detach(), lambda t: t):  # type: ignore[func-returns-value]
        weighted(still, (3, 1), *values)
    assert all(t.numel() == 5 for t in kept)


def test_weights_of_edges() -> None:
    alphas = [torch.rand(3), torch.rand(3)]
    betas = torch.rand(2)
    torch.testing.assert_close(edge_weights(betas, alphas), torch.cat([betas[0] * alphas[0], betas[1] * alphas[1]]))
    torch.testing.assert_close(edge_weights(None, alphas), torch.cat(alphas))
    uneven = [torch.rand(3), torch.rand(2)]
    torch.testing.assert_close(edge_weights(betas, uneven), torch.cat([betas[0] * uneven[0], betas[1] * uneven[1]]))


def test_steps() -> None:
    def names(sizes: tuple[int, ...], window: Window, hints: str = HINTS) -> list[str]:
        return [type(step).__name__ for step in path(sizes, window, hints)[0]]

    dilated = Window((3, 3), (1, 1), (2, 2), (2, 2))
    assert names((8, 8), Window((3, 3), (1, 1), (1, 1), (1, 1))) == []
    assert names((8, 8), dilated) == ["Phases"]
    assert names((8, 8), dilated, "clips") == []
    assert names((7, 8), dilated) == []
    assert names((7, 8), Window((3, 3), (2, 2), (2, 2), (2, 2))) == ["Subsample"]
    spatial = Window((1, 3, 3), (1, 1, 1), (0, 2, 2), (2, 2, 2))
    assert names((4, 8, 8), spatial) == ["Frames", "Phases"]
    assert names((4, 8, 8), spatial, "clips") == ["Frames"]
    assert names((4, 8, 8), spatial, "phases") == []
    assert names((4, 8, 8), Window((3, 1, 1), (2, 2, 2), (1, 0, 0), (1, 1, 1))) == ["Subsample", "Pixels"]
    assert names((4, 8, 8), Window((3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1))) == []


def test_recomputed_parts_track_once() -> None:
    plain = nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2)).double()
    again = copy.deepcopy(plain)
    x = torch.randn(3, 2, 4, 4, dtype=torch.float64)
    plain(x).square().sum().backward()
    recomputed(again, x).square().sum().backward()
    for (key, p), q in zip(plain.state_dict().items(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(p, q, msg=key)
    for p, q in zip(plain.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad)
    assert again[1].momentum == 0.1


def test_recomputed_parts_without_norms() -> None:
    part = nn.Conv2d(2, 2, 1)
    x = torch.randn(3, 2, 4, 4)
    (wanted,) = torch.autograd.grad(part(x).square().sum(), part.weight)
    (found,) = torch.autograd.grad(recomputed(part, x).square().sum(), part.weight)
    assert torch.equal(wanted, found)
