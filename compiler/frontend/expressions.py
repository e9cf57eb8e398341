"""Parse tree to AST, the expressions and settings that items hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, cast

from ..diagnostics.source import Source, Span
from . import ast
from .lexer import number, string
from .tokens import Token, Tree

MAX_DEPTH = 100
"""The most levels that an expression may be nested in; those who walk an AST by recursion rely on it."""

MAX_CHAIN = 2_000
"""The most operators of a chain (`a -> b -> c`, `a + b + c`), which leans to the left: a tree as deep as it is long.
In settings a chain counts as nesting: their formulas are walked where no one makes room for that."""

_CHAINS = frozenset(("or", "and", "sum", "term", "pipe"))

Child = Tree[Token] | Token | None


class NestedTooDeeply(Exception):
    """Raised with the place where the nesting passes :data:`MAX_DEPTH`, or ``chained`` where a chain passes
    :data:`MAX_CHAIN`."""

    def __init__(self, span: Span, chained: bool = False) -> None:
        super().__init__(str(span))
        self.span, self.chained = span, chained


class ExpressionBuilder:
    """Builds the expressions of one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.depth = 0
        self.chained = 0
        self.sections = 0

    # ---- places ----

    def place(self, token: Token) -> Span:
        return Span(self.source, cast(int, token.start_pos), cast(int, token.end_pos))

    def whole(self, tree: Tree[Token]) -> Span:
        """The span of all that a tree holds, from its outermost tokens."""
        first: Child = tree
        while isinstance(first, Tree):
            first = next(child for child in first.children if child is not None)
        last: Child = tree
        while isinstance(last, Tree):
            last = next(child for child in reversed(last.children) if child is not None)
        assert first is not None
        assert last is not None
        return Span(self.source, cast(int, first.start_pos), cast(int, last.end_pos))

    def identifier(self, token: Child) -> ast.Identifier:
        assert isinstance(token, Token)
        return ast.Identifier(self.place(token), str(token))

    def label(self, tree: Child) -> ast.Identifier | None:
        return None if tree is None else self.identifier(cast("Tree[Token]", tree).children[1])

    # ---- settings ----

    def section(self, name: ast.Identifier | None, tree: Child) -> ast.Section:
        assert isinstance(tree, Tree)
        self.enter(cast(Token, tree.children[0]))
        self.sections += 1
        items = tuple(self.setting(cast("Tree[Token]", t)) for t in tree.children[1:-1])
        self.sections -= 1
        self.depth -= 1
        span = self.whole(tree)
        return ast.Section(span if name is None else name.span.to(span), name, items)

    def setting(self, tree: Tree[Token]) -> ast.Setting | ast.Section:
        c = tree.children
        key = cast(Token, c[0])
        if tree.data == "named_section":
            return self.section(self.identifier(key), c[1])
        quoted = key.type == "STRING"
        identifier = ast.Identifier(self.place(key), string(key) if quoted else str(key))
        return ast.Setting(self.whole(tree), identifier, self.expr(c[2]), quoted)

    # ---- expressions ----

    def enter(self, token: Token) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NestedTooDeeply(self.place(token))

    def expr(self, tree: Child) -> ast.Expr:
        assert isinstance(tree, Tree)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NestedTooDeeply(self.whole(tree))
        node = self.chain(tree) if tree.data in _CHAINS else _EXPRESSIONS[tree.data](self, tree.children)
        self.depth -= 1
        return node

    def chain(self, tree: Tree[Token]) -> ast.Expr:
        """The operators of a chain from left to right, without going down into each."""
        links = [tree]
        while isinstance(left := links[-1].children[0], Tree) and left.data in _CHAINS:
            links.append(left)
        length = len(links)
        self.chained += length
        if self.chained > MAX_CHAIN:
            raise NestedTooDeeply(self.whole(tree), chained=True)
        deeper = length - 1 if self.sections else 0
        self.depth += deeper
        if self.depth > MAX_DEPTH:
            raise NestedTooDeeply(self.whole(tree))
        value = self.expr(links[-1].children[0])
        self.chained -= length
        for link in reversed(links):
            right = self.expr(link.children[-1])
            span = self.join(value, right)
            if link.data == "pipe":
                value = ast.Pipe(span, value, right)
            else:
                value = ast.Binary(span, " ".join(str(t) for t in link.children[1:-1]), value, right)
        self.depth -= deeper
        return value

    def binary(self, c: Sequence[Child]) -> ast.Expr:
        left, right = self.expr(c[0]), self.expr(c[-1])
        op = " ".join(str(t) for t in c[1:-1])
        return ast.Binary(self.join(left, right), op, left, right)

    def join(self, left: ast.Node, right: ast.Node) -> Span:
        return Span(self.source, left.span.start, right.span.end)

    def reach(self, start: Child, end: Child | ast.Node) -> Span:
        """From a token to the end of a token or a node."""
        first = cast(int, cast(Token, start).start_pos)
        last = end.span.end if isinstance(end, ast.Node) else cast(int, cast(Token, end).end_pos)
        return Span(self.source, first, last)

    def if_(self, c: Sequence[Child]) -> ast.Expr:
        condition, then, otherwise = self.expr(c[1]), self.expr(c[3]), self.expr(c[5])
        return ast.If(self.reach(c[0], otherwise), condition, then, otherwise)

    def choose(self, c: Sequence[Child]) -> ast.Expr:
        operand, label = self.expr(c[1]), self.label(c[2])
        return ast.Choose(self.reach(c[0], label or operand), operand, label)

    def maybe(self, c: Sequence[Child]) -> ast.Expr:
        operand, label = self.expr(c[1]), self.label(c[2])
        return ast.Maybe(self.reach(c[0], label or operand), operand, label)

    def keep(self, c: Sequence[Child]) -> ast.Expr:
        label = self.label(c[2])
        if isinstance(c[1], Token):
            word = cast(Literal["any", "all"], str(c[1]))
            return ast.Keep(self.reach(c[0], label or c[1]), word, label)
        size = self.expr(c[1])
        return ast.Keep(self.reach(c[0], label or size), size, label)

    def each(self, c: Sequence[Child]) -> ast.Expr:
        operand = self.expr(c[1])
        return ast.Each(self.reach(c[0], operand), operand)

    def frozen(self, c: Sequence[Child]) -> ast.Expr:
        operand = self.expr(c[1])
        return ast.Frozen(self.reach(c[0], operand), operand)

    def repeat(self, c: Sequence[Child]) -> ast.Expr:
        tied, keyword, count, _, body, end = c
        span = self.reach(tied or keyword, end)
        return ast.Repeat(span, self.expr(count), self.expr(body), tied is not None)

    def not_(self, c: Sequence[Child]) -> ast.Expr:
        operand = self.expr(c[1])
        return ast.Unary(self.reach(c[0], operand), "not", operand)

    def negative(self, c: Sequence[Child]) -> ast.Expr:
        operand = self.expr(c[1])
        return ast.Unary(self.reach(c[0], operand), "-", operand)

    def call(self, c: Sequence[Child]) -> ast.Expr:
        callee = self.expr(c[0])
        arguments = tuple(self.argument(t.children) for t in c[2:] if isinstance(t, Tree))
        return ast.Call(self.behind(callee, c), callee, arguments)

    def argument(self, c: Sequence[Child]) -> ast.Argument:
        value = self.expr(c[2])
        if c[0] is None:
            return ast.Argument(value.span, None, value)
        return ast.Argument(self.reach(c[0], value), self.identifier(c[0]), value)

    def behind(self, base: ast.Expr, c: Sequence[Child]) -> Span:
        """From a base to the last token of what is written behind it."""
        return Span(self.source, base.span.start, cast(int, cast(Token, c[-1]).end_pos))

    def index(self, c: Sequence[Child]) -> ast.Expr:
        base = self.expr(c[0])
        return ast.Index(self.behind(base, c), base, self.expr(c[2]))

    def before(self, c: Sequence[Child]) -> ast.Expr:
        base = self.expr(c[0])
        return ast.Index(self.behind(base, c), base, self.expr(c[3]), before=True)

    def attribute(self, c: Sequence[Child]) -> ast.Expr:
        base = self.expr(c[0])
        return ast.Attribute(self.behind(base, c), base, self.identifier(c[2]))

    def name(self, c: Sequence[Child]) -> ast.Expr:
        token = cast(Token, c[0])
        return ast.Name(self.place(token), str(token))

    def literal(self, c: Sequence[Child]) -> ast.Expr:
        token = cast(Token, c[0])
        kind, text = token.type, str(token)
        value: int | float | str | bool | None
        if kind == "NUMBER":
            value = number(text)
        elif kind == "STRING":
            value = string(text)
        else:
            value = {"TRUE": True, "FALSE": False, "NONE": None}[kind]
        return ast.Literal_(self.place(token), value, text)

    def crossed(self, c: Sequence[Child]) -> ast.Expr:
        token = cast(Token, c[0])
        items: list[ast.Expr] = []
        start = cast(int, token.start_pos)
        for part in str(token).split("x"):
            items.append(ast.Literal_(Span(self.source, start, start + len(part)), int(part), part))
            start += len(part) + 1
        return ast.Tuple(self.place(token), tuple(items), crossed=True)

    def parentheses(self, c: Sequence[Child]) -> ast.Expr:
        # Parentheses leave nothing in the AST but a wider span: the place in a message is the whole `(a + b)`.
        return replace(self.expr(c[1]), span=self.reach(c[0], c[2]))

    def elements(self, c: Sequence[Child]) -> tuple[ast.Expr, ...]:
        return tuple(self.expr(t) for t in c if isinstance(t, Tree))

    def tuple_(self, c: Sequence[Child]) -> ast.Expr:
        return ast.Tuple(self.reach(c[0], c[-1]), self.elements(c))

    def list_(self, c: Sequence[Child]) -> ast.Expr:
        return ast.List(self.reach(c[0], c[-1]), self.elements(c))

    def splat(self, c: Sequence[Child]) -> ast.Expr:
        value = self.expr(c[1])
        return ast.Splat(self.reach(c[0], value), value)

    def comprehension(self, c: Sequence[Child]) -> ast.Expr:
        return ast.Comprehension(self.reach(c[0], c[6]), self.expr(c[1]), self.identifier(c[3]), self.expr(c[5]))

    def set_(self, c: Sequence[Child]) -> ast.Expr:
        items = tuple(self.alternative(t.children) for t in c if isinstance(t, Tree))
        return ast.Set(self.reach(c[0], c[-1]), items)

    def alternative(self, c: Sequence[Child]) -> ast.Alternative:
        value = self.expr(c[2])
        if c[0] is None:
            return ast.Alternative(value.span, None, value)
        return ast.Alternative(self.reach(c[0], value), self.identifier(c[0]), value)

    def configured(self, c: Sequence[Child]) -> ast.Expr:
        base, section = self.expr(c[0]), self.section(None, c[1])
        return ast.Configured(self.join(base, section), base, section)


_EXPRESSIONS: dict[str, Callable[[ExpressionBuilder, Sequence[Child]], ast.Expr]] = {
    **dict.fromkeys(("compare", "range", "power"), ExpressionBuilder.binary),
    "if": ExpressionBuilder.if_,
    "choose": ExpressionBuilder.choose,
    "maybe": ExpressionBuilder.maybe,
    "keep": ExpressionBuilder.keep,
    "each": ExpressionBuilder.each,
    "frozen": ExpressionBuilder.frozen,
    "repeat": ExpressionBuilder.repeat,
    "not": ExpressionBuilder.not_,
    "negative": ExpressionBuilder.negative,
    "call": ExpressionBuilder.call,
    "index": ExpressionBuilder.index,
    "before": ExpressionBuilder.before,
    "attribute": ExpressionBuilder.attribute,
    "name": ExpressionBuilder.name,
    "literal": ExpressionBuilder.literal,
    "crossed": ExpressionBuilder.crossed,
    "parentheses": ExpressionBuilder.parentheses,
    "tuple": ExpressionBuilder.tuple_,
    "list": ExpressionBuilder.list_,
    "splat": ExpressionBuilder.splat,
    "comprehension": ExpressionBuilder.comprehension,
    "set": ExpressionBuilder.set_,
    "configured": ExpressionBuilder.configured,
}
