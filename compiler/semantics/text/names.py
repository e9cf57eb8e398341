"""Names in text: undefined, defined twice, never used, or referring to themselves, whether a space uses them or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...diagnostics.calls import MissingArgument, Recursion
from ...diagnostics.model import Diagnostic, Sink
from ...diagnostics.names import DuplicateName, UndefinedName, UnusedName
from ...diagnostics.source import Span
from ...frontend import ast
from ...frontend.stack import deep_stack
from ...frontend.walk import children, inside
from ...ops.registry import PRIMITIVES
from ...record import record
from ...text.likeness import alike
from ..builtins import BUILTIN_NAMES
from ..modules import Module, library_home
from ..signatures import Signature, bind, declared_signature, no_set, passed_on, primitive_signature
from . import extern_blocks, extern_data, extern_loss

_CONSTRAINT_FUNCTIONS = ("pin", "size")

_SLIPS, _LIKE = 3, 0.7
"""So many names at most may be meant by one that is not known, and have so much in common with it."""


@record(eq=False, frozen=False)
class _Bound:
    span: Span
    what: str
    used: bool = False
    list_: bool = False


def _nearly(name: str, known: Sequence[str]) -> list[str]:
    """What a name that is not known may be a slip of."""
    return alike(name, known, _SLIPS, _LIKE)


class _Scope:
    def __init__(self, parent: _Scope | None) -> None:
        self.parent = parent
        self.names: dict[str, _Bound] = {}
        self.iterations: list[_Scope] = []
        """The scopes of loops in this one, which are over."""

    def within_loops(self, name: str) -> list[_Bound]:
        """What the loops of this scope, or of one around it, bound for their iterations alone."""
        found: list[_Bound] = []
        scope: _Scope | None = self
        while scope is not None:
            bound = (inside.names.get(name) for inside in scope.iterations)
            found += [b for b in bound if b is not None and b.what == "name"]
            scope = scope.parent
        return found

    def find(self, name: str) -> _Bound | None:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def visible(self) -> Iterator[str]:
        scope: _Scope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.parent


def check_names(module: Module, sink: Sink) -> None:
    """Checks the names of a file and of the user's files that it imports (the library is tested)."""
    with deep_stack():
        for each in module.closure():
            if each is module or not _is_library(each):
                _Names(each, sink, warn=each is module).check()


def _is_library(module: Module) -> bool:
    from ..modules import library_names

    return module.name in library_names()


class _Names:
    def __init__(self, module: Module, sink: Sink, warn: bool) -> None:
        self.module = module
        self.sink = sink
        self.warn = warn
        self.used: set[str] = set()
        self.unknown: set[str] = set()
        """Names in settings and constraints that nothing declares: words of settings, labels and slips."""
        self.edges: dict[str, dict[str, Span]] = {}
        self.current: str | None = None
        self.space: ast.SpaceDecl | None = None
        """The space whose instance is being checked."""
        self.told: set[tuple[str, str | int | None]] = set()
        self.unnamed: tuple[str, str] | None = None
        """The head of the operator that is being checked and how its body looks, where it names no input."""
        self.tensors: frozenset[str] = frozenset()
        """The names in it that stand where a tensor does."""

    def check(self) -> None:
        for declaration in self.module.declarations.values():
            self.current, self.unnamed, self.tensors = declaration.name.id, None, frozenset()
            if isinstance(declaration, ast.OpDecl) and declaration.inputs is None:
                self.unnamed = _head(declaration), "= …" if declaration.body.short else "{ … }"
                self.tensors = frozenset(name.id for name in _tensors(declaration.body))
            self._declaration(declaration)
        self._recursion()
        if self.warn and not self.module.lost:
            # A name that could not be imported was reported already.
            names = [name for name in self.module.import_spans if name in self.module.imports]
            unused = [name for name in names if name not in self.used and not name.startswith("_")]
            meant = {name for slip in self.unknown for name in _nearly(slip, unused)} if unused else ()
            for name in unused:
                if name not in meant:
                    self.sink.add(UnusedName(self.module.import_spans[name], name, "import"))

    # -- declarations

    def _declaration(self, declaration: ast.Declaration) -> None:
        match declaration:
            case ast.Let():
                self._expr(declaration.value, _Scope(None))
            case ast.OpDecl():
                self._op(declaration)
            case ast.OpsDecl():
                self._expr(declaration.value, self._parameters(declaration.parameters))
                if isinstance(declaration.value, ast.List):
                    self.sink.add_once(no_set(declaration, "a list"))
            case ast.SpaceDecl():
                scope = self._parameters(declaration.parameters)
                self.space = declaration
                self._expr(declaration.value, scope)
                self.space = None
                for constraint in declaration.where:
                    self._mark(constraint)
            case ast.ExternDecl():
                scope = self._parameters(declaration.parameters)
                for entry in declaration.inputs:
                    self._bind(scope, entry.name, "input")
                for problem in extern_blocks.problems(declaration):
                    self.sink.add_once(problem)
                rules = _Scope(scope)
                rules.names[extern_blocks.OUTPUT] = _Bound(declaration.name.span, "output")
                for item in declaration.section.items:
                    if isinstance(item, ast.Setting):
                        self._expr(item.value, rules)
            case ast.ExternDataDecl():
                self._extern_data(declaration)
            case ast.ExternLossDecl():
                self._parameters(declaration.parameters)
                for problem in extern_loss.problems(declaration):
                    self.sink.add_once(problem)
            case ast.StrategyDecl() | ast.SearchDecl():
                self._mark(declaration)

    def _extern_data(self, declaration: ast.ExternDataDecl) -> None:
        scope = self._parameters(declaration.parameters)
        found = list(extern_data.problems(declaration))
        for problem in found:
            self.sink.add_once(problem)
        for item in declaration.section.items:
            if not isinstance(item, ast.Setting):
                continue
            values = [item.value]
            if item.key.id == "inputs":  # `clip` and its like are no names
                calls = extern_data.inputs_in(item.value) if not found else ()
                values = [argument.value for _, call in calls for argument in call.arguments]
            for value in values:
                self._expr(value, scope)

    def _parameters(self, parameters: tuple[ast.Parameter, ...]) -> _Scope:
        scope = _Scope(None)
        for parameter in parameters:
            if parameter.default is not None:
                self._expr(parameter.default, scope)
            self._bind(scope, parameter.name, "parameter")
        return scope

    def _op(self, declaration: ast.OpDecl) -> None:
        scope = self._parameters(declaration.parameters)
        for tie in declaration.tied or ():
            if tie.id not in scope.names:
                self.sink.add(UndefinedName(tie.span, tie.id, tuple(scope.names)))
        for entry in declaration.inputs or ():
            if entry.type is not None:
                for argument in entry.type.arguments if isinstance(entry.type, ast.Call) else ():
                    self._expr(argument.value, scope)
        for entry in declaration.inputs or ():
            self._bind(scope, entry.name, "input")
        body = _Scope(scope)
        self._block(declaration.body.statements, body, body)
        result = declaration.body.result.value
        if isinstance(result, ast.Set):
            for item in result.items:
                self._expr(item.value, body)
        else:
            self._expr(result, body)
        self._unused(body)

    # -- blocks

    def _block(self, statements: tuple[ast.Bind | ast.For, ...], scope: _Scope, outer: _Scope) -> None:
        self._predeclare(statements, scope, nested=False)
        for statement in statements:
            if isinstance(statement, ast.For):
                self._expr(statement.source, scope)
                inside = _Scope(scope)
                if statement.target.id != "_":
                    self._bind(inside, statement.target, "loop variable")
                    inside.names[statement.target.id].used = True
                self._block_in_loop(statement.body, inside, scope)
                scope.iterations.append(inside)
            else:
                self._statement(statement, scope, outer)

    def _block_in_loop(self, statements: tuple[ast.Bind | ast.For, ...], scope: _Scope, outer: _Scope) -> None:
        self._predeclare(tuple(s for s in statements if isinstance(s, ast.For)), scope, nested=False)
        for statement in statements:
            if isinstance(statement, ast.For):
                self._block((statement,), scope, scope)
            else:
                self._statement(statement, scope, outer)

    def _predeclare(self, statements: tuple[ast.Bind | ast.For, ...], scope: _Scope, nested: bool) -> None:
        for statement in statements:
            if isinstance(statement, ast.For):
                if not nested:
                    self._predeclare(statement.body, scope, nested=True)
            elif statement.index is not None and scope.find(statement.name.id) is None:
                scope.names[statement.name.id] = _Bound(statement.name.span, "list", list_=True)

    def _statement(self, statement: ast.Bind, scope: _Scope, outer: _Scope) -> None:
        if statement.index is not None:
            self._expr(statement.index, scope)
        self._expr(statement.value, scope)
        if statement.index is None:
            self._bind(scope, statement.name, "name")
        else:
            bound = outer.find(statement.name.id)
            if bound is not None and not bound.list_:
                self.sink.add_once(DuplicateName(statement.name.span, statement.name.id, bound.span))

    def _bind(self, scope: _Scope, name: ast.Identifier, what: str) -> None:
        first = scope.names.get(name.id)
        parent = scope.parent
        if first is None and what == "name" and parent is not None:
            first = parent.names.get(name.id)
        if first is not None:
            # A list is known from the start of its block, so that it may be the later one in the text.
            early, late = sorted((first.span, name.span), key=lambda s: s.start)
            self.sink.add_once(DuplicateName(late, name.id, early))
        else:
            scope.names[name.id] = _Bound(name.span, what)

    def _unused(self, scope: _Scope) -> None:
        if not self.warn:
            return
        for iteration in scope.iterations:
            self._unused(iteration)
        for name, bound in scope.names.items():
            if not bound.used and bound.what in ("name", "list") and not name.startswith("_"):
                self.sink.add(UnusedName(bound.span, name, bound.what))

    # -- expressions

    def _expr(self, expr: ast.Expr, scope: _Scope) -> None:
        match expr:
            case ast.Name():
                self._use(expr, scope)
            case ast.Comprehension():
                self._expr(expr.source, scope)
                inside = _Scope(scope)
                if expr.target.id != "_":
                    inside.names[expr.target.id] = _Bound(expr.target.span, "loop variable", used=True)
                self._expr(expr.body, inside)
            case ast.Call():
                self._expr(expr.callee, scope)
                for argument in expr.arguments:
                    self._expr(argument.value, scope)
                self._arity(expr, scope)
            case _:
                for child in children(expr):
                    self._expr(child, scope)

    def _use(self, name: ast.Name, scope: _Scope) -> None:
        bound = scope.find(name.id)
        if bound is not None:
            bound.used = True
            return
        self.used.add(name.id)
        found = self.module.lookup(name.id)
        if found is not None:
            if found[1] is self.module and self.current is not None:
                self.edges.setdefault(self.current, {}).setdefault(found[0].name.id, name.span)
            return
        if name.id in BUILTIN_NAMES or name.id in self.module.import_spans:
            return
        known = tuple(dict.fromkeys((*scope.visible(), *self.module.names(), *BUILTIN_NAMES)))
        for part in name.id.split("x"):
            bound = scope.find(part)
            if bound is not None:
                bound.used = True  # `kxk` was to use k
        for meant in _nearly(name.id, known):  # a name that was misspelt is not an unused one, too
            self.used.add(meant)
            bound = scope.find(meant)
            if bound is not None:
                bound.used = True
        local = scope.within_loops(name.id)
        for bound in local:
            bound.used = True  # that nothing else uses it is the same mistake
        place = local[0].span if local else None
        self.module.undefined.add(name.span)
        unnamed = self.unnamed if name.id in self.tensors else None
        # One message for a line of text, and one for an input that an operator uses and does not name.
        line = name.span.source.position(name.span.start).line
        key = (name.id, self.current if unnamed else line)
        if key not in self.told:
            self.told.add(key)
            home = library_home(name.id)
            self.sink.add(UndefinedName(name.span, name.id, known, home, place, unnamed))

    def _arity(self, expr: ast.Call, scope: _Scope) -> None:
        """A call of a declaration or primitive by its name can be checked wherever it stands."""
        callee = expr.callee
        if not isinstance(callee, ast.Name) or scope.find(callee.id) is not None:
            return
        signature, extra = self._signature(callee.id)
        if signature is not None:
            given = [(a.name.id if a.name else None, None, a.span) for a in expr.arguments]
            bind(signature, given, expr.span, lambda d: self._unbound(expr, d), extra)

    def _unbound(self, call: ast.Call, diagnostic: Diagnostic) -> None:
        whole = self.space is not None and self.space.value is call
        if self.space is not None and whole and isinstance(diagnostic, MissingArgument):
            diagnostic = passed_on(self.space, diagnostic)
        self.sink.add(diagnostic)

    def _signature(self, name: str) -> tuple[Signature | None, frozenset[str]]:
        found = self.module.lookup(name)
        if found is not None:
            declaration = found[0]
            if isinstance(declaration, ast.OpDecl):
                signature = declared_signature(declaration.name.id, declaration.parameters, declaration.name.span)
                return signature, frozenset({"weights"})
            if isinstance(declaration, (ast.OpsDecl, ast.ExternDecl)):
                return declared_signature(
                    declaration.name.id, declaration.parameters, declaration.name.span
                ), frozenset()
            return None, frozenset()
        if name in PRIMITIVES and name not in self.module.import_spans:
            return primitive_signature(PRIMITIVES[name]), frozenset()
        return None, frozenset()

    def _mark(self, node: ast.Node) -> None:
        """Names in settings and constraints: used, whatever they turn out to mean."""
        if isinstance(node, ast.Name):
            self.used.add(node.id)
            if self.module.lookup(node.id) is None:
                self.unknown.add(node.id)
        for child in inside(node):
            self._mark(child)

    # -- recursion

    def _recursion(self) -> None:
        done: set[str] = set()
        for start in self.edges:
            if start not in done:
                self._visit(start, done)

    def _visit(self, start: str, done: set[str]) -> None:
        stack: list[tuple[str, Iterator[str]]] = [(start, iter(self.edges.get(start, {})))]
        on_path = [start]
        while stack:
            name, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                stack.pop()
                on_path.pop()
                done.add(name)
            elif step in on_path:
                chain = (*on_path[on_path.index(step) :], step)
                self.sink.add(Recursion(self.edges[name][step], chain))
            elif step not in done:
                on_path.append(step)
                stack.append((step, iter(self.edges.get(step, {}))))


def _head(declaration: ast.OpDecl) -> str:
    """`op se(c)`: how a declaration begins."""
    end = max((p.span.end for p in declaration.parameters), default=declaration.name.span.end)
    text = declaration.span.source.text[declaration.span.start : end]
    return " ".join(text.split()) + (")" if declaration.parameters else "")


def _tensors(node: ast.Node) -> Iterator[ast.Name]:
    """The names in a body that are piped on, added, multiplied, or asked for their shape."""
    found: tuple[ast.Expr, ...] = ()
    match node:
        case ast.Pipe() | ast.Binary(op="+" | "*", left=ast.Name(), right=ast.Pipe()):
            found = (node.left,)
        case ast.Binary(op="+" | "*", left=ast.Pipe()):
            found = (node.right,)
        case ast.Attribute():
            found = (node.base,)
        case ast.Bind(value=ast.List(items=items)):
            found = items
    yield from (expr for expr in found if isinstance(expr, ast.Name))
    for child in inside(node):
        yield from _tensors(child)
