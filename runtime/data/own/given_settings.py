"""The settings of arrays that a program gives: held to what a search may say of files, with the same diagnostics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stdsl.compiler.datafiles.faults import IN_MEMORY
from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.compiler.diagnostics.settings import SettingsConflict, UnknownSetting, WrongSetting
from stdsl.compiler.schemas.data_arrays import Arrays
from stdsl.compiler.schemas.expectation import settings_of

_OF_FILES = ("file", "x", "y")


def given_settings(own: Mapping[str, Any]) -> Arrays:
    """Settings by name, lists as tuples. Raises RunError for such that arrays have not, values that they do not take,
    and settings that do not go together; TypeError for settings of files."""
    if any(name in own for name in _OF_FILES):
        raise TypeError("arrays that are given come from no file: leave `file`, `x` and `y` out")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in own.items()}
    try:
        settings = Arrays.model_validate({**values, "kind": "arrays", "file": str(IN_MEMORY)})
    except ValidationError as error:
        raise RunError(tuple(_refused(values, error))) from error
    faults = tuple(SettingsConflict(None, fault.message, fault.help) for fault in settings.conflicts())
    if faults:
        raise RunError(faults)
    return settings


def _refused(values: Mapping[str, Any], error: ValidationError) -> Iterator[Diagnostic]:
    """What was refused, each setting once: of a setting with several forms each of them says so."""
    known = {name: taken for name, taken in settings_of(Arrays).items() if name not in _OF_FILES}
    for name in dict.fromkeys(str(detail["loc"][0]) for detail in error.errors(include_url=False)):
        if name in known:
            yield WrongSetting(None, name, known[name].describe(), repr(values[name])[:60])
        else:
            yield UnknownSetting(None, name, "`arrays`", tuple(known))
