"""An optimiser together with its learning rate over time and its gradient clipping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_


def gradients_of(loss: Tensor) -> dict[Tensor, Tensor]:
    """The gradients of the parameters that ``loss`` depends on, which are found from it: how many others there are
    makes no difference."""
    found: dict[Tensor, None] = {}
    waiting, seen = [loss.grad_fn], {loss.grad_fn}
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        variable = getattr(node, "variable", None)
        if variable is not None:
            found[variable] = None
        for following, _ in node.next_functions:
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    parameters = list(found)
    return dict(zip(parameters, torch.autograd.grad(loss, parameters), strict=True)) if parameters else {}


class Descent:
    """``rate(t)`` is the learning rate of step t; ``clip`` the greatest norm of all gradients together, or None."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        rate: Callable[[int], float],
        clip: float | None = None,
    ) -> None:
        self.optimizer, self.rate, self.clip = optimizer, rate, clip

    @property
    def parameters(self) -> list[Tensor]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def descend(self, loss: Tensor, t: int) -> float:
        """One step down ``loss``; only this optimiser's parameters get gradients. Returns the learning rate.

        Parameters that the loss does not reach (an operation no path goes through) stay as they are.
        """
        parameters = self.parameters
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        self.apply(gradients, t)
        return self.rate(t)

    def descend_some(self, loss: Tensor, t: int) -> float:
        """As :meth:`descend`; what the loss does not reach is not even looked at. The parameters of nobody else may
        need a gradient."""
        self.apply_some(gradients_of(loss), t)
        return self.rate(t)

    def apply(self, gradients: Sequence[Tensor | None], t: int) -> None:
        """One step with gradients that were computed elsewhere, in the order of :attr:`parameters`."""
        parameters = self.parameters
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        if self.clip is not None:
            clip_grad_norm_(parameters, self.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(t)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def apply_some(self, gradients: Mapping[Tensor, Tensor], t: int) -> None:
        """One step of those parameters alone that have a gradient: nothing else is looked at, clipped, moved or
        decayed."""
        for parameter, gradient in gradients.items():
            parameter.grad = gradient
        if self.clip is not None:
            clip_grad_norm_(list(gradients), self.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(t)
        self.optimizer.step()
        for parameter in gradients:
            parameter.grad = None

    def state(self) -> dict[str, Any]:
        return dict(self.optimizer.state_dict())

    def load(self, state: dict[str, Any]) -> None:
        self.optimizer.load_state_dict(state)
