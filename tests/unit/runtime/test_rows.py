"""Tables that a run leaves: what spreadsheets make of them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from stdsl.runtime.tracking.rows import write_rows


@pytest.mark.parametrize("name", ['=HYPERLINK("http://a", "b")', "+a1", "-a1", "@SUM(a1)", "\t=a1", "\n=a1", "-1+a1"])
def test_a_name_that_is_a_formula_stays_a_text(name: str, tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", [("class", name), (name, 1)])
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["class", f"'{name}"], [f"'{name}", "1"]]


def test_a_name_does_not_end_its_row(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", [("class", "a\r=b")])
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["class", "a\n=b"]]


def test_all_else_is_written_as_it_is(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", [("düne", "a-b", "-1", "+2.5"), (-1, 0.1, None, -2.5)])
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "düne,a-b,-1,+2.5\n-1,0.1,,-2.5\n"
