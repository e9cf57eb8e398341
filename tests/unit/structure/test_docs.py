"""Every block of code in the documentation is run, and output that is shown is compared.

Blocks by the word behind the fence:

- ``stdsl``: a file (without ``stdsl 1`` a part of one, that line is put in front); it must check without a message
- ``python``: run in order, the blocks of a page in one namespace
- ``console``: commands behind ``$``, with the output to be expected; `…` stands for any text, alone on a line for any
  lines

A comment in front of a block says more: ``<!-- file: NAME -->`` writes the block into the folder that the page's
commands run in, ``<!-- error: E0204 -->`` (or ``warning``) expects that code, ``<!-- count: 26 -->`` the count of the
file's only space, ``<!-- slow -->`` runs the block only with the slow tests, ``<!-- needs: MODULE -->`` only where a
library is installed that stdsl itself does not need, ``<!-- not run: REASON -->`` never.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click.testing
import pytest

import stdsl
from stdsl.cli.main import cli
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.model import Severity
from stdsl.compiler.diagnostics.render import render
from stdsl.compiler.diagnostics.source import Source

ROOT = Path(__file__).parents[3]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(p for p in sorted((ROOT / "docs").rglob("*.md")) if "reference" not in p.relative_to(ROOT).parts),
]
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
NOTE = re.compile(r"<!-- (?P<key>[a-z ]+?)(?:: (?P<value>.*?))? -->\s*\Z")


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    line: int
    notes: dict[str, str] = field(default_factory=dict)


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        notes = {}
        before = text[: match.start()]
        while note := NOTE.search(before):
            notes[note["key"]] = note["value"] or ""
            before = before[: note.start()]
        line = text[: match.start()].count("\n") + 1
        yield Block(match["info"].strip(), match["text"], line, notes)


def identify(page: Path) -> str:
    return str(page.relative_to(ROOT))


def run(page: Path, folder: Path, slow: bool, monkeypatch: pytest.MonkeyPatch, library: str | None = None) -> None:
    """``library``: the one whose blocks are run too."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "spaces").symlink_to(ROOT / "spaces")
    namespace: dict[str, object] = {"__name__": "docs"}
    for block in blocks(page):
        place = f"{identify(page)}:{block.line}"
        if "file" in block.notes:
            (folder / block.notes["file"]).write_text(block.text, encoding="utf-8")
        if "not run" in block.notes or ("slow" in block.notes and not slow):
            continue
        if block.notes.get("needs") not in (None, library):
            continue
        if block.kind == "stdsl":
            check(block, place)
        elif block.kind == "python":
            exec(compile("\n" * block.line + block.text, str(page), "exec"), namespace)
        elif block.kind == "console":
            console(block, place)
        else:
            assert block.kind in ("", "text", "sh", "json", "yaml"), f"{place}: what is {block.kind}?"


def check(block: Block, place: str) -> None:
    text = block.text if block.text.startswith("stdsl 1") else f"stdsl 1\n{block.text}"
    found = check_text(Source(place, text, Path(block.notes.get("file", "docs.space")).resolve()))
    if "error" in block.notes:
        assert {d.code for d in found if d.severity is Severity.ERROR} == {block.notes["error"]}, render(
            found, "full", False
        )
        return
    warned = {block.notes["warning"]} if "warning" in block.notes else set()
    assert {d.code for d in found} == warned, render(found, "full", False)
    if "count" in block.notes:
        assert str(stdsl.loads(text).count()) == block.notes["count"], place


def console(block: Block, place: str) -> None:
    assert block.text.startswith("$ "), place
    runner = click.testing.CliRunner()
    for part in block.text.removeprefix("$ ").split("\n$ "):
        line, _, expected = part.partition("\n")
        words = shlex.split(line, comments=True)
        assert words[0] == "stdsl", f"{place}: {line}"
        result = runner.invoke(cli, words[1:], prog_name="stdsl")
        said = f"{place}: $ {line}\n{result.output}"
        assert result.exit_code in (0, 1, 2), said
        if "error" in block.notes:
            assert block.notes["error"] in result.output, said
        else:
            assert result.exit_code == 0, said
        if expected.strip():
            assert re.fullmatch(pattern(expected), tidy(result.output)), f"{said}\nbut the page says\n{expected}"


def tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def pattern(expected: str) -> str:
    lines = []
    for line in tidy(expected).splitlines():
        lines.append(r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"\n")
    # The last line has no end, and `…` at the end may stand for nothing.
    text = "".join(lines)
    return text[:-2] if text.endswith(r"\n") else rf"{text}.*"


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_the_page_is_true(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(page, tmp_path, False, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any("slow" in b.notes for b in blocks(p))], ids=identify)
def test_the_page_is_true_with_what_takes_time(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(page, tmp_path, True, monkeypatch)


@pytest.mark.parametrize(
    ("page", "library"),
    [
        (page, library)
        for page in PAGES
        for library in sorted({b.notes["needs"] for b in blocks(page) if "needs" in b.notes})
    ],
    ids=lambda value: identify(value) if isinstance(value, Path) else value,
)
def test_the_page_is_true_of_a_library_beside(
    page: Path, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed: {identify(page)} is not run where it needs it")
    run(page, tmp_path, False, monkeypatch, library)


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        other = page.parent / path if path else page
        assert other.exists(), f"{identify(page)} links to {target}"
        if anchor:
            titles = re.findall(r"^#+ (.*)$", other.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}, target


def test_every_page_is_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)\s#]+\.md)[^)]*\)", page.read_text(encoding="utf-8"))
        waiting += [(page.parent / t).resolve() for t in targets if "://" not in t]
    assert [identify(p) for p in (ROOT / "docs").rglob("*.md") if p not in seen] == []


def test_the_page_of_the_command_line_knows_every_command_and_option() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        assert f"`stdsl {name}" in text, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert any(f"`{o}" in text for o in parameter.opts), f"{name} {parameter.opts}"


def test_the_page_of_the_python_api_knows_every_name() -> None:
    text = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
    for name in stdsl.__all__:
        assert name in text, name
    for name in dir(stdsl.Space):
        assert name.startswith("_") or name in text, f"Space.{name}"
