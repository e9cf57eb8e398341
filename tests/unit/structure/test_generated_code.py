"""Generated code is data until the printer makes text of it: nothing else writes Python as text, or reads it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROOMS = ("compiler/ops/torch", "compiler/backends/codegen", "compiler/backends/lowering", "compiler/backends/networks")
PRINTERS = ("compiler/backends/codegen/printing.py", "compiler/backends/codegen/layout.py")
READERS = ("ast", "re", "tokenize", "inspect", "parser")
"""What code could be read with."""
READ_BY_HAND = {
    "compiler/backends/codegen/layer_text.py": "the layers that are written by hand are copied from their file",
    "compiler/backends/networks/weight_names.py": "rules for names of weights have places for numbers",
}
PROSE = {
    "compiler/backends/networks/extern_check.py": {"x = x"},
    "compiler/backends/networks/extern_measure.py": {"x = x"},
    "compiler/backends/networks/source.py": {"x = x"},
}
"""Messages, and the documentation of a generated file, which say what attributes and parameters are."""
CODE = (ast.Call, ast.Subscript, ast.Assign, ast.Return, ast.FunctionDef, ast.ClassDef, ast.BinOp, ast.Import)
FILES = {
    path.relative_to(ROOT).as_posix(): path
    for room in ROOMS
    for path in sorted((ROOT / room).glob("*.py"))
    if path.name != "layers.py" and path.relative_to(ROOT).as_posix() not in PRINTERS
}


def texts(tree: ast.AST) -> Iterator[str]:
    """The texts in a file that are neither documentation nor types, with a name for whatever is put into them."""
    others = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    others |= {id(n.args[0]) for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "cast"}
    inside = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
    for node in ast.walk(tree):
        if id(node) in others or id(node) in inside:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "x" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def is_code(text: str) -> bool:
    """Whether a text does something in Python: names and attributes alone do not."""
    try:
        tree = ast.parse(text.replace("{0}", "x").replace("{m}", "x"))
    except SyntaxError:
        return False
    compound = " " in text or "(" in text or "[" in text or "=" in text  # else `utf-8` is a difference
    return compound and any(isinstance(node, CODE) for node in ast.walk(tree))


def written(source: str) -> set[str]:
    return {text for text in texts(ast.parse(source)) if is_code(text)}


@pytest.mark.parametrize("name", FILES)
def test_nothing_but_the_printer_writes_python(name: str) -> None:
    assert written(FILES[name].read_text(encoding="utf-8")) == PROSE.get(name, set())


def test_nothing_reads_what_was_printed() -> None:
    found = set()
    for name, path in FILES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            if set(imported) & set(READERS):
                found.add(name)
    assert found == set(READ_BY_HAND)


@pytest.mark.parametrize(
    "source",
    [
        'call = f"mix({weights}, {value})"',
        'call = "{m}({0})"',
        'line = f"{name} = {value}"',
        'text = f"{weights}[{place}]"',
        'text = f"{a} + {b}"',
        'text = "return x"',
    ],
)
def test_code_as_text_is_noticed(source: str) -> None:
    assert written(source)


@pytest.mark.parametrize(
    "source", ['"""f(x)"""', 'cast("type[nn.Module]", x)', 'name = f"nn.Conv{rank}d"', 'name = f"{part}_{number}"']
)
def test_names_types_and_documentation_are_no_code(source: str) -> None:
    assert written(source) == set()
