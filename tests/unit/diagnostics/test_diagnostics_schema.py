"""The documented schema of `--format json` describes what is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from stdsl.compiler.checks.check import check_file
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.render import render
from stdsl.compiler.schemas.diagnostics import DIAGNOSTICS

ROOT = Path(__file__).parents[3]
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "reference" / "diagnostics.schema.json").read_text("utf-8"))
CASES = (
    "origin_in_spaces",
    "several_phases",
    "w0201_unused",
    "undefined_name_bound_in_loops",
    "e0215_behind_a_mistake",
)
TYPES = {"object": dict, "array": list, "string": str, "null": type(None)}


def problems(value: Any, schema: dict[str, Any], place: str = "$") -> list[str]:
    """What a value has against a schema, for the keywords that ours uses."""
    if "$ref" in schema:
        schema = {**SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], **schema}
        del schema["$ref"]
    unknown = schema.keys() - {
        *("$schema", "$defs", "title", "description", "type", "properties", "required", "additionalProperties"),
        *("items", "anyOf", "enum", "pattern", "minLength", "minItems", "minimum"),
    }
    assert not unknown, f"a keyword that this test does not know: {unknown}"
    if "anyOf" in schema:
        return [] if any(not problems(value, s, place) for s in schema["anyOf"]) else [f"{place}: none of them"]
    wanted = schema.get("type")
    if wanted == "integer":
        fits = type(value) is int and value >= schema.get("minimum", value)
    else:
        fits = wanted is None or isinstance(value, TYPES[wanted])
    if not fits or ("enum" in schema and value not in schema["enum"]):
        return [f"{place}: {value!r}"]
    found: list[str] = []
    if isinstance(value, str) and not (
        re.search(schema.get("pattern", ""), value) and len(value) >= schema.get("minLength", 0)
    ):
        found.append(f"{place}: {value!r}")
    if isinstance(value, list):
        found += [f"{place}: too short"] if len(value) < schema.get("minItems", 0) else []
        for i, item in enumerate(value):
            found += problems(item, schema["items"], f"{place}[{i}]")
    if isinstance(value, dict):
        found += [f"{place}: no {name}" for name in schema["required"] if name not in value]
        for name, item in value.items():
            if name in schema["properties"]:
                found += problems(item, schema["properties"][name], f"{place}.{name}")
            elif schema["additionalProperties"] is False:
                found.append(f"{place}: {name} is not known")
    return found


@pytest.mark.parametrize("case", CASES)
def test_what_a_check_prints_fits(case: str) -> None:
    text = render(check_file(ROOT / "tests" / "golden" / "errors" / case / "main.space"), "json", color=False)
    assert problems(json.loads(text), SCHEMA) == []
    assert DIAGNOSTICS.validate_json(text)


def test_calls_and_repetitions_are_in_it() -> None:
    text = render(check_file(ROOT / "tests/golden/errors/origin_in_spaces/main.space"), "json", color=False)
    first = json.loads(text)[0]
    assert [Path(label["span"]["file"]).name for label in first["labels"]] == ["nets.space", "main.space"]
    assert first["notes"] == ["2 more spaces have the same mistake"]


def test_fixes_and_missing_places_fit(tmp_path: Path) -> None:
    path = tmp_path / "misspelt.space"
    path.write_text("stdsl 1\nmeta m on x: image(3, 8, 8) = x -> idenity\nspace s = m\n")
    found: tuple[Diagnostic, ...] = (*check_file(path), *check_file(tmp_path / "missing.space"))
    objects = json.loads(render(found, "json", color=False))
    assert [o["fix"] is not None for o in objects] == [True, False]
    assert objects[1]["span"] is None
    assert problems(objects, SCHEMA) == []


@pytest.mark.parametrize(
    "change",
    [{"code": "Q1"}, {"severity": "note"}, {"message": ""}, {"span": 3}, {"fix": {}}, {"more": 1}, {"help": 1}],
)
def test_something_else_does_not_fit(change: dict[str, Any], tmp_path: Path) -> None:
    text = render(check_file(tmp_path / "missing.space"), "json", color=False)
    changed = [{**json.loads(text)[0], **change}]
    assert problems(changed, SCHEMA)
    with pytest.raises(ValidationError):
        DIAGNOSTICS.validate_json(json.dumps(changed))
