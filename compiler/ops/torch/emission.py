"""What the lowering of one application of a primitive consists of."""

from __future__ import annotations

from ...record import record
from .expressions import MODULE, Call, Expression, filled


@record
class Emission:
    """The Python of one application.

    ``module``: the constructor of its module, such as ``nn.Conv2d(16, 32, (3, 3), bias=False)``, or None where it has
    none. ``call``: what is computed, with :data:`MODULE` for the module and ``Slot(0)``, ``Slot(1)`` for the inputs.
    ``layers``: the names of the classes of ``layers.py`` that it uses.
    """

    module: Call | None
    call: Expression
    layers: tuple[str, ...] = ()

    def applied(self, module: Expression, *inputs: Expression) -> Expression:
        """The call of ``module`` (`self.m3`) for the inputs (`x`, `y`)."""
        return filled(self.call, {**dict(enumerate(inputs)), MODULE.key: module})
