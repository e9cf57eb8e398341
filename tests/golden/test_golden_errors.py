"""The whole output of a check, for every folder of `errors`.

A case is a folder with `.space` files (`main.space` is checked, or the only one) and `expected.txt`, what is printed.
`STDSL_UPDATE_GOLDEN=1` writes the expected files anew.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from stdsl.compiler.diagnostics.model import Diagnostic, Sink
from stdsl.compiler.diagnostics.render import render
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend.parser import parse

CASES = Path(__file__).parent / "errors"


def check(path: Path) -> Sequence[Diagnostic]:
    """All diagnostics of a file: of the whole check, and of the syntax alone where a case's name says so."""
    if path.absolute().parent.name.startswith("syntax_"):
        sink = Sink()
        parse(Source(str(path), path.read_text(encoding="utf-8"), path), sink)
        return sink.diagnostics
    found: Sequence[Diagnostic] = importlib.import_module("stdsl.compiler.checks.check").check_file(path)
    return found


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir()))
def test_errors(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / case)  # so that messages show the same path everywhere
    main = Path("main.space")
    path = main if main.exists() else next(Path(".").glob("*.space"))
    text = render(check(path), "full", color=False)
    expected = Path("expected.txt")
    if os.environ.get("STDSL_UPDATE_GOLDEN"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert text, "a case of errors has an error"
