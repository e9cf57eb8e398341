"""Every row of the table of kernels leads to a kernel, and something that is lowered calls it."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from stdsl.compiler.backends.codegen.kernel_table import KERNELS, kernel

BACKENDS = Path(__file__).parents[3] / "compiler" / "backends"
NAMED = {
    node.value
    for room in ("codegen", "lowering", "networks")
    for path in (BACKENDS / room).rglob("*.py")
    if path.name != "kernel_table.py"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}


@pytest.mark.parametrize("name", KERNELS)
def test_a_row_leads_to_a_kernel_that_is_called(name: str) -> None:
    found = getattr(import_module(KERNELS[name]), name)
    assert callable(found)
    assert found.__doc__
    assert name in NAMED


def test_what_has_no_row_is_not_called() -> None:
    with pytest.raises(ValueError, match="there is no kernel mixd"):
        kernel("mixd")
