"""The library's files parse, and declare what the documents promise."""

from __future__ import annotations

from pathlib import Path

import pytest

import stdsl
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast
from stdsl.compiler.frontend.parser import parse
from stdsl.compiler.ops.registry import PRIMITIVES

SPACES = Path(stdsl.__file__).parent / "spaces"
FILES = sorted(SPACES.rglob("*.space"))


def read(path: Path) -> ast.File:
    sink = Sink()
    file = parse(Source(path.name, path.read_text(encoding="utf-8"), path), sink)
    assert sink.diagnostics == ()
    return file


def declared(name: str) -> dict[str, ast.Declaration]:
    return {d.name.id: d for d in read(SPACES / "std" / f"{name}.space").declarations}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_file_of_the_library_parses(path: Path) -> None:
    assert read(path).edition == 1


def test_the_prelude_is_tiny_and_hides_no_primitive() -> None:
    names = set(declared("prelude"))
    assert names == {"skip", "factorised"}
    assert not names & set(PRIMITIVES)


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("image", ["relu_conv_bn", "factorized_reduce", "sep_conv", "dil_conv", "o2d"]),
        ("video", ["sep3d", "dil3d", "conv2plus1d", "itgm", "flattened", "separable3d", "o2d", "o3d", "o_adv"]),
    ],
)
def test_modules_declare_what_is_imported_from_them(module: str, names: list[str]) -> None:
    found = declared(module)
    assert set(names) <= set(found)
    assert not set(found) & set(PRIMITIVES)


@pytest.mark.parametrize(
    ("module", "name", "alternatives"),
    [
        ("image", "o2d", "skip max_pool avg_pool sep3 sep5 dil3 dil5"),
        ("video", "o2d", "skip max133 avg133 sep133 sep155 dil133 dil155"),
        ("video", "o3d", "skip max133 max333 sep133 sep155 dil133 sep333 sep355 dil333"),
        ("video", "o_adv", "skip max133 max333 sep133 sep155 sep333 sep355 scale bias"),
    ],
)
def test_sets_of_operations(module: str, name: str, alternatives: str) -> None:
    ops = declared(module)[name]
    assert isinstance(ops, ast.OpsDecl)
    assert isinstance(ops.value, ast.Set)
    assert [a.name.id for a in ops.value.items if a.name] == alternatives.split()
    assert len(ops.value.items) == len(alternatives.split())
