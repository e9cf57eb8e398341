"""The grammar itself, and the cache of its tables."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import lark
import pytest

from stdsl.compiler.frontend import tables


def test_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    previous = lark.logger.level
    lark.logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
            lark.Lark(
                tables.grammar_text(), parser="lalr", lexer="basic", start=["file", "item", "lexical"], debug=True
            )
    finally:
        lark.logger.setLevel(previous)
    assert [r.getMessage() for r in caplog.records if "onflict" in r.getMessage()] == []


def test_tables_come_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDSL_CACHE_DIR", str(tmp_path / "cache"))
    tables.load.cache_clear()
    tables.load()
    (cached,) = (tmp_path / "cache").iterdir()  # nothing else: no temporary file is left
    assert cached == tables.cache_file()
    monkeypatch.setattr(tables, "build", lambda: pytest.fail("built again"))
    tables.load.cache_clear()
    tables.load()


def test_a_broken_cache_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDSL_CACHE_DIR", str(tmp_path))
    tables.cache_file().write_bytes(b"broken")
    tables.load.cache_clear()
    assert tables.load().parse_interactive(start="item") is not None
    assert tables.cache_file().stat().st_size > 10_000


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STDSL_CACHE_DIR", str(tmp_path / "file" / "cache"))
    tables.load.cache_clear()
    assert tables.load().parse_interactive(start="item") is not None


def test_frontend_imports_nothing_heavy() -> None:
    code = (
        "import sys, stdsl.compiler.frontend.parser, stdsl.compiler.frontend.formatter;"
        "import stdsl.compiler.diagnostics.render;"
        "print([m for m in ('torch', 'networkx', 'pydantic', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
