"""What is wrong with an `extern op` as it is written, whether a space applies it or not."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from ...diagnostics.externs import BadExtern
from ...diagnostics.model import Diagnostic
from ...diagnostics.names import UndefinedName, nearest
from ...frontend import ast
from ...frontend.walk import expressions
from ...ir.operation import ParameterKind
from ..builtins import BUILTIN_NAMES
from ..modules import Module

KEYS: Final = ("channels", "stride", "shape", "layout", "params", "flops", "activations", "depth")
OUTPUT: Final = "out"
"""The name of the output in the rules of costs."""
TYPES: Final[dict[str, tuple[ParameterKind, tuple[type, ...], str]]] = {
    "int": ("int", (int,), "a whole number"),
    "number": ("number", (int, float), "a number"),
    "bool": ("bool", (bool,), "`true` or `false`"),
    "string": ("string", (str,), "a string"),
    "tuple": ("axes", (tuple,), "a tuple"),
    "path": ("string", (str,), "a string"),
}
"""What parameters may be: a kind of an operator's parameter, the types of its values, and words for these. `path` is
for data alone: a text that starts from the folder of the file that is run."""
PLAIN: Final = tuple(name for name in TYPES if name != "path")
SIZES: Final[dict[str, str]] = {
    "image": "(C, H, W)",
    "clip": "(C, T, H, W)",
    "tokens": "(N, C)",
    "features": "(C,)",
}
_TARGET: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_UNUSABLE: Final = frozenset((*keyword.kwlist, "__debug__"))
"""No names in Python."""
_DECISIONS: Final = (ast.Choose, ast.Keep, ast.Maybe, ast.Repeat, ast.Each, ast.Frozen, ast.Pipe, ast.Set)


def problems(declaration: ast.ExternDecl) -> Iterator[Diagnostic]:
    """A diagnostic for each mistake that can be seen without what the file's names mean."""
    name = declaration.name.id
    yield from problems_of_head(declaration, "op", "my_pkg.ops:Correlation", PLAIN)
    for entry in declaration.inputs:
        if entry.variadic:
            advice = "name each of its inputs: `on a, b`"
            yield BadExtern(entry.span, name, "an extern op takes a fixed number of inputs", advice)
        if entry.type is not None:
            yield BadExtern(
                entry.type.span, name, "inputs have no types here", "leave the type out: any tensor may enter"
            )
    yield from _problems_of_block(declaration)


def problems_of_head(
    declaration: ast.ExternDecl | ast.ExternSettingDecl, what: str, example: str, types: Sequence[str]
) -> Iterator[Diagnostic]:
    """What is wrong with the class and the parameters of something extern, an ``what``: `op`."""
    name = declaration.name.id
    if not _TARGET.fullmatch(declaration.target):
        reason = f'"{declaration.target}" names no class'
        yield BadExtern(declaration.target_span, name, reason, f'write `"module:Class"`, such as "{example}"', what)
    elif not _UNUSABLE.isdisjoint(re.split(r"[.:]", declaration.target)):
        reason = f'"{declaration.target}" names no class: it has a keyword of Python in it'
        yield BadExtern(declaration.target_span, name, reason, "give the module or the class another name", what)
    for parameter in declaration.parameters:
        if parameter.type is not None and type_of(parameter) not in types:
            reason = f"`{parameter.type.span.text}` is no type of a parameter"
            advice = f"a parameter is {', '.join(f'`{t}`' for t in types)}, or has no type"
            yield BadExtern(parameter.type.span, name, reason, advice, what)
        if parameter.name.id in _UNUSABLE | {"self"}:
            reason = f"`{parameter.name.id}` cannot be a parameter of a Python class"
            yield BadExtern(parameter.name.span, name, reason, "give it another name", what)


def problems_of_name(declaration: ast.ExternSettingDecl, what: str, known: Collection[str]) -> Iterator[Diagnostic]:
    """That settings know something by its name already, and one name would mean two things. ``what``: `loss`."""
    name = declaration.name.id
    if name in known:
        word = "a data set" if what == "data" else f"a {what}"
        reason, advice = (
            f"there is {word} of that name in the language",
            "give it another name: one name means one thing",
        )
        yield BadExtern(declaration.name.span, name, reason, advice, what)


def _problems_of_block(declaration: ast.ExternDecl) -> Iterator[Diagnostic]:
    name = declaration.name.id
    seen: dict[str, ast.Setting] = {}
    for item in declaration.section.items:
        if isinstance(item, ast.Section):
            yield BadExtern(
                item.span, name, "a block of an extern op holds no other block", f"its keys: {', '.join(KEYS)}"
            )
            continue
        key = item.key.id
        if key not in KEYS:
            near = nearest(key, KEYS)
            advice = f"did you mean `{near}`?" if near else f"its keys: {', '.join(KEYS)}"
            yield BadExtern(item.key.span, name, f"`{key}` is no rule", advice)
        elif key in seen:
            yield BadExtern(item.key.span, name, f"`{key}` is given twice", "remove one of them")
        seen.setdefault(key, item)
        odd = next((e for e in expressions(item.value) if isinstance(e, _DECISIONS)), None)
        if odd is not None:
            yield BadExtern(odd.span, name, f"`{key}` is no plain number", "a rule is arithmetic, it decides nothing")
    for key in ("channels", "stride"):
        if key in seen and "shape" in seen:
            yield BadExtern(seen[key].key.span, name, f"both `shape` and `{key}`", "`shape` gives all dimensions")
    if "layout" in seen:
        value = seen["layout"].value
        layout = value.value if isinstance(value, ast.Literal_) else None
        if not isinstance(layout, str) or layout not in SIZES:
            words = ", ".join(f'"{word}"' for word in SIZES)
            yield BadExtern(value.span, name, f"`{value.span.text}` is no layout", f"a layout is one of {words}")
        elif "shape" not in seen:
            yield BadExtern(seen["layout"].key.span, name, "`layout` without `shape`", f"add `shape = {SIZES[layout]}`")


def undefined_names(declaration: ast.ExternDecl, module: Module) -> Iterator[Diagnostic]:
    """Names in rules that mean nothing. Where the names of the text are checked, they have been reported."""
    own = (*(p.name.id for p in declaration.parameters), *(i.name.id for i in declaration.inputs), OUTPUT)
    for item in declaration.section.items:
        for expr in expressions(item.value) if isinstance(item, ast.Setting) else ():
            if not isinstance(expr, ast.Name) or expr.id in (*own, *module.import_spans, *BUILTIN_NAMES):
                continue
            if module.lookup(expr.id) is None:
                yield UndefinedName(expr.span, expr.id, (*own, *module.names(), *BUILTIN_NAMES))


def of_type(value: object, types: tuple[type, ...]) -> bool:
    """Whether a value is of one of the types; `true` is no number."""
    return isinstance(value, types) and (not isinstance(value, bool) or bool in types)


def type_of(parameter: ast.Parameter) -> str | None:
    return parameter.type.id if isinstance(parameter.type, ast.Name) else None
