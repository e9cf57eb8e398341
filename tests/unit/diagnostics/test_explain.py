"""The long texts of diagnostics."""

from __future__ import annotations

import re

import pytest

from stdsl.compiler.diagnostics.explain import explain, load_kinds
from stdsl.compiler.diagnostics.model import KINDS, Severity

load_kinds()


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_kind_has_a_text(code: str) -> None:
    found = KINDS[code]
    assert re.fullmatch(r"[EW]0[1-8]\d\d", code)
    assert (code[0] == "W") == (found.severity is Severity.WARNING)
    assert found.title
    assert len(found.explanation.strip()) > 60
    text = explain(code)
    assert text is not None
    assert found.explanation.strip() in text


def test_case_does_not_matter() -> None:
    assert explain(" e0101 ") == explain("E0101")


def test_unknown_codes() -> None:
    assert explain("E9999") is None
