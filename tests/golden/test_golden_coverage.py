"""Every diagnostic has an explanation, and a golden file that shows it, but for those of `uncovered.txt`.

That list may only shrink: a code that has got its golden file must leave it (`STDSL_UPDATE_GOLDEN=1` takes it off),
and a new code must come with its golden file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from stdsl.compiler.diagnostics.explain import load_kinds
from stdsl.compiler.diagnostics.model import KINDS

HERE = Path(__file__).parent
LIST = HERE / "uncovered.txt"

load_kinds()


def shown() -> set[str]:
    """The codes that some expected output shows."""
    texts = (path.read_text(encoding="utf-8") for path in HERE.rglob("expected*.txt"))
    return {code for text in texts for code in re.findall(r"\b[EW]0\d{3}\b", text)}


def listed() -> list[str]:
    return LIST.read_text(encoding="utf-8").split()


def test_every_code_has_a_golden_file_or_is_listed() -> None:
    missing = set(KINDS) - shown() - set(listed())
    assert not missing, f"no golden file shows {', '.join(sorted(missing))}"


def test_listed_codes_are_not_covered_yet() -> None:
    done = (set(listed()) & shown()) | (set(listed()) - set(KINDS))
    if done and os.environ.get("STDSL_UPDATE_GOLDEN"):
        LIST.write_text("".join(f"{code}\n" for code in listed() if code not in done), encoding="utf-8")
        done = set()
    assert not done, f"take off {LIST.name}: {', '.join(sorted(done))}"


def test_the_list_is_in_order() -> None:
    assert listed() == sorted(set(listed()))


def test_every_code_is_explained_by_an_example() -> None:
    for code, kind in KINDS.items():
        # An example is a block indented by four columns, as `stdsl explain` prints it.
        assert re.search(r"^    \S", kind.explanation, re.MULTILINE), f"{code} has no example"
