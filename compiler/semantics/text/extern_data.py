"""What is wrong with `extern data` as it is written, whether a search uses it or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...diagnostics.externs import BadExtern
from ...diagnostics.model import Diagnostic
from ...diagnostics.names import nearest
from ...frontend import ast
from .extern_blocks import SIZES, TYPES, problems_of_head, problems_of_name

TOLD: Final = ("classes", "labels", "numbers")
"""Keys that say what targets are; their value is how many there are, or what each is called."""
KEYS: Final = ("inputs", *TOLD, "positions", "ignore", "splits", "valid", "test", "varies")
SPLITS: Final = ("train", "valid", "val", "test")


def problems(declaration: ast.ExternDataDecl) -> Iterator[Diagnostic]:
    """A diagnostic for each mistake that can be seen without what the file's names mean."""
    from ...schemas.constructors import DATA

    name = declaration.name.id

    def bad(node: ast.Node, reason: str, advice: str) -> Diagnostic:
        return BadExtern(node.span, name, reason, advice, "data")

    yield from problems_of_name(declaration, "data", DATA)
    yield from problems_of_head(declaration, "data", "my_pkg.data:Clips", tuple(TYPES))
    seen: set[str] = set()
    for item in declaration.section.items:
        key = item.name.id if isinstance(item, ast.Section) and item.name is not None else ""
        if not isinstance(item, ast.Setting):
            advice = f"write it with `=`: `{key} = …`" if key in KEYS else f"its keys: {', '.join(KEYS)}"
            yield bad(item, "a block of extern data holds no other block", advice)
            seen.add(key)
            continue
        key = item.key.id
        if key not in KEYS:
            near = nearest(key, KEYS)
            yield BadExtern(
                item.key.span,
                name,
                f"`{key}` is nothing that data has",
                f"did you mean `{near}`?" if near else f"its keys: {', '.join(KEYS)}",
                "data",
            )
        elif key in seen:
            yield BadExtern(item.key.span, name, f"`{key}` is given twice", "remove one of them", "data")
        elif key in TOLD and not seen.isdisjoint(TOLD):
            other = next(word for word in TOLD if word in seen)
            advice = "targets are classes, labels or numbers: remove one of them"
            yield BadExtern(item.key.span, name, f"both `{other}` and `{key}`", advice, "data")
        elif key == "inputs":
            yield from _problems_of_inputs(item.value, name)
        elif key == "splits" and not _names_splits(item.value):
            words = ", ".join(f'"{split}"' for split in SPLITS)
            advice = f'a list of {words}, "train" among them: `splits = ["train", "test"]`'
            yield bad(item.value, "`splits` names no splits", advice)
        seen.add(key)
    if "ignore" in seen and ("positions" not in seen or not seen.isdisjoint(("labels", "numbers"))):
        item = next(i for i in declaration.section.items if isinstance(i, ast.Setting) and i.key.id == "ignore")
        advice = "state the grid with `positions = (H, W)`; samples without a class are left out by the class itself"
        yield BadExtern(item.key.span, name, "`ignore` is about classes at positions", advice, "data")
    if "inputs" not in seen:
        advice = "state what a sample holds: `inputs = image(3, 32, 32)`"
        yield BadExtern(declaration.name.span, name, "its block has no `inputs`", advice, "data")


def inputs_in(value: ast.Expr) -> tuple[tuple[str, ast.Call], ...]:
    """The inputs that a right block names, with the call that says what each is. A single one without a name has that
    of its kind: `clip(3, 16, 112, 112)` is `clip`."""
    if isinstance(value, ast.Set):
        named = ((item.name, item.value) for item in value.items)
        return tuple((name.id, call) for name, call in named if name is not None and isinstance(call, ast.Call))
    assert isinstance(value, ast.Call)
    return ((value.callee.span.text, value),)


def _problems_of_inputs(value: ast.Expr, name: str) -> Iterator[Diagnostic]:
    if not isinstance(value, ast.Set):
        yield from _problems_of_shape(value, name)
        return
    seen: set[str] = set()
    for item in value.items:
        if item.name is None:
            advice = "name each: `inputs = {rgb: clip(3, 16, 112, 112), flow: clip(2, 16, 112, 112)}`"
            yield BadExtern(item.span, name, "an input among several has no name", advice, "data")
        elif item.name.id in seen:
            yield BadExtern(item.span, name, f"two inputs are called `{item.name.id}`", "rename one of them", "data")
        else:
            seen.add(item.name.id)
        yield from _problems_of_shape(item.value, name)


def _problems_of_shape(value: ast.Expr, name: str) -> Iterator[Diagnostic]:
    callee = value.callee if isinstance(value, ast.Call) else None
    layout = callee.id if isinstance(callee, ast.Name) else ""
    if not isinstance(value, ast.Call) or layout not in SIZES:
        words = ", ".join(f"`{word}{sizes.replace(',)', ')')}`" for word, sizes in SIZES.items())
        reason = f"`{value.span.text}` says of no input what it is"
        yield BadExtern(value.span, name, reason, f"there are {words}", "data")
        return
    wanted = SIZES[layout].replace(",)", ")")
    if any(a.name for a in value.arguments) or len(value.arguments) != wanted.count(",") + 1:
        yield BadExtern(value.span, name, f"`{layout}` has the sizes {wanted}", f"write `{layout}{wanted}`", "data")


def _names_splits(value: ast.Expr) -> bool:
    items = value.items if isinstance(value, ast.List) else ()
    words = [item.value for item in items if isinstance(item, ast.Literal_)]
    whole = len(words) == len(items) == len(set(words)) and all(word in SPLITS for word in words)
    return whole and "train" in words and not {"val", "valid"} <= set(words)
