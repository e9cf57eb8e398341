"""What a file says in strings, comments and odd characters never becomes code, markup or a command to a terminal."""

from __future__ import annotations

import ast
import json
import re
import sys
import xml.etree.ElementTree
from collections.abc import Iterator
from pathlib import Path

import click.testing
import onnx
import pytest
from drawn import check_mermaid, check_page, untouched
from hostile import MISTAKES, OUTSIDE, STRINGS, TEXTS_SPACE, space_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stdsl
from stdsl.cli.main import cli
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.render import Format, render
from stdsl.compiler.diagnostics.source import Source

FORMATS: tuple[Format, ...] = ("full", "concise", "json", "github")
FEW = settings(max_examples=8, suppress_health_check=list(HealthCheck))
texts = st.one_of(st.sampled_from(STRINGS), st.lists(st.sampled_from(STRINGS), max_size=3).map("".join), st.text())
on_paper = texts.filter(lambda text: text != "plain" and not any("\ud800" <= c <= "\udfff" or c == "\r" for c in text))
"""Texts that a file can hold, and that are none of its own."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder, with the code of the extern operators in it; nothing else appears in it."""
    place = tmp_path_factory.mktemp("texts")
    (place / "hostile_outside.py").write_text(OUTSIDE.format(name="Passing"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.syspath_prepend(str(place))
        yield place
        sys.modules.pop("hostile_outside", None)


def printed(text: str) -> None:
    """Output that a terminal shows as it is."""
    odd = {c for c in text if not c.isprintable() and c != "\n"}
    assert not odd, (odd, text)
    text.encode()


def called(*arguments: str, fails: bool = False) -> str:
    """What a command prints, to either stream. ``fails``: there may be diagnostics, but no more."""
    result = click.testing.CliRunner().invoke(cli, arguments, prog_name="stdsl")
    printed(result.output)
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert result.exit_code in ((0, 1, 2) if fails else (0,)), result.output
    return result.output


def everything(folder: Path, text: str) -> None:
    """A space with ``text`` in it through all commands."""
    file = folder / "texts.space"
    file.write_text(TEXTS_SPACE.format(space_string(text)), encoding="utf-8")
    assert "error" not in called("check", str(file))
    space = f"{file}::s"
    for format in FORMATS:
        called("check", "--format", format, str(file))
    called("info", space)
    json.loads(called("info", "--json", space))
    called("count", space)
    called("sample", space)
    check_mermaid(called("graph", space))
    called("compile", "--to", "ir", space)
    called("compile", "--to", "ast", space)
    for to in ("supernet", "module"):
        called("compile", "--to", to, space, fails=True)  # not allowed without leave
    called("sample", space, "-o", str(folder / "arch"))
    arch = next((folder / "arch").iterdir())
    for to, more in (("supernet", ()), ("supernet", ("--paths",)), ("module", ("--arch", str(arch)))):
        source = called("compile", "--allow-extern", "--to", to, space, *more)
        assert {type(node) for node in ast.parse(source).body} <= {
            ast.Expr,
            ast.Import,
            ast.ImportFrom,
            ast.ClassDef,
            ast.FunctionDef,
            ast.Assign,
            ast.If,
        }
        compile(source, "<generated>", "exec")
    for suffix in ("svg", "html", "dot"):
        called("graph", space, "-o", str(folder / f"drawing.{suffix}"))
        called("graph", space, "--arch", str(arch), "-o", str(folder / f"network.{suffix}"))
        for stem in ("drawing", "network"):
            written = (folder / f"{stem}.{suffix}").read_text(encoding="utf-8")
            if suffix == "svg":
                xml.etree.ElementTree.fromstring(written)
            if suffix != "dot":
                check_page(written)
            else:
                printed(written)
    network = stdsl.load(file, "s", allow_extern=True)
    stdsl.compile(network)
    stdsl.compile(network, network.load_architecture(arch))
    untouched(folder)


@FEW
@given(on_paper)
def test_strings_in_all_places(folder: Path, text: str) -> None:
    everything(folder, text)


@pytest.mark.slow
@pytest.mark.parametrize("text", STRINGS)
def test_each_hostile_string(folder: Path, text: str) -> None:
    everything(folder, text.replace("\r", ""))


@settings(FEW, max_examples=100)
@given(st.sampled_from(MISTAKES), texts)
def test_messages(folder: Path, mistake: str, text: str) -> None:
    """About strings that are wrong where they stand; lone surrogates can come from Python alone."""
    written = "stdsl 1\n" + mistake.format(space_string(text)) + "\n"
    found = check_text(Source("a.space", written))
    for format in FORMATS:
        output = render(found, format, color=False)
        printed(output)
        assert format == "json" or len(output.splitlines()) == output.count("\n")
        if format == "json":
            assert len(json.loads(output)) == len(found)
        elif format == "github":
            assert all(re.match("::(error|warning) ", line) for line in output.splitlines())
            assert output.count("\n") == len(found)
        elif format == "concise":
            assert output.count("\n") == len(found)
        else:
            heads = [line for line in output.splitlines() if re.match(r"(error|warning)(\[|:)", line)]
            assert len(heads) == len(found)
    try:
        stdsl.loads(written)
    except stdsl.SpaceError as error:
        printed(str(error))
    untouched(folder)


@settings(FEW, max_examples=100)
@given(texts, st.integers(0, 1_000_000))
def test_odd_characters_anywhere(folder: Path, text: str, place: int) -> None:
    whole = TEXTS_SPACE.format('"a"')
    place %= len(whole)
    found = check_text(Source(f"a{text}.space", whole[:place] + text + whole[place:]))
    for format in FORMATS:
        printed(render(found, format, color=False))
    untouched(folder)


WORDS = ("\x1b[2J\x07\x9b", "a\nerror: b", "\udcff", "[bold]")
CALLS = (
    "{0}",
    "--{0}",
    "explain {0}",
    "check {0}",
    "check --format {0} darts",
    "info {0}",
    "info darts::{0}",
    "count darts -p {0}",
    "count darts -p {0}=1",
    "count darts -p c={0}",
    "info darts::darts_cifar --arch {0}",
    "graph darts::darts_cifar -o {0}",
    "graph darts::darts_cifar -o no/{0}.dot",
    "sample darts::darts_cifar --witness {0}",
    "sample darts::darts_cifar -o {0}",
    "compile darts::darts_cifar --to {0}",
    "compile darts::darts_cifar --to onnx --weights {0}",
    "compile darts::darts_cifar --to supernet --passes {0}",
    "plan {0}",
    "plan darts --set {0}",
    "plan darts --set {0}=1",
    "plan darts --set seed={0}",
    "run darts::{0}",
    "run --resume {0}",
    "run darts --engine {0}",
    "show {0}",
    "new {0}/{0}",
    "fmt {0}",
)


@pytest.mark.parametrize("call", CALLS)
def test_words_of_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no").write_text("no folder")
    for word in WORDS:
        called(*(part.format(word) for part in call.split(" ")), fails=True)


@pytest.mark.slow
@pytest.mark.parametrize("text", STRINGS)
def test_files_of_networks(folder: Path, text: str) -> None:
    file = folder / "exported.space"
    file.write_text(TEXTS_SPACE.format(space_string(text.replace("\r", ""))), encoding="utf-8")
    space = stdsl.load(file, "s", allow_extern=True)
    model = stdsl.compile(space, space.sample(0), seed=0)
    stdsl.export_onnx(model, folder / "exported.onnx", metadata={text: text, "list": [text]})
    proto = onnx.load(folder / "exported.onnx")
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    assert json.loads(facts["parameters"])["note"] == text.replace("\r", "")
    for key, value in facts.items():
        printed(key)
        printed(value)
    untouched(folder)


@pytest.mark.slow
@pytest.mark.parametrize("text", STRINGS[::3])
def test_runs(folder: Path, text: str) -> None:
    file = folder / "run.space"
    file.write_text(TEXTS_SPACE.format(space_string(text.replace("\r", ""))), encoding="utf-8")
    for search in ("q", "own"):
        run = folder / f"run-{STRINGS.index(text)}-{search}"
        called("plan", "--allow-extern", f"{file}::{search}")
        called("data", "check", "--allow-extern", f"{file}::{search}")
        called("run", "--allow-extern", f"{file}::{search}", "--out", str(run))
        for more in ((), ("--layers",)):
            called("show", str(run), *more)
        json.loads(called("show", "--json", str(run)))
    untouched(folder)
