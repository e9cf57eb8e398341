"""Temperatures from step to step."""

import pytest

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.formula_text import parse
from stdsl.compiler.schemas.over import Over
from stdsl.runtime.strategies.temperature import temperature


def test_a_step_without_a_value_is_told() -> None:
    """What is tried before a run are its first and last step."""
    tau = Over(parse("(2 - t) / (2 - t)"), ("t", "T"))
    assert temperature(tau, 0, 6) == 1.0
    with pytest.raises(RunError) as raised:
        temperature(tau, 1, 6)
    (error,) = raised.value.diagnostics
    assert error.code == "E0508"
    assert error.message.endswith("it has no value at t = 2: division by zero")
