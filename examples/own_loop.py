"""A training loop of one's own: what stdsl compiles are plain modules, and all that trains them here is PyTorch.

    python examples/own_loop.py [FOLDER] [--images 1797] [--steps 150] [--random 3]

Trains the supernet of a small space on the embedded digits, weights and decisions in turn (Liu et al., DARTS, ICLR
2019, first order), derives an architecture, trains it and some random ones of about its size from scratch, in two
processes that are sent the networks, and writes the found one as FOLDER/digits.onnx. Prints the accuracies as they come
out (one seed). A minute on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import stdsl
from stdsl.runtime.data.digits import digits

SPACE = """stdsl 1

ops candidates = {
  skip,
  point: conv(same, 1x1) -> bn -> relu,
  full: conv(same, 3x3) -> bn -> relu,
  wide: conv(same, 5x5) -> bn -> relu,
}

meta net(c) on image: image(1, 8, 8) {
  stem = image -> conv(c, 3x3) -> bn -> relu
  for i in 1..3 {
    x[i] = [stem, *x[<i]] -> each choose candidates as kind -> sum
  }
  return x[3] -> global_avg_pool -> linear(10)
}
space small(c = 8) = net(c)
"""
BATCH = 32
Samples = tuple[Tensor, Tensor]
"""Images (N, 1, 8, 8) and what they show (N,)."""


def read(images: int) -> dict[str, Samples]:
    """The digits, shuffled: weights learn from `train`, decisions from `valid`, `test` is for the end."""
    x, y = (torch.from_numpy(array) for array in digits())
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:images]
    places = order.tensor_split([2 * images // 5, 4 * images // 5])
    return {name: (x[p][:, None], y[p]) for name, p in zip(("train", "valid", "test"), places, strict=True)}


def batches(samples: Samples, steps: int, seed: int) -> list[Samples]:
    """So many batches, drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    places = torch.randint(len(samples[0]), (steps, BATCH), generator=generator)
    return [(samples[0][p], samples[1][p]) for p in places]


def search(space: stdsl.Space, data: dict[str, Samples], steps: int) -> stdsl.Architecture:
    """Weights take a step on one batch, decisions on another; the architecture that the decisions then prefer."""
    net = stdsl.compile(space, seed=0)
    weights = torch.optim.SGD(net.weights(), lr=0.05, momentum=0.9)
    decisions = torch.optim.Adam(net.decisions(), lr=0.02)
    net.train()
    for learnt, held in zip(batches(data["train"], steps, 0), batches(data["valid"], steps, 1), strict=True):
        for optimizer, (x, y) in ((decisions, held), (weights, learnt)):
            net.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
    return net.derive()


def near(space: stdsl.Space, found: stdsl.Architecture, count: int) -> list[stdsl.Architecture]:
    """Of 200 random architectures those whose number of parameters is nearest to that of the found one."""
    params = space.costs(found).params
    others = dict.fromkeys(arch for arch in space.samples(200, seed=0) if arch != found)
    return sorted(others, key=lambda arch: abs(space.costs(arch).params - params))[:count]


def train(network: nn.Module, samples: Samples, steps: int) -> nn.Module:
    """The network, trained; it comes and goes as a pickle where this runs in a process of its own."""
    torch.set_num_threads(1)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    network.train()
    for x, y in batches(samples, steps, 2):
        optimizer.zero_grad()
        F.cross_entropy(network(x), y).backward()
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.no_grad()
def accuracy(network: nn.Module, samples: Samples) -> float:
    x, y = samples
    return (network(x).argmax(1) == y).double().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where to work (default: a temporary folder)")
    parser.add_argument("--images", type=int, default=1797, help="how many (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=150, help="of the search, and of each training")
    parser.add_argument("--random", type=int, default=3, help="random architectures beside (default: %(default)s)")
    options = parser.parse_args()
    folder: Path = options.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)

    space, data = stdsl.loads(SPACE), read(options.images)
    found = search(space, data, options.steps)
    found.save(folder / "found.arch.json")
    others = near(space, found, options.random)
    architectures = {"found": found} | {f"random-{n}": arch for n, arch in enumerate(others, 1)}
    everything = tuple(torch.cat(pair) for pair in zip(data["train"], data["valid"], strict=True))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        waiting = {
            name: pool.submit(train, stdsl.compile(space, arch, seed=1), everything, options.steps)
            for name, arch in architectures.items()
        }
        networks = {name: future.result() for name, future in waiting.items()}
    for name, network in networks.items():
        params = space.costs(architectures[name]).params
        print(f"{name}: {accuracy(network, data['test']):.3f} with {params:,} parameters")

    names = {"image": "pixels", "output": "scores"}
    stdsl.export_onnx(networks["found"], folder / "digits.onnx", names=names, classes=[str(n) for n in range(10)])


if __name__ == "__main__":
    main()
