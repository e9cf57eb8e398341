"""What each class of a supernet calls the decisions whose weights it reads.

A network hands its parts a mapping from keys to weights. At the top the keys are the decisions' paths. On the way into
a part the part's own path is cut off where a key begins with it, so that all instances of a cell find their own
decisions under the same keys and can share a class; what was decided outside (tied cells, arguments) keeps the key that
it had there. A part therefore reads just what it is handed: both follow from one table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ...ir.names import Uniquely
from ...ops.torch.expressions import Dictionary, Expression, Literal, Name, indexed
from ...record import record
from .kernel_table import kernel
from .program import Program
from .regions import Region

WEIGHTS: Final = Name("weights")
"""What a method calls the mapping that it is handed."""
PATH: Final = Name("path")
"""The same in a network that computes one path, whose mapping has values of decisions instead of weights."""


@record
class Handed:
    """What a part is handed. ``mapping``: key → the statement of a decision's weights; ``given``: the mapping, as an
    expression over the caller's ``weights`` (or ``path``), None where the part reads none."""

    mapping: Mapping[str, int]
    given: Expression | None

    @property
    def keys(self) -> dict[int, str]:
        """Statement → key."""
        return {statement: key for key, statement in self.mapping.items()}


def handed_weights(program: Program, root: Region) -> dict[int, Handed]:
    """For every region, by its scope, what its caller hands it; for the root all weights by their paths."""
    handed = WEIGHTS if program.path is None else PATH
    paths = {s.name: s.id for s in program.statements if s.kind == "weights"}
    found = {root.scope: Handed(paths, None)}

    def descend(region: Region) -> None:
        for item in region.items:
            if isinstance(item, Region):
                read = [i for i in item.inputs if program.statements[i].kind == "weights"]
                mapping, part = found[region.scope].mapping, _added(item.path, region.path)
                found[item.scope] = _handed(mapping, read, part, handed)
                descend(item)

    descend(root)
    return found


def _added(path: str, above: str) -> str:
    """What the path of a region adds to that of the one around it; "" for the result of a call."""
    return "" if path == above else path.removeprefix(f"{above}.") if above else path


def _handed(mapping: Mapping[str, int], read: Sequence[int], part: str, handed: Name) -> Handed:
    """What of the caller's ``mapping``, which is called ``handed``, goes into a part that reads ``read``, as
    ``supernet_base.within`` computes it."""
    start = f"{part}."
    inside = {key.removeprefix(start): i for key, i in mapping.items() if part and key.startswith(start)}
    if not set(read) & set(inside.values()):
        return Handed(mapping, handed if read else None)
    outside = {key: i for key, i in mapping.items() if not key.startswith(start)}
    keys = outside | inside
    given: Expression = kernel("within", handed, part)
    # What was decided outside may have a key that means something else inside.
    hidden = [(key, i) for key, i in outside.items() if i in read and keys[key] != i]
    if hidden:
        unique = Uniquely(frozenset(keys))
        moved = {unique(key): (key, i) for key, i in hidden}
        given = Dictionary(((None, given), *((Literal(new), indexed(handed, key)) for new, (key, _) in moved.items())))
        keys |= {new: i for new, (_, i) in moved.items()}
    return Handed(keys, given)
