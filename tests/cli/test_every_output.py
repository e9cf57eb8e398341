"""What every output of `stdsl compile --to` and `stdsl graph -o` must keep. A new one needs a line in `READ`."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import xml.etree.ElementTree
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from drawn import check_mermaid, check_page, untouched
from hostile import OUTSIDE, STRINGS, TEXTS_SPACE, space_string

from stdsl.cli.commands.graph import FORMATS
from stdsl.cli.outputs import OPTIONS, OUTPUTS

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
NAMES = [*OUTPUTS, *FORMATS]
SPACE = """stdsl 1
meta net(c = 4) on image: image(3, 8, 8) {
  y = image -> conv(c, 3x3) -> choose {skip: identity, conv: conv(same, 3x3), import: bn, __init__: relu} as kind
  return y -> global_avg_pool -> linear(3)
}
space small = net
space fixed = plain
meta plain on image: image(3, 8, 8) = image -> conv(4, 3x3) -> global_avg_pool -> linear(3)
meta unlike on image: image(3, 8, 8) {
  return image -> choose {few: conv(2, 3), many: conv(4, 3)} as width -> global_avg_pool -> linear(3)
}
space widths = unlike
"""
HOSTILE = "".join(STRINGS[:4]) + STRINGS[14] + STRINGS[16] + '\x1b[2J"""'


def python(content: bytes) -> None:
    tree = ast.parse(content)
    compile(tree, "<generated>", "exec")
    statements = (ast.Expr, ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.Assign, ast.If)
    assert all(isinstance(node, statements) for node in tree.body)


def plain(content: bytes) -> None:
    """Text that a terminal shows as it is."""
    assert all(char.isprintable() or char == "\n" for char in content.decode())


def onnx(content: bytes) -> None:
    import onnx

    onnx.checker.check_model(onnx.load_from_string(content))


def svg(content: bytes) -> None:
    xml.etree.ElementTree.fromstring(content.decode())
    check_page(content.decode())


def png(content: bytes) -> None:
    assert content.startswith(b"\x89PNG")


READ: Mapping[str, Callable[[bytes], None]] = {
    "supernet": python,
    "module": python,
    "onnx": onnx,
    "ir": plain,
    "ast": plain,
    ".svg": svg,
    ".html": lambda content: check_page(content.decode()),
    ".png": png,
    ".dot": plain,
    ".mmd": lambda content: check_mermaid(content.decode()),
}
"""How it is seen that a file is what it should be, and holds nothing that a text has smuggled in."""


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    assert request.param in READ, f"`{request.param}` has no line in `READ`"
    return str(request.param)


QUICK = [pytest.param(name, marks=pytest.mark.slow if name == "onnx" else ()) for name in NAMES]
"""An export takes seconds. What one writes and holds is looked at in `test_cli_compile.py` and
`test_texts_stay_texts.py`, too."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder."""
    (tmp_path / "s.space").write_text(SPACE, encoding="utf-8")
    (tmp_path / "hostile_outside.py").write_text(OUTSIDE.format(name="Passing"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    sys.modules.pop("hostile_outside", None)


def call(name: str, space: str, output: Path | None = None, arch: str | None = None) -> list[str]:
    """The arguments that write it."""
    words = ["graph", space] if name in FORMATS else ["compile", space, "--to", name]
    words += ["-o", str(output)] if output is not None else []
    return [*words, "--arch", arch] if arch is not None and name in ("module", "onnx") else words


def file_of(name: str, stem: str) -> Path:
    return Path(f"{stem}{name if name in FORMATS else '.out'}")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def arch(stdsl: Any, folder: Path) -> str:
    assert stdsl("sample", "s.space::small", "-o", "arch").exit_code == 0
    return "arch/small-0001.arch.json"


@pytest.mark.parametrize("name", QUICK, indirect=True)
def test_it_writes_its_file_and_no_other_and_the_same_each_time(stdsl: Any, folder: Path, arch: str, name: str) -> None:
    before = files(folder)
    first, second = file_of(name, "new/first"), file_of(name, "second")
    for path in (first, second):
        done = stdsl(*call(name, "s.space::small", path, arch))
        assert (done.exit_code, done.stdout) == (0, ""), done.stderr
        assert str(path) in done.stderr
    assert files(folder) - before == {first.as_posix(), second.as_posix()}
    assert first.read_bytes() == second.read_bytes()
    READ[name](first.read_bytes())


ELSEWHERE = (".svg", ".html", ".png", "onnx")
"""Laid out and exported by programs of others, in seconds; the same each time in one process."""


def test_texts_are_the_same_in_another_process(folder: Path, arch: str) -> None:
    """Whatever the order of sets is there."""
    found = []
    for seed in ("1", "2"):
        texts = {name: file_of(name, f"{seed}/{name.strip('.')}") for name in NAMES if name not in ELSEWHERE}
        calls = [call(name, "s.space::small", path, arch) for name, path in texts.items()]
        code = f"from stdsl.cli.main import cli\nfor call in {calls!r}:\n    cli(call, standalone_mode=False)"
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
        found.append({name: path.read_bytes() for name, path in texts.items()})
    assert found[0] == found[1]


@pytest.mark.parametrize("name", QUICK, indirect=True)
def test_names_and_strings_of_a_file_stay_texts(stdsl: Any, folder: Path, name: str) -> None:
    Path("h.space").write_text(TEXTS_SPACE.format(space_string(HOSTILE)), encoding="utf-8")
    assert stdsl("sample", "h.space::s", "-o", "arch").exit_code == 0
    words = call(name, "h.space::s", file_of(name, "hostile"), "arch/s-0001.arch.json")
    words += ["--allow-extern"] if words[0] == "compile" else []
    done = stdsl(*words)
    assert done.exit_code == 0, done.stderr
    READ[name](file_of(name, "hostile").read_bytes())
    untouched(folder)


def test_the_help_and_the_page_tell_of_it(stdsl: Any, name: str) -> None:
    said = " ".join(stdsl("graph" if name in FORMATS else "compile", "--help").stdout.split())
    if name in FORMATS:
        assert name in said
        assert f"`{name}`" in PAGE[PAGE.index("### `stdsl graph") : PAGE.index("### `stdsl explain")]
    else:
        assert f"{name}: {OUTPUTS[name].about}." in said
        assert re.search(rf"^\| `{name}` \| .+ \|$", PAGE, re.MULTILINE)


WRONG = {
    "ast": ("s.space", SPACE + "meta ((", "E01"),
    "supernet": ("s.space::widths", SPACE, "E0801"),
}
"""What it cannot show; of the others it is a space that is wrong."""


def test_what_it_cannot_show_is_told_and_nothing_is_written(stdsl: Any, folder: Path, name: str) -> None:
    wrong = SPACE.replace("linear(3)", "linear(0)")
    space, text, code = WRONG.get(name, ("s.space::fixed", wrong, "E0215"))
    Path("s.space").write_text(text, encoding="utf-8")
    before = files(folder)
    done = stdsl(*call(name, space, file_of(name, "out/x")))
    assert done.exit_code == 1
    assert f"error[{code}" in done.stderr
    assert files(folder) == before


def test_what_is_of_one_architecture_asks_for_it(stdsl: Any, folder: Path, name: str) -> None:
    if name in OUTPUTS and "--arch" in OUTPUTS[name].takes:
        done = stdsl(*call(name, "s.space::small", file_of(name, "x")))
        assert done.exit_code == 2
        assert "name an architecture with --arch" in " ".join(done.stderr.split())


GIVEN = {
    "--arch": ["--arch", "a.json"],
    "--weights": ["--weights", "w.safetensors"],
    "--passes, --print-after and --explain": ["--print-after", "all"],
    "--paths": ["--paths"],
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("to", OUTPUTS)
def test_an_option_that_does_not_go_with_it_is_refused(stdsl: Any, folder: Path, to: str, option: str) -> None:
    if option not in OUTPUTS[to].takes:
        done = stdsl("compile", "s.space::small", "--to", to, *GIVEN[option])
        assert done.exit_code == 2
        assert f"cannot go with --to {to}" in " ".join(done.stderr.split())
