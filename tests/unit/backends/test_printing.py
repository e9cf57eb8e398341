"""Expressions and statements as data, and what is printed of them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stdsl.compiler.backends.codegen.definitions import Assignment, Evaluation, Function, Line, Parameter, Return
from stdsl.compiler.backends.codegen.layout import WIDTH
from stdsl.compiler.backends.codegen.printing import element_lines, function_lines, lines_of, text_of
from stdsl.compiler.ops.torch.expressions import (
    MODULE,
    SELF,
    Attribute,
    Call,
    Conditional,
    Dictionary,
    Expression,
    List,
    Literal,
    Name,
    Operation,
    Slice,
    Slot,
    Subscript,
    Tuple,
    call,
    changed,
    dotted,
    expression,
    filled,
    indexed,
    method,
    names_in,
    product,
    total,
)

A, B, C = map(Name, "abc")
MANY = settings(max_examples=60)


# -- what Python reads


SYMBOLS = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div}


def tree(found: Expression) -> ast.expr:
    """What Python must read where the expression is printed."""
    load = ast.Load()
    match found:
        case Name():
            return ast.Name(found.id, load)
        case Literal(int() | float() as number) if type(number) is not bool and str(number).startswith("-"):
            return ast.UnaryOp(ast.USub(), ast.Constant(-number))
        case Literal():
            return ast.Constant(found.value)
        case Attribute():
            return ast.Attribute(tree(found.value), found.name, load)
        case Call():
            named = [ast.keyword(name, tree(value)) for name, value in found.named]
            return ast.Call(tree(found.function), list(map(tree, found.arguments)), named)
        case Subscript():
            indices = [part(i) if isinstance(i, Slice) else tree(i) for i in found.indices]
            return ast.Subscript(tree(found.value), indices[0] if len(indices) == 1 else ast.Tuple(indices, load), load)
        case Tuple():
            return ast.Tuple(list(map(tree, found.elements)), load)
        case List():
            return ast.List(list(map(tree, found.elements)), load)
        case Dictionary():
            keys = [key if key is None else tree(key) for key, _ in found.items]
            return ast.Dict(keys, [tree(value) for _, value in found.items])
        case Operation():
            first, *others = map(tree, found.operands)
            return reduce(lambda left, right: ast.BinOp(left, SYMBOLS[found.symbol](), right), others, first)
        case Conditional():
            return ast.IfExp(tree(found.test), tree(found.value), tree(found.otherwise))
    raise AssertionError(found)


def part(found: Slice) -> ast.Slice:
    return ast.Slice(*(n if n is None else tree(Literal(n)) for n in (found.first, found.last, found.step)))


NAMES = st.sampled_from(["a", "b", "torch", "a_rather_long_name_of_a_module_or_a_variable"])
LITERALS = st.one_of(
    st.text(max_size=20),
    st.integers(-3, 70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
PLACES = st.none() | st.integers(-3, 9)
SLICES = st.builds(Slice, PLACES, PLACES, st.none() | st.integers(1, 3))


def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    few = st.lists(inner, max_size=4).map(tuple)
    two = st.lists(inner, min_size=2, max_size=4).map(tuple)
    named = st.lists(st.tuples(NAMES, inner), max_size=3, unique_by=lambda pair: pair[0]).map(tuple)
    return st.one_of(
        st.builds(Attribute, inner, NAMES),
        st.builds(Call, inner, few, named),
        st.builds(Subscript, inner, st.lists(inner | SLICES, min_size=1, max_size=3).map(tuple)),
        st.builds(Tuple, few),
        st.builds(List, few),
        st.builds(Dictionary, st.lists(st.tuples(st.none() | inner, inner), max_size=3).map(tuple)),
        st.builds(Operation, st.sampled_from("+-*/"), two),
        st.builds(Conditional, inner, inner, inner),
    )


EXPRESSIONS = st.recursive(st.builds(Name, NAMES) | st.builds(Literal, LITERALS), larger, max_leaves=30)


@MANY
@given(EXPRESSIONS)
def test_python_reads_what_the_data_says(found: Expression) -> None:
    assert ast.dump(ast.parse(text_of(found), mode="eval").body) == ast.dump(tree(found))


@MANY
@given(EXPRESSIONS, st.integers(0, 10))
def test_broken_lines_say_the_same(found: Expression, depth: int) -> None:
    text = text_of(found)
    lines: list[tuple[Line, str]] = [
        (Assignment((A, B), found), f"a, b = {text}"),
        (Return((found,)), f"return {text}"),
    ]
    for line, whole in lines:
        printed = lines_of(line, 4 * depth)
        assert len(printed) == 1 or 4 * depth + len(whole) > WIDTH
        assert all(line.startswith(" " * 4 * depth) for line in printed)
        unindented = "\n".join(line[4 * depth :] for line in printed)
        assert ast.dump(ast.parse(unindented)) == ast.dump(ast.parse(whole))


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Operation("*", (total(A, B), C)), "(a + b) * c"),
        (total(A, Operation("*", (B, C))), "a + b * c"),
        (total(total(A, B), C), "(a + b) + c"),
        (Operation("-", (A, Operation("-", (B, C)))), "a - (b - c)"),
        (Operation("/", (product(A, B), C)), "(a * b) / c"),
        (Operation("*", (expression(-1), A)), "-1 * a"),
        (method(expression(-1), "bit_length"), "(-1).bit_length()"),
        (method(total(A, B), "sum"), "(a + b).sum()"),
        (Attribute(expression(1), "real"), "(1).real"),
        (Conditional(A, SELF, total(B, C)), "a if self else b + c"),
        (call(Conditional(A, B, C), A), "(a if b else c)(a)"),
        (Dictionary(((None, call("within", A, "x")), (Literal("k"), B))), '{**within(a, "x"), "k": b}'),
        (Subscript(A, (Slice(), Slice(1, None, 2), Slice(0, 4))), "a[:, 1::2, 0:4]"),
        (expression(((), (1,), [1, ("x", None)], float("-inf"))), '((), (1,), [1, ("x", None)], float("-inf"))'),
        (call("nn.Conv2d", 3, k=(1, 2), bias=False), "nn.Conv2d(3, k=(1, 2), bias=False)"),
    ],
)
def test_what_is_printed(found: Expression, text: str) -> None:
    assert text_of(found) == text


def test_texts_of_users_go_through_quoting() -> None:
    hostile = 'a"\n"""\\\u202e'
    assert text_of(indexed(A, hostile)) == r'a["a\"\n\"\"\"\\\u202e"]'
    (line,) = lines_of(Assignment((A,), B, comment="(N, x)\nimport os"), 0)
    assert line == r"a = b  # (N, x)\nimport os"


def test_an_empty_slot_cannot_be_printed() -> None:
    with pytest.raises(ValueError, match="nothing was put into the slot 0"):
        text_of(call("f", Slot(0)))


# -- lines


LONG = [Name(f"a_long_name_of_a_tensor_{i}") for i in range(6)]


def test_a_sum_is_broken_between_its_terms() -> None:
    assert lines_of(Assignment((A,), total(*LONG)), 0) == [
        "a = (",
        "    a_long_name_of_a_tensor_0",
        *(f"    + a_long_name_of_a_tensor_{i}" for i in range(1, 6)),
        ")",
    ]


def test_arguments_stand_on_a_line_of_their_own_or_on_one_each() -> None:
    assert lines_of(Assignment((A,), call("f", *LONG[:4])), 8) == [
        f"{' ' * 8}a = f(",
        f"{' ' * 12}{', '.join(name.id for name in LONG[:4])}",
        f"{' ' * 8})",
    ]
    assert lines_of(Return((call("f", *LONG),)), 0) == [
        "return f(",
        *(f"    a_long_name_of_a_tensor_{i}," for i in range(6)),
        ")",
    ]


@pytest.mark.parametrize("length", range(48, 56))
def test_the_comma_behind_an_argument_has_room_too(length: int) -> None:
    long = [Name("x" * length), Name("y" * 54)]
    lines = lines_of(Return((call("f", call("g", *long), *LONG),)), 4)
    assert max(map(len, lines)) <= WIDTH


def test_an_index_and_a_pair_of_parentheses_get_no_comma() -> None:
    lines = lines_of(Assignment((A,), Operation("/", (B, total(*LONG)))), 0)
    assert not any(line.endswith(",") for line in lines)
    lines = lines_of(Assignment((A,), indexed(B, call("f", *LONG))), 0)
    assert lines[:2] == ["a = b[", "    f("]
    assert lines[-2:] == ["    )", "]"]


def test_a_comment_that_finds_no_room_is_left_out() -> None:
    assert lines_of(Assignment((A,), B, "(N, 4)"), 4) == ["    a = b  # (N, 4)"]
    assert lines_of(Assignment((A,), B, "x" * WIDTH), 4) == ["    a = b"]


def test_a_method() -> None:
    body = (Evaluation(method(call("super"), "__init__")), Assignment((dotted("self.conv"),), A), Return((A, B)))
    found = Function("f", (Parameter("a"), Parameter("stride", expression((1, 1)))), body)
    assert function_lines(found, 4) == [
        "    def f(self, a, stride=(1, 1)):",
        "        super().__init__()",
        "        self.conv = a",
        "        return a, b",
    ]


def test_elements_of_a_tuple() -> None:
    assert element_lines(call("Row", "k"), 4) == ['    Row("k"),']


# -- data


def test_literals_of_different_types_are_different() -> None:
    ones = [Literal(1), Literal(True), Literal(1.0), Literal("1")]
    assert len(set(ones)) == len(ones)
    assert Literal(-0.0) != Literal(0.0)


def test_filling_slots_leaves_what_is_put_in_alone() -> None:
    found = call(MODULE, Slot(0), indexed(Slot(1), Slot(0)), k=[(Slot(2),)])
    put: dict[int | str, Expression] = {"module": dotted("self.m"), 0: Slot(1), 1: A}
    assert filled(found, put) == call("self.m", Slot(1), indexed(A, Slot(1)), k=[(Slot(2),)])


@MANY
@given(EXPRESSIONS)
def test_changing_reaches_every_name(found: Expression) -> None:
    def numbered(inner: Expression) -> Expression | None:
        return Name(f"{inner.id}_2") if isinstance(inner, Name) else None

    keep: Callable[[Expression], Expression | None] = lambda inner: None  # noqa: E731
    assert changed(found, keep) == found
    assert names_in(changed(found, numbered)) == {f"{name}_2" for name in names_in(found)}


def test_a_product_of_products_is_one() -> None:
    assert product(A, product(B, C)) == Operation("*", (A, B, C))
    assert product(A) == total(A) == A
