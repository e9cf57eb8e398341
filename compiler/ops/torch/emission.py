"""What the lowering of one application of a primitive consists of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Emission:
    """Python text for one application.

    ``module``: the constructor expression of its module, such as ``nn.Conv2d(16, 32, (3, 3), bias=False)``, or None
    where it has none. ``call``: a template with ``{m}`` for the module and ``{0}``, ``{1}`` for the inputs (plain
    names), such as ``{m}({0})`` or ``F.relu({0})``. ``layers``: the names of the classes of ``layers.py`` that the text
    uses.
    """

    module: str | None
    call: str
    layers: tuple[str, ...] = ()

    def render(self, module: str, *inputs: str) -> str:
        """The call with ``module`` (`self.m3`) and the inputs (`x`, `y`) filled in."""
        return self.call.format(*inputs, m=module)
