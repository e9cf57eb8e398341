"""Samples of the binary concrete distribution: gates between 0 and 1 through which there is a gradient.

C. J. Maddison, A. Mnih, Y. W. Teh, "The Concrete Distribution", ICLR 2017, appendix B (binary concrete).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_NEVER = -1e4
"""The logarithm of a probability of 0: as good as -∞ in what follows, and with gradients that are numbers."""


def concrete_gate(logits: Tensor, temperature: float) -> Tensor:
    """A sample for each of ``logits``, in their shape, each with random numbers of its own."""
    return binary_concrete(logits, torch.rand_like(logits), temperature)


def binary_concrete(logits: Tensor, even: Tensor, temperature: float) -> Tensor:
    """σ((logits + log r - log(1 - r)) / temperature) for numbers r = ``even`` from 0 to 1, which are to be drawn
    evenly.

    A gate is above one half with the probability σ(logit), whatever the temperature; its mean is another one.
    """
    return torch.sigmoid((logits + torch.logit(even, eps=torch.finfo(even.dtype).eps)) / temperature)


def concrete_elements(logits: Tensor, sizes: tuple[int, int], temperature: float) -> Tensor:
    """Gates (elements,) of which from ``sizes[0]`` to ``sizes[1]`` are above one half: which ones has the probability
    of independent elements with the probabilities σ(``logits``), conditioned on these sizes.

    One element after the other is a concrete gate with the probability that it has given how many before it came out
    above one half; what has to be there to reach the least number is 1, what is over the greatest 0. The gradient goes
    through these probabilities, and not through which ones came out above one half before.
    """
    low, high = sizes
    if low <= 0 and high >= len(logits):
        return concrete_gate(logits, temperature)
    odds, even = log_odds(logits, sizes), torch.rand_like(logits)
    gates: list[Tensor] = []
    taken = 0
    for i, row in enumerate(odds):
        own = row[taken]
        if abs(own.item()) < -_NEVER / 2:
            gates.append(binary_concrete(own, even[i], temperature))
        else:
            gates.append(torch.full_like(own, float(own.item() > 0)))
        taken += int(gates[-1].item() > 0.5)
    return torch.stack(gates)


def log_odds(logits: Tensor, sizes: tuple[int, int]) -> Tensor:
    """At [i][k]: the log-odds that element i is there when k before it are, of independent elements with ``logits``
    conditioned on ``sizes``; beyond ± 5 000 where the sizes leave no choice. (elements, elements)."""
    n = len(logits)
    follow = _log_following(logits, sizes)
    rows = [logits[i] + (follow[i + 1][1 : n + 1] - follow[i + 1][:n]).to(logits.dtype) for i in range(n)]
    return torch.stack(rows)


def log_within(logits: Tensor, sizes: tuple[int, int]) -> Tensor:
    """The logarithm of Σ exp(Σ logits of those that are there) over all sets of a size within ``sizes``: what
    independent elements with these log-odds weigh together, (). Its gradient is the probability of each to be there."""
    log_none = F.logsigmoid(-logits).sum()
    if sizes[0] <= 0 and sizes[1] >= len(logits):
        return -log_none
    return _log_following(logits, sizes)[0][0].to(logits.dtype) - log_none


def _log_following(logits: Tensor, sizes: tuple[int, int]) -> list[Tensor]:
    """At [i][k]: the logarithm of the probability that of the elements from i on so many are there that with k before
    them their number is within ``sizes``. (elements + 1) rows of (elements + 2) numbers of double precision."""
    exact, n = logits.double(), len(logits)
    on, off = F.logsigmoid(exact), F.logsigmoid(-exact)
    never = torch.full((1,), _NEVER, dtype=exact.dtype, device=exact.device)
    allowed = [0.0 if sizes[0] <= k <= sizes[1] else _NEVER for k in range(n + 2)]
    rows = [torch.tensor(allowed, dtype=exact.dtype, device=exact.device)]
    for i in reversed(range(n)):
        after = rows[-1]
        rows.append(_log_add(on[i] + torch.cat([after[1:], never]), off[i] + after))
    return rows[::-1]


def _log_add(a: Tensor, b: Tensor) -> Tensor:
    """log(exp a + exp b). The second gradient of torch's own is none where one is far above the other."""
    return a + F.softplus(b - a, threshold=50)
