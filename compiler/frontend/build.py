"""Parse tree to AST: a walk written by hand, so that no token or tree of the parser is left in the AST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from . import ast
from .expressions import Child, ExpressionBuilder
from .lexer import string
from .tokens import Token, Tree


class Builder(ExpressionBuilder):
    """Builds the AST of the items of one source. A tree that holds an ERROR must not be given."""

    # ---- items ----

    def item(self, tree: Tree[Token]) -> ast.Use | ast.Declaration:
        """The AST of one item. Raises NestedTooDeeply."""
        return cast("ast.Use | ast.Declaration", getattr(self, f"item_{tree.data}")(tree, tree.children))

    def item_use(self, tree: Tree[Token], c: Sequence[Child]) -> ast.Use:
        target = c[1]
        quoted = isinstance(target, Token)
        if isinstance(target, Token):
            text, span = string(target), self.place(target)
        else:
            assert target is not None
            text, span = "".join(str(t) for t in target.children), self.whole(target)
        names = tuple(
            ast.Imported(self.whole(t), self.identifier(t.children[0]), self.label(t.children[1]))
            for t in c
            if isinstance(t, Tree) and t.data == "imported"
        )
        return ast.Use(self.whole(tree), text, span, quoted, names)

    def item_let(self, tree: Tree[Token], c: Sequence[Child]) -> ast.Let:
        return ast.Let(self.whole(tree), self.identifier(c[1]), self.expr(c[3]))

    def item_op(self, tree: Tree[Token], c: Sequence[Child]) -> ast.OpDecl:
        tied, keyword, name, parameters, inputs, body = c
        return ast.OpDecl(
            self.whole(tree),
            self.identifier(name),
            cast(Literal["op", "cell", "meta"], str(keyword)),
            self.parameters(parameters),
            None if inputs is None else self.inputs(inputs),
            self.body(cast("Tree[Token]", body)),
            None if tied is None else self.names(tied),
        )

    def item_ops(self, tree: Tree[Token], c: Sequence[Child]) -> ast.OpsDecl:
        return ast.OpsDecl(self.whole(tree), self.identifier(c[1]), self.parameters(c[2]), self.expr(c[4]))

    def item_extern(self, tree: Tree[Token], c: Sequence[Child]) -> ast.ExternDecl:
        _, _, name, parameters, inputs, _, target, section = c
        assert isinstance(target, Token)
        return ast.ExternDecl(
            self.whole(tree),
            self.identifier(name),
            self.parameters(parameters),
            self.inputs(inputs),
            string(target),
            self.place(target),
            self.section(None, section),
        )

    def item_extern_data(self, tree: Tree[Token], c: Sequence[Child]) -> ast.ExternSettingDecl:
        _, name, parameters, _, target, section = c
        assert isinstance(target, Token)
        kind = ast.ExternLossDecl if tree.data == "extern_loss" else ast.ExternDataDecl
        return kind(
            self.whole(tree),
            self.identifier(name),
            self.parameters(parameters),
            string(target),
            self.place(target),
            self.section(None, section),
        )

    item_extern_loss = item_extern_data

    def item_space(self, tree: Tree[Token], c: Sequence[Child]) -> ast.SpaceDecl:
        _, name, parameters, _, value, where = c
        constraints = () if where is None else tuple(self.expr(e) for e in cast("Tree[Token]", where).children[1::2])
        return ast.SpaceDecl(
            self.whole(tree), self.identifier(name), self.parameters(parameters), self.expr(value), constraints
        )

    def item_strategy(self, tree: Tree[Token], c: Sequence[Child]) -> ast.StrategyDecl:
        _, name, parameters, _, base, section = c
        return ast.StrategyDecl(
            self.whole(tree),
            self.identifier(name),
            self.parameters(parameters),
            self.expr(base),
            self.section(None, section),
        )

    def item_search(self, tree: Tree[Token], c: Sequence[Child]) -> ast.SearchDecl:
        return ast.SearchDecl(self.whole(tree), self.identifier(c[1]), self.section(None, c[2]))

    # ---- parts of items ----

    def names(self, tree: Child) -> tuple[ast.Identifier, ...]:
        assert isinstance(tree, Tree)
        return tuple(self.identifier(t) for t in tree.children if isinstance(t, Token) and t.type == "NAME")

    def parameters(self, tree: Child) -> tuple[ast.Parameter, ...]:
        if tree is None:
            return ()
        return tuple(
            ast.Parameter(
                self.whole(t), self.identifier(t.children[0]), self.second(t.children[1]), self.second(t.children[2])
            )
            for t in cast("Tree[Token]", tree).children
            if isinstance(t, Tree)
        )

    def inputs(self, tree: Child) -> tuple[ast.Input, ...]:
        return tuple(
            ast.Input(
                self.whole(t), self.identifier(t.children[1]), t.children[0] is not None, self.second(t.children[2])
            )
            for t in cast("Tree[Token]", tree).children
            if isinstance(t, Tree)
        )

    def second(self, tree: Child) -> ast.Expr | None:
        """What stands behind the sign of a `type` or a `default`, or the bracket of a `place`."""
        return None if tree is None else self.expr(cast("Tree[Token]", tree).children[1])

    def body(self, tree: Tree[Token]) -> ast.Block:
        span, c = self.whole(tree), tree.children
        if tree.data == "short":
            value = self.expr(c[1])
            return ast.Block(span, (), ast.Return(value.span, value), short=True)
        result = cast("Tree[Token]", c[-2])
        return ast.Block(span, self.statements(c[1:-2]), ast.Return(self.whole(result), self.expr(result.children[1])))

    def statements(self, trees: Sequence[Child]) -> tuple[ast.Bind | ast.For, ...]:
        return tuple(self.statement(cast("Tree[Token]", tree)) for tree in trees)

    def statement(self, tree: Tree[Token]) -> ast.Bind | ast.For:
        c = tree.children
        if tree.data == "for":
            self.enter(cast(Token, c[0]))
            body = self.statements(c[5:-1])
            self.depth -= 1
            return ast.For(self.whole(tree), self.identifier(c[1]), self.expr(c[3]), body)
        return ast.Bind(self.whole(tree), self.identifier(c[0]), self.second(c[1]), self.expr(c[3]))
