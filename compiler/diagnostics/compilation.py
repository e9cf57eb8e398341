"""E072x: what `torch.compile` cannot do."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, kind


@kind
class CompilationImpossible(Diagnostic):
    """`compile = true`, and torch made no code of the network."""

    reason: str

    code: ClassVar[str] = "E0720"
    title: ClassVar[str] = "torch cannot compile the network"
    explanation: ClassVar[str] = """\
`compile = true` hands the networks of a search to `torch.compile`, which on a CPU calls the C++ compiler of the system,
and on a GPU needs Triton. Where these are missing, or do not know what the network holds (an extern operator of one's
own), there is no compiled network. The setting changes no result but by rounding, and nothing is lost without it.

    search s { … compile = true }       without a C++ compiler: an error
    search s { … }                      runs everywhere

`CXX=clang++ stdsl run …` names another compiler; a run that stopped here goes on with `--resume` where there is one."""

    @property
    def message(self) -> str:
        return f"`torch.compile` failed: {self.reason}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return "leave `compile` out, or install a C++ compiler (for a GPU: Triton)"
