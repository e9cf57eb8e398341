"""What generated networks that draw a path for each pass, by decision weights, are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ....record import record
from ...lowering.drawn import WEIGHT
from ..supernet_base import Row, Supernet
from .base import Decided

if TYPE_CHECKING:
    from ...lowering.paths import Places, Sharing


@record
class Draw:
    """What is drawn of a decision: its value, and its weight, (), which is one; None where no gradient goes through."""

    value: Any
    weight: Tensor | None


class DrawnNetwork(Supernet):
    """A space as one network with decision weights, as :class:`Supernet`, of which each pass computes the alternatives
    alone that are drawn, whatever their shapes. Generated classes derive from this;
    :func:`.build.build_drawn_network` makes them.

    A pass takes of each choose and count the alternative of the greatest weight, and a gate where its weight is at
    least one half: of a Gumbel sample, while ``sampled`` is set, that is a draw from their probabilities (Maddison et
    al., NIPS 2014), else the likeliest. What is chosen is multiplied by 1 + w - w', where w is its weight and w' the
    same number without a gradient: the value is that of the discrete network, and the decision parameters have the
    straight-through gradient of what was computed, ∂L/∂wₖ · ∇wₖ of the chosen k alone in the place of the sum over all
    alternatives (Dong and Yang, "Searching for a Robust Neural Architecture in Four GPU Hours", CVPR 2019). A norm that
    alone reads what is chosen would undo the factor: there its result is multiplied. All elements of keeps are
    computed, and have no weights.
    """

    _places: Places
    _sharing: Sharing

    def __init__(self, rows: Sequence[Row | Decided]) -> None:
        super().__init__([row for row in rows if isinstance(row, Row)])
        self._keeps = {row.path: row.values for row in rows if isinstance(row, Decided)}
        self._kept: dict[str, tuple[int, ...]] = dict(self._keeps)
        self._settled: dict[str, Any] = {}

    # No name of a user's module begins with an underscore.

    def _drawn(self) -> dict[str, Any]:
        """The path of a pass: by decision what is drawn of it, and its weight."""
        path: dict[str, Any] = dict(self._kept)
        for name, draw in self._draws().items():
            path[name], path[f"{name}{WEIGHT}"] = draw.value, draw.weight
        return path

    def _draws(self) -> dict[str, Draw]:
        """What a pass draws, of each decision that has weights or a value."""
        found = {path: Draw(value, None) for path, value in self._settled.items()}
        weights = {path: self._weight(row) for path, row in self.rows.items() if path not in self._held}
        with torch.no_grad():
            taken = [w.argmax() if w.dim() else (w >= 0.5).long() for w in weights.values()]
            places = dict(zip(weights, torch.stack(taken).tolist() if taken else (), strict=True))
        for path, row in self.rows.items():
            held = self._held.get(path)
            place = places[path] if held is None else _greatest(held)
            found[path] = Draw(_value(row, place), _weight_of(weights[path], place) if held is None else None)
        return found

    def hold(self, decisions: Mapping[str, Any]) -> None:
        """As of :class:`Supernet`; where a decision is ``"uniform"``, the first alternative is computed, and all
        elements of a keep are."""
        super().hold(decisions)
        for path, value in decisions.items():
            if path in self._keeps:
                places = self._keeps[path] if value == "uniform" else tuple(map(int, value))
                if not set(places) <= set(self._keeps[path]):
                    raise ValueError(f"{path} has no {value!r}; it has {', '.join(map(str, self._keeps[path]))}")
                self._kept[path] = places

    def release(self, *paths: str) -> None:
        super().release(*paths)
        for path in paths or tuple(self._keeps):
            if path in self._keeps:
                self._kept[path] = self._keeps[path]


def settle(net: DrawnNetwork, values: Mapping[str, Any]) -> None:
    """These decisions have these values for good: they are none of the network's any more. Raises ValueError as
    :meth:`DrawnNetwork.hold` does."""
    net.hold(values)
    for path in values:
        if path in net._keeps:
            net._keeps[path] = net._kept[path]
        elif path in net.rows:
            row, held = net.rows.pop(path), net._held.pop(path)
            net._settled[path] = _value(row, _greatest(held))


def _value(row: Row, place: int) -> Any:
    """The value at a place of a row: the name of a choose's alternative, the number of a count, a truth value."""
    if row.kind == "gate":
        return bool(place)
    return int(row.options[place]) if row.kind == "count" else row.options[place]


def _greatest(held: tuple[float, ...] | float) -> int:
    return held.index(max(held)) if isinstance(held, tuple) else int(held >= 0.5)


def _weight_of(weight: Tensor, place: int) -> Tensor | None:
    """One, with the gradient of the weight of what was drawn."""
    if not weight.requires_grad:
        return None
    own = weight[place] if weight.dim() else weight if place else 1 - weight
    return 1 + (own - own.detach())
