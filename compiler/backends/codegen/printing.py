"""Prints expressions and statements: the only place where they become text."""

from __future__ import annotations

from collections.abc import Sequence

from ...ops.torch.expressions import (
    Attribute,
    Call,
    Comparison,
    Conditional,
    Dictionary,
    Expression,
    List,
    Literal,
    Logic,
    Name,
    Negation,
    Operation,
    Slice,
    Slot,
    Subscript,
    Tuple,
)
from ...text.quoting import python_comment, python_value
from .definitions import Arm, Assignment, Branches, Evaluation, Function, Line, Parameter, Return
from .layout import WIDTH, Bracket, Pieces, broken, broken_sum, flat
from .program import Import

CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(9)
"""How strongly the parts of an expression hold together."""
_LOGIC = {"or": OR, "and": AND}
_OPERATIONS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT}


def text_of(found: Expression) -> str:
    """An expression on one line."""
    return flat(pieces_of(found))


def pieces_of(found: Expression) -> Pieces:
    """An expression with the places where it may be broken. An operand that is an operation of the same rank itself
    stands in parentheses: numbers are added in the order that the data says."""
    match found:
        case Name():
            return (found.id,)
        case Literal():
            return (python_value(found.value),)
        case Attribute():
            return (*_operand(found.value, ATOM), f".{found.name}")
        case Call():
            named: list[Pieces] = [(f"{name}=", *pieces_of(value)) for name, value in found.named]
            return (*_operand(found.function, ATOM), Bracket("(", (*map(pieces_of, found.arguments), *named), ")"))
        case Subscript():
            indices = tuple((_slice(i),) if isinstance(i, Slice) else pieces_of(i) for i in found.indices)
            return (*_operand(found.value, ATOM), Bracket("[", indices, "]", alone=True))
        case Tuple(elements):
            return (Bracket("(", tuple(map(pieces_of, elements)), ")", comma=len(elements) == 1),)
        case List(elements):
            return (Bracket("[", tuple(map(pieces_of, elements)), "]"),)
        case Dictionary(items):
            return (Bracket("{", tuple(_item(key, value) for key, value in items), "}"),)
        case Operation() | Logic():
            rank = _rank(found)
            first, *others = found.operands
            pieces = _operand(first, rank + 1)
            for operand in others:
                pieces = (*pieces, f" {found.symbol} ", *_operand(operand, rank + 1))
            return pieces
        case Comparison():
            return (*_operand(found.left, SUM), f" {found.symbol} ", *_operand(found.right, SUM))
        case Negation():
            return ("not ", *_operand(found.value, NOT))
        case Conditional():
            value, test = _operand(found.value, OR), _operand(found.test, OR)
            return (*value, " if ", *test, " else ", *pieces_of(found.otherwise))
        case Slot():
            raise ValueError(f"nothing was put into the slot {found.key}")


def _rank(found: Expression) -> int:
    match found:
        case Operation():
            return _OPERATIONS[found.symbol]
        case Conditional():
            return CONDITIONAL
        case Logic():
            return _LOGIC[found.symbol]
        case Negation():
            return NOT
        case Comparison():
            return COMPARISON
        case Literal(bool()):
            return ATOM
        case Literal(int() | float() as number):
            return SIGN if python_value(number).startswith("-") else ATOM
    return ATOM


def _operand(found: Expression, least: int) -> Pieces:
    """In parentheses where it holds together less strongly than ``least``. A number before a dot is in parentheses
    too."""
    pieces = pieces_of(found)
    number = isinstance(found, Literal) and type(found.value) in (int, float)
    if _rank(found) < least or (number and least == ATOM):
        return (Bracket("(", (pieces,), ")", alone=True),)
    return pieces


def _slice(found: Slice) -> str:
    first, last = ("" if n is None else str(n) for n in (found.first, found.last))
    return f"{first}:{last}" if found.step is None else f"{first}:{last}:{found.step}"


def _item(key: Expression | None, value: Expression) -> Pieces:
    return ("**", *_operand(value, ATOM)) if key is None else (*pieces_of(key), ": ", *pieces_of(value))


# -- statements


def lines_of(found: Line, indent: int) -> list[str]:
    """The lines of a statement at ``indent`` spaces. A comment for which there is no room is left out."""
    match found:
        case Assignment():
            return _assignment(found, indent)
        case Evaluation():
            return broken(pieces_of(found.value), indent)
        case Return():
            return broken(("return ", *_series(found.values)), indent)
        case Branches():
            return [line for place, arm in enumerate(found.arms) for line in _arm(arm, place == 0, indent)]


def _arm(found: Arm, first: bool, indent: int) -> list[str]:
    body = [line for inner in found.body for line in lines_of(inner, indent + 4)]
    if found.test is None:
        return [*broken(("else",), indent, ":"), *body]
    word, test = "if " if first else "elif ", pieces_of(found.test)
    if indent + len(word) + len(flat(test)) + 1 > WIDTH:
        test = (Bracket("(", (test,), ")", alone=True),)
    return [*broken((word, *test), indent, ":"), *body]


def _assignment(found: Assignment, indent: int) -> list[str]:
    head = flat(_series(found.targets))
    pieces = (f"{head} = ", *pieces_of(found.value))
    is_sum = isinstance(found.value, Operation) and found.value.symbol == "+"
    if is_sum and indent + len(flat(pieces)) > WIDTH:
        assert isinstance(found.value, Operation)
        lines = broken_sum(head, [_operand(term, PRODUCT) for term in found.value.operands], indent)
    else:
        lines = broken(pieces, indent)
    comment = f"  # {python_comment(found.comment)}" if found.comment else ""
    if len(lines[-1]) + len(comment) <= WIDTH:
        lines[-1] += comment
    return lines


def _series(values: Sequence[Expression]) -> Pieces:
    """``a, b`` without brackets."""
    pieces = pieces_of(values[0])
    for value in values[1:]:
        pieces = (*pieces, ", ", *pieces_of(value))
    return pieces


def function_lines(found: Function, indent: int) -> list[str]:
    """The lines of a method."""
    parameters = Bracket("(", (("self",), *map(_parameter, found.parameters)), ")")
    lines = broken((f"def {found.name}", parameters), indent, ":")
    return [*lines, *(line for inner in found.body for line in lines_of(inner, indent + 4))]


def _parameter(found: Parameter) -> Pieces:
    return (found.name,) if found.default is None else (f"{found.name}=", *pieces_of(found.default))


def element_lines(found: Expression, indent: int) -> list[str]:
    """The lines of an element of a tuple or list that stands on lines of its own."""
    return broken(pieces_of(found), indent, ",")


def import_line(found: Import) -> str:
    renamed = f" as {found.alias}" if found.alias != found.name else ""
    return f"from {found.module} import {found.name}{renamed}"
