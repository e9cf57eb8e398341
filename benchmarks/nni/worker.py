"""What runs in NNI's environment: steps of its supernet on request, one line of JSON for each line on the input.

loss FILE           the loss and gradients with the hand-written network's weights in FILE, written back to it
forward_backward    one step, and its seconds by the clock and of the processor
bilevel             the same for a step of the decisions and one of the weights, as NNI's DARTS takes them
saved               bytes that a forward pass keeps for the backward pass
peak                bytes that steps add to the resident memory, in a process that did nothing else
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

# Behind the installed packages, since the folder of this file is called like NNI itself.
sys.path.append(str(Path(__file__).resolve().parents[1]))
warnings.simplefilter("ignore")

import torch  # noqa: E402
from measuring import peak_resident, resident, saved_bytes, timed  # noqa: E402
from network import alphas, named, supernet, weights  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

LAYERS = 8


def forward_backward(net: nn.Module, x: Tensor, y: Tensor) -> None:
    net.zero_grad(set_to_none=True)
    F.cross_entropy(net(x), y).backward()


def bilevel(net: nn.Module, x: Tensor, y: Tensor) -> Callable[[], None]:
    """Both phases of `DartsLightningModule.training_step`, with its optimiser of the decisions, without Lightning. All
    gradients are computed in both."""
    mine, decisions = weights(net), [p for row in alphas(net).values() for p in row]
    of_weights = torch.optim.SGD(mine, 0.025, 0.9, weight_decay=3e-4, foreach=True)
    of_decisions = torch.optim.Adam(decisions, 3e-4, (0.5, 0.999), weight_decay=1e-3)

    def step() -> None:
        for optimizer in (of_decisions, of_weights):
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            if optimizer is of_weights:
                nn.utils.clip_grad_norm_(mine, 5)
            optimizer.step()

    return step


def loss_and_gradients(c: int, file: Path) -> dict[str, float]:
    """``file`` holds the hand-written network's ``state`` (its alphas too), and a batch ``x``, ``y``; what it is left
    with are the gradients by the hand-written names. NNI's further weight of an edge is made to vanish."""
    given = torch.load(file, weights_only=True)
    net = supernet(c, LAYERS).double()
    rows = alphas(net)
    own = {name: named(net, name, LAYERS) for name in given["state"] if not name.startswith("alphas.")}
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(given["state"][name])
        for kind, edges in rows.items():
            for parameter, row in zip(edges, given["state"][f"alphas.{kind}"], strict=True):
                parameter.copy_(torch.cat([row, row.new_full((1,), -1e9)]))
    untouched = {id(p) for p in weights(net)} - {id(p) for p in own.values()}
    assert not untouched, f"{len(untouched)} of NNI's parameters have no counterpart"
    loss = F.cross_entropy(net(given["x"]), given["y"])
    loss.backward()
    gradients = {name: p.grad for name, p in own.items()}
    gradients |= {f"alphas.{kind}": torch.stack([p.grad[:-1] for p in edges]) for kind, edges in rows.items()}
    torch.save(gradients, file)
    return {"loss": loss.item()}


def main() -> None:
    torch.set_num_threads(1)
    c, batch = int(sys.argv[1]), int(sys.argv[2])
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(batch, 3, 32, 32, generator=generator)
    y = torch.randint(0, 10, (batch,), generator=generator)
    steps: dict[str, Callable[[], None]] = {}

    def prepared(name: str) -> Callable[[], None]:
        if name not in steps:
            net = supernet(c, LAYERS)
            steps[name] = bilevel(net, x, y) if name == "bilevel" else partial(forward_backward, net, x, y)
        return steps[name]

    for line in sys.stdin:
        name, _, rest = line.strip().partition(" ")
        answer: Any
        match name:
            case "loss":
                answer = loss_and_gradients(c, Path(rest))
            case "saved":
                net = supernet(c, LAYERS)
                owned = {p.untyped_storage().data_ptr() for p in net.parameters()}
                answer = saved_bytes(partial(_loss, net, x, y), owned)
            case "peak":
                net = supernet(c, LAYERS)
                forward_backward(net, x[:1], y[:1])
                before = resident()
                for _ in range(3):
                    forward_backward(net, x, y)
                answer = peak_resident() - before
            case _:
                answer = asdict(timed(prepared(name)))
        print(json.dumps(answer), flush=True)


def _loss(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(net(x), y)


if __name__ == "__main__":
    main()
