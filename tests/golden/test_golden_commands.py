"""What commands say about mistakes that no check of a file shows: of calls, architectures, runs and exports.

A case is a folder of `commands` with `command.txt`, command lines of `stdsl` that are run one after the other in a
temporary copy of the folder, and `expected.txt`, all that they print and their exit codes. A line `python call.py` runs
a file of calls that raise. What no text can bring about (a full disk, a diverging network) a `situation.py` does: its
function ``prepare(monkeypatch)`` is called in the copy.
Places and numbers that differ between machines are written `…`. `STDSL_UPDATE_GOLDEN=1` writes the expected files anew.
"""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
from pathlib import Path

import click.testing
import pytest
import torch

from stdsl.cli.main import cli
from stdsl.compiler.diagnostics.model import StdslError
from stdsl.compiler.diagnostics.render import render

CASES = Path(__file__).parent / "commands"
VARIABLE = (
    (r"\d+(\.\d+)?(e[+-]?\d+)? ?(s|ms|min|h|GB|MB)\b", "…"),
    (r"\(process \d+\)|process \d+", "process …"),
    (r"0x[0-9a-f]+", "…"),
)


def normalised(text: str, folder: Path) -> str:
    for place in (str(folder.resolve()), str(folder)):
        text = text.replace(place, "FOLDER")
    for pattern, words in VARIABLE:
        text = re.sub(pattern, words, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def called(script: str) -> str:
    """What a Python file raises for its user, as text."""
    with pytest.raises(StdslError) as raised:
        runpy.run_path(script)
    return render(raised.value.diagnostics, "full", color=False)


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir()))
def test_commands(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    folder = tmp_path / "case"
    shutil.copytree(CASES / case, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    # Further processes give the same bits, and import torch anew.
    monkeypatch.setattr("stdsl.runtime.run._hands", lambda *_: 0)
    monkeypatch.setattr("stdsl.runtime.prepare.plan.BUSY", 0.0)  # how busy the machine is, plans tell elsewhere
    if Path("situation.py").exists():
        runpy.run_path("situation.py")["prepare"](monkeypatch)
    said = []
    for line in Path("command.txt").read_text(encoding="utf-8").splitlines():
        program, *arguments = shlex.split(line)
        if program == "python":
            said.append(f"$ {line}\n{called(arguments[0])}")
            continue
        result = click.testing.CliRunner().invoke(cli, arguments, prog_name="stdsl")
        assert isinstance(result.exception, SystemExit | None), result.exception
        output = result.output
        if line.startswith(("stdsl run", "stdsl derive")) and not result.exit_code:
            # What a run that succeeds tells of its networks depends on the machine.
            output = "".join(f"{row}\n" for row in output.splitlines() if row.startswith(("warning", "  =")))
        said.append(f"$ {line}\n{output}exit code {result.exit_code}\n")
    text = normalised("\n".join(said), folder)
    expected = CASES / case / "expected.txt"
    if os.environ.get("STDSL_UPDATE_GOLDEN"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert re.search(r"\b[EW]0\d{3}\b", text), "a case shows a diagnostic"
