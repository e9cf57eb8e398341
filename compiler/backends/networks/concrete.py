"""Samples of the binary concrete distribution: gates between 0 and 1 through which there is a gradient.

C. J. Maddison, A. Mnih, Y. W. Teh, "The Concrete Distribution", ICLR 2017, appendix B (binary concrete).
"""

from __future__ import annotations

import torch
from torch import Tensor

_NEVER = -1e30
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
    if not bounds(sizes, len(logits)):
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


def bounds(sizes: tuple[int, int] | None, elements: int) -> bool:
    """Whether sizes from ``sizes[0]`` to ``sizes[1]`` exclude any set of so many elements."""
    return sizes is not None and (sizes[0] > 0 or sizes[1] < elements)


def log_odds(logits: Tensor, sizes: tuple[int, int]) -> Tensor:
    """At [i][k]: the log-odds that element i is there when k before it are, of independent elements with ``logits``
    conditioned on ``sizes``; beyond ± 1e29 where the sizes leave no choice. (elements, elements)."""
    n = len(logits)
    exact = logits.double()
    follow = _log_following(exact, torch.zeros_like(exact), sizes)
    rows = [exact[i] + (follow[i + 1][1 : n + 1] - follow[i + 1][:n]) for i in range(n)]
    return torch.stack(rows).to(logits.dtype)


def log_within(logits: Tensor, sizes: tuple[int, int]) -> Tensor:
    """The logarithm of Σ exp(Σ logits of those that are there) over all sets of a size within ``sizes``: what
    independent elements with these log-odds weigh together, (), in double precision. Its gradient is the probability of
    each to be there."""
    return log_weight(logits.double(), torch.zeros_like(logits, dtype=torch.float64), sizes)


def log_weight(there: Tensor, gone: Tensor, sizes: tuple[int, int]) -> Tensor:
    """The same where being gone has a weight, too: ``there`` and ``gone`` (elements,) are logarithms of double
    precision. Its gradients are the probabilities to be there and to be gone, each as exact where it is small as the
    other one is."""
    return _log_following(there, gone, sizes)[0][0]


def _log_following(there: Tensor, gone: Tensor, sizes: tuple[int, int]) -> list[Tensor]:
    """At [i][k]: the logarithm of what the sets of the elements from i on weigh of which so many are there that with k
    before them their number is within ``sizes``. (elements + 1) rows of (elements + 2) numbers."""
    n = len(there)
    never = torch.full((1,), _NEVER, dtype=there.dtype, device=there.device)
    allowed = [0.0 if sizes[0] <= k <= sizes[1] else _NEVER for k in range(n + 2)]
    rows = [torch.tensor(allowed, dtype=there.dtype, device=there.device)]
    for i in reversed(range(n)):
        after = rows[-1]
        both = torch.stack([there[i] + torch.cat([after[1:], never]), gone[i] + after])
        rows.append(torch.logsumexp(both, 0))  # torch.logaddexp has no second gradient where one is far above the other
    return rows[::-1]
