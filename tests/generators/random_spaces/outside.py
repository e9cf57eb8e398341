"""What a text takes from elsewhere: the library, other files, operators in Python."""

from __future__ import annotations

from stdsl.compiler.ir.operation import TensorShape

from . import units
from .block import Block
from .registry import piece
from .writer import Writer


def uses(w: Writer) -> list[str]:
    """The `use` lines of a text."""
    lines = []
    for module, names in sorted(w.uses.items()):
        shown = f'"{module}"' if module.endswith(".space") else module
        lines.append(f"use {shown} ({', '.join(sorted(names))}{w.one('', '', ',')})")
    return lines


def allowed(block: Block) -> bool:
    return block.outside and not block.open


def data(w: Writer) -> None:
    """Declare data of the user's, which nothing searches on; what states it is read all the same."""
    given = w.one("", "(n: int = 3)", "(root: string, step: number = 0.5)")
    inputs = w.one("inputs = {x: image(3, 8, 8)}", "inputs = {a: clip(1, 4, 8, 8), b: features(3)}")
    told = w.one("classes = 3", "numbers = 2", "labels = 5", "classes = 3  positions = (8, 8)")
    w.declare(f'extern data {w.fresh("data")}{given} from "extern_blocks:Data" {{ {inputs}  {told} }}')


def loss(w: Writer) -> None:
    """Declare a loss of the user's, which nothing trains by; what states it is read all the same."""
    given = w.one("", "(gamma: number = 2)", "(n: int, hard: bool = true)")
    tasks = w.one("", " tasks = dense ", " tasks = [classification, multi_label] ")
    w.declare(f'extern loss {w.fresh("loss")}{given} from "extern_blocks:Loss" {{{tasks}}}')


@piece(
    "extern op",
    fits=lambda b: allowed(b) and b.windowed,
    may="type of a parameter|parameter with a default|several inputs of an extern op|extern data|extern loss",
    weight=9,
)
def extern(w: Writer) -> str:
    """An operator of :mod:`extern_blocks`, with the block that states what it is."""
    name, a, b = w.fresh("blend"), w.fresh("a"), w.fresh("b")
    w.extern = True
    if w.chance(0.5):
        w.show("extern data")
        data(w)
    if w.chance(0.5):
        w.show("extern loss")
        loss(w)
    if w.chance(0.4):
        w.show("several inputs of an extern op")
        block = "params = 1  flops = 0"
        w.declare(f'extern op {name} on {a}, {b} from "extern_blocks:Blend" {{ {block} }}')
        return f"[{w.tensor()}, {w.tensor()}] -> {name}"
    w.show("type of a parameter", "parameter with a default")
    axes = {"image": ("height", "width"), "clip": ("frames", "height", "width")}[w.block.here.layout]
    shape = ", ".join(f"{a}.{axis}" for axis in axes)
    rules = w.one("channels = c", "channels = c  stride = 1", f"shape = (c, {shape})")
    positions = " * ".join(f"out.{axis}" for axis in axes)
    costs = f"params = c * {a}.channels  flops = c * {a}.channels * {positions}"
    w.declare(
        f"extern op {name}(c: int = same, inside: int = same, gain: number = 1) on {a}"
        f' from "extern_blocks:Mixed" {{ {rules}  {costs} }}'
    )
    given = w.one("", "()", f"({w.c})", "(gain = 0.5)", f"(c = {w.c}, gain = 2)")
    return f"{w.tensor()} -> {name}{given} -> {units.unit(w)}"


@piece(
    "use of a published system",
    "use from the library",
    fits=lambda b: b.here.layout in ("image", "clip") and b.opens and not b.open,
    weight=6,
)
def published(w: Writer) -> str:
    """An operator of one of the library's files on published systems, or of a backbone."""
    if w.block.here.layout == "clip" and w.block.free and w.chance(0.8):
        return backbone(w)
    if w.block.here.layout == "image":
        if w.chance(0.4):
            return f"{w.tensor()} -> {w.use('nasbench201', 'node4')}"
        return f"{w.tensor()} -> choose {w.use('nasbench201', 'edges')} as {w.fresh('kind')}"
    return f"{w.tensor()} -> choose {w.use('evanet', 'streams')}({w.c}) as {w.fresh('stream')}"


def backbone(w: Writer) -> str:
    """The first stage of a residual network on clips, narrow."""
    x, here = w.tensor(), w.block.here
    call = w.one(
        "resnet3d_18(upto = 1, width = 4)",
        "resnet3d_18(1, 2)",
        "r2plus1d_50(1, 2, (1, 1, 1, 1))",
        "resnext3d_101(upto = 1, width = 2, groups = 2, blocks = (1, 1, 1, 1))",
        "stem_3d(4)",
        "bottleneck_2plus1d(8)",
    )
    w.use("std.backbones", call.partition("(")[0])
    t, height, width = here.axes
    if call.startswith("bottleneck"):
        w.becomes(here.with_channels(8))
    else:
        c = 8 if "50" in call or "101" in call else 2 if "(1, 2)" in call else 4
        w.becomes(TensorShape("clip", (c, -(-t // 2), -(-height // 4), -(-width // 4))))
    return f"{x} -> {call}"


@piece("use from a file", fits=allowed, may="import by another name|file that uses a file", weight=12)
def from_file(w: Writer) -> str:
    """An operator of a file beside this one."""
    name, file = w.fresh("part"), f"{w.fresh('file')}.space"
    ops = [w.one(*units.ANY), units.learnt(w), f"choose {{relu, gelu}} as {w.fresh('kind')}"]
    w.rng.shuffle(ops)
    head = "stdsl 1\n"
    if w.chance(0.3):
        w.show("file that uses a file")
        inner, deeper = w.fresh("part"), f"{w.fresh('file')}.space"
        w.files[deeper] = f"stdsl 1\nop {inner} = {w.one(*units.ANY)} -> {units.learnt(w)}\n"
        head += f'use "{deeper}" ({inner})\n'
        ops[0] = inner
    w.files[file] = f"{head}op {name} = {' -> '.join(ops)}\n"
    if w.chance(0.3):
        more = w.fresh("part")
        w.files[file] += f"op {more} = {w.one(*units.ANY)}\n"
        w.uses.setdefault(file, set()).add(more)
        shown = f"{name} -> {more}"
        w.uses[file].add(name)
        return f"{w.tensor()} -> {shown}"
    shown = name
    if w.chance(0.4):
        w.show("import by another name")
        shown = w.fresh("own")
    w.uses.setdefault(file, set()).add(name if shown == name else f"{name} as {shown}")
    return f"{w.tensor()} -> {shown}"
