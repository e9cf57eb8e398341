"""All settings are documented, frozen, and free of torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from stdsl.compiler.families.registry import FAMILIES, settings_of_family
from stdsl.compiler.schemas.base import Settings
from stdsl.compiler.schemas.constructors import CONSTRUCTORS
from stdsl.compiler.schemas.expectation import settings_of
from stdsl.compiler.schemas.search import SearchConfig


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
