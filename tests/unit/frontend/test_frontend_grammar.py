"""The grammar itself, and the cache of its tables."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

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
    assert "USE" in tables.load().parser().accepts()
    assert tables.cache_file().stat().st_size > 10_000


@pytest.mark.parametrize("change", [{"of": "another grammar"}, {"rules": 1}])
def test_a_cache_of_something_else_is_replaced(
    change: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STDSL_CACHE_DIR", str(tmp_path))
    tables.load.cache_clear()
    tables.load()
    right = _kept()
    text = json.dumps(right | change).encode()
    tables.cache_file().write_bytes(b"%d\n%b" % (crc32(text), text))
    tables.load.cache_clear()
    assert "USE" in tables.load().parser().accepts()
    assert _kept().keys() == right.keys()
    assert _kept()["of"] == right["of"]
    assert _kept()["rules"] != 1


@pytest.mark.parametrize(
    "change",
    [
        {"pattern": "(?P<NAME>)"},  # of which a text has no end
        {"begin": {"item": 99999, "lexical": 99999}},
        {"states": []},
        {"rules": []},
        {"ignored": []},
    ],
)
def test_a_damaged_cache_that_is_a_document_is_replaced(
    change: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STDSL_CACHE_DIR", str(tmp_path))
    tables.load.cache_clear()
    tables.load()
    told, _, _ = tables.cache_file().read_bytes().partition(b"\n")
    right = _kept()
    tables.cache_file().write_bytes(b"%b\n%b" % (told, json.dumps(right | change).encode()))
    tables.load.cache_clear()
    assert "USE" in tables.load().parser().accepts()
    (name,) = change
    assert _kept()[name] != change[name]


def _kept() -> dict[str, Any]:
    """The document of the cache."""
    kept: dict[str, Any] = json.loads(tables.cache_file().read_bytes().partition(b"\n")[2])
    return kept


def test_lark_is_imported_to_make_the_tables_alone(tmp_path: Path) -> None:
    code = (
        "import sys, stdsl.cli.main as m; m.cli.main(['fmt', '-'], standalone_mode=False); print('lark' in sys.modules)"
    )
    for imported in ("True", "False"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input="stdsl 1\nop f = relu\n",
            env={**os.environ, "STDSL_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, imported), done.stderr


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STDSL_CACHE_DIR", str(tmp_path / "file" / "cache"))
    tables.load.cache_clear()
    assert "USE" in tables.load().parser().accepts()


def test_frontend_imports_nothing_heavy() -> None:
    code = (
        "import sys, stdsl.compiler.frontend.parser, stdsl.compiler.frontend.formatter;"
        "import stdsl.compiler.diagnostics.render;"
        "print([m for m in ('torch', 'networkx', 'pydantic', 'numpy', 'lark') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
