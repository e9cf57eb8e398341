"""Supernets: compiled, lowered plainly, and written by hand; time and memory of training steps.

    python benchmarks/supernet.py [image] [video] [partial] [--rounds 7] [--nni] [--write]

All variants of a case take turns, each in a process of its own, on one thread, in float32; before that, each has to
give the loss and the gradients of the hand-written one in float64. ``--nni`` has NNI 3.0's supernet take part in the
first case, from an environment of its own (`benchmarks/nni`). ``--write`` puts the tables into
``benchmarks/RESULTS.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from bound import bound_note
from handwritten.matching import decision_rows, take_over
from handwritten.network import SearchNetwork
from handwritten.operations import O2D, O3D
from machine import described
from measuring import Seconds, interleaved, peak_above_idle, peak_resident, resident, saved_bytes, timed
from nni.beside import Beside, beside
from process import Process
from torch import Tensor, nn
from torch.nn import functional as F

from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet
from stdsl.compiler.checks.opening import load_space

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
BEGIN, END = "<!-- supernet: begin -->", "<!-- supernet: end -->"
CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


@dataclass(frozen=True)
class Case:
    """``hand``: makes the hand-written network; ``space``: file and name; ``input``: of one batch."""

    name: str
    title: str
    hand: Callable[[], SearchNetwork]
    space: tuple[Path, str]
    input: tuple[int, ...]
    relaxation: Relaxation = field(default_factory=lambda: Relaxation(keep="none", affine=False))


CASES = {
    "image": Case(
        "image",
        "DARTS image space, O_2D, C=16, 8 cells, 32×32, batch 8",
        partial(SearchNetwork, O2D, 16, 8, 10),
        (HERE.parent / "spaces" / "darts.space", "darts_cifar"),
        (8, 3, 32, 32),
    ),
    "video": Case(
        "video",
        "SDAS video space, O_3D, C=8, 4 cells, clips 3×16×56×56, batch 2",
        partial(SearchNetwork, O3D, 8, 4, 10, 3, stem_stride=(1, 2, 2)),
        (HERE / "spaces" / "video_cells.space", "video_cells"),
        (2, 3, 16, 56, 56),
    ),
}
CASES["partial"] = Case(
    "partial",
    "PC-DARTS: the image space with K=4 and edge normalisation",
    partial(SearchNetwork, O2D, 16, 8, 10, share=0.25, edge_weights=True),
    (HERE.parent / "spaces" / "darts.space", "darts_cifar"),
    (8, 3, 32, 32),
    Relaxation(keep="softmax", affine=False, groups=4),
)


@dataclass(frozen=True)
class Variant:
    """One way to compute a case. ``passes``: of the supernet compiler; None for the hand-written network."""

    name: str
    compiled: bool
    passes: tuple[str, ...] | None = None
    channels_last: bool = True


VARIANTS = (
    Variant("hand-written", False, channels_last=False),
    Variant("hand-written, channels-last", False),
    Variant("plain lowering", True, (), channels_last=False),
    Variant("compiled", True),
    Variant("compiled, operations recomputed", True, ("+recompute_merged",)),
    Variant("compiled, cells recomputed", True, ("+recompute_cells",)),
)


def build(case: Case, variant: Variant) -> Any:
    torch.manual_seed(0)
    if not variant.compiled:
        net: Any = case.hand()
    else:
        net = build_supernet(load_space(*case.space).graph, case.relaxation, variant.passes, seed=0)
    net.train()
    return net


def laid_out(x: Tensor, variant: Variant) -> Tensor:
    return x.contiguous(memory_format=CHANNELS_LAST[x.dim()]) if variant.channels_last else x


def ready(case: Case, variant: Variant) -> tuple[Any, Tensor, Tensor]:
    """The network in float32 and a batch."""
    net = build(case, variant)
    if variant.channels_last:
        for p in net.parameters():
            if p.dim() in CHANNELS_LAST:
                p.data = p.data.contiguous(memory_format=CHANNELS_LAST[p.dim()])
    generator = torch.Generator().manual_seed(1)
    x = laid_out(torch.randn(case.input, generator=generator), variant)
    y = torch.randint(0, 10, case.input[:1], generator=generator)
    return net, x, y


def forward_backward(net: Any, x: Tensor, y: Tensor, parameters: Sequence[nn.Parameter]) -> None:
    """``parameters``: all of them. ``zero_grad`` would look for them in every module, which takes longer than some
    operations."""
    for p in parameters:
        p.grad = None
    F.cross_entropy(net(x), y).backward()


def bilevel(net: Any, x: Tensor, y: Tensor, by_hand: bool) -> Callable[[], None]:
    """A step of first-order DARTS: one of the decisions, then one of the weights. The hand-written one computes all
    gradients in both, as published code does."""
    weights, decisions = net.weights(), net.decisions()
    of_weights = torch.optim.SGD(weights, 0.025, 0.9, weight_decay=3e-4, foreach=True)
    of_decisions = torch.optim.Adam(decisions, 3e-4, (0.5, 0.999), weight_decay=1e-3)

    def simple() -> None:
        for optimizer in (of_decisions, of_weights):
            for p in (*decisions, *weights):
                p.grad = None
            F.cross_entropy(net(x), y).backward()
            if optimizer is of_weights:
                nn.utils.clip_grad_norm_(weights, 5)
            optimizer.step()

    def pruned() -> None:
        for optimizer, mine, still in ((of_decisions, decisions, weights), (of_weights, weights, decisions)):
            for p in still:
                p.requires_grad_(False)
            gradients = torch.autograd.grad(F.cross_entropy(net(x), y), mine, allow_unused=True)
            for p in still:
                p.requires_grad_(True)
            for p, g in zip(mine, gradients, strict=True):
                p.grad = g
            if optimizer is of_weights:
                nn.utils.clip_grad_norm_(weights, 5)
            optimizer.step()

    return simple if by_hand else pruned


def gate(case: Case, variants: Sequence[Variant]) -> float:
    """The greatest relative difference of loss and gradients from the hand-written network's, in float64, at batch 2.

    Raises AssertionError where one is above 10⁻⁶.
    """
    torch.manual_seed(0)
    hand = case.hand().double().train()
    x = torch.randn(2, *case.input[1:], dtype=torch.float64)
    y = torch.tensor([1, 2])
    loss = F.cross_entropy(hand(x), y)
    loss.backward()
    worst = 0.0
    for variant in variants:
        if not variant.compiled:
            continue
        net = build(case, variant).double()
        matched = take_over(hand, net)
        theirs = F.cross_entropy(net(laid_out(x, variant)), y)
        theirs.backward()
        differences = [((loss - theirs) / loss).abs().item()]
        for a, b in matched:
            differences.append(_relative(a.grad, b.grad))
        for row in decision_rows(hand, net):
            differences.append(_relative(row.gradient(), row.parameter.grad))
        worst = max(worst, *differences)
        assert worst < 1e-6, f"{variant.name} differs from the hand-written network: {worst:.1e}"
    return worst


def _relative(a: Tensor | None, b: Tensor | None) -> float:
    assert a is not None
    assert b is not None
    return ((a.reshape(b.shape) - b).norm() / a.norm().clamp_min(1e-12)).item()


@dataclass(frozen=True)
class Row:
    variant: str
    forward_backward: Seconds
    step: Seconds
    saved: int
    peak: int


def measure(case: Case, variants: Sequence[Variant], rounds: int, nni: Beside | None = None) -> list[Row]:
    """Each variant has a process: what one leaves in the heap is none of the others' business."""
    saved = {v.name: _saved(case, v) for v in variants}
    peaks = {v.name: peak_above_idle(Path(__file__), case.name, v.name) for v in variants}
    with ExitStack() as stack:
        command = [sys.executable, __file__, case.name, "--serve"]
        running: dict[str, Process] = {v.name: stack.enter_context(Process([*command, v.name])) for v in variants}
        if nni is not None:
            saved[nni.name], peaks[nni.name], running[nni.name] = nni.ask("saved"), nni.peak(), nni
        first = interleaved({n: partial(p.seconds, "forward_backward") for n, p in running.items()}, rounds)
        second = interleaved({n: partial(p.seconds, "bilevel") for n, p in running.items()}, rounds)
    return [Row(n, first[n], second[n], saved[n], peaks[n]) for n in running]


def serve(case: Case, variant: Variant) -> None:
    """Answer requests for steps, by their seconds."""
    net, x, y = ready(case, variant)
    steps = {
        "forward_backward": partial(forward_backward, net, x, y, list(net.parameters())),
        "bilevel": bilevel(*ready(case, variant), not variant.compiled),
    }
    for line in sys.stdin:
        print(json.dumps(asdict(timed(steps[line.strip()]))), flush=True)


def _saved(case: Case, variant: Variant) -> int:
    net, x, y = ready(case, variant)
    return saved_bytes(lambda: F.cross_entropy(net(x), y), {p.untyped_storage().data_ptr() for p in net.parameters()})


def peak(case: Case, variant: Variant) -> int:
    """In a process of its own: bytes that steps add to the resident memory, the network and its gradients aside."""
    net, x, y = ready(case, variant)
    parameters = list(net.parameters())
    forward_backward(net, x[:1], y[:1], parameters)
    before = resident()
    for _ in range(3):
        forward_backward(net, x, y, parameters)
    return peak_resident() - before


def bound(case: Case, rows: Sequence[Row]) -> Iterator[str]:
    """The physical lower bound, in words, where the compiled supernet was measured."""
    taken = {row.variant: row.forward_backward.cpu for row in rows}
    variant = next(v for v in VARIANTS if v.name == "compiled")
    if variant.name in taken:
        net, x, y = ready(case, variant)
        step = partial(forward_backward, net, x, y, list(net.parameters()))
        yield bound_note(case.hand(), torch.zeros(case.input), step, taken[variant.name], taken[VARIANTS[0].name])


def table(case: Case, rows: Sequence[Row], difference: float, *notes: str) -> str:
    base, last = rows[0], rows[1]
    lines = [
        f"### {case.title}",
        "",
        f"Loss and gradients agree in float64 within {difference:.0e} (relative).",
        "",
        "| | forward + backward | × hand | × hand, c.-last | bilevel step | × hand | × hand, c.-last "
        "| saved | of hand | peak resident | of hand |",
        "|---" * 11 + "|",
    ]
    for row in rows:
        f, s = row.forward_backward, row.step
        lines.append(
            f"| {row.variant} | {f.cpu:.3f} s ({f.wall:.3f}) | {base.forward_backward.cpu / f.cpu:.2f} "
            f"| {last.forward_backward.cpu / f.cpu:.2f} | {s.cpu:.3f} s ({s.wall:.3f}) | {base.step.cpu / s.cpu:.2f} "
            f"| {last.step.cpu / s.cpu:.2f} | {row.saved / 2**20:.0f} MiB | {row.saved / base.saved:.2f} "
            f"| {row.peak / 2**20:.0f} MiB | {row.peak / base.peak:.2f} |"
        )
    return "\n".join([*lines, *(line for note in notes for line in ("", note))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--variants", help="only those with one of these words in their names, by commas")
    parser.add_argument("--nni", action="store_true", help="NNI 3.0's supernet too; sets up an environment for it")
    parser.add_argument("--write", action="store_true", help="put the tables into RESULTS.md")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if alone := options.peak or options.serve:
        case, variant = CASES[options.cases[0]], next(v for v in VARIANTS if v.name == alone)
        if options.serve:
            serve(case, variant)
        else:
            print(peak(case, variant))
        return
    words = options.variants.split(",") if options.variants else [""]
    chosen = [v for v in VARIANTS if not v.compiled or any(word in v.name for word in words)]
    parts = []
    for name in options.cases:
        case = CASES[name]
        difference = gate(case, chosen)
        with beside(options.nni and name == "image", case.hand) as (nni, *notes):
            rows = measure(case, chosen, options.rounds, nni)
        parts.append(table(case, rows, difference, *bound(case, rows), *notes))
        print(parts[-1], flush=True)
        if options.write:
            how = "one thread; variants take turns, each in a process of its own"
            text = "\n\n".join([f"{described()}, torch {torch.__version__}, {how}.", *parts])
            before, rest = RESULTS.read_text(encoding="utf-8").split(BEGIN)
            RESULTS.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
