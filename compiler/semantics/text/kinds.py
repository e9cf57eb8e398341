"""Bodies that no space applies: what is wrong with them whatever their parameters and the shapes are.

Only what every application would evaluate is looked at: not the branches of an `if`, the right side of `and` and `or`,
nor what a loop may never reach. So nothing is refused here that would be accepted when it is applied.
"""

from __future__ import annotations

from ...diagnostics.calls import BadReturn
from ...diagnostics.decisions import NothingToChoose
from ...diagnostics.model import Diagnostic, Sink
from ...diagnostics.values import OperatorWithTensor, UnknownAttribute, WrongType
from ...frontend import ast
from ...frontend.stack import deep_stack
from ...ops.registry import PRIMITIVES
from ..builtins import REDUCERS
from ..elaboration.arithmetic import FUNCTIONS, JOINING, LISTLESS, MIXED, UNKNOWN_SIGN
from ..modules import Module

Kind = str
"""What an expression denotes, in the words of messages; empty where that is not known."""

_OPERATOR, _TENSOR, _LIST, _NUMBER, _SET, _RANGE = "an operator", "a tensor", "a list", "a number", "a set", "a range"
_TRUTH, _STRING, _TUPLE, _NONE = "a truth value", "a string", "a tuple", "none"
_GRAPH = frozenset((_OPERATOR, _TENSOR, _LIST, _SET, _RANGE))
_PLAIN = frozenset((_NUMBER, _TRUTH, _STRING, _TUPLE, _NONE))
_ATTRIBUTES = ("channels", "frames", "height", "width", "length")
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))


def check_kinds(module: Module, sink: Sink) -> None:
    """Reports contradictions in the ops, cells and metas of a file, but for those with mistakes that are known."""
    errors = sink.errors
    blamed = [label.span for d in errors if isinstance(d, WrongType) for label in d.related]
    known = [span for span in (*(d.span for d in errors), *blamed) if span is not None and span.source is module.source]
    for declaration in module.of_kind(ast.OpDecl):
        assert isinstance(declaration, ast.OpDecl)
        place = declaration.span
        # Right behind it: what was cut off from a declaration that looked complete.
        if not any(place.start <= span.start <= place.end + 1 for span in known):
            with deep_stack():
                _Body(module, sink).check(declaration)


class _Body:
    def __init__(self, module: Module, sink: Sink) -> None:
        self.module, self.sink = module, sink
        self.names: dict[str, Kind] = {}
        self.silent = 0
        self.failed = False

    def check(self, declaration: ast.OpDecl) -> None:
        self.names = {p.name.id: "" for p in declaration.parameters}
        for entry in declaration.inputs or ():
            self.names[entry.name.id] = _LIST if entry.variadic else _TENSOR
        self._statements(declaration.body.statements)
        value = declaration.body.result.value
        if isinstance(value, ast.Set):
            return
        kind = self.kind(value)
        wanted = _TENSOR if declaration.inputs else _OPERATOR
        if kind and not self.failed and (kind in _PLAIN or kind == (_OPERATOR if declaration.inputs else _TENSOR)):
            if declaration.kind == "meta":
                self.report(WrongType(value.span, f"what meta `{declaration.name.id}` returns", wanted, kind))
            else:
                self.report(BadReturn(value.span, declaration.name.id, wanted, kind))

    def report(self, diagnostic: Diagnostic) -> None:
        if not self.silent:
            self.failed = True
            self.sink.add_once(diagnostic)

    def _statements(self, statements: tuple[ast.Bind | ast.For, ...]) -> None:
        for statement in statements:
            if isinstance(statement, ast.For):
                self._looped(statement.source)
                self.silent += 1
                kept = dict(self.names)
                self.names[statement.target.id] = ""
                self._statements(statement.body)
                lists = {s.name.id for s in statement.body if isinstance(s, ast.Bind) and s.index is not None}
                self.names = {**kept, **dict.fromkeys(lists, _LIST)}
                self.silent -= 1
            elif statement.index is not None:
                self.kind(statement.value)
                self.names[statement.name.id] = _LIST
            else:
                self.names[statement.name.id] = self.kind(statement.value)

    # -- expressions

    def kind(self, expr: ast.Expr) -> Kind:
        """The kind of an expression; what is certainly wrong in it is reported."""
        match expr:
            case ast.Literal_():
                value = expr.value
                if value is None:
                    return _NONE
                return _TRUTH if isinstance(value, bool) else _STRING if isinstance(value, str) else _NUMBER
            case ast.Name():
                return self._name(expr.id)
            case ast.Tuple():
                for item in expr.items:
                    self._not(item, _GRAPH, "an item of a tuple", "a number or another plain value")
                return _TUPLE
            case ast.List():
                for item in expr.items:
                    if isinstance(item, ast.Splat):
                        self._not(item.value, (_PLAIN | _GRAPH) - {_LIST}, "what `*` splices", _LIST)
                    else:
                        self.kind(item)
                return _LIST
            case ast.Set():
                for alternative in expr.items:
                    self.kind(alternative.value)
                return _SET
            case ast.Comprehension():
                self._looped(expr.source)
                return _LIST
            case ast.Unary():
                return self._unary(expr)
            case ast.Binary():
                return self._binary(expr)
            case ast.If():
                self._condition(expr.condition)
                then, otherwise = self._silently(expr.then), self._silently(expr.otherwise)
                return then if then == otherwise else ""
            case ast.Pipe():
                return self._pipe(expr)
            case ast.Call():
                return self._call(expr)
            case ast.Index():
                self.kind(expr.index)
                self._not(expr.base, (_PLAIN | _GRAPH) - {_LIST, _TUPLE}, "what is indexed", _LIST)
                return _LIST if expr.before else ""
            case ast.Attribute():
                return self._attribute(expr)
            case ast.Choose():
                return self._choose(expr)
            case ast.Maybe():
                wrong = (_PLAIN | _GRAPH) - {_OPERATOR, _TENSOR}
                return self._not(expr.operand, wrong, "what `maybe` is said of", "a tensor or an operator")
            case ast.Frozen():
                self._not(expr.operand, (_PLAIN | _GRAPH) - {_OPERATOR}, "what is `frozen`", _OPERATOR)
                return _OPERATOR
            case ast.Repeat():
                self._not(expr.count, (_PLAIN | _GRAPH) - {_NUMBER}, "the count of a `repeat`", "a whole number")
                return _OPERATOR
            case ast.Keep() | ast.Each():
                return _OPERATOR
        return ""

    def _silently(self, expr: ast.Expr) -> Kind:
        self.silent += 1
        kind = self.kind(expr)
        self.silent -= 1
        return kind

    def _not(self, expr: ast.Expr, wrong: frozenset[Kind], what: str, wanted: str, advice: str | None = None) -> Kind:
        """The kind of an expression, reported if it is one of ``wrong``."""
        kind = self.kind(expr)
        if kind in wrong:
            self.report(WrongType(expr.span, what, wanted, kind, advice))
            return ""
        return kind

    def _name(self, name: str) -> Kind:
        if name in self.names:
            return self.names[name]
        found = self.module.lookup(name)
        if found is not None:
            declaration = found[0]
            if isinstance(declaration, ast.Let):
                return self.kind(declaration.value) if isinstance(declaration.value, ast.Literal_) else ""
            if isinstance(declaration, (ast.OpDecl, ast.ExternDecl)):
                return _OPERATOR
            return _SET if isinstance(declaration, ast.OpsDecl) else ""
        return _OPERATOR if name in PRIMITIVES or name in REDUCERS else ""

    def _looped(self, source: ast.Expr) -> None:
        wrong = (_PLAIN | _GRAPH) - {_LIST, _SET, _RANGE}
        self._not(source, wrong, "what is looped over", "a range or a list")

    def _condition(self, expr: ast.Expr) -> None:
        wrong = (_PLAIN | _GRAPH) - {_TRUTH}
        self._not(expr, wrong, "a condition", _TRUTH, "compare it with something: `x > 0`")

    def _unary(self, expr: ast.Unary) -> Kind:
        if expr.op == "not":
            self._condition(expr.operand)
            return _TRUTH
        kind = self.kind(expr.operand)
        if kind in _GRAPH:
            self.report(WrongType(expr.span, "an operand of `-`", _NUMBER, kind))
        return _NUMBER

    def _binary(self, expr: ast.Binary) -> Kind:
        op = expr.op
        if op in ("and", "or"):
            self._condition(expr.left)
            return _TRUTH
        left, right = self.kind(expr.left), self.kind(expr.right)
        if op == "..":
            for side, kind in ((expr.left, left), (expr.right, right)):
                if kind in (_PLAIN | _GRAPH) - {_NUMBER}:
                    self.report(WrongType(side.span, "a bound of a range", _NUMBER, kind))
            return _RANGE
        if op in ("in", "not in"):
            if right in (_PLAIN | _GRAPH) - {_LIST, _SET, _RANGE, _TUPLE}:
                self.report(WrongType(expr.right.span, "what `in` looks into", "a list, a set or a range", right))
            return _TRUTH
        if op in ("+", "*") and left == right and left in (_TENSOR, _OPERATOR):
            return left
        if {left, right} == {_TENSOR, _OPERATOR}:
            self.report(OperatorWithTensor(expr.span, op))
            return ""
        for side, kind in ((expr.left, left), (expr.right, right)):
            if kind == _LIST and op in ("+", "*"):
                self.report(WrongType(side.span, f"an operand of `{op}`", LISTLESS, kind, JOINING))
                return ""
        both = MIXED if {left, right} & _PLAIN else None
        if op not in ("+", "*") and {left, right} & {_TENSOR, _OPERATOR}:
            both = UNKNOWN_SIGN
        unknown = not left or not right
        for side, kind in ((expr.left, left), (expr.right, right)):
            if kind in _GRAPH and not (unknown and op in ("+", "*") and kind in (_TENSOR, _OPERATOR)):
                self.report(WrongType(side.span, f"an operand of `{op}`", _NUMBER, kind, both))
                return ""
        if op in _COMPARISONS:
            return _TRUTH
        return _NUMBER if left == right == _NUMBER else ""

    def _pipe(self, expr: ast.Pipe) -> Kind:
        left, right = self.kind(expr.left), self.kind(expr.right)
        braces = "write `choose` before the set"
        if left in _PLAIN | {_SET, _RANGE}:
            what, wanted = "what is piped on", "a tensor, a list of tensors or an operator"
            self.report(WrongType(expr.left.span, what, wanted, left, braces if left == _SET else None))
            return ""
        if right in (_PLAIN | _GRAPH) - {_OPERATOR}:
            what = "what a value is piped into"
            self.report(WrongType(expr.right.span, what, _OPERATOR, right, braces if right == _SET else None))
            return ""
        if left == _OPERATOR:
            return right
        if left not in (_TENSOR, _LIST):
            return ""
        return _TENSOR if self._gives_tensor(expr.right) else ""

    def _gives_tensor(self, expr: ast.Expr) -> bool:
        """Whether an operator is one that gives a tensor: a primitive, a reduction or a declared one by its name."""
        name = expr.callee if isinstance(expr, ast.Call) else expr
        return isinstance(name, ast.Name) and name.id not in self.names and self._name(name.id) == _OPERATOR

    def _call(self, expr: ast.Call) -> Kind:
        kinds = [self.kind(argument.value) for argument in expr.arguments]
        callee = expr.callee
        if not isinstance(callee, ast.Name):
            self.kind(callee)
            return ""
        name = callee.id
        builtin = name not in self.names and self.module.lookup(name) is None
        if builtin and name in PRIMITIVES:
            for argument, kind in zip(expr.arguments, kinds, strict=True):
                if kind in _GRAPH:
                    named = f"`{argument.name.id}`" if argument.name else "an argument"
                    advice = f"tensors are piped in: `x -> {name}(…)`" if kind == _TENSOR else None
                    what, wanted = f"{named} of `{name}`", "a number or another plain value"
                    self.report(WrongType(argument.value.span, what, wanted, kind, advice))
            return _OPERATOR
        if builtin and name in FUNCTIONS:
            for argument, kind in zip(expr.arguments, kinds, strict=True):
                if kind in (_PLAIN | _GRAPH) - {_NUMBER}:
                    self.report(WrongType(argument.span, f"an argument of `{name}`", _NUMBER, kind))
            return _NUMBER
        if builtin and name in ("last", "len"):
            if kinds and kinds[-1] in (_PLAIN | _GRAPH) - {_LIST}:
                self.report(WrongType(expr.arguments[-1].span, f"what `{name}` looks into", _LIST, kinds[-1]))
            return _LIST if name == "last" else _NUMBER
        kind = self._name(name)
        if kind in _PLAIN | {_TENSOR, _LIST, _RANGE}:
            self.report(WrongType(callee.span, "what is called", "an operator or a function by its name", kind))
            return ""
        return kind if name not in self.names else ""

    def _attribute(self, expr: ast.Attribute) -> Kind:
        what = f"what has a `.{expr.name.id}`"
        kind = self._not(expr.base, (_PLAIN | _GRAPH) - {_TENSOR}, what, _TENSOR)
        if kind == _TENSOR and expr.name.id not in _ATTRIBUTES:
            self.report(UnknownAttribute(expr.name.span, expr.name.id, _TENSOR, _ATTRIBUTES))
        return _NUMBER

    def _choose(self, expr: ast.Choose) -> Kind:
        if isinstance(expr.operand, ast.Set):
            kinds = {self.kind(alternative.value) for alternative in expr.operand.items}
            return kinds.pop() if len(kinds) == 1 and _LIST not in kinds else ""
        kind = self.kind(expr.operand)
        if kind in (_PLAIN | _GRAPH) - {_SET, _RANGE}:
            why = f"`choose` takes a set or a range, not {kind}"
            if kind in (_LIST, _TUPLE):
                self.report(NothingToChoose(expr.operand.span, why, "alternatives stand in braces: `choose {a, b}`"))
            else:
                self.report(NothingToChoose(expr.operand.span, why))
            return ""
        return _NUMBER if kind == _RANGE else ""
