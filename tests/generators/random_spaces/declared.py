"""Declarations of ops and cells: their parameters, their bodies, how they are called."""

from __future__ import annotations

from dataclasses import dataclass

from . import operators, parameters
from .block import Known
from .registry import other, write_piece
from .writer import UNLABELLED, Writer

other("op", "cell", "short body", "block body", "body without inputs", "parameter with a default", "named arguments")

other("operator parameter", "set as a parameter", "number as a parameter", "decided number as a parameter")

other("string as a parameter", "truth value as a parameter", "tuple as a parameter", "tensor parameter")

other("type of a parameter", "default that decides", "default that reads a parameter", "channels as a parameter")

other("cell in a cell", "cells three deep", "tied in untied", "untied in tied", "tied in tied", "tied op", "tied cell")

other("parameter passed on", "operator passed on", "tied repeat in a cell", "call of a template", "bare template")


@dataclass(frozen=True)
class Made:
    """A declared operator that takes tensors of the shape where it was made. ``call``: as it is applied, with the
    channels wanted in place of `{c}` if ``open``; ``anew``: a call decides anew, and has a binding of its own."""

    name: str
    call: str
    anew: bool
    open: bool

    def at(self, channels: str) -> str:
        return self.call.replace("{c}", channels)


def body(w: Writer, pieces: int) -> str:
    """The body that has begun, `= e` or `{ … return e }`, after so many pieces."""
    for _ in range(pieces):
        w.tensor_of(write_piece(w))
    w.block.begin()
    result = f"{w.tensor()} -> {operators.operator(w, 1)}" if not pieces or w.chance(0.2) else ending(w)
    if not w.block.lines and w.chance(0.5):
        w.show("short body")
        return f"= {result}"
    w.show("block body")
    return f"{{ {'  '.join(w.block.lines)}  return {result} }}"


def ending(w: Writer) -> str:
    fitting = [name for name, shape in w.block.tensors if shape == w.block.here]
    return " + ".join(dict.fromkeys(fitting[-w.rng.choice((1, 2, 2, 3)) :]))


def cell(
    w: Writer,
    *,
    tied: str = "",
    inputs: int = 1,
    open: bool | None = None,
    pieces: int | None = None,
    steady: bool = False,
    stem: str = "cell",
) -> Made:
    """Declare an op or a cell with a body of pieces. The shape wanted is then that of what it gives."""
    outer = w.block
    open = outer.open or (outer.opens and (w.chance(0.25) if open is None else open))
    names = [w.fresh("a") for _ in range(inputs)]
    name = w.fresh(stem)
    depth_shown(w, bool(tied))
    channels = w.fresh("c") if open else None
    with w.inside(*names, channels=channels, open=open, tied=bool(tied), steady=steady or outer.steady):
        many = w.rng.choice((0, 0, 1, 1, 2)) if not tied else w.rng.choice((0, 0, 0, 1))
        made = parameters.parameters(w, outer, many, bool(tied))
        wanted = w.rng.choice((0, 1, 1, 2)) if pieces is None else pieces
        text = body(w, max(0, min(wanted, w.budget)))
        after = w.block.here
    keyword = w.one("op", "cell", "cell")
    w.show(keyword)
    if tied:
        w.show("tied op" if keyword == "op" else "tied cell")
    w.declare(f"{tied}{keyword} {name}{made.declared(w)} on {', '.join(names)} {text}")
    if after != outer.here:
        w.becomes(after)
    call = made.call(w)
    assert not open or "{c}" in call
    bare = call == "()" and w.chance(0.6)
    w.show("bare template" if bare else "call of a template")
    return Made(name, name if bare else f"{name}{call}", True, open)


def depth_shown(w: Writer, tied: bool) -> None:
    """What nests in what."""
    if not w.block.depth:
        return
    w.show("cell in a cell")
    if w.block.depth > 1:
        w.show("cells three deep")
    w.show(
        f"{'tied' if tied else 'untied'} in {'tied' if w.block.tied else 'untied'}"
        if tied or w.block.tied
        else "cell in a cell"
    )


def pipeline(w: Writer) -> str:
    """Declare an operator without inputs that keeps the shape; how it is applied, in a pipe."""
    outer = w.block
    w.budget -= 1
    name = w.fresh("unit")
    open = outer.open
    with w.inside(channels=w.fresh("c") if open else None, open=open) as block:
        block.bare |= set(UNLABELLED.values())  # it has no path of its own: what stands beside it may have none either
        made = parameters.parameters_of_pipeline(w, outer)
        text = operators.operator(w, 1)
        if w.chance(0.5):
            text = f"{text} -> {operators.operator(w, 1)}"
    w.show("op", "body without inputs")
    if w.chance(0.3):
        w.show("block body")
        g = w.fresh("g")
        w.declare(f"{w.one('op', 'cell')} {name}{made.declared(w)} {{ {g} = {text}  return {g} }}")
    else:
        w.show("short body")
        w.declare(f"op {name}{made.declared(w)} = {text}")
    call = made.call(w).replace("{c}", outer.channels)
    if call == "()" and w.chance(0.7):
        w.show("bare template")
        if not open:
            within = frozenset((block.ever | block.applied) - block.around)
            w.templates.append(Known(name, outer.here, True, within))
            outer.applied.add(name)
        return name
    w.show("call of a template")
    return f"{name}{call}"
