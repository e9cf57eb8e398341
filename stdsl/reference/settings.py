"""Strategies, searches and data sets, as their schemas know them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticUndefined

from stdsl.compiler.families.registry import FAMILIES, settings_of_family
from stdsl.compiler.schemas.base import Constructor, Settings
from stdsl.compiler.schemas.constructors import CONSTRUCTORS, DATA, constructor_name
from stdsl.compiler.schemas.data import Data, DataSignature
from stdsl.compiler.schemas.expectation import Expectation, settings_of
from stdsl.compiler.schemas.length import Length
from stdsl.compiler.schemas.over import MEANINGS, Over
from stdsl.compiler.schemas.search import SearchConfig


@dataclass(frozen=True, slots=True)
class SettingEntry:
    """``key`` is dotted where the setting stands in a section. ``variables``: what an expression may depend on."""

    key: str
    type: str
    default: str
    variables: tuple[tuple[str, str], ...]
    doc: str


@dataclass(frozen=True, slots=True)
class SectionEntry:
    """The settings of one model. ``key`` is empty for the outermost."""

    key: str
    doc: str
    repeated: bool
    optional: bool
    settings: tuple[SettingEntry, ...]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A family, or the search."""

    name: str
    doc: str
    sections: tuple[SectionEntry, ...]


@dataclass(frozen=True, slots=True)
class ConstructorEntry:
    """A value that is written as a call."""

    name: str
    signature: str
    doc: str
    settings: tuple[SettingEntry, ...]


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """The values of one file of schemas: optimisers, schedules…"""

    doc: str
    constructors: tuple[ConstructorEntry, ...]


@dataclass(frozen=True, slots=True)
class DataEntry:
    constructor: ConstructorEntry
    signature: DataSignature


def strategies() -> tuple[ModelEntry, ...]:
    """Every family with its settings."""
    return tuple(_model(name, settings_of_family(name)) for name in FAMILIES)


def searches() -> ModelEntry:
    return _model("search", SearchConfig)


def constructors() -> tuple[GroupEntry, ...]:
    """The values written as calls, but for data sets, those of one file together."""
    groups: dict[str, list[ConstructorEntry]] = {}
    for model in CONSTRUCTORS.values():
        if not issubclass(model, Data):
            groups.setdefault(model.__module__, []).append(_constructor(model))
    return tuple(
        GroupEntry(inspect.cleandoc(sys.modules[module].__doc__ or "").split("\n\n")[0], tuple(entries))
        for module, entries in groups.items()
    )


def data_sets() -> tuple[DataEntry, ...]:
    """The data sets, with what their samples look like when only what must be given is given."""
    return tuple(DataEntry(_constructor(model), _signature(model)) for model in DATA.values())


def _signature(model: type[Data]) -> DataSignature:
    required = {key: "…" for key, field in model.model_fields.items() if field.is_required()}
    return model(**required).signature()


def _constructor(model: type[Constructor]) -> ConstructorEntry:
    settings = tuple(_settings(model, "", sections=False))
    shown = ", ".join(f"{s.key} = {s.default}" if s.default else s.key for s in settings)
    name = constructor_name(model)
    return ConstructorEntry(name, f"{name}({shown})", _doc(model), settings)


def _model(name: str, model: type[Settings]) -> ModelEntry:
    return ModelEntry(name, _doc(model), tuple(_sections(model, "", False, False)))


def _sections(model: type[Settings], key: str, repeated: bool, optional: bool) -> Iterator[SectionEntry]:
    """A model and the sections in it, outermost first."""
    own = tuple(_settings(model, key, sections=True))
    # What a key means where it stands is said by its field; the model only says what the settings are.
    yield SectionEntry(key, _doc(model), repeated, optional, own)
    for inner, expected in settings_of(model).items():
        section = expected.section or expected.repeated_section
        if section is not None:
            dotted = f"{key}.{inner}" if key else inner
            yield from _sections(section, dotted, expected.repeated_section is not None, expected.none)


def _settings(model: type[Settings], prefix: str, sections: bool) -> Iterator[SettingEntry]:
    for key, expected in settings_of(model).items():
        if sections and (expected.section or expected.repeated_section):
            continue
        field = model.model_fields[key]
        names = expected.over.names if expected.over is not None else ()
        yield SettingEntry(
            f"{prefix}.{key}" if prefix else key,
            expected.describe(),
            _default(model, key),
            tuple((name, MEANINGS[name]) for name in names),
            field.description or "",
        )


def _default(model: type[Settings], key: str) -> str:
    """The default as the language writes it, nothing where the setting must be given."""
    value = model.model_fields[key].get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return ""
    if key == "epochs" and issubclass(model, Length):
        return str(model.default_epochs)
    return written(value, settings_of(model)[key])


def written(value: Any, expected: Expectation) -> str:
    """A value of a setting as the language writes it; calls with what differs from their defaults."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case str() if expected.text and value not in expected.words:
            return f'"{value}"'
        case Over():
            return value.text
        case Constructor():
            return _call(value)
        case dict():
            return "{ }"
        case tuple() if expected.items:
            return f"({', '.join(written(v, e) for v, e in zip(value, expected.items, strict=True))})"
        case tuple():
            assert expected.item is not None
            return f"[{', '.join(written(v, expected.item) for v in value)}]"
        case _:
            return str(value)


def _call(value: Constructor) -> str:
    given: list[str] = []
    for key, expected in settings_of(type(value)).items():
        own = getattr(value, key)
        if own != type(value).model_fields[key].get_default(call_default_factory=True):
            given.append(f"{key} = {written(own, expected)}")
    name = constructor_name(type(value))
    return f"{name}({', '.join(given)})" if given else name


def _doc(model: type[Settings]) -> str:
    return " ".join(inspect.cleandoc(model.__doc__ or "").split())
