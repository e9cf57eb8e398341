"""Evaluating expressions and blocks: from the syntax tree to values, and to nodes of the graph on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..diagnostics.decisions import DecisionInLet, NothingToChoose
from ..diagnostics.names import DuplicateName, UndefinedName, WrongKindOfName
from ..diagnostics.semantics import (
    BadIndex,
    OperatorWithTensor,
    Recursion,
    TooLarge,
    TooManyArguments,
    UnknownAttribute,
    WrongType,
)
from ..diagnostics.source import Span
from ..frontend import ast
from ..ir.diagram import leaves, witness
from ..ops.registry import PRIMITIVES
from . import choices, operators
from .arithmetic import (
    FUNCTIONS,
    asks_of,
    binary,
    case_of,
    compute,
    condition,
    guard_of,
    is_number,
    is_plain,
    scalar,
    under,
)
from .calls import Signature, bind, declared_signature, primitive_signature
from .context import Context, Env
from .lists import switch
from .modules import Module
from .state import LENGTH_LIMIT, State, merge_asks
from .values import (
    ERROR,
    Asks,
    Builtin,
    Called,
    Composed,
    EachOp,
    Fault,
    FrozenOp,
    Item,
    KeepOp,
    ListValue,
    NamedTuple_,
    Operator,
    Option,
    Pointwise,
    PrimitiveOp,
    RangeValue,
    ReduceOp,
    Same,
    Scalar,
    SetTemplate,
    SetValue,
    Template,
    Tensor,
    Value,
    kind_of,
)

REDUCERS = ("sum", "mean", "concat")
LIST_FUNCTIONS = ("last", "len")
BUILTIN_NAMES: tuple[str, ...] = (*PRIMITIVES, *REDUCERS, *LIST_FUNCTIONS, *FUNCTIONS, "same")


def evaluate(state: State, expr: ast.Expr, env: Env) -> Value:
    """The value of an expression; ERROR where it is wrong (and was reported)."""
    return _EVALUATE[type(expr)](state, expr, env)


# ---- names ---------------------------------------------------------------------------------------------------------


def _name(state: State, expr: ast.Name, env: Env) -> Value:
    found, value = env.find(expr.id)
    if found:
        return _snapshot(state, value, env) if isinstance(value, ListBuilder) else value
    return global_name(state, expr.id, expr.span, env.module, env)


def global_name(state: State, name: str, span: Span, module: Module, env: Env | None) -> Value:
    """What a name means that is not bound in a block: a declaration, an import, or something built in."""
    declared = module.lookup(name)
    if declared is not None:
        declaration, home = declared
        if isinstance(declaration, ast.Let):
            return constant(state, declaration, home)
        if isinstance(declaration, ast.OpDecl):
            return Template(declaration, home, name, span)
        if isinstance(declaration, ast.OpsDecl):
            return SetTemplate(declaration, home, span)
        return declaration
    if name in module.import_spans:
        return ERROR  # the import failed, and was reported
    if name in PRIMITIVES:
        return PrimitiveOp(PRIMITIVES[name], {}, span)
    if name in REDUCERS:
        return ReduceOp(name, span)
    if name in FUNCTIONS or name in LIST_FUNCTIONS:
        return Builtin(name, span)
    if name == "same":
        return Same(lambda channels: channels)
    known = (*(env.local_names() if env else ()), *module.names(), *BUILTIN_NAMES)
    state.report(UndefinedName(span, name, tuple(dict.fromkeys(known))))
    return ERROR


_EVALUATING = object()


def constant(state: State, declaration: ast.Let, module: Module) -> Value:
    """The value of a `let`, computed once."""
    name = declaration.name.id
    value = module.constants.get(name)
    if value is _EVALUATING:
        state.report(Recursion(declaration.name.span, (name, name)))
        return ERROR
    if value is None:
        module.constants[name] = _EVALUATING
        before = len(state.touched)
        value = evaluate(state, declaration.value, Env(module, Context("", "", 0, (0, ""), 0)))
        if len(state.touched) > before:
            state.report(DecisionInLet(declaration.value.span))
            value = ERROR
        module.constants[name] = value
    return value


# ---- literals and collections --------------------------------------------------------------------------------------


def _literal(state: State, expr: ast.Literal_, env: Env) -> Value:
    return expr.value


def _tuple(state: State, expr: ast.Tuple, env: Env) -> Value:
    items = [evaluate(state, item, env) for item in expr.items]
    for item, value in zip(expr.items, items, strict=True):
        if not (value is ERROR or is_plain(value) or isinstance(value, Same)):
            state.report(WrongType(item.span, "an item of a tuple", "a number or another plain value", kind_of(value)))
            return ERROR
    if not any(isinstance(v, (Scalar, Same)) or v is ERROR for v in items):
        return tuple(items)
    return compute(state, lambda *values: tuple(values), items, env.context, expr.span)


def _list(state: State, expr: ast.List, env: Env) -> Value:
    items: list[Item] = []
    failed = False
    for item in expr.items:
        if isinstance(item, ast.Splat):
            value = evaluate(state, item.value, env)
            if value is ERROR:
                failed = True
            elif isinstance(value, ListValue):
                items.extend(value.items)
            else:
                state.report(WrongType(item.span, "what `*` splices", "a list", kind_of(value)))
                failed = True
        else:
            value = evaluate(state, item, env)
            failed = failed or value is ERROR
            items.append(Item(value))
    return ERROR if failed else ListValue(tuple(items))


def _set(state: State, expr: ast.Set, env: Env) -> Value:
    return choices.evaluate_set(state, expr, env)


def iterate(state: State, value: Value, span: Span, context: Context) -> list[tuple[Value, Item]] | None:
    """The elements of a range or list to loop over: each value with an Item that says where it exists."""
    if value is ERROR:
        return None
    if isinstance(value, ListValue):
        return [(item.value, item) for item in value.items]
    if isinstance(value, SetValue):
        return [(option.value, Item(option.value)) for option in value.options]
    if not isinstance(value, RangeValue):
        state.report(WrongType(span, "what is looped over", "a range or a list", kind_of(value)))
        return None
    low, high = value.low, value.high
    bounds = leaves(case_of(high)) if is_plain(high) else ()
    if type(low) is not int or not bounds or not all(type(b) is int for b in bounds):
        state.report(
            WrongType(span, "a bound of a loop", "a whole number", kind_of(low if type(low) is not int else high))
        )
        return None
    if max(bounds) - low >= LENGTH_LIMIT:
        state.report(TooLarge(span, f"a loop of {max(bounds) - low + 1} iterations", f"at most {LENGTH_LIMIT}"))
        return None
    if not isinstance(high, Scalar):
        return [(i, Item(i)) for i in range(low, high + 1)]
    rounds: list[tuple[Value, Item]] = []
    for i in range(low, max(bounds) + 1):
        exists = state.diagrams.apply(lambda n, i=i: i <= n, high.case)
        exists = state.diagrams.constrain(exists, context.condition)
        rounds.append((i, Item(i, exists, high.asks)))
    return rounds


def _comprehension(state: State, expr: ast.Comprehension, env: Env) -> Value:
    rounds = iterate(state, evaluate(state, expr.source, env), expr.source.span, env.context)
    if rounds is None:
        return ERROR
    items: list[Item] = []
    failed = False
    for position, (value, item) in enumerate(rounds, start=1):
        inside = env.child(_within(state, env.context.index(position), item))
        if expr.target.id != "_":
            inside.values[expr.target.id] = value
        result = evaluate(state, expr.body, inside)
        failed = failed or result is ERROR
        items.append(Item(result, item.guard, item.asks))
    return ERROR if failed else ListValue(tuple(items))


def _within(state: State, context: Context, item: Item) -> Context:
    """The context where ``item`` exists."""
    if item.guard is True:
        return context
    return replace(context, condition=state.diagrams.both(context.condition, item.guard))


# ---- arithmetic and logic ------------------------------------------------------------------------------------------


def _unary(state: State, expr: ast.Unary, env: Env) -> Value:
    value = evaluate(state, expr.operand, env)
    if expr.op == "not":
        tested = condition(state, value, expr.operand.span, env.context)
        return compute(state, lambda v: not v, [tested], env.context, expr.span)
    return binary(state, "-", 0, value, env.context, expr.span)


def _binary(state: State, expr: ast.Binary, env: Env) -> Value:
    op = expr.op
    if op in ("and", "or"):
        return _logic(state, expr, env)
    if op == "..":
        return _range(state, expr, env)
    chain = [expr]
    while isinstance(chain[-1].left, ast.Binary) and chain[-1].left.op not in ("and", "or", ".."):
        chain.append(chain[-1].left)
    value = evaluate(state, chain[-1].left, env)
    for link in reversed(chain):
        value = _combine(state, link, value, evaluate(state, link.right, env), env)
    return value


def _combine(state: State, expr: ast.Binary, left: Value, right: Value, env: Env) -> Value:
    op = expr.op
    if left is ERROR or right is ERROR:
        return ERROR
    if op in ("in", "not in"):
        return _contains(state, expr, left, right, env)
    tensor_sides = (isinstance(left, Tensor), isinstance(right, Tensor))
    operator_sides = (isinstance(left, Operator), isinstance(right, Operator))
    if op in ("+", "*"):
        if all(tensor_sides):
            return operators.tensors_together(state, op, left, right, env.context, expr.span)
        if all(operator_sides):
            return Pointwise(op, left, right, expr.span)
    if any(tensor_sides) and any(operator_sides):
        state.report(OperatorWithTensor(expr.span, op))
        return ERROR
    return binary(state, op, left, right, env.context, expr.span)


def _contains(state: State, expr: ast.Binary, left: Value, right: Value, env: Env) -> Value:
    negated = expr.op == "not in"
    members: list[Value] = []
    match right:
        case ListValue():
            members = [item.value for item in right.items]
        case SetValue():
            members = [option.value for option in right.options]
        case RangeValue() if is_plain(right.low) and is_plain(right.high):
            return compute(
                state,
                lambda v, a, b: (is_number(v) and a <= v <= b) is not negated,
                [left, right.low, right.high],
                env.context,
                expr.span,
            )
        case tuple():
            members = list(right)
        case _:
            state.report(WrongType(expr.right.span, "what `in` looks into", "a list, a set or a range", kind_of(right)))
            return ERROR
    if not is_plain(left) or not all(is_plain(m) for m in members):
        state.report(WrongType(expr.span, "what `in` compares", "plain values", "something else"))
        return ERROR
    return compute(state, lambda v, *ms: (v in ms) is not negated, [left, *members], env.context, expr.span)


def _logic(state: State, expr: ast.Binary, env: Env) -> Value:
    left = condition(state, evaluate(state, expr.left, env), expr.left.span, env.context)
    stops = expr.op == "or"
    if left is ERROR or left is stops:
        return left
    right = condition(state, evaluate(state, expr.right, env), expr.right.span, env.context)
    if right is ERROR or isinstance(left, bool):
        return right
    guard = guard_of(left)
    going_on = state.diagrams.negate(guard) if stops else guard
    asks = merge_asks((*asks_of(left), *under(state, going_on, asks_of(right))))
    join = state.diagrams.either if stops else state.diagrams.both
    return scalar(join(guard, guard_of(right)), asks)


def _range(state: State, expr: ast.Binary, env: Env) -> Value:
    low, high = evaluate(state, expr.left, env), evaluate(state, expr.right, env)
    if low is ERROR or high is ERROR:
        return ERROR
    for bound, side in ((low, expr.left), (high, expr.right)):
        if not (is_number(bound) or isinstance(bound, Scalar)):
            state.report(WrongType(side.span, "a bound of a range", "a number", kind_of(bound)))
            return ERROR
    return RangeValue(low, high)


# ---- pipes ---------------------------------------------------------------------------------------------------------


def _pipe(state: State, expr: ast.Pipe, env: Env) -> Value:
    steps: list[ast.Expr] = []
    first: ast.Expr = expr
    while isinstance(first, ast.Pipe):
        steps.append(first.right)
        first = first.left
    value = evaluate(state, first, env)
    at = first.span
    for step in reversed(steps):
        right = evaluate(state, step, env)
        value = _pipe_into(state, value, right, at, step.span, env.context)
        at = step.span
    return value


def _pipe_into(state: State, left: Value, right: Value, left_span: Span, span: Span, context: Context) -> Value:
    if left is ERROR or right is ERROR:
        return ERROR
    if isinstance(left, Operator) and isinstance(right, Operator):
        return Composed(left, right, span)
    if isinstance(left, (Tensor, ListValue)):
        return operators.apply(state, right, left, context, span)
    advice = "write `choose` before the set" if kind_of(left) == "a set" else None
    state.report(
        WrongType(left_span, "what is piped on", "a tensor, a list of tensors or an operator", kind_of(left), advice)
    )
    return ERROR


# ---- calls ---------------------------------------------------------------------------------------------------------


def _call(state: State, expr: ast.Call, env: Env) -> Value:
    callee = evaluate(state, expr.callee, env)
    arguments = [(a.name.id if a.name else None, evaluate(state, a.value, env), a.span) for a in expr.arguments]
    return call(state, callee, arguments, expr, env)


Arguments = list[tuple[str | None, Value, Span]]


def call(state: State, callee: Value, arguments: Arguments, expr: ast.Call, env: Env) -> Value:
    """A callee with its arguments."""
    if callee is ERROR:
        return ERROR
    if isinstance(callee, SetValue):
        options = [Option(o.name, call(state, o.value, arguments, expr, env), o.span) for o in callee.options]
        return SetValue(tuple(options))
    span = expr.span
    match callee:
        case PrimitiveOp(arguments={}):
            bound = bind(primitive_signature(callee.primitive), arguments, span, state.report)
            if bound is None or any(v is ERROR for v in bound.values()):
                return ERROR
            return PrimitiveOp(callee.primitive, bound, span)
        case Template():
            return _declared(state, callee, arguments, expr, env)
        case SetTemplate():
            declaration = callee.declaration
            signature = declared_signature(declaration.name.id, declaration.parameters, declaration.name.span)
            bound = bind(signature, arguments, span, state.report)
            if bound is None or any(v is ERROR for v in bound.values()):
                return ERROR
            return operators.instantiate_set(state, callee, bound, env.context)
        case Builtin():
            return _builtin(state, callee, arguments, expr, env)
        case ReduceOp():
            if arguments:
                state.report(TooManyArguments(arguments[0][2], callee.op, 0, len(arguments), f"list -> {callee.op}"))
                return ERROR
            return callee
        case ast.SpaceDecl() | ast.StrategyDecl() | ast.SearchDecl():
            state.report(WrongKindOfName(expr.callee.span, callee.name.id, kind_of(callee), "an operator"))
            return ERROR
    advice = "it has its arguments already" if isinstance(callee, Operator) else None
    state.report(
        WrongType(expr.callee.span, "what is called", "an operator or a function by its name", kind_of(callee), advice)
    )
    return ERROR


def _declared(state: State, template: Template, arguments: Arguments, expr: ast.Call, env: Env) -> Value:
    declaration = template.declaration
    signature = declared_signature(declaration.name.id, declaration.parameters, declaration.name.span)
    bound = bind(signature, arguments, expr.span, state.report, frozenset({"weights"}))
    if bound is None or any(v is ERROR for v in bound.values()):
        return ERROR
    weights: Any = None
    if "weights" in bound and "weights" not in signature.parameters:
        weights = bound.pop("weights")
        if weights is not None and not isinstance(weights, str):
            place = next(s for n, _, s in arguments if n == "weights")
            state.report(WrongType(place, "`weights`", "a string, the path of a file", kind_of(weights)))
            return ERROR
    token = state.token("call", env.context.token, id(expr), env.context.path)
    return Called(template, bound, replace(env.context, token=token), expr.span, weights)


def _builtin(state: State, builtin: Builtin, arguments: Arguments, expr: ast.Call, env: Env) -> Value:
    values = [value for _, value, _ in arguments]
    name = builtin.name
    least, most = {"last": (2, 2), "len": (1, 1)}.get(name) or FUNCTIONS[name][:2]
    if not least <= len(values) <= most or any(n is not None for n, _, _ in arguments):
        names = (
            tuple("abcdefgh"[: min(most, 3)])
            if name not in ("last", "share")
            else {"last": ("n", "xs"), "share": ("c", "n", "i")}[name]
        )
        signature = Signature(name, names, frozenset(names[:least]), f"{name}({', '.join(names)})")
        if bind(signature, arguments, expr.span, state.report) is None:
            return ERROR
    if any(v is ERROR for v in values):
        return ERROR
    if name in LIST_FUNCTIONS:
        return _list_function(state, name, values, arguments, expr, env)
    for _, value, place in arguments:
        if not (is_number(value) or isinstance(value, (Scalar, Same))):
            state.report(WrongType(place, f"an argument of `{name}`", "a number", kind_of(value)))
            return ERROR
    return compute(state, FUNCTIONS[name][2], values, env.context, expr.span)


def _list_function(
    state: State, name: str, values: list[Value], arguments: Arguments, expr: ast.Call, env: Env
) -> Value:
    xs = values[-1]
    if not isinstance(xs, ListValue):
        state.report(WrongType(arguments[-1][2], f"what `{name}` looks into", "a list", kind_of(xs)))
        return ERROR
    if not xs.fixed:
        state.report(
            WrongType(
                arguments[-1][2],
                f"what `{name}` looks into",
                "a list of a fixed length",
                "one whose length hangs on a decision",
            )
        )
        return ERROR
    if name == "len":
        return len(xs.items)
    n = values[0]
    if type(n) is not int or n < 0:
        state.report(WrongType(arguments[0][2], "the first argument of `last`", "a whole number", kind_of(n)))
        return ERROR
    if n > len(xs.items):
        state.report(BadIndex(expr.span, "the list", f"{n} from the end", _elements(len(xs.items))))
        return ERROR
    return ListValue(xs.items[len(xs.items) - n :], name=xs.name)


def _elements(n: int) -> str:
    return "no elements" if n == 0 else "one element" if n == 1 else f"{n} elements"


# ---- indices and attributes ----------------------------------------------------------------------------------------


def _index(state: State, expr: ast.Index, env: Env) -> Value:
    base, index = evaluate(state, expr.base, env), evaluate(state, expr.index, env)
    if base is ERROR or index is ERROR:
        return ERROR
    if not isinstance(base, ListValue):
        if not expr.before and (isinstance(base, (tuple, Same)) or _holds_tuples(base)):
            return compute(state, _item_of_tuple, [base, index], env.context, expr.span)
        state.report(WrongType(expr.base.span, "what is indexed", "a list", kind_of(base)))
        return ERROR
    name = f"`{expr.base.id}`" if isinstance(expr.base, ast.Name) else "the list"
    numbers = leaves(case_of(index)) if is_plain(index) else ()
    if not numbers or not all(type(n) is int for n in numbers):
        state.report(WrongType(expr.index.span, "an index", "a whole number", kind_of(index)))
        return ERROR
    if expr.before:
        if isinstance(index, Scalar):
            state.report(
                WrongType(
                    expr.index.span,
                    "a bound of `[<…]`",
                    "a number that no decision changes",
                    "one that a decision changes",
                )
            )
            return ERROR
        if index < 1 or index - 1 > len(base.items):
            state.report(BadIndex(expr.span, name, f"before {index}", _elements(len(base.items))))
            return ERROR
        return ListValue(base.items[: index - 1], name=name)
    if isinstance(index, Scalar):
        return _chosen_element(state, expr, base, index, name, env)
    return _element(state, expr, base, index, name, env)


def _holds_tuples(value: Value) -> bool:
    return isinstance(value, Scalar) and all(isinstance(leaf, tuple) for leaf in leaves(value.case))


def _item_of_tuple(items: Any, index: Any) -> Any:
    if not isinstance(items, tuple):
        return Fault(f"{kind_of(items)} has no elements", "give a tuple such as `3x3x3`")
    if type(index) is not int or not 1 <= index <= len(items):
        return Fault(f"a tuple of {len(items)} has no element {index}", "tuples count from 1")
    return items[index - 1]


def _element(state: State, expr: ast.Index, base: ListValue, index: int, name: str, env: Env) -> Value:
    if index == 0 and base.seed is not None:
        return base.seed
    if not 1 <= index <= len(base.items):
        state.report(BadIndex(expr.span, name, str(index), _elements(len(base.items))))
        return ERROR
    item = base.items[index - 1]
    if item.guard is not True:
        missing = state.diagrams.both(state.diagrams.negate(item.guard), env.context.condition)
        answers = witness(state.diagrams.both(missing, state.valid(missing)))
        if answers is not None:
            words = state.witness_words(answers)
            state.report(BadIndex(expr.span, name, str(index), "fewer elements", words))
            return ERROR
    return item.value


def _chosen_element(state: State, expr: ast.Index, base: ListValue, index: Scalar, name: str, env: Env) -> Value:
    cases = []
    for number in sorted(leaves(index.case)):
        here = state.diagrams.apply(lambda n, number=number: n == number, index.case)
        possible = state.diagrams.both(here, env.context.condition)
        if witness(state.diagrams.both(possible, state.valid(possible))) is None:
            continue
        inside = env.within(replace(env.context, condition=possible))
        element = _element(state, expr, base, number, name, inside)
        if element is ERROR:
            return ERROR
        cases.append((element, here))
    if all(is_plain(v) for v, _ in cases):
        asks: Asks = index.asks
        case: Any = case_of(cases[-1][0])
        for value, here in reversed(cases[:-1]):
            case = state.diagrams.ite(here, case_of(value), case)
        for value, here in cases:
            asks = merge_asks((*asks, *under(state, here, asks_of(value))))
        return scalar(case, asks)
    return switch(state, cases, index.asks, expr.span, env.context)


_AXES: dict[str, dict[str, int]] = {
    "image": {"channels": 0, "height": 1, "width": 2},
    "clip": {"channels": 0, "frames": 1, "height": 2, "width": 3},
    "tokens": {"length": 0, "channels": 1},
    "features": {"channels": 0},
}


def _attribute(state: State, expr: ast.Attribute, env: Env) -> Value:
    base = evaluate(state, expr.base, env)
    if base is ERROR or (isinstance(base, Tensor) and base.broken):
        return ERROR
    if not isinstance(base, Tensor):
        state.report(WrongType(expr.base.span, f"what has a `.{expr.name.id}`", "a tensor", kind_of(base)))
        return ERROR
    axes = _AXES[base.type.layout]
    axis = axes.get(expr.name.id)
    if axis is None:
        owner = {"image": "an image", "clip": "a clip"}.get(base.type.layout, base.type.layout)
        state.report(UnknownAttribute(expr.name.span, expr.name.id, owner, tuple(axes)))
        return ERROR
    case = base.type.dims[axis]
    return scalar(case, state.case_asks(case))


# ---- the forms that leave something open ---------------------------------------------------------------------------


def _keep(state: State, expr: ast.Keep, env: Env) -> Value:
    label = expr.label.id if expr.label else None
    if expr.size == "all":
        return KeepOp(None, None, label, env.context, expr.span, expr)
    if expr.size == "any":
        return KeepOp(1, None, label, env.context, expr.span, expr)
    assert isinstance(expr.size, ast.Expr)
    size = evaluate(state, expr.size, env)
    if size is ERROR:
        return ERROR
    low, high = (size.low, size.high) if isinstance(size, RangeValue) else (size, size)
    if type(low) is not int or type(high) is not int or low < 0 or high < low:
        shown = expr.size.span.text
        state.report(NothingToChoose(expr.size.span, f"`keep` takes a whole number or a range of them, not `{shown}`"))
        return ERROR
    return KeepOp(low, high, label, env.context, expr.span, expr)


def _choose(state: State, expr: ast.Choose, env: Env) -> Value:
    return choices.choose(state, expr, env)


def _maybe(state: State, expr: ast.Maybe, env: Env) -> Value:
    return choices.maybe(state, expr, env)


def _repeat(state: State, expr: ast.Repeat, env: Env) -> Value:
    return choices.repeat(state, expr, env)


def _each(state: State, expr: ast.Each, env: Env) -> Value:
    return EachOp(expr.operand, env, expr.span)


def _frozen(state: State, expr: ast.Frozen, env: Env) -> Value:
    operand = evaluate(state, expr.operand, env)
    if operand is ERROR:
        return ERROR
    if not isinstance(operand, Operator):
        state.report(WrongType(expr.operand.span, "what is `frozen`", "an operator", kind_of(operand)))
        return ERROR
    return FrozenOp(operand, expr.span)


def _if(state: State, expr: ast.If, env: Env) -> Value:
    return choices.conditional(state, expr, env)


def _configured(state: State, expr: ast.Configured, env: Env) -> Value:
    state.report(WrongType(expr.span, "an expression of a network", "without settings", "a settings block"))
    return ERROR


def _splat(state: State, expr: ast.Splat, env: Env) -> Value:
    state.report(WrongType(expr.span, "`*`", "inside a list `[…]`", "elsewhere"))
    return ERROR


_EVALUATE: dict[type[ast.Expr], Callable[[State, Any, Env], Value]] = {
    ast.Literal_: _literal,
    ast.Name: _name,
    ast.Tuple: _tuple,
    ast.Splat: _splat,
    ast.List: _list,
    ast.Comprehension: _comprehension,
    ast.Set: _set,
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.If: _if,
    ast.Pipe: _pipe,
    ast.Call: _call,
    ast.Index: _index,
    ast.Attribute: _attribute,
    ast.Choose: _choose,
    ast.Keep: _keep,
    ast.Maybe: _maybe,
    ast.Repeat: _repeat,
    ast.Each: _each,
    ast.Frozen: _frozen,
    ast.Configured: _configured,
}


# ---- blocks --------------------------------------------------------------------------------------------------------


class ListBuilder:
    """A list that a block builds element by element: `x[i] = …`."""

    __slots__ = ("items", "name", "seed", "span")

    def __init__(self, name: str, span: Span) -> None:
        self.name = name
        self.span = span
        self.items: list[Item] = []
        self.seed: Value = None


def _snapshot(state: State, builder: ListBuilder, env: Env) -> Value:
    """The list as it is now, with guards that are known to hold here dropped."""
    if builder.seed is ERROR or any(item.value is ERROR for item in builder.items):
        return ERROR
    known = env.context.condition
    if known is True:
        return ListValue(tuple(builder.items), builder.seed, f"`{builder.name}`")
    items = []
    for item in builder.items:
        guard = state.diagrams.constrain(item.guard, known)
        items.append(Item(item.value, guard, item.asks if guard is not True else (), item.keep))
    return ListValue(tuple(items), builder.seed, f"`{builder.name}`")


def run_block(state: State, block: ast.Block, env: Env) -> Value:
    """The value that a body returns; its statements are elaborated in order."""
    _predeclare(block.statements, env, nested=False)
    _statements(state, block.statements, env, env, Item(None))
    value = block.result.value
    if isinstance(value, ast.Set) and value.items and all(item.name is not None for item in value.items):
        outputs = []
        for item in value.items:
            assert item.name is not None
            outputs.append((item.name.id, evaluate(state, item.value, env)))
        return ERROR if any(v is ERROR for _, v in outputs) else NamedTuple_(tuple(outputs))
    return evaluate(state, value, env)


def _predeclare(statements: tuple[ast.Bind | ast.For, ...], env: Env, nested: bool) -> None:
    """The lists that a block builds exist, empty, from its start: `h[<1]` may stand before the first `h[1] = …`."""
    for statement in statements:
        if isinstance(statement, ast.For):
            if not nested:
                _predeclare(statement.body, env, nested=True)
        elif statement.index is not None and not env.find(statement.name.id)[0]:
            env.values[statement.name.id] = ListBuilder(statement.name.id, statement.name.span)


def _statements(state: State, statements: tuple[ast.Bind | ast.For, ...], env: Env, outer: Env, loop: Item) -> None:
    """``outer``: the block that lists are built in; ``loop``: where the current iteration exists."""
    for statement in statements:
        if isinstance(statement, ast.For):
            _for(state, statement, env, loop)
        elif statement.index is None:
            name = statement.name.id
            context = env.context.segment(name + env.indices)
            env.values[name] = _named(evaluate(state, statement.value, env.within(context)), name)
        else:
            _element_statement(state, statement, env, outer, loop)


def _named(value: Value, name: str) -> Value:
    return ListValue(value.items, value.seed, f"`{name}`") if isinstance(value, ListValue) else value


def _for(state: State, statement: ast.For, env: Env, loop: Item) -> None:
    rounds = iterate(state, evaluate(state, statement.source, env), statement.source.span, env.context)
    if rounds is None:
        return
    for position, (value, item) in enumerate(rounds, start=1):
        number = value if type(value) is int else position
        inside = env.child(_within(state, env.context, item), f"{env.indices}[{number}]")
        if statement.target.id != "_":
            inside.values[statement.target.id] = value
        _predeclare(tuple(s for s in statement.body if isinstance(s, ast.For)), inside, nested=False)
        exists = Item(None, state.diagrams.both(loop.guard, item.guard), merge_asks((*loop.asks, *item.asks)))
        _statements(state, statement.body, inside, env, exists)


def _element_statement(state: State, statement: ast.Bind, env: Env, outer: Env, loop: Item) -> None:
    name = statement.name.id
    assert statement.index is not None
    index = evaluate(state, statement.index, env)
    found, builder = env.find(name)
    if not found:
        builder = ListBuilder(name, statement.name.span)
        outer.values[name] = builder
    elif not isinstance(builder, ListBuilder):
        state.report(DuplicateName(statement.name.span, name, statement.name.span))
        return
    if index is ERROR:
        builder.items.append(Item(ERROR))
        return
    place = env.indices or f"[{index}]"
    value = evaluate(state, statement.value, env.within(env.context.segment(name + place)))
    if index == 0 and not builder.items:
        builder.seed = value
    elif type(index) is int and index == len(builder.items) + 1:
        builder.items.append(Item(value, loop.guard, loop.asks))
    else:
        shown = str(index) if type(index) is int else kind_of(index)
        state.report(
            BadIndex(
                statement.index.span,
                f"`{name}`",
                shown,
                f"{_elements(len(builder.items))}; the next is {len(builder.items) + 1}",
            )
        )
        builder.items.append(Item(ERROR))
