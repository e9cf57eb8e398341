"""The divergence of a posterior over gates from its prior, as a term of the loss.

Y. Zhou, X. Sun, C. Luo, Z.-J. Zha, W. Zeng, "Spatiotemporal Fusion in 3D CNNs: A Probabilistic View", CVPR 2020,
supplement, Eq. S12; with the entropy of both cases: Y. Gal, J. Hron, A. Kendall, "Concrete Dropout", NIPS 2017.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stdsl.compiler.analysis.behind import behind
from stdsl.compiler.backends.networks.concrete import bounds, log_weight
from stdsl.compiler.backends.networks.supernet_base import Row, Supernet
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.names import Names
from stdsl.compiler.ops.registry import primitives_of
from stdsl.compiler.passes.pipeline import run_passes, select

Kernels = Mapping[str, Sequence[Sequence[nn.Parameter]]]
"""By path of a decision: of each option of a choose, of each element of a keep, of `on` of a gate, what belongs to
it."""


@dataclass(frozen=True)
class Divergence:
    """``length``: the length scale k of the prior N(0, 1 / k²) over a unit's kernels w. With p the probability that the
    unit is dropped, it adds (1 - p) · k² / 2 · ‖w‖² + p · log p, and with the ``full`` entropy (1 - p) · log(1 - p).

    Where sizes bound a keep, its elements are dropped with the probabilities that they have within these sizes; the
    full entropy is then that of the sets of elements. Of a choose, every alternative adds π · (k² / 2 · ‖w‖² + log π).
    Kernels are all weights with two axes or more, so biases and norms do not count. ``apart``: paths of decisions that
    are not learnt, and have no part in it.
    """

    supernet: Supernet
    kernels: Kernels
    length: float
    entropy: Literal["half", "full"] = "half"
    apart: Collection[str] = ()

    def __call__(self) -> Tensor:
        """In nats, for all training samples together: divide it by their number for a mean loss. A number, ()."""
        terms = [torch.zeros((), device=parameter.device) for parameter in self.supernet.decisions()[:1]]
        free: list[Tensor] = []
        weights: list[Tensor] = []
        squares: dict[int, Tensor] = {}
        for path, parameter in self.supernet.named_decisions():
            row = self.supernet.rows[path]
            if row.site or path in self.apart:
                continue
            costs = self._costs(self.kernels[path], parameter, squares)
            if row.kind in ("choose", "count"):
                logs = torch.log_softmax(parameter, 0)
                terms.append((logs.exp() * (costs + logs)).sum())
            elif bounds(row.sizes, len(row.options)):
                terms.append(self._within(parameter, row, costs))
            else:
                free.append(parameter.reshape(-1))
                weights.append(costs)
        if free:
            terms.append(self._apart(torch.cat(free), torch.cat(weights)))
        return torch.stack(terms).sum() if terms else torch.zeros(())

    def _apart(self, logits: Tensor, costs: Tensor) -> Tensor:
        """Of units that come and go by themselves."""
        there, gone = torch.sigmoid(logits), torch.sigmoid(-logits)
        found = (there * costs + gone * F.logsigmoid(-logits)).sum()
        return found + (there * F.logsigmoid(logits)).sum() if self.entropy == "full" else found

    def _within(self, logits: Tensor, row: Row, costs: Tensor) -> Tensor:
        """Of the elements of a keep whose sizes are bounded."""
        assert row.sizes is not None
        with torch.enable_grad():
            on, off = logits.double(), torch.zeros_like(logits, dtype=torch.float64)
            on, off = (own if own.requires_grad else own.detach().requires_grad_() for own in (on, off))
            weight = log_weight(on, off, row.sizes)
            there, gone = torch.autograd.grad(weight, (on, off), create_graph=logits.requires_grad)
        found = (there * costs).sum()
        if self.entropy == "full":
            found = found + (there * on).sum() - weight
        else:  # of one that is surely there, log p has no gradient
            found = found + torch.xlogy(gone, torch.where(gone > 0, gone, 1)).sum()
        return found.to(logits.dtype)

    def _costs(self, kernels: Sequence[Sequence[nn.Parameter]], like: Tensor, squares: dict[int, Tensor]) -> Tensor:
        """k² / 2 · ‖w‖² of each option, (options,). ``squares``: ‖w‖² of kernels so far, each of which may belong to
        several options and decisions."""
        for kernel in (kernel for own in kernels for kernel in own):
            if id(kernel) not in squares:
                squares[id(kernel)] = kernel.square().sum()
        nothing = torch.zeros((), dtype=like.dtype, device=like.device)
        sums = [torch.stack([squares[id(kernel)] for kernel in own]).sum() if own else nothing for own in kernels]
        return self.length * self.length / 2 * torch.stack(sums)


def kernels_of(supernet: Supernet, graph: SpaceGraph) -> Kernels:
    """What belongs to each decision of the supernet of ``graph`` (:func:`compiler.analysis.behind.behind`)."""
    ready, _ = run_passes(graph, select([]))
    names, primitives = Names(ready), primitives_of(ready)
    inside: dict[str, list[nn.Parameter]] = {}
    for name, parameter in supernet.named_parameters():
        if parameter.dim() >= 2:
            parts = name.split(".")
            for end in range(1, len(parts)):
                inside.setdefault(".".join(parts[:end]), []).append(parameter)

    def module(id: int) -> str:
        node = ready.nodes[id]
        return f"{names.prefix(node.scope)}.{node.key}".removeprefix(".")

    def counts(id: int) -> bool:
        node = ready.nodes[id]
        return node.kind == "apply" and not primitives[node.op].norm and module(id) in inside

    found = behind(ready, counts)

    def of(variable: int, answer: int) -> list[nn.Parameter]:
        return [parameter for id in found.get((variable, answer), ()) for parameter in inside[module(id)]]

    kernels: dict[str, list[list[nn.Parameter]]] = {}
    for path, row in supernet.rows.items():
        variables = ready.by_path[path].variables
        if row.site:
            continue
        if row.kind in ("gate", "keep"):
            kernels[path] = [of(variable.index, 1) for variable in variables]
        else:
            kernels[path] = [of(variables[0].index, answer) for answer in range(len(row.options))]
    return kernels
