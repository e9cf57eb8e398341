"""What holds for the supernet of every space that can be relaxed: it builds, runs forward and backward, is the same
under every setting of the passes, equals each of its discrete networks when decisions are one-hot, and keeps for the
backward pass what is predicted."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from pairs import Growth, laid_out
from torch import Tensor, nn

import stdsl
from stdsl.compiler.analysis.architecture import answers_of, architecture
from stdsl.compiler.analysis.relaxable import relaxable
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.supernet import Relaxation, Supernet, build_supernet
from stdsl.compiler.backends.networks.weights import load_by_name
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.passes.fix_decisions import fix_decisions, settled_names
from stdsl.compiler.passes.pipeline import ALL

PASSES = tuple(p.name for p in ALL if not p.required)
USUAL = tuple(p.name for p in ALL if not p.required and not p.optional)
OTHERS = tuple(p.name for p in ALL if p.optional)
REWRITES = ("splice_identities", "drop_zeros", "split_pools", "share_common")
"""Those after which every operator is still computed by PyTorch alone."""
BATCH = 4
CLOSE: dict[str, Any] = {"rtol": 1e-8, "atol": 1e-8}
"""Of float64."""

Passes = Sequence[str] | None


@dataclass(frozen=True)
class Result:
    """What a network gave for a batch in training mode, and the gradients of a sum over all of it."""

    outputs: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor]
    """Of parameters and (``input 0``) of inputs that have one other than zero."""
    statistics: Mapping[str, Tensor]
    evaluated: Tensor
    steepest: float
    """The greatest gradient of what any module gave: norms of what hardly varies amplify, and rounding with it."""
    overflowed: bool
    """Whether products of products are beyond 64 bits: there is nothing to compare."""

    def of(self, names: Collection[str]) -> Result:
        """Of parameters and statistics, those with these names."""
        gradients = {name: g for name, g in self.gradients.items() if name in names or name.startswith("input ")}
        statistics = {name: value for name, value in self.statistics.items() if name in names}
        return Result(self.outputs, gradients, statistics, self.evaluated, self.steepest, self.overflowed)


SCATTERED = ("to_tokens", "from_tokens", "subsample", "time_to_channel")
"""What may lie in the memory of another value in another order: tokens channel by channel, every other position, frames
of a single channel that became channels."""
COPYING = (
    *("linear", "flatten", "to_tokens", "from_tokens", "time_to_channel", "channel_shuffle"),
    *("group_norm", "attention"),
)
"""What copies such a value, or keeps more for it, as attention that takes plain products."""
IN_ORDER = ("linear", "layer_norm", "conv", "pointwise", "depthwise", "max_pool", "avg_pool")
"""What gives a value row by row, however its input lies; what works position by position keeps the order of that."""
REPEATING = ("max_pool", "global_max_pool", "upsample", "zero", "relu", "relu6", "hsigmoid", "hswish")
"""What gives equal values at several positions."""
ROUNDING = 1e-13
"""Some hundred units in the last place of float64: so many values are summed, each rounded on its way."""
STEEP = 1e12
"""Norms of what does not vary at all, one after the other, amplify rounding so much that what comes of them agrees in
part of its digits alone."""


def settings(rng: random.Random, many: int) -> Iterator[tuple[Relaxation, Passes]]:
    """Ways to relax and to rewrite: the usual ones, then ``many`` at random."""
    yield Relaxation(), None
    for _ in range(many):
        relaxation = Relaxation(
            choose=rng.choice(("softmax", "softmax", "sigmoid", "gumbel")),
            keep=rng.choice(("sigmoid", "sigmoid", "softmax", "none", "concrete")),
            affine=rng.random() < 0.7,
            groups=rng.choice((1, 1, 1, 2, 4)),
            gate=rng.choice(("sigmoid", "concrete")),
        )
        form = rng.randrange(4)
        chosen: list[str] = [f"-{rng.choice(USUAL)}", *(f"+{n}" for n in OTHERS if rng.random() < 0.3)]
        if form == 1:
            chosen = [f"+{n}" for n in OTHERS if rng.random() < 0.7]
        elif form == 2:
            chosen = [rng.choice(PASSES)]
        elif form == 3:
            chosen = [n for n in PASSES if rng.random() < 0.5]
        yield relaxation, chosen


def check_supernets(text: str, seed: int, many: int = 2, architectures: int = 3) -> bool:
    """Every law for the space of a text, as :func:`check_space`."""
    return check_space(stdsl.loads(text), seed, many, architectures)


def check_space(space: stdsl.Space, seed: int, many: int = 2, architectures: int = 3) -> bool:
    """Every law; False where the space cannot be relaxed. ``many``: settings at random beside the usual ones. Raises
    AssertionError, or whatever the compiler raises, saying for which setting."""
    if relaxable(space.graph):
        return False
    rng = random.Random(seed)
    archs = list(dict.fromkeys(islice((space.sample(seed * 100 + i) for i in range(20)), architectures)))
    for relaxation, passes in settings(rng, many):
        try:
            check_setting(space.graph, relaxation, passes, archs, seed)
        except Exception as error:
            raise AssertionError(f"{relaxation}, passes {passes}: {type(error).__name__}: {error}") from error
    try:
        check_fixed(space.graph, archs[0], rng, seed)
    except Exception as error:
        raise AssertionError(f"with decisions fixed: {type(error).__name__}: {error}") from error
    check_kept(space.graph, rng.choice(("sigmoid", "none")), [n for n in REWRITES if rng.random() < 0.6])
    return True


def check_setting(
    graph: SpaceGraph, relaxation: Relaxation, passes: Passes, archs: Sequence[Mapping[str, Any]], seed: int
) -> None:
    """The laws for one way to relax and to rewrite."""
    plain = prepared(build_supernet(graph, relaxation, [], seed=seed), seed)
    net = prepared(build_supernet(graph, relaxation, passes, seed=seed), seed)
    state = plain.state_dict()
    # What leads nowhere, as into an exact zero, may go; all else keeps its name.
    assert set(net.state_dict()) <= set(state), "passes change the names of weights"
    assert "drop_zeros" in {p.name for p in net.passes} or len(net.state_dict()) == len(state), "weights are gone"
    net.load_state_dict({name: state[name] for name in net.state_dict()})
    for supernet in (plain, net):
        supernet.sampled = relaxation.choose == "gumbel" and list(net.rows) == list(plain.rows)  # else draws differ
        supernet.hard = seed % 2 == 0 and not has_ties(graph)
    inputs = samples(graph, seed)
    expected, found = result(plain, inputs), result(net, inputs)
    gone = set(expected.gradients) - set(expected.of(net.state_dict()).gradients)
    assert not gone, f"{gone} are gone, but have gradients"
    expected = expected.of(net.state_dict())
    for tensor in (*expected.outputs.values(), *expected.gradients.values()):
        assert expected.overflowed or torch.isfinite(tensor).all(), "the supernet is not finite"
    same(found, expected, "the supernet without passes")
    check_derived(graph, net)
    if relaxation.groups > 1 or (relaxation.keep == "none" and any(d.kind == "keep" for d in graph.open)):
        return  # it mixes parts of the channels, or adds up what an architecture leaves out
    for arch in archs:
        check_architecture(graph, net, arch, inputs, seed)


def check_derived(graph: SpaceGraph, net: Supernet) -> None:
    """What is derived is an architecture of the space, also where some decisions have no weights."""
    architecture(graph, dict(net.derive()))


def check_architecture(
    graph: SpaceGraph, net: Supernet, arch: Mapping[str, Any], inputs: Sequence[Tensor], seed: int
) -> None:
    """At an architecture the supernet is its discrete network."""
    net.hold_architecture(arch)
    module = prepared(build_module(graph, arch, seed=seed), seed)
    report = load_by_name(module, net.state_dict())
    # A norm of a candidate may have no scale in the supernet; the network's is one and its bias zero.
    assert all(name.rpartition(".")[2] in ("weight", "bias") for name in report.missing), report.missing
    expected, found = result(module, inputs), result(net, inputs)
    shared = set(module.state_dict()) - set(report.missing)
    same(found.of(shared), expected.of(shared), f"the network of {dict(arch)}")
    net.release()


def check_fixed(graph: SpaceGraph, arch: Mapping[str, Any], rng: random.Random, seed: int) -> None:
    """A supernet that lost some of its decisions still has the others, and the names of its weights."""
    known = answers_of(graph, arch)
    settled = {d.id for d in graph.decisions if d.path in arch and rng.random() < 0.5}
    variables = [v for d in graph.decisions if d.id in settled for v in d.variables]
    answers = {v.index: known[v.index] for v in variables if v.index in known}
    fixed = fix_decisions(settled_names(graph), answers, settled)
    net = prepared(build_supernet(fixed, seed=seed), seed)
    whole = build_supernet(graph, seed=seed)
    assert set(net.state_dict()) <= set(whole.state_dict()), "fixing decisions changes the names of weights"
    check_architecture(graph, net, arch, samples(graph, seed), seed)


def check_kept(graph: SpaceGraph, keep: Any, passes: Sequence[str]) -> None:
    """What the passes say is kept for the backward pass is kept, as far as that can be known: not of extern operators,
    and not where an operator copies what does not lie in memory as it wants it."""
    if graph.externs or copies(graph):
        return
    net = build_supernet(graph, Relaxation(keep=keep), passes, seed=0)
    said, found = net.passes[-1].kept_after, kept_per_sample(net, graph)
    assert said == found, f"keep {keep}, passes {passes}: {said} bytes a sample are said to be kept, but {found} are"


def has_ties(graph: SpaceGraph) -> bool:
    """Whether a maximum may be taken of equal values. Where weights are one-hot, which of them is taken turns on the
    rounding of each pass, and with it the gradient of a decision, for its other alternatives differ there."""
    repeating: list[bool] = []
    for node in graph.nodes:
        entering = any(repeating[edge.source] for edge in node.edges)
        if entering and node.op in ("max_pool", "global_max_pool"):
            return True
        repeating.append(entering or node.op in REPEATING)
    return False


def copies(graph: SpaceGraph) -> bool:
    """Whether an operator may copy a value because it lies in another order in memory."""
    scattered: list[bool] = []
    for node in graph.nodes:
        entering = any(scattered[edge.source] for edge in node.edges)
        if entering and node.op in COPYING:
            return True
        scattered.append(node.op in SCATTERED or (entering and node.op not in IN_ORDER))
    return False


# -- running


def kept_per_sample(net: nn.Module, graph: SpaceGraph) -> float:
    """The bytes that a step keeps of every sample, in float32; not what a batch has once."""
    few, more = 2, 5
    return (_kept(net, graph, more) - _kept(net, graph, few)) / (more - few)


def _kept(net: nn.Module, graph: SpaceGraph, batch: int) -> int:
    storages: dict[int, torch.UntypedStorage] = {}

    def pack(t: Tensor) -> Tensor:
        storages[t.untyped_storage().data_ptr()] = t.untyped_storage()
        return t.detach()

    weights = {p.untyped_storage().data_ptr() for p in net.parameters()}
    inputs = [x[:1].expand(batch, *x.shape[1:]).float().clone() for x in map(Tensor.detach, samples(graph, 0))]
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        result = net.train()(*inputs)
    del result
    return sum(storage.nbytes() for place, storage in storages.items() if place not in weights)


def prepared(net: Any, seed: int) -> Any:
    """In float64, without chance, with statistics and decisions away from where they start."""
    net = net.double()
    generator = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if isinstance(net, Supernet):
        for parameter in net.decisions():
            with torch.no_grad():
                parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return net


def samples(graph: SpaceGraph, seed: int) -> list[Tensor]:
    """A batch for every input: of odd seeds laid out as runs do it, channels last; of half of the seeds without a
    gradient, as samples of a training are."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [graph.nodes[id].type.concrete().dims for id in graph.inputs]
    batches = [torch.randn(BATCH, *dims, generator=generator, dtype=torch.float64) for dims in shapes]
    return [laid_out(x, seed).requires_grad_(seed % 4 < 2) for x in batches]


def result(net: nn.Module, inputs: Sequence[Tensor]) -> Result:
    """One pass in training and one in evaluation; parameters and statistics of ``net`` are afterwards as before."""
    before = {name: value.clone() for name, value in net.state_dict().items()}
    given = [x.detach().clone().requires_grad_(x.requires_grad) for x in inputs]
    torch.manual_seed(0)
    net.train()
    net.zero_grad(set_to_none=True)
    steepest = 0.0

    def steeper(gradient: Tensor) -> None:
        nonlocal steepest
        steepest = max(steepest, gradient.abs().max().item() if gradient.numel() else 0.0)

    def watch(module: nn.Module, _: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.requires_grad:
            output.register_hook(steeper)

    hooks = [module.register_forward_hook(watch) for module in net.modules()]
    with Growth(net) as in_training:
        outputs = net(*given)
    for hook in hooks:
        hook.remove()
    named = outputs if isinstance(outputs, dict) else {"": outputs}
    generator = torch.Generator().manual_seed(0)
    total = torch.zeros((), dtype=torch.float64)
    for y in named.values():
        total = total + (y * torch.randn(y.shape, generator=generator, dtype=torch.float64)).sum()
    if total.requires_grad:
        total.backward()
    leaves = {**dict(net.named_parameters()), **{f"input {i}": x for i, x in enumerate(given)}}
    gradients = {name: leaf.grad for name, leaf in leaves.items() if leaf.grad is not None and leaf.grad.any()}
    statistics = {name: buffer.clone() for name, buffer in net.named_buffers()}
    net.load_state_dict(before)
    with torch.no_grad(), Growth(net) as in_evaluation:
        evaluated = net.eval()(*inputs)
    overflowed = in_training.overflowed or in_evaluation.overflowed
    return Result(
        {name: y.detach() for name, y in named.items()}, gradients, statistics, evaluated, steepest, overflowed
    )


def same(found: Result, expected: Result, whose: str) -> None:
    """Outputs, gradients and statistics are those of ``whose``."""
    if found.overflowed and expected.overflowed:
        return
    pairs: list[tuple[str, Mapping[str, Tensor], Mapping[str, Tensor]]] = [
        ("output", found.outputs, expected.outputs),
        ("gradient of", found.gradients, expected.gradients),
        ("statistics", found.statistics, expected.statistics),
        ("evaluated", {"": found.evaluated}, {"": expected.evaluated}),
    ]
    for what, some, others in pairs:
        # What cancels out is as exact as the greatest of what it is made of.
        greatest, rounding = max((t.abs().max().item() for t in others.values() if t.numel()), default=0.0), 0.0
        if what == "gradient of":  # of a bias in front of a norm it is such a sum, whatever it is made of
            rounding = ROUNDING * max(found.steepest, expected.steepest)
        near = CLOSE | {"atol": max(CLOSE["atol"], 1e-12 * greatest, rounding)}
        if max(found.steepest, expected.steepest) > STEEP:
            near = {"rtol": 1e-5, "atol": max(near["atol"], 1e-7 * greatest)}
        for name in {**some, **others}:
            a, b = some.get(name), others.get(name)
            if a is None or b is None:  # where one has no gradient, the other's is as good as none
                rest = b if a is None else a
                assert what == "gradient of", f"{what} {name} is missing"
                assert rest is not None
                a, b = torch.zeros_like(rest), rest
            torch.testing.assert_close(
                a, b, **near, msg=lambda m, w=what, n=name: f"{w} {n} is not that of {whose}: {m}"
            )
