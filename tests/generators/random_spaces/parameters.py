"""Parameters of ops and cells, and what a call gives them."""

from __future__ import annotations

from typing import TypeVar

from . import decided, numbers, operators, units
from .block import Block, Known, Number
from .writer import Writer

T = TypeVar("T")


class Parameters:
    """The parameters of what is being declared, and what a call gives them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.given: list[tuple[str, str | None]] = []
        self.prelude: list[str] = []
        self.decides = False

    def add(self, name: str, argument: str, default: str | None = None, given: bool = True, type: str = "") -> None:
        shown = f"{name}: {type}" if type else name
        self.texts.append(shown if default is None else f"{shown} = {default}")
        self.given.append((name, argument if given or default is None else None))

    def declared(self, w: Writer) -> str:
        return f"({', '.join(self.texts)}{w.comma()})" if self.texts else w.one(*[""] * 9, "()")

    def call(self, w: Writer) -> str:
        left_out = [i for i, (_, value) in enumerate(self.given) if value is None]
        named = left_out[0] if left_out else len(self.given) - (w.rng.randrange(3) if w.chance(0.4) else 0)
        parts = []
        for i, (name, value) in enumerate(self.given):
            if value is not None:
                parts.append(f"{name} = {value}" if i >= named else value)
        if any(" = " in part for part in parts):
            w.show("named arguments")
        return f"({', '.join(parts)}{w.comma() if parts else ''})"


def parameters(w: Writer, outer: Block, many: int, tied: bool) -> Parameters:
    """Random parameters of the body that has just begun; what calls give is seen from ``outer``."""
    made = Parameters()
    block = w.block
    if block.open:
        w.show("channels as a parameter")
        made.add(block.channels, "{c}", type=w.one("", "", "int"))
    for _ in range(many):
        name = w.fresh("p")
        match w.rng.randrange(13):
            case 0 | 1:
                w.show("number as a parameter")
                value = w.rng.choice((1, 2, 3))
                block.constants.append((name, value))
                if w.chance(0.5):
                    w.show("parameter with a default")
                    made.add(name, str(value), str(value), given=w.chance(0.4), type=w.one("", "int"))
                else:
                    made.add(name, in_outer(w, outer, lambda value=value: numbers.exactly(w, value, 1)))
            case 2 | 3:
                passed = in_outer(w, outer, lambda: passed_number(w))
                if passed is None:
                    continue
                w.show("decided number as a parameter")
                block.numbers.append(Number(name, passed.values))
                made.add(name, passed.name)
            case 4 | 5:
                w.show("operator parameter")
                # One body for tensors of several widths takes no operator that was written for one.
                alone = block.open and not outer.open
                if alone:
                    value, anew = w.one(*units.ANY), False
                else:
                    value, anew = in_outer(w, outer, lambda: passed_operator(w, tied))
                block.operators.append(Known(name, block.here, anew))
                default = w.one("relu", "identity")
                if w.chance(0.3):
                    w.show("parameter with a default")
                    made.add(name, value, default)
                else:
                    made.add(name, value)
            case 6:
                w.show("set as a parameter")
                alone = block.open and not outer.open
                made_of = [w.one(*units.ANY) if alone else in_outer(w, outer, lambda: units.unit(w)) for _ in "mn"]
                text = ", ".join(f"{name}: {op}" for name, op in zip("mn", made_of, strict=True))
                block.sets.append((name, block.here))
                made.add(name, f"{{{text}}}")
            case 7 if not tied:
                w.show("default that decides", "parameter with a default")
                made.decides = True
                block.operators.append(Known(name, block.here, False))
                made.add(name, "relu", f"choose {{relu, gelu, tanh}}{w.label('kind', 'other', (), 1)}", given=False)
            case 8:
                w.show("default that reads a parameter", "parameter with a default")
                if not block.constants:
                    block.constants.append((w.fresh("p"), 2))
                    made.add(block.constants[0][0], "2", "2", given=w.chance(0.3))
                before, value = block.constants[0]
                block.constants.append((name, value + 1))
                made.add(name, str(value + 1), f"{before} + 1", given=w.chance(0.3))
            case _:
                flag(w, made, name)
    return made


def flag(w: Writer, made: Parameters, name: str) -> None:
    """A parameter that a first statement of the body uses up."""
    block = w.block
    windowed = block.windowed
    kind = w.one("truth value", "string", "tuple") if windowed else "truth value"
    w.show(f"{kind} as a parameter")
    y = w.fresh("u")
    source = block.tensors[-1][0]
    if kind == "truth value":
        made.add(name, w.one("true", "false"), w.one("false", "true"), given=w.chance(0.5), type=w.one("", "bool"))
        go = "pointwise" if windowed else "linear"
        block.lines.append(f"{y} = {source} -> {go}({w.c}, bias = {name})")
    elif kind == "string":
        made.add(name, '"same"', '"same"', given=w.chance(0.5), type=w.one("", "string"))
        block.lines.append(f"{y} = {source} -> avg_pool(3, pad = {name})")
    else:
        window = {"image": "1x3", "clip": "1x3x3"}[block.here.layout]
        made.add(name, window, type=w.one("", "tuple"))
        items = ", ".join(f"{name}[{i + 1}]" for i in range(len(block.here.axes)))
        block.lines.append(f"{y} = {source} -> depthwise({name}) -> conv({w.c}, ({items}))")
    block.tensors.append((y, block.here))


def in_outer(w: Writer, outer: Block, make):
    """What ``make`` gives, written in the body outside."""
    inner, w.block = w.block, outer
    try:
        return make()
    finally:
        w.block = inner


def passed_number(w: Writer) -> Number | None:
    """A decided number that a call hands in."""
    if w.block.depth and w.block.numbers:
        w.show("parameter passed on")
    if not w.block.numbers and w.block.depth < 2 and w.chance(0.6):
        decided.decided(w)
    return w.rng.choice(w.block.numbers) if w.block.numbers else None


def passed_operator(w: Writer, tied: bool) -> tuple[str, bool]:
    """An operator that a call hands in, and whether each application of it decides anew. What is ``tied`` decides once
    for all calls, and takes none that each of them writes anew."""

    def fits(known: Known) -> bool:
        return known.shape == w.block.here and not (tied and known.anew)

    fitting = [k for k in w.block.operators if fits(k)]
    if fitting and w.chance(0.7):
        chosen = w.rng.choice(fitting)
        if w.block.depth:
            w.show("operator passed on")
        return chosen.text, chosen.anew
    if w.templates and not w.block.open and w.chance(0.5):
        fitting = [k for k in w.templates if fits(k)]
        if fitting:
            chosen = w.rng.choice(fitting)
            return chosen.text, chosen.anew
    if w.chance(0.3) and not w.block.open:
        name = w.fresh("f")
        w.line(f"{name} = {operators.choice(w)}")
        w.block.operators.append(Known(name, w.block.here, False))
        return name, False
    return units.unit(w), False


def parameters_of_pipeline(w: Writer, outer: Block) -> Parameters:
    made = Parameters()
    if w.block.open:
        w.show("channels as a parameter")
        made.add(w.block.channels, "{c}")
    if w.chance(0.3):
        w.show("operator parameter", "parameter with a default")
        name = w.fresh("p")
        w.block.operators.append(Known(name, w.block.here, False))
        made.add(name, in_outer(w, outer, lambda: units.unit(w)), "relu", given=w.chance(0.5))
    if w.chance(0.3):
        w.show("number as a parameter", "parameter with a default")
        name, value = w.fresh("p"), w.rng.choice((1, 2))
        w.block.constants.append((name, value))
        made.add(name, str(value), str(value), given=w.chance(0.5))
    return made
