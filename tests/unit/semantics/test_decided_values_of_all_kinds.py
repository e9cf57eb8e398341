"""Functions, operators and indices where a decision gives values of another kind, or none."""

from __future__ import annotations

import pytest

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.semantics.elaboration.arithmetic import FUNCTIONS

VALUES = {
    "choose {1, 2}": "a number",
    "choose {3x1, 5x1}": "a tuple",
    "choose {3x1, 2}": "a tuple",
    'choose {"a", "b"}': "a string",
    "choose {true, false}": "a truth value",
    "choose {none, 2}": "none",
}
EXPRESSIONS = (
    "-v",
    "not v",
    "v + 1",
    "v ** 2",
    "v < 1",
    "1 in v",
    "v == 3",
    "[1, 2][v]",
    "(1, 2, 3)[v]",
    "v[1]",
    "v[v]",
    "len(v)",
    "last(v, [1, 2])",
    "[x for i in 1..v]",
    "x -> repeat v { relu }",
    "if v then 1 else 2",
    "1..v",
    "choose v",
    "choose 1..v",
    "x -> conv(v, v)",
    "x -> dropout(v)",
    "v.channels",
    "(v, v)",
    "v and v",
    "size(v)",
)


def found(expression: str, value: str) -> list[Diagnostic]:
    body = f"  v = {value} as d\n  n = {expression}\n  return x\n"
    text = f"stdsl 1\nmeta m on x: image(4, 6, 6) {{\n{body}}}\nspace s = m\n"
    return [d for d in check_text(Source("text.space", text)) if d.severity.value == "error"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_take_numbers(function: str, value: str) -> None:
    least = FUNCTIONS[function][0]
    errors = found(f"{function}({', '.join(['v'] * least)})", value)
    if VALUES[value] == "a number":
        assert [d for d in errors if "takes numbers" in d.message] == []
    else:
        (error,) = errors
        assert error.code == "E0222"
        assert error.message.startswith(f"`{function}` takes numbers, not {VALUES[value]}")


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_wrong_is_a_diagnostic(expression: str, value: str) -> None:
    for error in found(expression, value):
        assert error.message


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("share(4, v, 6)", "there is no part 6 of 1 when d = 1"),
        ("share(4, v + 3, 9)", "there is no part 9 of 4 when d = 1"),
        ("(1, 2)[v + 2]", "a tuple of 2 has no element 3 when d = 1"),
        ("1 // (v - v)", "division by zero"),
        ('(1, 2)[if v == 1 then "a" else 1]', "an index is a whole number, not a string when d = 1"),
    ],
)
def test_a_mistake_of_all_values_names_one(expression: str, message: str) -> None:
    assert [d.message for d in found(expression, "choose {1, 2}")] == [message]


@pytest.mark.parametrize(
    ("value", "kind"), [("choose {3x1, 5x1}", "a tuple"), ("choose {3x1, 2}", "a tuple or a number")]
)
def test_values_of_decisions_are_called_what_they_are(value: str, kind: str) -> None:
    (error,) = found("len(v)", value)
    assert error.message == f"what `len` looks into must be a list, but is {kind}"
