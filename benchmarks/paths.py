"""Steps along sampled paths against the steps of the discrete networks that they compute.

    python benchmarks/paths.py [--rounds 41]

A network of eight layers, each one of 8 or 64 alternatives (a convolution, a batch-norm and a ReLU each), one thread,
float32. A path step draws an architecture uniformly, computes it, clips and updates what it has; the step beside it is
that of a discrete network alone. Steps take turns; medians of processor time. Then the most that is kept for backward
passes at any moment of a step of a search with K paths.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, cast

import torch
from machine import described
from measuring import interleaved, peak_saved_bytes
from torch import Tensor
from torch.nn import functional as F

import stdsl
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.paths.build import build_path_network
from stdsl.compiler.families.sampling import SamplingConfig
from stdsl.compiler.schemas.optimizers import SGD
from stdsl.compiler.schemas.schedules import constant
from stdsl.compiler.schemas.tasks.targets import class_targets
from stdsl.runtime.data.batch import Batch
from stdsl.runtime.data.targets import Targets
from stdsl.runtime.strategies.parts import SearchPart
from stdsl.runtime.strategies.sampling.build import learning
from stdsl.runtime.strategies.sampling.search import Candidates, PathSearch
from stdsl.runtime.tasks.criterion import Criterion
from stdsl.runtime.training.descent import Descent, gradients_of
from stdsl.runtime.training.optimizers import build_descent
from stdsl.runtime.training.placement import Placement

ALTERNATIVES = (8, 64)
BATCH, CHANNELS, SIZE, LAYERS = 16, 16, 24, 8


def text(alternatives: int, numbers: bool) -> str:
    """``numbers``: the alternatives are widths, of which slices are taken, instead of operators by themselves."""
    widths = ", ".join(str(CHANNELS + i) for i in range(alternatives))
    names = ", ".join(f"a{i}: unit({CHANNELS})" for i in range(alternatives))
    layer = f"unit(choose {{{widths}}} as width)" if numbers else f"choose {{{names}}} as kind"
    layers = " ".join(f"y{i} = y{i - 1} -> {layer}\n" for i in range(1, LAYERS + 1))
    return (
        "stdsl 1\nop unit(c) = conv(c, 3x3) -> bn -> relu\n"
        f"meta net on x: image(3, {SIZE}, {SIZE}) {{\ny0 = x -> conv({CHANNELS}, 3x3)\n{layers}"
        f"return y{LAYERS} -> global_avg_pool -> linear(10)\n}}\n"
        "space s = net\n"
    )


def batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(BATCH, 3, SIZE, SIZE, generator=generator).contiguous(memory_format=torch.channels_last)
    return x, torch.randint(0, 10, (BATCH,), generator=generator)


def descent(net: Any) -> Descent:
    settings = SGD(lr=constant(0.01), momentum=0.9, weight_decay=3e-4)
    return build_descent(settings, net.parameters(), 1000, 100, clip=5.0)


def laid_out(net: Any) -> Any:
    for p in net.parameters():
        if p.dim() == 4:
            p.data = p.data.contiguous(memory_format=torch.channels_last)
    return net.train()


def steps(alternatives: int, numbers: bool) -> dict[str, Callable[[], object]]:
    space = stdsl.loads(text(alternatives, numbers))
    drawn = policy(space.graph, "uniform")
    net = laid_out(build_path_network(space.graph, "slice" if numbers else "separate", seed=0))
    widest = {path: d.options[-1] for path, d in ((d.path, d) for d in space.graph.open)}
    alone = laid_out(build_module(space.graph, widest, seed=0))
    (x, y), own, other = batch(), descent(net), descent(alone)
    at = iter(range(10**9))

    def path() -> None:
        net.hold_architecture(widest if numbers else drawn.draw(next(at)))
        own.apply_some(gradients_of(F.cross_entropy(net(x), y)), 0)

    def discrete() -> None:
        other.descend(F.cross_entropy(alone(x), y), 0)

    return {"path": path, "discrete": discrete}


class OneBatch:
    """The same samples at each step."""

    waited = 0.0

    def at(self, t: int) -> Batch:
        x, y = batch()
        return Batch((x,), y)


def kept(alternatives: int, samples: int) -> int:
    """Bytes that are kept for backward passes at most, at any moment of a step of a search that learns a distribution
    from ``samples`` paths a step."""
    space = stdsl.loads(text(alternatives, False))
    net = laid_out(build_path_network(space.graph, seed=0))
    strategy, same, nothing = SamplingConfig(samples=samples), OneBatch(), None
    search = PathSearch(
        net,
        descent(net),
        cast(Any, same),
        learning(space.graph, SearchPart(0, strategy), 0, 1, 1, None),
        Placement(torch.device("cpu")),
        0,
        Criterion(Targets(class_targets(10))),
        1,
        samples,
        Candidates(cast(Any, nothing)),
    )
    return peak_saved_bytes(lambda: search.step(0), {p.untyped_storage().data_ptr() for p in net.parameters()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=41)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(described())
    for numbers in (False, True):
        for alternatives in ALTERNATIVES:
            found = interleaved(steps(alternatives, numbers), rounds)
            ratio = found["path"].cpu / found["discrete"].cpu
            kind = "widths, slices, the widest" if numbers else "operators, separate weights"
            own, other = (f"{1e3 * found[name].cpu:.1f} ms" for name in ("path", "discrete"))
            print(f"{alternatives} alternatives ({kind}): path {own}, discrete {other}, ratio {ratio:.3f}")
    for alternatives in ALTERNATIVES:
        for samples in (1, 13):
            print(
                f"{alternatives} alternatives, K = {samples}: {kept(alternatives, samples):,} bytes kept for backward"
            )


if __name__ == "__main__":
    main()
