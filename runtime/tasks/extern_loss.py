"""``extern loss``: code of the user's that computes the loss, tried before it is trained by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from stdsl.compiler.backends.lowering.extern_code import CodeFails, NotThere, own_class
from stdsl.compiler.backends.networks.initial import seeded
from stdsl.compiler.checks.outputs import targets_for
from stdsl.compiler.diagnostics.externs import ExternLossFails, ExternNotAllowed, ExternNotLoaded
from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.compiler.schemas.search import SearchConfig
from stdsl.compiler.schemas.tasks.loss_extern import ExternLoss

from ..data.targets import VOID, Targets

_CORRECT = "correct the code of the loss: `stdsl explain E0235` says what it is given, and gives"
LEFT_OUT = -100
"""The class of positions that have none, as `torch.nn.functional.cross_entropy` ignores it where nothing is said."""
_SAMPLES = 3
"""In the batch that a loss is tried with."""


class OwnLoss:
    """What the user's code computes. ``function``: what its class, or a function in its place, has made."""

    def __init__(self, settings: ExternLoss, function: Callable[[Tensor, Tensor], Any]) -> None:
        self.settings, self.function = settings, function

    def __call__(self, given: Tensor, targets: Tensor, void: bool = False) -> Tensor:
        """The loss of a batch: ``given`` (N, C, …), ``targets`` as the task has them. ``void``: positions may have no
        class; the code gets what torch's cross-entropy leaves out there, and is not asked where all are so: the loss is
        0. The code computes in float32, whatever the network does, on a copy of what metrics are computed from. Raises
        RunError (E0235)."""
        given, targets = given.float() if given.requires_grad else given.float().clone(), targets.clone()
        if void:
            there = targets != VOID
            if not bool(there.any()):
                return given.sum() * 0
            targets = torch.where(there, targets, LEFT_OUT)
        if isinstance(self.function, nn.Module):
            self.function.to(given.device)
        try:
            # Training may be in bfloat16; the trial and evaluation are not, and it is to be the same loss in all.
            with torch.autocast(given.device.type, enabled=False):
                loss = self.function(given, targets)
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except (Exception, SystemExit) as error:  # the code of the user's may raise anything
            shapes = (
                f"on {_shape(given)} and {_shape(targets)}{f' with {LEFT_OUT} where there is no class' if void else ''}"
            )
            raise self.fails(f"fails {shapes}: {type(error).__name__}: {error}") from error
        if not isinstance(loss, Tensor):
            raise self.fails(f"gives {type(loss).__name__}, not a tensor")
        if loss.numel() != 1 or not loss.is_floating_point():
            raise self.fails(f"gives {_shape(loss)} of {str(loss.dtype).removeprefix('torch.')}, not one number")
        return loss.reshape(())

    def fails(self, fault: str, advice: str = _CORRECT) -> RunError:
        own = self.settings
        return RunError([ExternLossFails(own.declared, own.kind, own.target, fault, advice)])


def own_loss(config: SearchConfig, targets: Targets) -> OwnLoss | None:
    """That of a search, tried on made-up values; None where it has another.

    Raises RunError: no leave to load the code (E0227), it cannot be (E0233), or gives no loss (E0235).
    """
    settings = config.loss
    if not isinstance(settings, ExternLoss):
        return None
    name, target = settings.kind, settings.target
    if not settings.allowed:
        raise RunError([ExternNotAllowed(config.place("loss"), name, target)])
    with seeded(0):  # what is random in it does not move the run's generators
        try:
            made = own_class(target, settings.folder, functions=True)
            loss = OwnLoss(settings, _made(made, settings))
        except NotThere as fault:
            fails = isinstance(fault, CodeFails)
            raise RunError([ExternNotLoaded(settings.declared, name, target, str(fault), "loss", fails)]) from fault
        if targets.signature.kind is not None:
            _try(loss, targets)
    return loss


def faults_of_loss(config: SearchConfig) -> tuple[Diagnostic, ...]:
    """What is wrong with the extern loss of a search; nothing where it has another."""
    void = getattr(config.data_of("search"), "ignore", None) is not None
    try:
        own_loss(config, Targets(targets_for(config), void=void))
    except RunError as error:
        return tuple(error.diagnostics)
    return ()


def _made(made: Any, settings: ExternLoss) -> Callable[[Tensor, Tensor], Any]:
    try:
        function = made(**settings.arguments)
    except Exception as error:  # the code of the user's may raise anything
        raise CodeFails(error) from error
    if not callable(function):
        raise NotThere(f"what it makes, {type(function).__name__}, cannot be called")
    found: Callable[[Tensor, Tensor], Any] = function
    return found


def _try(loss: OwnLoss, targets: Targets) -> None:
    """Raises RunError where it gives no loss of made-up values, another one when it is asked again, or learns."""
    function = loss.function
    module = function if isinstance(function, nn.Module) else nn.Module()
    if any(parameter.requires_grad for parameter in module.parameters()):
        advice = "make them buffers (`self.register_buffer`), or `requires_grad_(False)`"
        raise loss.fails("has parameters, and nothing trains those of a loss", advice)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    given, wanted = made_up(targets)
    found = loss(given, wanted, targets.void)
    if not bool(found.isfinite()):
        raise loss.fails(f"gives {found.item():g} for numbers of the size of 1")
    if not found.requires_grad:
        raise loss.fails("gives what does not depend on the prediction, or cannot be differentiated")
    if not torch.equal(loss(given, wanted, targets.void), found):
        raise loss.fails("gives another number for the same prediction")
    if any(not torch.equal(value, before[name]) for name, value in module.state_dict().items()):
        raise loss.fails("changes its buffers when it is called")


def made_up(targets: Targets) -> tuple[Tensor, Tensor]:
    """A prediction (N, C, …), and targets of this form, some VOID where that may be; where the number of classes,
    labels or numbers is not known there are three."""
    own = targets.signature
    count, positions = own.count or 3, own.positions or ()
    given = torch.randn(_SAMPLES, count, *positions, requires_grad=True)
    if own.kind == "classes":
        classes = torch.randint(count, (_SAMPLES, *positions))
        if targets.void:
            classes.view(-1)[::2] = VOID
        return given, classes
    wanted = torch.randn(_SAMPLES, count, *positions)
    return given, (wanted > 0).float() if own.kind == "labels" else wanted


def _shape(values: Tensor) -> str:
    return f"({', '.join(map(str, values.shape))})"
