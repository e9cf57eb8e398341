"""Exports stay inside the run directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdsl.compiler.checks.check import check_file
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.runtime.preparation import load_job

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
    ]


def test_a_run_refuses_them_too_however_they_are_given() -> None:
    assert load_job(str(CASE), "right").config.export is not None
    for search, overrides in (("outside", ()), ("right", ("export.onnx=../x.onnx",)), ("right", ("export.onnx=",))):
        with pytest.raises(SpaceError) as raised:
            load_job(str(CASE), search, overrides)
        assert {d.code for d in raised.value.diagnostics} <= {"E0521", "E0517"}
