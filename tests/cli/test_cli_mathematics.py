"""Distinct networks and witnesses through the command line."""

from __future__ import annotations

import json

CELLS = """stdsl 1
ops edges = {none: zero, skip, conv: relu -> conv(same, 3x3) -> bn}
meta m on x: image(2, 4, 4) {
  for i in 1..2 { y[i] = [x, *y[<i]] -> each choose edges as kind -> sum }
  return y[2]
}
space s = m
"""
WRONG = """stdsl 1
meta m on x: image(2, 4, 4) {
  y = [x -> conv(choose {2, 4} as width, 3x3), x] -> sum
  return choose {plain: x, wide: y -> pointwise(2)} as kind
}
space s = m
"""


def test_distinct_count(stdsl, tmp_path):
    path = tmp_path / "cells.space"
    path.write_text(CELLS, encoding="utf-8")
    assert stdsl("count", str(path)).stdout == "27\n"
    assert stdsl("count", str(path), "--distinct").stdout == "9\n"
    facts = json.loads(stdsl("count", str(path), "--distinct", "--json").stdout)
    assert facts == {"space": "s", "distinct": {"min": "9", "max": "9", "exact": True}}


def test_a_witness_is_written_for_an_error(stdsl, tmp_path):
    path = tmp_path / "wrong.space"
    path.write_text(WRONG, encoding="utf-8")
    checked = stdsl("check", str(path))
    assert checked.exit_code == 1
    assert "--witness E0204" in checked.stdout
    found = stdsl("sample", str(path), "--witness", "E0204")
    assert json.loads(found.stdout)["values"] == {"y.width": "4", "kind": "wide"}
    written = stdsl("sample", str(path), "--witness", "E0204", "-o", str(tmp_path / "out")).stdout.strip()
    assert json.loads((tmp_path / "out" / "s-E0204.arch.json").read_text())["space"] == "s"
    assert written.endswith("s-E0204.arch.json")
    refused = stdsl("sample", str(path), "--witness", "E0205")
    assert refused.exit_code == 1
    assert "E0445" in refused.output
