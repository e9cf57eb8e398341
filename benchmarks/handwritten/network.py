"""The search network of DARTS, edge by edge; with ``share`` that of PC-DARTS (Xu et al., 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from .operations import CONV, MAX_POOL, NORM, FactorizedReduce, Maker, ReluConvBn

NODES = 4


class MixedOp(nn.Module):
    """Σ_o w_o · o(x): (N, C, …) to (N, C, …) or half of each axis. With ``share`` < 1 only the first C · share channels
    go through the operations; the others pass by (a max pool where the stride is 2), and channels are shuffled."""

    def __init__(self, operations: Mapping[str, Maker], c: int, stride: int, share: float, rank: int) -> None:
        super().__init__()
        self.part = round(c * share)
        self.groups = round(1 / share)
        self.ops = nn.ModuleDict({name: make(self.part, stride) for name, make in operations.items()})
        self.bypass = MAX_POOL[rank](2, 2) if stride == 2 else nn.Identity()

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        if self.groups == 1:
            return sum(w * op(x) for w, op in zip(weights, self.ops.values(), strict=True))  # type: ignore[return-value]
        mixed = sum(w * op(x[:, : self.part]) for w, op in zip(weights, self.ops.values(), strict=True))
        whole = torch.cat([mixed, self.bypass(x[:, self.part :])], 1)  # type: ignore[list-item]
        return whole.unflatten(1, (self.groups, -1)).transpose(1, 2).flatten(1, 2)


class Cell(nn.Module):
    """Two inputs, four nodes that each add up all earlier ones, their concatenation."""

    def __init__(
        self,
        operations: Mapping[str, Maker],
        channels: tuple[int, int, int],
        reduces: bool,
        after_reduction: bool,
        share: float,
        rank: int,
    ) -> None:
        super().__init__()
        c0, c1, c = channels
        self.a = FactorizedReduce(c0, c, rank, affine=True) if after_reduction else ReluConvBn(c0, c, rank)
        self.b = ReluConvBn(c1, c, rank)
        self.edges = nn.ModuleDict()
        for i in range(NODES):
            for j in range(2 + i):
                stride = 2 if reduces and j < 2 else 1
                self.edges[f"{i}_{j}"] = MixedOp(operations, c, stride, share, rank)

    def forward(self, s0: Tensor, s1: Tensor, alphas: Sequence[Tensor], betas: Sequence[Tensor] | None) -> Tensor:
        states = [self.a(s0), self.b(s1)]
        edge = 0
        for i in range(NODES):
            terms = []
            for j, x in enumerate(list(states)):
                y = self.edges[f"{i}_{j}"](x, alphas[edge])
                terms.append(y if betas is None else betas[i][j] * y)
                edge += 1
            states.append(sum(terms))  # type: ignore[arg-type]
        return torch.cat(states[2:], 1)


class SearchNetwork(nn.Module):
    """(N, 3, H, W) or (N, 3, T, H, W) to (N, classes). ``alphas`` and, if ``edge_weights``, ``betas`` (softmaxes, as in
    PC-DARTS) are shared by all normal and by all reduction cells; they come last among the parameters.

    ``stem_stride``: of the stem's convolution, per axis.
    """

    def __init__(
        self,
        operations: Mapping[str, Maker],
        c: int,
        layers: int,
        classes: int,
        rank: int = 2,
        share: float = 1.0,
        edge_weights: bool = False,
        stem_stride: tuple[int, ...] | int = 1,
    ) -> None:
        super().__init__()
        self.conv = CONV[rank](3, 3 * c, 3, stem_stride, 1, bias=False)  # type: ignore[arg-type]
        self.bn = NORM[rank](3 * c)
        self.cells = nn.ModuleList()
        self.kinds: list[str] = []
        c0 = c1 = 3 * c
        before = False
        for i in range(layers):
            reduces = i in (layers // 3, 2 * layers // 3)
            c = 2 * c if reduces else c
            self.cells.append(Cell(operations, (c0, c1, c), reduces, before, share, rank))
            self.kinds.append("reduction" if reduces else "normal")
            c0, c1, before = c1, NODES * c, reduces
        self.linear = nn.Linear(c1, classes)
        edges = NODES * (NODES + 3) // 2
        self.alphas = nn.ParameterDict(
            {kind: nn.Parameter(1e-3 * torch.randn(edges, len(operations))) for kind in ("normal", "reduction")}
        )
        self.betas = nn.ParameterDict(
            {kind: nn.Parameter(1e-3 * torch.randn(edges)) for kind in ("normal", "reduction")} if edge_weights else {}
        )

    def decisions(self) -> list[nn.Parameter]:
        return [*self.alphas.values(), *self.betas.values()]

    def weights(self) -> list[nn.Parameter]:
        mine = {id(p) for p in self.decisions()}
        return [p for p in self.parameters() if id(p) not in mine]

    def forward(self, x: Tensor) -> Tensor:
        alphas = {kind: torch.softmax(a, 1).unbind() for kind, a in self.alphas.items()}
        sizes = [2 + i for i in range(NODES)]
        betas = {kind: [torch.softmax(part, 0) for part in b.split(sizes)] for kind, b in self.betas.items()}
        s0 = s1 = self.bn(self.conv(x))
        for kind, cell in zip(self.kinds, self.cells, strict=True):
            s0, s1 = s1, cell(s0, s1, alphas[kind], betas.get(kind))
        y: Tensor = self.linear(s1.flatten(2).mean(2))
        return y
