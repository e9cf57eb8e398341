"""Outputs that some architectures compute from no input."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, Severity, kind


@kind
class OutputWithoutInput(Diagnostic):
    """``output``: its name, "" where there is one. ``inputs``: those that it loses, () where it loses the only one.
    ``why``: what stands at the place; ``advice``: what to write."""

    output: str
    inputs: tuple[str, ...]
    witness: str
    why: str
    advice: str
    related: tuple[Label, ...] = ()

    code: ClassVar[str] = "W0301"
    title: ClassVar[str] = "an output does not depend on the input"
    severity: ClassVar[Severity] = Severity.WARNING
    has_witness: ClassVar[bool] = True
    explanation: ClassVar[str] = """\
A gate that is off, and a sum of which nothing is there, are zero. Where that is the only way from the inputs to an
output, or a factor of it, the output is the same for every input: the network of such an architecture cannot learn.

    op se on x = x * (x -> global_avg_pool -> pointwise(x.channels) -> sigmoid)

    y = x -> maybe se                    # W0301: zero, where the gate is off
    y = x -> choose {identity, se}       # x, where there is no `se`

    y = [x -> conv(8, 3x3), x -> conv(8, 1x1)] -> keep 0..2 -> sum       # W0301: may keep none
    y = [x -> conv(8, 3x3), x -> conv(8, 1x1)] -> keep 1..2 -> sum

    y = x * (x -> maybe attend)          # W0301: a product with zero
    y = x -> choose {identity, attended: x * attend}

What is computed from an input besides is not at stake: `[x, x -> maybe se] -> sum` is right. A `zero` among the
alternatives of a `choose` is meant, and no mistake; so is an input that is not chosen, as long as another one is.
Constraints count: `where squeeze` rules out the architectures in which the gate `squeeze` is off."""

    @property
    def message(self) -> str:
        output = f"the output `{self.output}`" if self.output else "the output"
        names = [f"`{name}`" for name in self.inputs]
        inputs = " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else (*names, "the input")[0]
        where = f"in some architectures {output} does not depend on {inputs}: when {self.witness}"
        return where if self.witness else f"{output} does not depend on {inputs}"

    @property
    def label(self) -> str:
        return self.why

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.related

    @property
    def help(self) -> str:
        return self.advice
