"""Every diagnostic has an explanation, and a golden file that shows it."""

from __future__ import annotations

import re
from pathlib import Path

from stdsl.compiler.diagnostics.explain import load_kinds
from stdsl.compiler.diagnostics.model import KINDS

HERE = Path(__file__).parent

load_kinds()


def shown() -> set[str]:
    """The codes that some expected output shows."""
    texts = (path.read_text(encoding="utf-8") for path in HERE.rglob("expected*.txt"))
    return {code for text in texts for code in re.findall(r"\b[EW]0\d{3}\b", text)}


def test_every_code_has_a_golden_file() -> None:
    missing = set(KINDS) - shown()
    assert not missing, f"no golden file shows {', '.join(sorted(missing))}"


def test_every_code_is_explained_by_an_example() -> None:
    for code, kind in KINDS.items():
        # An example is a block indented by four columns, as `stdsl explain` prints it.
        assert re.search(r"^    \S", kind.explanation, re.MULTILINE), f"{code} has no example"
