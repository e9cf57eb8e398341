"""Rows of keeps: nodes one after the other, each of which takes some of those before it, or all.

Such a row has as many paths as subsets, though it is written in a line; what counts, draws, builds and differentiates
must go over its nodes, not over its paths. Here as many of its nodes decide as leave it to be enumerated: a decision of
a node is there only where the node is asked for (:func:`ways`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, combinations

from . import units
from .keeps import reduced
from .registry import piece
from .writer import Writer

MANY = 40
"""How many architectures a row has at most."""
LONGEST = 14
"""How many nodes it has at most."""
KEPT = {"any": (1, LONGEST + 2), "1": (1, 1), "2": (2, 2), "1..2": (1, 2), "0..1": (0, 1), "0..2": (0, 2)}


@dataclass(frozen=True)
class Node:
    """Takes the ``base`` first elements, which are no nodes, and some of the nodes ``before`` it, in their order.
    ``keep``: of all these; empty where it takes all."""

    base: int
    before: tuple[int, ...]
    keep: str = ""

    @property
    def sizes(self) -> range:
        n = self.base + len(self.before)
        low, high = KEPT.get(self.keep, (n, n))
        return range(low, min(high, n) + 1)

    def taken(self) -> Iterable[tuple[int, ...]]:
        """All that it can take; what is no node as 0."""
        elements = (*(0 for _ in range(self.base)), *self.before)
        return chain.from_iterable(combinations(elements, size) for size in self.sizes)


def ways(row: list[Node], read: Iterable[int], most: int = MANY) -> int:
    """How many architectures a row has of which the nodes ``read`` are asked for; ``most`` + 1 where more."""
    found = Counter([frozenset(read)])
    for at in range(len(row), 0, -1):
        after: Counter[frozenset[int]] = Counter()
        for asked, n in found.items():
            if at not in asked:
                after[asked] += n
                continue
            for k, taken in enumerate(row[at - 1].taken()):
                if k > most:
                    return most + 1
                after[asked | frozenset(taken) - {0}] += n
        found = after
        if found.total() > most:
            return most + 1
    return found.total()


def alike(w: Writer, base: int) -> list[Node]:
    """A row that one loop writes: all nodes before, and the same of them."""
    keep = w.one("any", "any", "1", *(("2", "1..2") if base > 1 else ()), "0..1", "")
    n = LONGEST if keep else w.rng.randint(6, LONGEST)
    return [Node(base, tuple(range(1, i)), keep) for i in range(1, n + 1)]


def mixed(w: Writer, base: int) -> list[Node]:
    """A row whose nodes differ in what they may take, and in how much of it."""
    row: list[Node] = []
    for i in range(1, w.rng.randint(5, 10) + 1):
        before = range(1, i)
        some = w.rng.sample(before, w.rng.randint(0, len(before)))
        form = w.rng.choice((tuple(before), tuple(before)[-2:], tuple(sorted(some))))
        fitting = [k for k, (_, high) in KEPT.items() if k == "any" or high <= base + len(form)]
        row.append(Node(base, form, w.rng.choice(fitting) if w.chance(0.7) else ""))
    return row


def fewer(w: Writer, row: list[Node], whole: bool, most: int) -> list[Node]:
    """A row of at most so many architectures: nodes alike are cut short, of others some take all they can."""
    while ways(row, range(1, len(row) + 1) if whole else (len(row),), most) > most:
        same = len({node.keep for node in row}) == 1 and all(len(n.before) == i for i, n in enumerate(row))
        if same and len(row) > 2:
            row = row[:-1]
        else:
            at = w.rng.choice([i for i, node in enumerate(row) if node.keep])
            row = [*row[:at], replace(row[at], keep=""), *row[at + 1 :]]
    return row


def written(w: Writer, most: int = MANY) -> str:
    """A row in the lines of this body; gives what is read of it."""
    y, whole, loop = w.fresh("y"), w.chance(0.4), w.chance(0.5)
    base = [w.tensor() for _ in range(w.rng.choice((1, 1, 2)))]
    row = fewer(w, alike(w, len(base)) if loop else mixed(w, len(base)), whole, most)
    n = len(row)
    if loop:
        i = w.fresh("i")
        w.show("for", "splat", "part of a list")
        w.line(f"for {i} in 1..{n} {{ {y}[{i}] = [{', '.join(base)}, *{y}[<{i}]]{_taking(w, row[-1], n, False)} }}")
    else:
        for i, node in enumerate(row, 1):
            before = [f"*{y}[<{i}]"] if len(node.before) == i - 1 > 1 else [f"{y}[{k}]" for k in node.before]
            w.line(f"{y}[{i}] = [{', '.join([*base, *before])}]{_taking(w, node, n, whole)}")
    w.show("index")
    if whole:
        w.show("row of keeps read whole")
        return w.one(f"{y} -> {reduced(w)}", f"{y} -> concat -> {units.back(w)}", f"[*{y}] -> {reduced(w)}")
    w.show("row of keeps read at its end")
    return w.one(f"{y}[{n}]", f"last(1, {y})[1]", f"{y}[len({y})]")


def _taking(w: Writer, node: Node, n: int, certain: bool) -> str:
    """` -> each … -> keep … -> sum` of one of n nodes. ``certain``: it is asked for, so that its label can be one of
    `where`."""
    each = keep = ""
    if w.chance(0.6 if n < 5 else 0.3):
        w.show("each")
        # Of a long one there are a hundred.
        each = f" -> each {units.unit(w) if n < 5 else w.one(*units.ANY, units.learnt(w), units.learnt(w))}"
    if node.keep:
        w.show("keep any" if node.keep == "any" else "keep a range" if ".." in node.keep else "keep a number")
        decides = certain and node.sizes[0] < node.base + len(node.before)
        label = w.label("ins", "keep", tuple(node.sizes), 1) if decides else f" as {w.fresh('ins')}"
        keep = f" -> keep {node.keep}{label}"
    return f"{each}{keep} -> {reduced(w)}"


ROWS = (
    "row of keeps read whole|row of keeps read at its end|keep any|keep a number|keep a range|each|sum|mean|concat|for"
    "|splat|part of a list|index|last elements|len|label"
)


@piece("row of keeps", "list", may=ROWS)
def row(w: Writer) -> str:
    return written(w)


@piece("row of keeps", "two rows of keeps", "list", may=ROWS, weight=0.7)
def two_rows(w: Writer) -> str:
    """Each is decided on its own, so that the space has as many architectures as the product."""
    one, other = w.bind("one", written(w, 6)), w.bind("other", written(w, 6))
    return w.one(f"{one} + {other}", f"[{one} -> {units.unit(w)}, {other}] -> {reduced(w)}")


@piece("row of keeps", "row of keeps in a cell", "cell", may=f"tied cell|{ROWS}", fits=lambda b: not b.open, weight=1.3)
def row_in_a_cell(w: Writer) -> str:
    name, a, x = w.fresh("row"), w.fresh("a"), w.tensor()
    form, times, most = w.rng.choice((("tied cell", 2, MANY), ("cell", 2, 6), ("cell", 1, MANY)))
    with w.inside(a, tied=form.startswith("tied"), steady=True) as body:
        result = written(w, most)
        lines = "\n".join(f"  {line}" for line in body.lines)
    w.declare(f"{form} {name} on {a} {{\n{lines}\n  return {result}\n}}")
    w.show("cell", *(["tied cell"] if form.startswith("tied") else []))
    first = f"{x} -> {name}"
    return first if times == 1 else f"{w.bind('s', first)} -> {units.unit(w)} -> {name}"
