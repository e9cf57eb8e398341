"""A whole text: inputs, the body of the meta, its parameters, its outputs, the space and its constraints."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from stdsl.compiler.ir.operation import TensorShape

from . import (
    absent,
    cells,
    changes,
    choices,
    constraints,
    inner_cells,
    keeps,
    lists,
    operators,
    outside,
    risks,
    rows,
    searches,
    units,
    values,
)
from .block import Block, Known
from .names import Names
from .registry import PIECES, RISKS, Piece, other, write_piece
from .writer import Writer

SHAPES = {"image": (4, 6, 6), "clip": (4, 4, 6, 6), "tokens": (5, 4), "features": (4,)}
"""The usual shapes of samples: sizes as the language writes them."""
MODULES = (absent, cells, changes, choices, inner_cells, keeps, lists, outside, risks, rows, values)
"""What enters pieces."""

other("image", "clip", "tokens", "features", "several inputs", "an input of another shape", "several outputs")
other(
    "parameter of a space", "hole of a meta", "size of an input from a parameter", "meta by its name", "awkward names"
)
other("meta with parameters", "one sum of all", "short meta")


@dataclass(frozen=True)
class SpaceText:
    """``text`` of a file with one space; ``constructs`` that it shows.

    ``files``: texts beside it, by name, which it uses. ``extern``: whether its networks need leave to load Python
    (:mod:`extern_blocks`)."""

    text: str
    constructs: frozenset[str]
    files: dict[str, str] = field(default_factory=dict)
    extern: bool = False


def begin(rng: random.Random, budget: int, searched: bool) -> Writer:
    layout = rng.choices(tuple(SHAPES), (5, 4, 1.2, 1))[0]
    shape = TensorShape(layout, SHAPES[layout])  # type: ignore[arg-type]
    if searched:
        shape = TensorShape(*searches.SAMPLES)  # type: ignore[arg-type]
    elif rng.random() < 0.2:
        shape = shape.with_channels(rng.choice((1, 2, 3, 6)))
    elif layout in ("image", "clip") and rng.random() < 0.1:
        shape = replace(shape, dims=(4, *(3 for _ in shape.axes)))
    names = Names(0.5 if rng.random() < 0.15 else 0.0)
    w = Writer(rng, Block(shape, str(shape.channels)), names, budget=budget, searched=searched)
    w.show(shape.layout)
    if names.awkward:
        w.show("awkward names")
    return w


def inputs(w: Writer, parameters: list[tuple[str, str, str | None]]) -> str:
    """The inputs of the meta, of which the first has the shape wanted. ``parameters`` may get one."""
    shape = w.block.here
    x = w.fresh("x") if w.names.awkward else "x"
    w.block.tensors.append((x, shape))
    sizes = list(map(str, shape.dims))
    if w.chance(0.12) and not w.searched:
        w.show("size of an input from a parameter")
        name, at = w.fresh("size"), w.rng.randrange(len(sizes))
        parameters.append((name, sizes[at], sizes[at]))
        sizes[at] = name
    texts = [f"{x}: {shape.layout}({', '.join(sizes)})"]
    if w.chance(0.12) and not w.searched:
        w.show("several inputs")
        other_input = w.fresh("other")
        if w.chance(0.5):
            w.block.tensors.append((other_input, shape))
            texts.append(f"{other_input}: {shape}")
        else:
            w.show("an input of another shape")
            wide = shape.with_channels(shape.channels + 1)
            texts.append(f"{other_input}: {wide}")
            w.tensor_of(f"{other_input} -> {units.back(w)}")
    return ", ".join(texts)


def finish(
    w: Writer, inputs: str, parameters: list[tuple[str, str, str | None]], result: str | None = None
) -> SpaceText:
    """The text, when all pieces of the meta are written. ``result``: a tensor without a name."""
    fitting = [name for name, shape in w.block.tensors if shape == w.block.here]
    last = fitting[-w.rng.choice((1, 2, 3, 3)) :]
    named = result is None
    result = " + ".join(last) if result is None else result
    if named and w.chance(0.2):
        w.show("one sum of all")
        result = f"[{', '.join(last)}] -> {w.one('sum', 'mean')}"
    if any(k.text == w.hole and k.shape == w.block.here for k in w.block.operators):
        result = f"({w.tensor()} -> {w.hole}) + ({result})"
    tail = ""
    if w.searched:
        pool = "" if w.block.here.layout == "features" else "global_avg_pool -> "
        tail = f" -> {pool}linear({searches.CLASSES})"
    elif w.chance(0.3) and w.block.here.layout in ("image", "clip"):
        tail = " -> global_avg_pool -> linear(3)"
    elif w.chance(0.2) and w.block.here.layout == "tokens":
        tail = " -> global_max_pool -> linear(3)"
    if w.chance(0.12) and fitting and not w.searched:
        w.show("several outputs")
        main, aux = w.fresh("main"), w.fresh("aux")
        result = f"{{{main}: {result}{tail}, {aux}: {w.tensor()} -> {operators.operator(w, 1)}}}"
    else:
        result += tail
    space, meta = (w.fresh("s"), w.fresh("m")) if w.names.awkward else ("s", "m")
    own, given = space_parameters(w, parameters)
    constraints.constrain(w, own[0].partition(" ")[0].rstrip(":") if own else None)
    declared_parameters = ", ".join(
        name if default is None else f"{name} = {default}" for name, _, default in parameters
    )
    head = f"meta {meta}{f'({declared_parameters})' if parameters else ''} on {inputs}"
    if w.block.lines:
        body = "".join(f"  {line}\n" for line in w.block.lines)
        head += f" {{\n{body}  return {result}\n}}"
    elif result.startswith("{"):
        head += f" {{ return {result} }}"
    else:
        w.show("short meta")
        head += f" = {result}"
    where = f" where {', '.join(w.where)}" if w.where else ""
    if not given:
        w.show("meta by its name")
    line = f"space {space}{f'({chr(44).join(own)})' if own else ''} = {meta}{given}{where}"
    if w.searched:
        searches.search(w, space)
    uses = outside.uses(w)
    declarations = [*w.declared, head, line]
    w.rng.shuffle(declarations)
    text = "\n".join(["stdsl 1", *uses, *declarations])
    return SpaceText(text + "\n", frozenset(w.shown), dict(w.files), w.extern)


def space_parameters(w: Writer, parameters: list[tuple[str, str, str | None]]) -> tuple[list[str], str]:
    """The parameters of the space, and what it gives to the meta."""
    own: list[str] = []
    if parameters:
        w.show("meta with parameters")
    if w.chance(0.25):
        w.show("parameter of a space")
        own.append(f"{w.fresh('spare')}{w.one('', ': int')} = {w.one('3', '1 + 2', '4')}")
    parts = []
    named = False
    for name, value, default in parameters:
        if default is not None and w.chance(0.5):
            named = True
            continue
        if own and value.isdigit() and w.chance(0.5):
            extra = w.fresh("p")
            own.append(f"{extra} = {value}")
            value = extra
        parts.append(f"{name} = {value}" if named or w.chance(0.2) else value)
        named = named or " = " in parts[-1]
    return own, f"({', '.join(parts)})" if parts or (parameters and w.chance(0.5)) else w.one("", "()")


def hole(w: Writer, parameters: list[tuple[str, str, str | None]]) -> None:
    """A parameter of the meta that is an operator."""
    if w.chance(0.25):
        w.show("hole of a meta", "operator parameter")
        w.hole = w.fresh("hole")
        parameters.append((w.hole, units.learnt(w), None if w.chance(0.6) else "relu"))
        w.block.operators.append(Known(w.hole, w.block.here, False))
    if w.chance(0.25):
        name, value = w.fresh("p"), w.rng.choice((1, 2, 4))
        parameters.append((name, str(value), str(value) if w.chance(0.5) else None))
        w.block.constants.append((name, value))


def space_text(
    rng: random.Random, outside_files: bool = False, budget: int | None = None, first: Piece | None = None
) -> SpaceText:
    """A random text with a space of small networks, all of whose architectures are right.

    ``outside_files``: it may use other files and an extern operator. ``budget``: about how many pieces. ``first``: a
    piece to begin with, where it fits.
    """
    w = begin(rng, budget or rng.choice((1, 1, 2, 3, 4, 5, 6, 8)), outside_files and rng.random() < 0.08)
    if outside_files and w.chance(0.25):
        w.block.outside = True
    parameters: list[tuple[str, str, str | None]] = []
    heads = inputs(w, parameters)
    hole(w, parameters)
    if first is not None and first.fits(w.block):
        w.tensor_of(write_piece(w, [first]))
    while w.budget > 1:
        w.tensor_of(write_piece(w))
    last = write_piece(w)
    if w.chance(0.3):
        # No name for the last one: all of the network, where nothing else is bound.
        return finish(w, heads, parameters, f"({last})")
    w.tensor_of(last)
    return finish(w, heads, parameters)


def risky_text(rng: random.Random) -> SpaceText:
    """A random text with a small space that may be wrong: in all of its architectures, in some, or in none."""
    w = begin(rng, 1, searched=False)
    parameters: list[tuple[str, str, str | None]] = []
    heads = inputs(w, parameters)
    several = [RISKS] if w.chance(0.6) else [RISKS, w.rng.choice((RISKS, PIECES))]
    w.rng.shuffle(several)
    for pieces in several:
        w.budget = 1
        w.tensor_of(write_piece(w, pieces))
    return finish(w, heads, parameters)
