"""What generated networks that compute one path are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from torch import nn

from ....record import record

if TYPE_CHECKING:
    from ....ir.graph import SpaceGraph
    from ...lowering.paths import Places, Sharing


@record
class Decided:
    """One decision. ``values``: the names of a choose's alternatives, the numbers of a count, the places of a keep's
    elements, False and True of a gate. ``unasked``: what stands for it where a path does not ask for it."""

    path: str
    kind: Literal["choose", "count", "keep", "gate"]
    values: tuple[Any, ...]
    unasked: Any


class PathNetwork(nn.Module):
    """A space as one network that computes one architecture at a time, with the weights of all. Generated classes
    derive from this; :func:`build_path_network` makes them.

    Before the first pass, :meth:`hold_architecture` says which one. The names of weights are those of the discrete
    networks of the space where the weights are the same in all of them (``weights_of`` says which stand for which).
    """

    source: str
    """The Python text of the class."""
    graph: SpaceGraph
    """The space it was made from."""
    _places: Places
    _sharing: Sharing

    def __init__(self, rows: Sequence[Decided]) -> None:
        super().__init__()
        self.rows = {row.path: row for row in rows}
        self._path: dict[str, Any] = {row.path: row.unasked for row in rows}

    def hold_architecture(self, arch: Mapping[str, Any]) -> None:
        """Compute this architecture from now on. Raises ValueError for a decision or a value that the space does not
        have; what the architecture does not ask for makes no difference."""
        for path, value in arch.items():
            row = self.rows.get(path)
            places = value if row is not None and row.kind == "keep" else (value,)
            if row is None or not set(places) <= set(row.values):
                known = "no such decision" if row is None else f"it has {', '.join(map(str, row.values))}"
                raise ValueError(f"{path} = {value!r}: {known}")
        self._path = {path: arch.get(path, row.unasked) for path, row in self.rows.items()}

    def weights(self) -> list[nn.Parameter]:
        """All parameters, without those of frozen parts."""
        frozen = {id(p) for m in self.modules() if getattr(m, "is_frozen", False) for p in m.parameters()}
        return [p for p in self.parameters() if id(p) not in frozen]

    def train(self, mode: bool = True) -> PathNetwork:
        """As in PyTorch; frozen parts stay in evaluation mode."""
        super().train(mode)
        for module in self.modules():
            if getattr(module, "is_frozen", False):
                module.eval()
        return self
