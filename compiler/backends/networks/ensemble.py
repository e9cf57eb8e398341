"""Several networks as one: they share the inputs, and tell the mean of what they tell by themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from .interface import Interface, Port

Kind = Literal["classes", "labels", "numbers"]
"""What is told: one of some classes, which labels apply, numbers."""


class Mean(nn.Module):
    """What networks tell together. ``axis``: that of the classes. ``flat``: outputs are (N, C) but for axes of size 1.

    Of classes the mean of their probabilities (softmax), of labels that of each label's probability (sigmoid), of
    numbers that of the numbers. Like the outputs of one network it is told as log-odds, whose softmax or sigmoid is
    that mean: :math:`\\log \\tfrac1n \\sum_i \\mathrm{softmax}(x_i)`, and the difference of the logarithms of the means
    of :math:`\\sigma(x_i)` and :math:`\\sigma(-x_i)`. So losses, metrics and whoever reads an exported file take an
    ensemble as they take a network.
    """

    def __init__(self, kind: Kind, axis: int = 1, flat: bool = False) -> None:
        super().__init__()
        self.kind, self.axis, self.flat = kind, axis, flat

    def forward(self, *outputs: Tensor) -> Tensor:
        """The outputs of the networks, all of one shape; the same shape."""
        values = [(x.flatten(1) if self.flat else x).float() for x in outputs]
        if self.kind == "numbers":
            return sum(values[1:], values[0]) / len(values)
        if self.kind == "labels":
            return _log_mean([functional.logsigmoid(x) for x in values]) - _log_mean(
                [functional.logsigmoid(-x) for x in values]
            )
        return _log_mean([functional.log_softmax(x, self.axis) for x in values])


def _log_mean(logs: Sequence[Tensor]) -> Tensor:
    """The logarithm of the mean of numbers by their logarithms, of however small ones."""
    greatest = reduce(torch.maximum, logs)
    total = sum((torch.exp(x - greatest) for x in logs[1:]), torch.exp(logs[0] - greatest))
    return greatest + torch.log(total / len(logs))


class Ensemble(nn.Module):
    """``members``: networks, or ensembles, which tell the same. ``positions``: whether that is told at each place of a
    grid. They take the same inputs, or with ``inputs``, all that there are, those of its ``places`` each: networks that
    see different things of a sample, fused late. Raises ValueError where they do not fit each other."""

    def __init__(
        self,
        members: Sequence[nn.Module],
        kind: Kind,
        positions: bool,
        inputs: Sequence[Port] | None = None,
        places: Sequence[Sequence[int]] | None = None,
    ) -> None:
        super().__init__()
        own = [_interface(member) for member in members]
        taken = tuple(own[0].inputs if inputs is None else inputs)
        self.places = tuple(map(tuple, places or [range(len(taken)) for _ in own]))
        told = {_told(each.outputs[0], positions) for each in own}
        if len(told) != 1 or not all(map(partial(_fits, taken), own, self.places)):
            raise ValueError("the members of an ensemble take and tell the same")
        self.members = nn.ModuleList(members)
        axis = 2 if positions and own[0].outputs[0].layout == "tokens" else 1
        self.mean = Mean(kind, axis, flat=not positions)
        # What is known of one architecture alone is not of it.
        together = replace(own[0], architecture="", values=(), inputs=taken, outputs=own[0].outputs[:1])
        if len({(each.space, each.parameters) for each in own}) > 1:
            together = replace(together, space=" + ".join(each.space for each in own), parameters=())
        self.interface = together

    def forward(self, *inputs: Tensor) -> Tensor:
        """A batch for each input; what is told of it: see :class:`Mean`."""
        each = zip(self.members, self.places, strict=True)
        outputs = [member(*(inputs[place] for place in own)) for member, own in each]
        found: Tensor = self.mean(*(x if isinstance(x, Tensor) else next(iter(x.values())) for x in outputs))
        return found


def _told(output: Port, positions: bool) -> tuple[str | int, ...]:
    """What is equal of outputs that tell the same: of a sample how many numbers, whatever axes of size 1 are beside."""
    return (output.layout, *output.shape) if positions else (math.prod(output.shape),)


def _fits(taken: Sequence[Port], member: Interface, places: Sequence[int]) -> bool:
    """Whether a member takes the inputs of its places, whatever it calls them."""
    own = [(port.layout, port.shape) for port in member.inputs]
    return own == [(taken[place].layout, taken[place].shape) for place in places]


def _interface(member: nn.Module) -> Interface:
    found = getattr(member, "interface", None)
    if not isinstance(found, Interface):
        raise ValueError("the members of an ensemble are networks of stdsl.compile")
    return found
