"""The canonical layout of every `.space` file of `fmt`, beside it in `NAME.expected`.

`STDSL_UPDATE_GOLDEN=1` writes the expected files anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend.formatter import format_source

CASES = Path(__file__).parent / "fmt"


@pytest.mark.parametrize("case", sorted(p.stem for p in CASES.glob("*.space")))
def test_layout(case: str) -> None:
    text = format_source(Source(case, (CASES / f"{case}.space").read_text(encoding="utf-8")))
    expected = CASES / f"{case}.expected"
    if os.environ.get("STDSL_UPDATE_GOLDEN"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert format_source(Source(case, text)) == text
