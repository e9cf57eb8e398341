"""What tells networks apart by content alone: the same in every process, whatever was asked before."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from hashlib import blake2b

from ...ir.graph import SpaceGraph
from .canonical import CanonicalForms
from .instances import InstanceGraphs

BYTES = 16


class ContentForms(CanonicalForms):
    """Forms whose numbers are hashes of content (of 128 bits), not of the order in which things come."""

    def __init__(self) -> None:
        self._digests: dict[Hashable, int] = {}

    def number(self, thing: Hashable) -> int:
        known = self._digests.get(thing)
        if known is None:
            digest = blake2b(written(thing).encode(), digest_size=BYTES).digest()
            known = self._digests[thing] = int.from_bytes(digest, "big")
        return known


class NetworkHashes:
    """For architectures of one space a hash that two share if they come to the same network (and, but for a chance of
    some 2⁻¹²⁸, only then): as :func:`.distinct.distinct` counts networks. What was asked is remembered."""

    def __init__(self, graph: SpaceGraph) -> None:
        self._graphs, self._forms = InstanceGraphs(graph), ContentForms()
        self._known: dict[tuple[object, ...], str] = {}

    def of(self, answers: Mapping[int, int]) -> str:
        """``answers``: those to the active decisions, by the indices of variables."""
        instances = self._graphs.of(answers)
        left = tuple((id, i.label, i.operands) for id, i in instances.instances.items())
        key = (left, instances.outputs)
        if key not in self._known:
            text = written(self._forms.of(instances))
            self._known[key] = blake2b(text.encode(), digest_size=BYTES).hexdigest()
        return self._known[key]


def written(thing: object) -> str:
    """A text that equal things share and others do not; of tuples, texts, numbers, truth values and None."""
    if isinstance(thing, tuple):
        return f"({','.join(map(written, thing))})"
    if isinstance(thing, bool | float) and int(thing) == thing:
        return repr(int(thing))  # True, 1.0 and 1 are equal
    return repr(thing)
