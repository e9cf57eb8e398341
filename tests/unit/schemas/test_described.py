"""All settings are documented, frozen, and free of torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from stdsl.compiler.families.registry import FAMILIES, family, settings_of_family
from stdsl.compiler.schemas.base import Settings
from stdsl.compiler.schemas.constructors import CONSTRUCTORS
from stdsl.compiler.schemas.expectation import settings_of
from stdsl.compiler.schemas.search import SearchConfig

ROOT = Path(__file__).parents[3]


def _models() -> Iterator[type[Settings]]:
    waiting: list[type[Settings]] = [SearchConfig, *map(settings_of_family, FAMILIES), *CONSTRUCTORS.values()]
    seen: dict[type[Settings], None] = {}
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen[model] = None
        for expected in settings_of(model).values():
            section = expected.section or expected.repeated_section
            if section is not None:
                waiting.append(section)
    yield from seen


NOT_YET = {"budget", "candidates", "estimator", "eta", "mutations", "prior_length", "rounds", "startup"}
"""Settings of families that this version cannot run."""


@cache
def _read() -> set[str]:
    """The attributes that some file of the compiler, the runtime or the command line reads."""
    files = (path for part in ("compiler", "runtime", "stdsl/cli") for path in (ROOT / part).rglob("*.py"))
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in files)
    found: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.Attribute(attr=name) | ast.Call(func=ast.Name("getattr"), args=[_, ast.Constant(name), *_]):
                found.add(name)
    return found


@pytest.mark.parametrize("model", list(_models()), ids=lambda m: m.__name__)
def test_every_setting_is_used(model: type[Settings]) -> None:
    unread = set(settings_of(model)) - _read() - NOT_YET
    assert not unread, f"nothing reads {', '.join(sorted(unread))}"


@pytest.mark.parametrize("name", [name for name in FAMILIES if family(name).runner])
def test_every_family_that_runs_has_a_page(name: str) -> None:
    page = f"docs/strategies/{name}.md"
    assert (ROOT / page).exists(), f"{page} is missing"


@pytest.mark.parametrize("model", list(_models()), ids=lambda m: m.__name__)
def test_every_setting_is_described(model: type[Settings]) -> None:
    assert model.__doc__
    assert model.model_config["frozen"]
    for key, expected in settings_of(model).items():
        assert model.model_fields[key].description, key
        assert expected.describe(), key


def test_names_of_constructors_are_their_kinds() -> None:
    assert {
        "sgd",
        "adam",
        "adamw",
        "cosine",
        "softmax",
        "gumbel",
        "partial",
        "motion_digits",
        "hmdb51",
    } <= CONSTRUCTORS.keys()
    for name, model in CONSTRUCTORS.items():
        assert model.model_fields["kind"].default == name


def test_torch_is_not_imported() -> None:
    code = (
        "import sys; sys.modules['torch'] = None;"
        "import stdsl.compiler.schemas.search, stdsl.compiler.semantics.settings;"
        "assert 'networkx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", sorted({model.__module__ for model in _models()}))
def test_annotations_of_models_are_not_postponed(name: str) -> None:
    """Pydantic would compile and evaluate each as a text, again for every model that has it from its base."""
    assert "annotations" not in vars(sys.modules[name])


@pytest.mark.parametrize("model", list(_models()), ids=lambda m: m.__name__)
def test_every_option_can_be_written_without_quotes(model: type[Settings]) -> None:
    """`none`, `true` and `false` are values of the language, not words that a setting could take."""
    for key, field in model.model_fields.items():
        options = {option for part in (field.annotation, *get_args(field.annotation)) for option in get_args(part)}
        words = {option for option in options if isinstance(option, str)} & {"none", "true", "false"}
        assert not words, f"`{key}` cannot be given {words}"
