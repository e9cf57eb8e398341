"""What holds for every command: help, usage, exit codes, start-up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from stdsl import __version__
from stdsl.cli.index import COMMANDS
from stdsl.cli.main import cli


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(stdsl: Any, name: str) -> None:
    result = stdsl(name, "--help")
    assert result.exit_code == 0
    assert f"Example:\n    stdsl {name}" in result.stdout
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    # The index repeats the first sentence, so that the list of commands needs no command.
    assert (command.help or "").startswith(COMMANDS[name])


def test_version(stdsl: Any) -> None:
    assert stdsl("--version").stdout == f"stdsl {__version__}\n"


def test_no_command_prints_the_list(stdsl: Any) -> None:
    result = stdsl()
    assert result.exit_code == 2
    assert all(name in result.stderr for name in COMMANDS)


def test_an_unknown_command_is_told_what_is_near(stdsl: Any) -> None:
    result = stdsl("cuont", "x")
    assert result.exit_code == 2
    assert "Did you mean" in result.stderr
    assert "count" in result.stderr


@pytest.mark.parametrize(
    "call",
    [
        ("count",),
        ("count", "::x"),
        ("count", "darts::darts_cifar", "-p", "c"),
        ("count", "darts::darts_cifar", "-p", "c=1", "-p", "c=2"),
        ("check", "x.space", "--format", "xml"),
        ("run",),
        ("run", "--resume", "x", "--set", "seed=1"),
        ("compile", "darts::darts_cifar", "--to", "wasm"),
        ("compile", "darts::darts_cifar", "--to", "module"),
        ("compile", "darts::darts_cifar", "--to", "ir", "--weights", "x"),
    ],
)
def test_wrong_usage_is_2(stdsl: Any, call: tuple[str, ...]) -> None:
    result = stdsl(*call)
    assert result.exit_code == 2, result.output
    assert "Error: " in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("count", "missing.space"), "missing.space cannot be found"),
        (("check", "missing.space"), "missing.space cannot be found"),
        (("fmt", "missing.space"), "missing.space cannot be found"),
        (("count", "darts"), "darts::darts_cifar, darts::darts_small"),
        (("count", "darts::darts_cifra"), "did you mean `darts::darts_cifar`?"),
        (("count", "darts::darts_cifar", "-p", "c=[16"), "-p c"),
        (("plan", "darts::nothing"), "darts::sdas_b"),
        (("show", "nowhere"), "nowhere is not a run directory"),
        (("run", "--resume", "nowhere"), "nowhere is not a run directory"),
    ],
)
def test_what_the_call_names_and_is_not_there_is_2(stdsl: Any, call: tuple[str, ...], said: str) -> None:
    result = stdsl(*call)
    assert result.exit_code == 2, result.output
    assert said in result.stdout + result.stderr


def test_mistakes_in_a_text_are_1(stdsl: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.space"
    path.write_text("stdsl 1\nspace s = nothing\n", encoding="utf-8")
    for call in (("count",), ("check",), ("info",), ("compile", "--to", "ir")):
        result = stdsl(call[0], str(path), *call[1:])
        assert result.exit_code == 1, call
        assert "nothing" in result.stdout + result.stderr


def test_an_unknown_parameter_of_a_space_lists_the_known_ones(stdsl: Any) -> None:
    result = stdsl("count", "darts::darts_cifar", "-p", "widht=3")
    assert result.exit_code in (1, 2)
    assert "widht" in result.stderr


def test_an_internal_error_asks_for_a_report(stdsl: Any, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import stdsl.cli.commands.count as module

    def fail(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(module, "count", fail)
    result = stdsl("count", f"{small}::small")
    assert result.exit_code == 3
    assert "internal error: ZeroDivisionError: on purpose" in result.stderr
    assert "please report it with the file" in result.stderr
    assert "Traceback" not in result.stderr
    file = Path(result.stderr.split("the file ")[1].strip())
    assert "Traceback" in file.read_text(encoding="utf-8")
    file.unlink()
    monkeypatch.setenv("STDSL_TRACEBACK", "1")
    assert "Traceback" in stdsl("count", f"{small}::small").stderr


def test_colour_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from stdsl.cli.output import colored

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert colored(Terminal())
    assert not colored(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colored(Terminal())


def test_a_reader_that_leaves_early_is_no_mistake() -> None:
    command = [sys.executable, "-m", "stdsl", "sample", "darts::darts_cifar", "-n", "200"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
        assert (process.wait(60), complaint) == (0, b"")


QUICKSTART = Path(__file__).parents[2] / "examples/quickstart.space"
HEAVY = {"torch", "networkx", "pydantic", "lark", "rich", "jinja2", "onnx", "sqlalchemy"}


# What is known to take milliseconds to import, and is of no use to most files and commands.
SLOW = HEAVY | {"numpy", "importlib.metadata", "importlib.resources", "zipfile", "tempfile", "hashlib", "email"}
SETTINGS = {"stdsl.compiler.schemas.search", "stdsl.compiler.schemas.data_video", "stdsl.compiler.semantics.settings"}
COUNTING = {"stdsl.compiler.analysis.architecture", "stdsl.compiler.analysis.circuits.circuit"}
ELABORATION = {
    "stdsl.compiler.semantics.elaboration.elaborate",
    "stdsl.compiler.ir.graph",
    "stdsl.compiler.ops.registry",
}


def _imported(program: Any, *call: str, of: frozenset[str] | set[str] = HEAVY) -> set[str]:
    """Those of the modules ``of`` that a call of the command line imports: by default the heavy packages."""
    code = (
        "import sys\n"
        "from stdsl.cli.main import main\n"
        f"sys.argv = ['stdsl', *{call!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        f"print(*sorted({set(of)!r} & set(sys.modules)), file=sys.stderr)\n"
    )
    done = program("-c", code)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def test_help_imports_nothing_heavy(program: Any) -> None:
    code = (
        "import sys\n"
        "from stdsl.cli.main import cli\n"
        "try:\n"
        "    cli.main(['--help'])\n"
        "finally:\n"
        f"    print(*({HEAVY!r} & set(sys.modules)), file=sys.stderr)\n"
    )
    done = program("-c", code)
    assert done.returncode == 0
    assert done.stderr.split() == []


def test_checking_the_darts_space_imports_no_tensor_library(program: Any) -> None:
    assert "torch" not in _imported(program, "check", "darts")


def test_checking_imports_what_the_file_needs_alone(program: Any, tmp_path: Path) -> None:
    cells = tmp_path / "cells.space"
    cells.write_text("stdsl 1\n\nop f(c) on x = x -> conv(c, 3x3) -> choose {relu, identity} as kind\n")
    program("-m", "stdsl", "check", str(cells))  # now the parser's tables are kept
    assert _imported(program, "fmt", "--check", str(cells), of=SLOW | SETTINGS | COUNTING | ELABORATION) == set()
    assert _imported(program, "check", str(cells), of=SLOW | SETTINGS | COUNTING) == set()


def test_checking_a_search_without_bounds_of_costs_computes_none(program: Any) -> None:
    assert _imported(program, "check", str(QUICKSTART), of=HEAVY | {"numpy"}) == {"pydantic"}


@pytest.mark.parametrize(("call", "found"), [((), "__all__"), (("--allow-extern",), "None")])
def test_plugins_of_pydantic_are_for_code_of_the_users(program: Any, call: tuple[str, ...], found: str) -> None:
    code = (
        "import os, sys\n"
        "from stdsl.cli.main import main\n"
        f"sys.argv = ['stdsl', 'check', {str(QUICKSTART)!r}, *{call!r}]\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(os.environ.get('PYDANTIC_DISABLE_PLUGINS'))\n"
    )
    done = program("-c", code)
    assert (done.returncode, done.stdout) == (0, f"{found}\n"), done.stderr


WITHOUT_TORCH = """\
import importlib.abc, sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ("torch", "onnx", "onnxruntime", "onnxscript"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

sys.meta_path.insert(0, Refuse())
from stdsl.cli.main import cli
for call in CALLS:
    try:
        cli.main(call)
    except SystemExit as end:
        assert end.code in (0, None), (call, end.code)
"""


def test_everything_up_to_analysis_works_without_torch(program: Any, small: str) -> None:
    calls = [
        ["--help"],
        ["check", small, "darts", "evanet", "fusion3d"],
        ["fmt", "--check", "--diff", small],
        ["count", f"{small}::small"],
        ["info", f"{small}::small", "--json"],
        ["info", "evanet::resnet"],
        ["sample", f"{small}::small", "-n", "2", "-o", "drawn"],
        ["info", f"{small}::small", "--arch", "drawn/small-0001.arch.json"],
        ["graph", f"{small}::small", "-o", "x.dot"],
        ["explain", "E0201"],
        ["new", "project"],
        ["compile", small, "--to", "ast"],
        ["compile", f"{small}::small", "--to", "ir"],
        ["compile", f"{small}::small", "--to", "supernet"],
        ["compile", f"{small}::small", "--to", "module", "--arch", "drawn/small-0001.arch.json"],
    ]
    done = program("-c", WITHOUT_TORCH.replace("CALLS", repr(calls)))
    assert done.returncode == 0, done.stderr


def test_a_command_that_needs_torch_says_so(program: Any) -> None:
    code = WITHOUT_TORCH.replace("CALLS", repr([["plan", "darts::sdas_b"]])).replace("(0, None)", "(2,)")
    done = program("-c", code)
    assert done.returncode == 0, done.stderr
    assert "needs the package `torch`" in done.stderr
