"""Settings over run-time variables, evaluated as a search or a training goes on."""

from __future__ import annotations

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.strategies import WrongFormula
from stdsl.compiler.schemas.formula import FormulaError, Number
from stdsl.compiler.schemas.over import Over


class NoValue(RunError):
    """The setting ``key`` has no value, or none that is allowed, at a step: E0508."""

    def __init__(self, key: str, setting: Over, fault: str) -> None:
        self.key = key
        self.setting = setting
        self.wrong = WrongFormula(None, key, setting.variables, fault)
        super().__init__([self.wrong])


def value_of(key: str, setting: Over, minimum: float | None = None, **values: Number) -> Number:
    """The value of the setting ``key``. Raises NoValue where it has none, or one below ``minimum``: what was tried
    before the run were its first and last step."""
    try:
        value = setting.at(**values)
    except FormulaError:
        value = None
    if value is None or (minimum is not None and value < minimum):
        fault = setting.fault_at(values, minimum)
        assert fault is not None
        raise NoValue(key, setting, fault)
    return value
