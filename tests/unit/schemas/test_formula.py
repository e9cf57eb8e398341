"""Formulas: their text reads back, they compute what Python computes, and nothing gets out of bounds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdsl.compiler.schemas.formula import Apply, Constant, Formula, FormulaError, Variable, evaluate
from stdsl.compiler.schemas.formula_text import parse
from stdsl.compiler.schemas.over import Over, Variables

NUMBERS: st.SearchStrategy[Formula] = st.one_of(
    st.integers(-100, 100).map(Constant),
    st.floats(-100, 100, allow_nan=False).map(Constant),
    st.sampled_from("Mt").map(Variable),
)


def _grown(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    comparison = st.tuples(st.sampled_from(["<", "<=", "==", "!="]), inner, inner).map(lambda c: Apply(c[0], c[1:]))
    condition = st.one_of(
        comparison,
        comparison.map(lambda c: Apply("not", (c,))),
        st.tuples(st.sampled_from(["and", "or"]), comparison, comparison).map(lambda c: Apply(c[0], c[1:])),
    )
    return st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner, inner).map(
            lambda c: Apply(c[0], c[1:])
        ),
        inner.map(lambda f: Apply("neg", (f,))),
        st.tuples(st.sampled_from(["ceil", "sqrt", "abs"]), inner).map(lambda c: Apply(c[0], c[1:])),
        st.lists(inner, min_size=1, max_size=3).map(lambda f: Apply("max", tuple(f))),
        st.tuples(condition, inner, inner).map(lambda c: Apply("if", c)),
    )


FORMULAS = st.recursive(NUMBERS, _grown, max_leaves=12)


def _value(formula: Formula) -> object:
    try:
        return evaluate(formula, {"M": 36, "t": 7})
    except FormulaError:
        return "no value"


@given(FORMULAS)
def test_text_reads_back_as_the_same_value(formula: Formula) -> None:
    again = parse(str(formula))
    assert _value(again) == _value(formula)
    assert parse(str(again)) == again


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("M * (1 - (1 - t / T) ** 4)", 36 * (1 - (1 - 10 / 40) ** 4)),
        ("max(ceil(7 - t / 100), 1)", 7),
        ("if t < 5 or M == 36 then 1 else 2", 1),
        ("if not t < 5 and M != 36 then 1 else 2", 2),
        ("-2 ** 2", -4),
        ("2 ** -1", 0.5),
        ("2 ** 3 ** 2", 512),
        ("7 // 2 % 2", 1),
        ("round(2.567, 1)", 2.6),
        ("10 - 4 - 3", 3),
    ],
)
def test_value(text: str, expected: float) -> None:
    assert evaluate(parse(text), {"M": 36, "t": 10, "T": 40}) == expected


@pytest.mark.parametrize(
    "text", ["1 / 0", "sqrt(-1)", "log(0)", "2 ** 2 ** 100", "(-8) ** 0.5", "exp(1000)", "1e308 * 10"]
)
def test_no_value_is_an_error_of_its_own(text: str) -> None:
    with pytest.raises(FormulaError):
        evaluate(parse(text), {})


@pytest.mark.parametrize(
    "text", ["", "1 +", "(1", "f(1)", "max()", "1 2", "1 $ 2", "log(1, 2, 3)", "(" * 6000, "1 +" * 4000]
)
def test_texts_that_are_no_formulas(text: str) -> None:
    with pytest.raises(FormulaError):
        parse(text)


def test_over_is_asked_with_exactly_its_variables() -> None:
    over = Over(parse("M * t / T"), ("M", "t", "T"))
    assert over.at(M=36, t=1, T=2) == 18
    with pytest.raises(TypeError):
        over.at(M=36, t=1)
    with pytest.raises(TypeError):
        over.at(M=36, t=1, T=2, i=0)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("M * i", "`i` is not one of"),
        ("t < T", "true or false"),
        ("1 / (t - 1)", "division by zero"),
        ("t - 2", "below 0"),
    ],
)
def test_faults_are_found_before_anything_runs(text: str, fault: str) -> None:
    found = list(Over(parse(text), ("M", "t", "T")).faults(minimum=0))
    assert len(found) == 1
    assert fault in found[0]


def test_over_is_written_as_a_number_or_a_text() -> None:
    variables = Variables("t", "T")
    assert variables.read(0.5).constant == 0.5
    assert variables.read("1 - t / T").text == "1 - t / T"
    assert variables.read(variables.read("1 - t / T")) == variables.read("1 - t / T")
    assert math.isclose(variables.read("1 - t / T").at(t=1, T=4), 0.75)
