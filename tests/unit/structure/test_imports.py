"""The direction of imports: each folder imports only what the design lets it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx
import pytest

ROOT = Path(__file__).parents[3]

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "compiler.record": (),
    "compiler.cache_folder": (),
    "compiler.text": ("compiler.record",),
    "compiler.diagnostics": ("compiler.text",),
    "compiler.frontend": ("compiler.diagnostics", "compiler.cache_folder"),
    "compiler.ir": ("compiler.diagnostics",),
    "compiler.ops": ("compiler.ir",),
    "compiler.datafiles": ("compiler.text",),
    "compiler.schemas": ("compiler.diagnostics", "compiler.datafiles"),
    "compiler.analysis": ("compiler.ir", "compiler.ops", "compiler.cache_folder"),
    "compiler.families": ("compiler.analysis", "compiler.passes", "compiler.schemas"),
    "compiler.semantics": ("compiler.frontend", "compiler.ir", "compiler.ops", "compiler.schemas", "compiler.families"),
    "compiler.checks": ("compiler.semantics", "compiler.analysis", "compiler.schemas"),
    "compiler.passes": ("compiler.ir", "compiler.ops", "compiler.schemas"),
    "compiler.backends": ("compiler.passes", "compiler.ops", "compiler.analysis"),
    "runtime": ("compiler.backends", "compiler.checks"),
}
"""Folder → folders it may import from, and from what these may. `stdsl/` may import everything."""

DATA_ROOMS: dict[str, tuple[str, ...]] = {
    "loading": (),
    "pictures": ("loading",),
    "numbers": ("loading",),
    "own": ("loading", "numbers"),
    "facts": ("loading", "own"),
    "networks": ("loading", "own", "facts"),
}
"""Room of ``runtime/data`` → rooms it may import from beside the contract, which stands in the folder itself."""
FINDS_READERS = "registry"
"""What opens a data set by the name of its reader, and so stands before the rooms."""

TORCH_FREE = (
    "compiler.record",
    "compiler.cache_folder",
    "compiler.text",
    "compiler.diagnostics",
    "compiler.frontend",
    "compiler.ir",
    "compiler.ops",
    "compiler.datafiles",
    "compiler.schemas",
    "compiler.families",
    "compiler.semantics",
    "compiler.analysis",
    "compiler.checks",
    "compiler.passes",
)
HEAVY = {"torch", "onnx", "onnxruntime", "onnxscript", "safetensors", "numpy", "numba", "llvmlite"}

MACHINE = ROOT / "compiler/analysis/sums/pairs/machine"
"""What is imported where there is much to count, all but what says whether it is to be had."""
COLUMNS = (
    "compiler/analysis/circuits/cost_circuit.py",
    "compiler/analysis/costs/limits.py",
    "compiler/analysis/costs/listing.py",
    "compiler/analysis/costs/longest_path.py",
    "compiler/analysis/costs/of_many.py",
    "compiler/analysis/costs/sums.py",
    "compiler/analysis/costs/table.py",
    "compiler/analysis/derivation/exactly.py",
    "compiler/analysis/diagrams/lookup.py",
    "compiler/analysis/membership.py",
    "compiler/analysis/sums/bands.py",
    "compiler/analysis/sums/grids/ends.py",
    "compiler/analysis/sums/grids/rounding.py",
    "compiler/analysis/sums/grids/sizes.py",
    "compiler/analysis/sums/pairs/cuts.py",
    "compiler/analysis/sums/pairs/dominance.py",
    "compiler/analysis/sums/pairs/halving.py",
    "compiler/analysis/sums/jointly/beginnings.py",
    "compiler/analysis/sums/jointly/endings.py",
    "compiler/analysis/sums/jointly/paths.py",
    "compiler/analysis/sums/jointly/sums.py",
    "compiler/analysis/sums/jointly/weighing.py",
    "compiler/analysis/sums/jointly/weighted.py",
    "compiler/analysis/sums/pairs/margins.py",
    "compiler/analysis/sums/pairs/narrowing.py",
    "compiler/analysis/sums/nearly.py",
    "compiler/analysis/sums/optimum.py",
    "compiler/analysis/sums/passing.py",
    "compiler/analysis/sums/programme.py",
    "compiler/analysis/sums/pairs/running.py",
    "compiler/analysis/sums/pairs/strip.py",
    "compiler/analysis/sums/tables.py",
    "compiler/analysis/sums/pairs/vectors.py",
    "compiler/analysis/sums/weighed.py",
    "compiler/analysis/sums/weights.py",
    "compiler/analysis/sums/words.py",
)


def allowed(folder: str) -> set[str]:
    found = {folder}
    for other in MAY_IMPORT[folder]:
        found |= allowed(other)
    return found


def files(folder: str) -> Iterator[tuple[Path, str]]:
    """The files of a folder, or the one file of that name, with their module names."""
    place = ROOT / folder.replace(".", "/")
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
        yield path, "stdsl." + ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path: Path, module: str, at_top: bool = False) -> Iterator[tuple[str, int]]:
    """The full names of the modules that a file imports; ``at_top``: only when it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = module.split(".")[:-1]
    for node in _running(tree) if at_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            # `from . import x` imports the module x.
            names = [f"{base}.{alias.name}" for alias in node.names] if not node.module else [base]
            yield from ((name, node.lineno) for name in names)


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when a module is imported: no bodies of functions, nothing for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _running(node)


def folder_of(module: str) -> str | None:
    """The folder that a module of stdsl stands in; None for others, and for `stdsl` itself (its version)."""
    parts = module.split(".")
    if parts[0] != "stdsl" or len(parts) < 2:
        return None
    return ".".join(parts[1:3]) if parts[1] == "compiler" else parts[1]


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_go_in_one_direction(folder: str) -> None:
    found = []
    for path, module in files(folder):
        for name, line in imports(path, module):
            target = folder_of(name)
            if target is not None and target not in allowed(folder):
                found.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert found == []


def test_rooms_of_data_import_in_one_direction() -> None:
    place = "stdsl.runtime.data"
    rooms = {path.parent.name for path in (ROOT / "runtime/data").glob("*/__init__.py")}
    assert rooms == set(DATA_ROOMS)
    found = []
    for path, module in files("runtime/data"):
        room = module.removeprefix(f"{place}.").rpartition(".")[0]
        may = {room, *DATA_ROOMS.get(room, ())}
        for name, line in imports(path, module):
            if not name.startswith(f"{place}.") or module == f"{place}.{FINDS_READERS}":
                continue
            other = name.removeprefix(f"{place}.").rpartition(".")[0]
            if (other and other not in may) or name == f"{place}.{FINDS_READERS}":
                found.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert found == []


@pytest.mark.parametrize("folder", TORCH_FREE)
def test_nothing_before_the_backends_imports_torch(folder: str) -> None:
    found = []
    for path, module in files(folder):
        # The torch lowering stands beside its operation as text and classes, imported when a network is built.
        if path.is_relative_to(ROOT / "compiler/ops/torch"):
            continue
        for name, line in imports(path, module):
            # Columns of figures of many architectures: imported when they, or constraints over costs, are asked about.
            if name.split(".")[0] == "numpy" and path.relative_to(ROOT).as_posix() in COLUMNS:
                continue
            if name.split(".")[0] in {"numpy", "numba", "llvmlite"} and path.is_relative_to(MACHINE):
                continue
            if name.split(".")[0] in HEAVY:
                found.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert found == []


def test_machine_code_is_imported_where_there_is_much_to_count() -> None:
    room = "stdsl.compiler.analysis.sums.pairs.machine"
    for path, module in files("compiler"):
        asks = module == f"{room}.available"
        if path.is_relative_to(MACHINE) and not asks:
            continue
        for name, line in imports(path, module, at_top=asks):
            assert not name.startswith(room) or name.startswith(f"{room}.available"), f"{path}:{line} imports {name}"


def test_networkx_is_imported_where_it_is_needed() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, module in files("compiler")
        for name, line in imports(path, module, at_top=True)
        if name.split(".")[0] == "networkx"
    ]
    assert found == []


@pytest.mark.parametrize("folder", ["compiler", "runtime", "stdsl"])
def test_the_folders_are_never_imported_by_their_own_names(folder: str) -> None:
    found = []
    for path, module in files(folder):
        name = module.removeprefix("stdsl.") if folder == "stdsl" else module
        for target, line in imports(path, name):
            if target.split(".")[0] in ("compiler", "runtime", "grammars", "spaces"):
                found.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert found == []


def test_relative_inside_a_folder_and_absolute_across() -> None:
    found = []
    for folder in ("compiler", "runtime"):
        for path, module in files(folder):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.ImportFrom) or node.module is None:
                    continue
                inside = node.module.startswith(f"stdsl.{folder}.") and node.level == 0
                outside = node.level > len(module.split(".")) - 2
                if inside or outside:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


RECURSION = "stdsl.compiler.semantics.elaboration."
"""Elaboration calls itself as the language nests: an operator's body holds expressions, which apply operators."""


def test_no_import_circle_but_that_of_the_languages_recursion() -> None:
    modules = {module.removesuffix(".__init__"): path for folder in MAY_IMPORT for path, module in files(folder)}
    graph = networkx.DiGraph()
    for module, path in modules.items():
        inside = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for node in _outside_type_checking(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom):
                continue
            parts = inside.split(".")
            start = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                target = f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules else base
                if target in modules and target != module:
                    graph.add_edge(module, target)
    assert graph.number_of_edges() > 1000
    circles = [sorted(part) for part in networkx.strongly_connected_components(graph) if len(part) > 1]
    assert [part for part in circles if not all(module.startswith(RECURSION) for module in part)] == []


def _outside_type_checking(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _outside_type_checking(node)
