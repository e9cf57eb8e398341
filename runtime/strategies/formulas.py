"""Settings over run-time variables, evaluated as a search goes on."""

from __future__ import annotations

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.strategies import WrongFormula
from stdsl.compiler.schemas.formula import FormulaError, Number
from stdsl.compiler.schemas.over import Over


def value_of(key: str, setting: Over, **values: Number) -> Number:
    """The value of the setting ``key``. Raises RunError where it has none: what was tried before the run were its first
    and last step."""
    try:
        return setting.at(**values)
    except FormulaError:
        fault = setting.fault_at(values)
        assert fault is not None
        raise RunError([WrongFormula(None, key, setting.variables, fault)]) from None
