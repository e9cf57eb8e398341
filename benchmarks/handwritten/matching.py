"""Which parameter of a compiled supernet is which of a hand-written search network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from .network import NODES, SearchNetwork


def pairs(hand: SearchNetwork, names: list[str]) -> list[tuple[str, str]]:
    """(name in ``hand``, name among ``names``) of all weights of operations. Within an operation both are in the order
    of the computation."""
    found = [(n, n) for n in ("conv.weight", "bn.weight", "bn.bias", "linear.weight", "linear.bias")]
    for layer, (cell, kind) in enumerate(zip(hand.cells, hand.kinds, strict=True)):
        mine = [name for name, _ in cell.named_parameters()]

        def match(prefix: str, theirs: str, layer: int = layer, mine: list[str] = mine) -> None:
            ours = [f"cells.{layer}.{name}" for name in mine if name.startswith(prefix)]
            other = [name for name in names if name.startswith(f"h_{layer + 1}.{theirs}")]
            found.extend(zip(ours, other, strict=True))

        match("a.", "a.")
        match("b.", "b.")
        for i in range(NODES):
            for j in range(2 + i):
                for operation in hand.cells[0].edges["0_0"].ops:  # type: ignore[union-attr,index]
                    match(f"edges.{i}_{j}.ops.{operation}.", f"{edge(kind, i, j, '_')}_{operation}.")
    return found


def edge(kind: str, i: int, j: int, joint: str) -> str:
    """What the space calls the edge from state j into node i; ``joint`` is ``_`` for modules, "" for paths."""
    name, at = ("halved", j + 1) if kind == "reduction" and j < 2 else ("x", j - 1 if kind == "reduction" else j + 1)
    return f"{name}_{i + 1}_{at}" if joint else f"{name}[{i + 1}][{at}]"


@torch.no_grad()
def take_over(hand: SearchNetwork, net: nn.Module) -> list[tuple[nn.Parameter, nn.Parameter]]:
    """Copy the parameters of ``hand`` into ``net``; returns the pairs. Decision parameters are copied too, but as they
    are rows of one matrix in ``hand``, they are not among the pairs."""
    mine, theirs = dict(hand.named_parameters()), dict(net.named_parameters())
    names = [name for name in theirs if not name.startswith("decision_parameters.")]
    matched = [(mine[a], theirs[b]) for a, b in pairs(hand, names)]
    if len(matched) != len(names):
        raise ValueError(f"{len(names) - len(matched)} parameters are without a partner")
    for a, b in matched:
        b.copy_(a.reshape(b.shape))
    for row in decision_rows(hand, net):
        row.parameter.copy_(row.matrix[row.at])
    return matched


@dataclass(frozen=True)
class DecisionRow:
    """A decision parameter of a compiled supernet, and the part of α or β in the hand-written network that it is."""

    parameter: nn.Parameter
    matrix: nn.Parameter
    at: int | slice

    def gradient(self) -> torch.Tensor | None:
        return None if self.matrix.grad is None else self.matrix.grad[self.at]


def decision_rows(hand: SearchNetwork, net: nn.Module) -> list[DecisionRow]:
    """All decision parameters of ``net``."""
    theirs = {n.removeprefix("decision_parameters."): p for n, p in net.named_parameters()}
    found = []
    for kind, alphas in hand.alphas.items():
        row = 0
        for i in range(NODES):
            start = row
            for j in range(2 + i):
                found.append(DecisionRow(theirs[f"{kind}/{edge(kind, i, j, '')}/kind"], alphas, row))
                row += 1
            if kind in hand.betas:
                path = f"{kind}/x[{i + 1}]/inputs"
                found.append(DecisionRow(theirs[path], hand.betas[kind], slice(start, row)))
    return found
