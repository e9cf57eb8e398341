"""Decisions anew: an application decides what an equal one decided, in a place of its own."""

from __future__ import annotations

from collections.abc import Container, Mapping

from ....diagnostics.source import Span
from ....ir.decisions import Decision
from ....ir.diagram import same_case
from ....record import record
from ..context import Context
from ..state.decided import DecisionKey, Instance
from ..state.state import State
from ..state.tokens import Moved
from ..values import Scalar
from .renamed import Renamed
from .stamp import Stamp


@record(eq=False)
class Anew:
    """``pairs``: the decisions of a stamp, each with the one in its place. ``tables``: which decisions each instance
    meets that decides alike."""

    renamed: Renamed
    pairs: Mapping[Decision, Decision]
    tables: Mapping[Instance, tuple[tuple[str, ...], str]]
    meanings: Mapping[int, Scalar]

    def keep(self, state: State) -> None:
        """Says that the decisions were met."""
        decided = state.decided
        decided.touched += self.pairs.values()
        for instance, table in self.tables.items():
            decided.compared.append(instance)
            decided.tables.setdefault(instance, table)
        for id, meaning in self.meanings.items():
            before = decided.meanings.setdefault(id, meaning)
            if before is None or not same_case(before.case, meaning.case):
                decided.meanings[id] = None


def anew(state: State, stamp: Stamp, seen: Container[int], inside: Context, span: Span) -> Anew | None:
    """The decisions of ``stamp`` as an equal application makes them that stands at ``span``, with its body in
    ``inside``; those are made now, or all there already. ``seen``: the decisions that what enters depends on, by their
    ids. None where it has to be elaborated to know. Raises OutOfOrder where that comes out while nothing is made."""
    decided, known, met = state.decided, stamp.state.decided, stamp.met
    # What keeps say of elements is known in many places.
    if inside.constant is not None or any(old.kind == "keep" for old in met):
        return None
    means = {old: known.meanings[old.id] for old in met if old.id in known.meanings}
    if any(meaning is None for meaning in means.values()):
        return None
    way = Moved(stamp.state.tokens, state.tokens, stamp.inside, inside)
    keys = {old: _key(known.keys[old.id], way) for old in met}
    # What enters is the same here and there, and so is what it depends on, though the body decides it anew.
    if any(old.id in seen and keys[old] != known.keys[old.id] for old in met):
        return None
    other = stamp.state is not state
    if other and not all(way.inside(known.keys[old.id][0]) for old in met):
        return None
    if len(set(keys.values())) < len(met):
        return None
    pairs = {old: new for old, key in keys.items() if (new := decided.made(key)) is not None}
    if any(old.kind != new.kind or old.options != new.options for old, new in pairs.items()):
        return None
    paths = {old.path: key[2] for old, key in keys.items()}
    tables = {}
    for instance in stamp.compared:
        table, name = known.tables[instance]
        there = way.instance(*instance)
        tables[there] = found = tuple(sorted([paths[path] for path in table])), name
        if decided.tables.get(there, found)[0] != found[0]:
            return None
    if not pairs:
        if not _may_be_made(state, stamp, keys):
            return None
        pairs = {old: _made(state, stamp, old, keys[old], inside, span, way) for old in met}
    elif len(pairs) < len(met):
        return None
    renamed = Renamed(state.diagrams, pairs, other)
    meanings = {pairs[old].id: Scalar(renamed.case(m.case), renamed.asks(m.asks)) for old, m in means.items()}
    return Anew(renamed, pairs, tables, meanings)


def _key(key: DecisionKey, way: Moved) -> DecisionKey:
    token, text, path = key
    there, path = way.instance(token, path)
    return there, text, path


def _may_be_made(state: State, stamp: Stamp, keys: Mapping[Decision, DecisionKey]) -> bool:
    """Whether the decisions are all new, as those of the stamp were."""
    known = stamp.inside.scopes
    around = [stamp.state.decided.scopes[old.id][: len(known)] for old in stamp.met]
    paths = [path for _, _, path in keys.values()]
    return (
        all(old.id >= stamp.first for old in stamp.met)
        and all(scopes == known for scopes in around)
        and state.decided.room(paths)
    )


def _made(
    state: State, stamp: Stamp, old: Decision, key: DecisionKey, inside: Context, span: Span, way: Moved
) -> Decision:
    decided, known = state.decided, stamp.state.decided
    made = state.builder.again(old, key[2])
    led = (*decided.way, span, *known.ways[old.id][stamp.depth + 1 :])
    below = known.scopes[old.id][len(stamp.inside.scopes) :]
    decided.keep(key, made, led, (*inside.scopes, *map(way.token, below)))
    return made
