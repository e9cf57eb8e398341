"""Settings of type `over(v, …)`: an expression that is evaluated at each step with exactly those variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from ..record import record
from .formula import Constant, Formula, FormulaError, Number, evaluate, is_logical, variables
from .formula_text import parse

MEANINGS: Mapping[str, str] = {
    "M": "how many decisions and sites there are in all",
    "t": "the mini-batch, from 1 to T",
    "T": "the number of mini-batches",
    "i": "the round, from 0",
}
"""The variables that settings are evaluated over."""

LENGTHS: tuple[int, ...] = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
"""Numbers of mini-batches T that are tried where the length of a training is not known."""

_M = 36
"""A number of decisions, where it is not known."""


@record
class Over:
    """An expression over ``variables``; a constant number is one too."""

    formula: Formula
    variables: tuple[str, ...]

    def at(self, **values: Number) -> Number:
        """Its value; exactly the declared variables must be given. Raises :class:`FormulaError` where it has none."""
        if values.keys() != set(self.variables):
            raise TypeError(f"over({', '.join(self.variables)}) was asked with {', '.join(values) or 'nothing'}")
        return evaluate(self.formula, values)

    @property
    def constant(self) -> Number | None:
        """The number that it always is, None where it depends on a variable."""
        return self.formula.value if isinstance(self.formula, Constant) else None

    @property
    def text(self) -> str:
        return str(self.formula)

    def faults(self, minimum: float | None = None) -> Iterator[str]:
        """What is wrong with it, in words: a variable that it is not over, a value that is no number, or however long
        a run is no value at its start or its end, or one below ``minimum`` there."""
        unknown = sorted(set(variables(self.formula)) - set(self.variables))
        if unknown:
            yield f"`{unknown[0]}` is not one of its variables ({', '.join(self.variables)})"
        elif is_logical(self.formula):
            yield "it is true or false, not a number"
        elif (fault := self.fault_in(LENGTHS, minimum)) is not None:
            yield fault

    def fault_in(self, lengths: Iterable[int], minimum: float | None = None) -> str | None:
        """Why it cannot be evaluated at the first and the last step of a run, or is below ``minimum`` there, whichever
        of ``lengths`` in mini-batches the run has; None where it can with one of them.

        The last round i is known to the strategy alone, which tries it there by :meth:`fault_at`.
        """
        fault = None
        for length in lengths:
            ends = ({"M": _M, "t": t, "T": length, "i": 0} for t in dict.fromkeys((1, length)))
            tried = (self.fault_at({v: end[v] for v in self.variables}, minimum) for end in ends)
            fault = next((one for one in tried if one is not None), None)
            if fault is None:
                return None
        return fault

    def fault_at(self, values: Mapping[str, Number], minimum: float | None = None) -> str | None:
        """Why it cannot be evaluated with these values, or is below ``minimum`` there, in words; None where it can."""
        place = ", ".join(f"{k} = {v}" for k, v in values.items() if k in set(variables(self.formula)))
        where = f" at {place}" if place else ""
        try:
            value = self.at(**values)
        except FormulaError as error:
            return f"it has no value{where}: {error}"
        return None if minimum is None or value >= minimum else f"it is {value:g}{where}, below {minimum:g}"


@record
class Variables:
    """Declares a field's variables: ``Annotated[Over, Variables("M", "t", "T")]``. Takes an Over, a number, a text."""

    names: tuple[str, ...]
    minimum: float | None = None

    def __init__(self, *names: str, minimum: float | None = None) -> None:
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "minimum", minimum)

    def read(self, value: Any) -> Over:
        match value:
            case Over(formula, _):
                result = Over(formula, self.names)
            case bool():
                raise PydanticCustomError("over_type", "it is true or false, not a number")
            case int() | float():
                result = Over(Constant(value), self.names)
            case Formula():
                result = Over(value, self.names)
            case str():
                try:
                    result = Over(parse(value), self.names)
                except FormulaError as error:
                    raise PydanticCustomError("over_type", "{fault}", {"fault": str(error)}) from error
            case _:
                raise PydanticCustomError("over_type", "it is not a number")
        for fault in result.faults(self.minimum):
            raise PydanticCustomError("over_value", "{fault}", {"fault": fault})
        return result

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        write = core_schema.plain_serializer_function_ser_schema(_write)
        return core_schema.no_info_plain_validator_function(self.read, serialization=write)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": ["number", "string"], "variables": list(self.names)}


def _write(over: Over) -> Number | str:
    return over.constant if over.constant is not None else over.text
