"""JSON that is read is JSON, and what is read can be written again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdsl.compiler.text.documents import NoSuchNumber, parsed_json
from stdsl.compiler.text.quoting import json_text

ROOT = Path(__file__).parents[3]
PLAIN = st.none() | st.booleans() | st.integers() | st.text(alphabet="ab\u2028é") | st.floats()
DOCUMENTS = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner))


@given(DOCUMENTS)
def test_what_is_read_can_be_written(document: Any) -> None:
    """Python writes and reads NaN and infinite numbers, and text of ours has none."""
    text = json.dumps(document)
    try:
        found = parsed_json(text)
    except NoSuchNumber:
        with pytest.raises(ValueError, match="JSON"):
            json_text(document)
    else:
        assert found == document
        assert parsed_json(json_text(found)) == found


@pytest.mark.parametrize("text", ["NaN", "[-Infinity]", '{"a": Infinity}', "1e999", "[-1.5e400]"])
def test_numbers_that_are_none_of_json(text: str) -> None:
    with pytest.raises(NoSuchNumber):
        parsed_json(text)
    assert parsed_json('"NaN"') == "NaN"


def test_files_are_read_by_it_alone() -> None:
    """But for what a process of ours says to another, data of the package, and what it keeps with its sum."""
    own = {"runtime/engines/wire.py", "runtime/data/own/given.py", "runtime/trials/shipped.py"}
    own |= {"compiler/text/documents.py", "compiler/backends/python_process.py"}
    own |= {"compiler/backends/networks/weight_names.py", "compiler/frontend/tables.py"}
    files = (path for name in ("compiler", "runtime", "stdsl") for path in (ROOT / name).rglob("*.py"))
    found = {path.relative_to(ROOT).as_posix() for path in files if "json.loads(" in path.read_text(encoding="utf-8")}
    assert found == own, "what is read from files is read by `parsed_json`"
