"""Products of rows (count, size · C), whose columns are those of ``size`` operations, with a matrix for each.

Matrix products of few columns leave most of a CPU's registers empty. Where operations have few channels, several are
multiplied at once, by a matrix with theirs on its diagonal; and where few channels come out, several rows at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

WIDE = 16
"""Columns that fill a register of the CPUs at hand."""


MANY = 2**17
"""Values that no longer fit into a CPU core's own caches."""


def fetch(rows: Tensor) -> None:
    """Read large tensors once in order: products with a few columns at a time wait longer for the memory otherwise."""
    if rows.numel() >= MANY and rows.device.type == "cpu":
        rows.sum()


def blocks(rows: Tensor, size: int) -> Tensor:
    """(count, size · C) as (size, count, C)."""
    count, columns = rows.shape
    width = columns // size
    return rows.as_strided((size, count, width), (width, rows.stride(0), 1))


def inner_products(a: Tensor, b: Tensor, size: int, out: Tensor) -> None:
    """aᵀ b of every operation, to ``out``, (size, C, C')."""
    c, d = out.shape[1:]
    if min(c, d) >= WIDE:
        right = blocks(b, size)
        left = right if a is b else blocks(a, size)
        torch.bmm(left.transpose(1, 2), right, out=out)
        return
    for first, last in _bunches(size, min(c, d)):
        n = last - first
        whole = a[:, first * c : last * c].t() @ b[:, first * d : last * d]
        out[first:last] = whole.view(n, c, n, d).diagonal(0, 0, 2).permute(2, 0, 1)


def multiply(rows: Tensor, matrices: Tensor, out: Tensor, add: bool = False) -> None:
    """Every operation's columns times its matrix (C, C'), to ``out`` or, if ``add``, added to it."""
    size, c, d = matrices.shape
    if min(c, d) >= WIDE:
        target, factors = blocks(out, size), blocks(rows, size)
        if add:
            torch.baddbmm(target, factors, matrices, out=target)
        else:
            torch.bmm(factors, matrices, out=target)
        return
    for first, last in _bunches(size, min(c, d)):
        n = last - first
        whole = matrices.new_zeros(n, c, n, d)
        whole.diagonal(0, 0, 2).copy_(matrices[first:last].permute(1, 2, 0))
        part, target = rows[:, first * c : last * c], out[:, first * d : last * d]
        if add:
            target.addmm_(part, whole.view(n * c, n * d))
        else:
            torch.mm(part, whole.view(n * c, n * d), out=target)


def joined(rows: Tensor, matrix: Tensor, total: Tensor | None) -> Tensor:
    """``rows`` times ``matrix``, (size · C, C'), added to ``total``."""
    count, (c, d) = rows.shape[0], matrix.shape
    n = _rows_at_once(count, d)
    if n > 1:
        whole = matrix.new_zeros(n, c, n, d)
        whole.diagonal(0, 0, 2).copy_(matrix.unsqueeze(2).expand(c, d, n))
        rows, matrix = rows.view(count // n, n * c), whole.view(n * c, n * d)
        if total is not None:
            total.view(count // n, n * d).addmm_(rows, matrix)
            return total
        return (rows @ matrix).view(count, d)
    return rows @ matrix if total is None else total.addmm_(rows, matrix)


def joined_inner_products(rows: Tensor, g: Tensor, out: Tensor) -> None:
    """gᵀ rows, to ``out``, (C', size · C): on CPUs a wide product takes less time than its transpose."""
    count, (d, c) = rows.shape[0], out.shape
    n = _rows_at_once(count, d)
    if n == 1:
        torch.mm(g.t(), rows, out=out)
        return
    whole = g.view(count // n, n * d).t() @ rows.view(count // n, n * c)
    torch.sum(whole.view(n, d, n, c).diagonal(0, 0, 2), 2, out=out)


def _bunches(size: int, channels: int) -> Iterator[tuple[int, int]]:
    """First and last of the operations to multiply at once."""
    parts = max(1, size * channels // WIDE)
    for i in range(parts):
        yield size * i // parts, size * (i + 1) // parts


def _rows_at_once(count: int, columns: int) -> int:
    n = WIDE // columns
    return n if n > 1 and count % n == 0 else 1
