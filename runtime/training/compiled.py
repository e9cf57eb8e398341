"""Networks handed to ``torch.compile``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

_COMPILERS = ("torch._dynamo", "torch._inductor", "torch._functorch", "triton")


class CompilationFailed(Exception):
    """``torch.compile`` could not make code of a network."""


def compiled(model: nn.Module) -> Callable[..., Any]:
    """What computes ``model``, whose parameters it shares. It is compiled when it is first called, and again for every
    set of parameters that gets gradients; then it raises CompilationFailed where torch or the system's C++ compiler
    cannot.

    Decision weights are computed as they are written: their temperature and their samples change from step to step,
    and every change of a number of Python would compile the network anew.
    """
    network: Any = model
    if hasattr(network, "decision_weights"):
        disable: Callable[..., Any] = torch.compiler.disable
        network.decision_weights = disable(network.decision_weights)
    function = torch.compile(model)

    def call(*inputs: Any) -> Any:
        try:
            return function(*inputs)
        except Exception as error:
            if type(error).__module__.startswith(_COMPILERS):
                raise CompilationFailed(_reason(error)) from error
            raise

    return call


def _reason(error: Exception) -> str:
    """The first line of what went wrong, without the names of the exceptions that torch wrapped it in."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = next((line for line in lines if not line.endswith("raised:")), type(error).__name__)
    name, colon, rest = first.partition(": ")
    return rest if colon and name.isidentifier() else first
