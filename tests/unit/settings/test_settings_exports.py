"""Exports stay inside the run directory."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stdsl.compiler.checks.check import check_file
from stdsl.compiler.diagnostics.model import Sink, SpaceError
from stdsl.compiler.frontend import ast
from stdsl.compiler.schemas.run_files import FILES, FOLDERS
from stdsl.compiler.schemas.search import SearchConfig
from stdsl.compiler.semantics.modules import Loader
from stdsl.compiler.semantics.program import open_module
from stdsl.compiler.semantics.settings.environment import Report
from stdsl.compiler.semantics.settings.exports import check_exports
from stdsl.compiler.semantics.settings.resolve import resolve_search
from stdsl.runtime.prepare.preparation import load_job

CASE = Path(__file__).parents[2] / "golden" / "errors" / "e0521_exports" / "main.space"


def test_every_place_that_is_not_the_runs_to_give_is_refused() -> None:
    found = check_file(CASE)
    assert {d.code for d in found} == {"E0521"}
    marked = [d.span.text for d in found if d.span is not None]
    assert marked == [
        '"../x.onnx"',
        '"/tmp/net.py"',
        '"~/w.safetensors"',
        '"run.json"',
        '"space/net.py"',
        '"out/"',
        '"out/./best"',
        '"a/../../w"',
        '"./Run.json"',
        '"./Module.py"',
        '"result.json/w"',
        '"OUT"',
        '"out/best/w"',
        '"' + "0123456789" * 22 + '.onnx"',
        '"weights"',
        '".model.1.tmp"',
    ]


@pytest.fixture
def one(tmp_path: Path) -> str:
    """A file with the search alone of which all places are right."""
    text = CASE.read_text(encoding="utf-8")
    head, *searches = re.split(r"(?m)^(?=search )", text)
    file = tmp_path / "one.space"
    file.write_text(head + next(s for s in searches if s.startswith("search right")), encoding="utf-8")
    return str(file)


@cache
def right() -> SearchConfig:
    sink = Sink()
    module = open_module(CASE, Loader(sink))
    assert module is not None
    declaration = module.declarations["right"]
    assert isinstance(declaration, ast.SearchDecl)
    config = resolve_search(declaration, module, sink)
    assert config is not None
    return config


def exported(**paths: str) -> list[str]:
    """The codes of what is said of a search that exports to these places."""
    sink = Sink()
    config = right()
    assert config.export is not None
    export = config.export.model_copy(update={"source": None, **paths})
    check_exports(config.model_copy(update={"export": export}), Report(sink))
    return [d.code for d in sink.errors]


NAMES = st.sampled_from([*FILES, *FOLDERS, "out", "Out", "a", "é", "e\u0301", ".", "", "b.onnx"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@settings(max_examples=200)
@given(PATHS, PATHS, st.data())
def test_whatever_is_accepted_can_be_written_beside_all_else(onnx: str, weights: str, data: st.DataObject) -> None:
    """On a file system that takes capitals and small letters, and both ways to write `é`, for the same."""
    if exported(onnx=onnx, weights=weights):
        return
    files = {"/".join(_on_disk(path)) for path in (onnx, weights, *FILES)}
    assert len(files) == 2 + len(FILES), "each has a file of its own"
    folders = {part for file in files for part in _above(file)} | set(FOLDERS)
    assert not files & folders, "no file is a folder"
    assert not any(_on_disk(path)[0] in FOLDERS for path in (onnx, weights))


def _on_disk(path: str) -> list[str]:
    return [unicodedata.normalize("NFC", part).casefold() for part in path.split("/") if part not in ("", ".")]


def _above(file: str) -> list[str]:
    parts = file.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


@pytest.mark.parametrize("path", ["a\0b", "a\nb", "x" * 201, "/".join(["x" * 150] * 8), "C:x", "a\\..\\b", "out/."])
def test_names_that_no_file_can_have(path: str) -> None:
    assert exported(onnx="best.onnx", weights=path) == ["E0521"]


def test_a_run_refuses_them_too_however_they_are_given(one: str) -> None:
    assert load_job(one, "right").config.export is not None
    for file, overrides in ((str(CASE), ()), (one, ("export.onnx=../x.onnx",)), (one, ("export.onnx=",))):
        with pytest.raises(SpaceError) as raised:
            load_job(file, "right", overrides)
        assert {d.code for d in raised.value.diagnostics} <= {"E0521", "E0517"}
