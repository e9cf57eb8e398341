"""Every call that a setting takes, those of the families too, written wrongly: a diagnostic at its place for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stdsl.compiler.families.registry import FAMILIES, settings_of_family
from stdsl.compiler.schemas.base import Constructor, Settings
from stdsl.compiler.schemas.constructors import constructor_name
from stdsl.compiler.schemas.data import Data
from stdsl.compiler.schemas.expectation import settings_of
from stdsl.compiler.schemas.search import SearchConfig

Read = Callable[[str], Any]
Call = tuple[str, type[Constructor]]


def calls(model: type[Settings], text: str) -> Iterator[Call]:
    """A text with `{}` where the call belongs, for each call of each setting, inside sections too."""
    for key, expected in settings_of(model).items():
        one, many = f"{key} = {{}}", f"{key} = [{{}}]"
        for call in expected.constructors:
            if not issubclass(call, Data):
                yield text.replace("{}", one), call
        for call in () if expected.item is None else expected.item.constructors:
            yield text.replace("{}", many), call
        if expected.section is not None:
            yield from calls(expected.section, text.replace("{}", f"{key} {{ {{}} }}"))


PLACES = {
    call: place
    for place, call in (
        *(c for f in FAMILIES for c in calls(settings_of_family(f), f"strategy s = {f} {{ {{}} }}")),
        *calls(SearchConfig, "search s { space = x  data = motion_digits  {} }"),
    )
}


def numeric(call: type[Constructor]) -> list[str]:
    return [key for key, expected in settings_of(call).items() if expected.numeric]


@pytest.mark.parametrize("call", PLACES, ids=constructor_name)
def test_whatever_is_wrong_inside_a_call_is_told_there(read: Read, call: type[Constructor]) -> None:
    name, place = constructor_name(call), PLACES[call]
    wrong = [f"{name}(unknown_argument = 1)", *(f'{name}({key} = "text")' for key in numeric(call))]
    for text in wrong:
        codes = {d.code for d in read(place.replace("{}", text)).check()}
        assert codes & {"E0501", "E0504", "E0505", "E0508"}, (text, codes)
    needed = [key for key, field in call.model_fields.items() if field.is_required()]
    for text in (name, f"{name}()"):
        found = [d for d in read(place.replace("{}", text)).check() if d.code in {"E0504", "E0507"}]
        assert [d.code for d in found] == (["E0507"] if needed else []), text
