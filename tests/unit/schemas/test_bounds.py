"""Whole numbers in settings of data end somewhere: a slip of the keyboard is no memory error."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.schemas.constructors import DATA

FREE = {"seed", "ignore"}
"""What nothing is made in proportion of."""
WHOLE = [
    (name, key)
    for name, model in DATA.items()
    for key, field in model.model_fields.items()
    if "int" in str(field.annotation) and "Literal" not in str(field.annotation) and key not in FREE
]
TEXT = """stdsl 1
meta net(classes) on x: image(3, 32, 32) = x -> conv(4, 3x3) -> relu -> global_avg_pool -> linear(classes)
space nets(classes = 10) = net(classes)
search s {{
  space = nets
  data = {0}
  loaders = {1}
  retrain {{ steps = 2  batch = 4 }}
}}
"""


@pytest.mark.parametrize(("name", "key"), WHOLE)
def test_a_whole_number_of_a_data_set_has_an_upper_bound(name: str, key: str) -> None:
    field = DATA[name].model_fields[key]
    kind: Any = field.rebuild_annotation()
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(2**40, strict=True)


@pytest.mark.parametrize(
    ("data", "workers", "words"),
    [
        ('image_folder(root = "a", size = 1000000)', 0, "from 1 up to 16,384"),
        ('image_folder(root = "a", pad = 1000000)', 0, "from 0 up to 1,024"),
        ('arrays("a.npz", classes = 10 ** 12)', 0, "from 1 up to 1,000,000"),
        ('cifar10(root = "a")', 10**9, "from 0 up to 256"),
    ],
)
def test_what_is_above_it_is_told_of(data: str, workers: int, words: str) -> None:
    found = [d for d in check_text(Source("a.space", TEXT.format(data, workers))) if d.code == "E0505"]
    assert len(found) == 1
    assert words.replace(",", "") in found[0].message.replace(",", "")
