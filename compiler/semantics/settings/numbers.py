"""Arithmetic in settings: expressions to numbers, or to formulas where run-time variables occur."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...diagnostics.calls import Recursion
from ...diagnostics.names import UndefinedName
from ...diagnostics.settings import NotComputable, WrongArgument
from ...diagnostics.source import Span
from ...diagnostics.strategies import WrongFormula
from ...frontend import ast
from ...schemas.formula import (
    ARITY,
    COMPARISONS,
    FUNCTIONS,
    INFIX,
    Constant,
    Formula,
    FormulaError,
    Variable,
    bounded,
    is_logical,
    simplified,
)
from ...schemas.over import Variables
from .environment import Env, Stop, Thunk

Scalar = int | float | bool | str | None | Formula | tuple[Any, ...]


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def show(value: Any) -> str:
    """A value in the words of a message."""
    match value:
        case None:
            return "`none`"
        case bool():
            return "`true`" if value else "`false`"
        case int() | float():
            return f"`{value!r}`"
        case str():
            return f'the text "{value}"'
        case Formula():
            return "an expression over run-time variables"
        case tuple():
            return f"a list of {len(value)}"
    return str(value)


def resolve(name: ast.Name, env: Env) -> tuple[ast.Expr, Env, Variables | None] | None:
    """The expression that a parameter or a `let` stands for, with the place to read it in and, for a parameter of type
    `over(…)`, its variables.

    None where the name is neither. Raises :class:`Stop` for a parameter without an argument.
    """
    thunk = env.parameters.get(name.id)
    if thunk is not None:
        if thunk.expr is None:
            raise Stop
        active = _entered(name, env, thunk)
        inside = replace(thunk.env, tunable=env.tunable, found=env.found, setting=env.setting, active=active)
        return thunk.expr, inside, thunk.over
    found = env.module.lookup(name.id)
    if found is None:
        return None
    let, module = found
    if not isinstance(let, ast.Let):
        return None
    active = _entered(name, env, let)
    return (
        let.value,
        Env(module, env.report, tunable=env.tunable, found=env.found, setting=env.setting, active=active),
        None,
    )


def _entered(name: ast.Name, env: Env, definition: ast.Let | Thunk) -> tuple[tuple[str, ast.Let | Thunk, Span], ...]:
    """The names being read with one more. Raises :class:`Stop` where it is among them."""
    known = [d for _, d, _ in env.active]
    if definition not in known:
        return (*env.active, (name.id, definition, name.span))
    # The same circle is entered from several sides: it is always told from the side of its first definition.
    inner = env.active[known.index(definition) + 1 :]
    circle = [(definition, name.id, name.span), *((d, n, s) for n, d, s in inner)]
    start = min(range(len(circle)), key=lambda i: _order(circle[i][0]))
    names = tuple(n for _, n, _ in (*circle[start:], *circle[:start]))
    raise env.report.stop(Recursion(circle[start][2], (*names, names[0])))


def _order(definition: ast.Let | Thunk) -> int:
    return definition.name.span.start if isinstance(definition, ast.Let) else -1


def compute(expr: ast.Expr, env: Env, over: Variables | None = None) -> Scalar:
    """The value of an expression without calls of constructors. Raises :class:`Stop`."""
    match expr:
        case ast.Literal_():
            return expr.value
        case ast.Name():
            return _name(expr, env, over)
        case ast.Unary():
            operand = compute(expr.operand, env, over)
            return _apply("neg" if expr.op == "-" else "not", (operand,), expr.span, env)
        case ast.Binary(op="and" | "or"):
            return _logic(expr, env, over)
        case ast.Binary(op="in" | "not in"):
            inside = compute(expr.left, env, over) in _elements(expr.right, env, over)
            return inside if expr.op == "in" else not inside
        case ast.Binary() if expr.op in INFIX:
            operands = (compute(expr.left, env, over), compute(expr.right, env, over))
            return _apply(expr.op, operands, expr.span, env)
        case ast.If():
            return _branch(expr, env, over)
        case ast.Call():
            return _call(expr, env, over)
        case ast.Tuple() | ast.List():
            return tuple(compute(i, env, over) for i in expr.items)
    advice = "settings hold numbers, words, lists and calls"
    if isinstance(expr, ast.Attribute):
        advice = f'a text stands in quotes: `"{expr.span.text}"`'
    elif isinstance(expr, ast.Binary) and expr.op == "..":
        advice = f"to have a value of the range searched, write `choose {expr.span.text}`"
    raise env.report.stop(NotComputable(expr.span, "this expression cannot stand in settings", advice))


def _name(name: ast.Name, env: Env, over: Variables | None) -> Scalar:
    if over is not None and name.id in over.names:
        return Variable(name.id)
    found = resolve(name, env)
    if found is not None:
        expr, inside, declared = found
        definition = inside.active[-1][1]
        if definition not in env.report.values:
            env.report.values[definition] = compute(expr, inside, declared)
        value: Scalar = env.report.values[definition]
        return value
    if env.is_broken(name.id):
        raise Stop
    known = (*(over.names if over else ()), *env.names())
    if env.module.lookup(name.id) is not None:
        raise env.report.stop(NotComputable(name.span, f"`{name.id}` is not a number", "only `let`s can stand here"))
    if over is not None and over.names:
        fault = f"`{name.id}` is neither one of these nor a name in sight"
        raise env.report.stop(WrongFormula(name.span, env.setting, over.names, fault))
    raise env.report.stop(UndefinedName(name.span, name.id, known))


def _apply(op: str, operands: tuple[Scalar, ...], span: Span, env: Env) -> Scalar:
    """An operator or a function on values, as a formula if one of them is one."""
    sign = "-" if op == "neg" else op
    logical = op in ("not", "and", "or")
    for operand in operands:
        truth = is_logical(operand) if isinstance(operand, Formula) else isinstance(operand, bool)
        is_number = isinstance(operand, (int, float, Formula))
        equality = op in ("==", "!=") and not isinstance(operand, tuple)
        if not equality and (not is_number or truth != logical):
            wanted = "`true` or `false`" if logical else "numbers"
            raise env.report.stop(NotComputable(span, f"`{sign}` takes {wanted}, and here it gets {_kind(operand)}"))
    try:
        if any(isinstance(o, Formula) for o in operands):
            return simplified(op, tuple(_formula(o, span, env) for o in operands))
        value: Scalar = bounded(_operation(op)(*operands))
        return value
    except FormulaError as error:
        raise env.report.stop(NotComputable(span, f"this has no value: {error}")) from error
    except ZeroDivisionError as error:
        raise env.report.stop(NotComputable(span, "this has no value: division by zero")) from error
    except ValueError as error:
        numbers = ", ".join(map(show, operands))
        raise env.report.stop(NotComputable(span, f"`{sign}` has no value for {numbers}")) from error
    except (OverflowError, TypeError) as error:
        raise env.report.stop(NotComputable(span, f"this has no value: {error}")) from error


def _operation(op: str) -> Callable[..., Any]:
    if op in INFIX:
        return INFIX[op]
    if op in FUNCTIONS:
        return FUNCTIONS[op]
    return (lambda x: -x) if op == "neg" else (lambda x: not x)


def _formula(value: Scalar, span: Span, env: Env) -> Formula:
    if isinstance(value, Formula):
        return value
    if isinstance(value, (int, float)):
        return Constant(value)
    raise env.report.stop(NotComputable(span, f"{_kind(value)} cannot be compared with a number"))


def _kind(value: Scalar) -> str:
    if isinstance(value, Formula):
        return "a condition" if is_logical(value) else "a number"
    return show(value)


def _logic(expr: ast.Binary, env: Env, over: Variables | None) -> Scalar:
    left = compute(expr.left, env, over)
    if isinstance(left, bool) and left == (expr.op == "or"):
        return left
    right = compute(expr.right, env, over)
    if isinstance(left, bool):
        _apply("not", (right,), expr.right.span, env)
        return right
    return _apply(expr.op, (left, right), expr.span, env)


def _branch(expr: ast.If, env: Env, over: Variables | None) -> Scalar:
    condition = compute(expr.condition, env, over)
    if isinstance(condition, Formula) and is_logical(condition):
        ways = (compute(expr.then, env, over), compute(expr.otherwise, env, over))
        then, otherwise = (_formula(w, expr.span, env) for w in ways)
        if is_logical(then) != is_logical(otherwise):
            raise env.report.stop(NotComputable(expr.span, "one branch is a number, the other true or false"))
        return simplified("if", (condition, then, otherwise))
    if not isinstance(condition, bool):
        fault = f"a condition is `true` or `false`, and this is {_kind(condition)}"
        raise env.report.stop(NotComputable(expr.condition.span, fault))
    return compute(expr.then if condition else expr.otherwise, env, over)


def _elements(expr: ast.Expr, env: Env, over: Variables | None) -> tuple[Any, ...]:
    if isinstance(expr, ast.Set):
        return tuple(compute(a.value, env, over) for a in expr.items)
    if isinstance(expr, ast.Binary) and expr.op == "..":
        low, high = compute(expr.left, env, over), compute(expr.right, env, over)
        if isinstance(low, int) and isinstance(high, int):
            return tuple(range(low, min(high, low + 10_000) + 1))
    else:
        value = compute(expr, env, over)
        if isinstance(value, tuple):
            return value
    raise env.report.stop(NotComputable(expr.span, "`in` needs a list, a set or a range of whole numbers on its right"))


def _call(expr: ast.Call, env: Env, over: Variables | None) -> Scalar:
    callee = expr.callee
    if not isinstance(callee, ast.Name) or callee.id not in FUNCTIONS:
        raise env.report.stop(
            NotComputable(
                callee.span, f"`{callee.span.text}` is no function of numbers", f"there are {', '.join(FUNCTIONS)}"
            )
        )
    least, most = ARITY[callee.id]
    count = len(expr.arguments)
    if any(a.name for a in expr.arguments) or count < least or (most is not None and count > most):
        wanted = f"{least}" if least == most else f"{least} or more" if most is None else f"{least} or {most}"
        fault = f"takes {wanted} argument{'' if wanted == '1' else 's'} by position, and here has {count}"
        raise env.report.stop(WrongArgument(expr.span, callee.id, fault, ()))
    return _apply(callee.id, tuple(compute(a.value, env, over) for a in expr.arguments), expr.span, env)


__all__ = ["COMPARISONS", "Scalar", "Thunk", "compute", "resolve", "show"]
