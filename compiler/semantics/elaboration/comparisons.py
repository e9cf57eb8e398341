"""What decisions are compared by in a constraint: the values behind their alternatives, or, with texts, their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, TypeAlias

from ...diagnostics.constraints import UnknownAlternative
from ...diagnostics.source import Span
from ...diagnostics.values import ArithmeticFault
from ...frontend import ast
from ...ir.decisions import Decision
from ...ir.diagram import Case, leaves
from ...ops.attributes import shown
from ...text.quoting import space_string
from . import expressions
from .absent_values import warn_of_absent
from .arithmetic import asks_of, case_of, is_plain
from .context import Env
from .references import is_call, rebuilt, reference, walk
from .state.state import State
from .values import ERROR, Asks, Scalar

Groups: TypeAlias = Mapping[str, Sequence[Decision]]
"""The decisions that each name or pattern of a constraint stands for."""

_COMPARISONS = ("==", "!=", "in", "not in")


class Refused(Exception):
    """A comparison that cannot hold or fail; it was reported."""


def name_of(name: str) -> str:
    """What the alternative's name of a decision is called where a constraint is evaluated; no text can call it that."""
    return f"name of {name}"


def value_of(state: State, row: Decision) -> tuple[Case, Asks]:
    """What a decision's name means in a constraint: its value, with what computing that asks for; for a keep the number
    of elements that stay, for a choice without values the name."""
    if row.kind == "keep":
        kept = [state.diagrams.case(variable, (0, 1)) for variable in row.variables]
        return state.limits.added("how many elements stay", row.span, kept), ()
    meant = state.decided.meanings.get(row.id)
    if meant is not None:
        return case_of(meant), asks_of(meant)
    return state.diagrams.case(row.variables[0], row.values), ()


def named(state: State, row: Decision) -> Scalar | None:
    """The name of the alternative that a decision takes; None for a keep."""
    return None if row.kind == "keep" else Scalar(state.diagrams.case(row.variables[0], row.options), ())


def bearer(rows: Sequence[Decision], text: str) -> str:
    """The name of the first alternative of which a text is the value; empty where there is none."""
    pairs = (pair for row in rows if row.kind == "choose" for pair in zip(row.options, row.values, strict=True))
    return next((option for option, value in pairs if option not in (value, text) and shown(value) == text), "")


def compared(state: State, expr: ast.Expr, groups: Groups, env: Env, settled: bool) -> ast.Expr | None:
    """The constraint with the decisions that are compared by names read as those. None with a diagnostic.
    ``settled``: what the decisions come out at is the same whatever arguments the space gets."""
    try:
        return rebuilt(expr, _Comparisons(state, groups, env, settled).change)
    except Refused:
        return None


@dataclass(frozen=True)
class _Comparisons:
    state: State
    groups: Groups
    env: Env
    settled: bool

    def change(self, node: ast.Node) -> ast.Node | None:
        if is_call(node, "pin", "size"):
            return node
        if isinstance(node, ast.Binary) and node.op in _COMPARISONS:
            if node.op in ("in", "not in"):
                return self._membership(node) if self._name(node.left) else None
            if self._name(node.left) and self._name(node.right):
                return self._both(node)
            if self._name(node.left):
                return self._one(node, node.left, node.right)
            if self._name(node.right):
                return self._one(node, node.right, node.left)
        name = self._name(node)
        if name is not None:
            self._valued(name, node)
            return node
        return None

    def _name(self, node: ast.Node) -> str | None:
        name = reference(node)
        return name if name in self.groups else None

    # -- comparisons

    def _both(self, node: ast.Binary) -> ast.Node:
        names = [self._name(node.left) or "", self._name(node.right) or ""]
        if all(self._without_value(name) is None for name in names):
            return node
        return replace(node, left=self._by_name(node.left), right=self._by_name(node.right))

    def _one(self, node: ast.Binary, side: ast.Expr, other: ast.Expr) -> ast.Node:
        if not self._is_text(node, side, other, (other,)):
            name = self._name(side) or ""
            self._valued(name, side)
            self._look(node, name, (other,))
            changed = rebuilt(other, self.change)
            return replace(node, left=side, right=changed) if side is node.left else replace(node, left=changed)
        named = self._by_name(side)
        return replace(node, left=named) if side is node.left else replace(node, right=named)

    def _membership(self, node: ast.Binary) -> ast.Node:
        side, among = node.left, node.right
        members = _members(among)
        if members is None:
            if self._without_value(self._name(side) or "") is not None and self._texts(among):
                return replace(node, left=self._by_name(side))
            self._valued(self._name(side) or "", side)
            self._look(node, self._name(side) or "", (among,))
            return replace(node, right=rebuilt(among, self.change))
        texts = [member for member in members if self._is_text(node, side, member, members)]
        others = [rebuilt(member, self.change) for member in members if member not in texts]
        by_name = replace(node, left=self._by_name(side), right=ast.List(among.span, tuple(texts)))
        if not others:
            return by_name if texts else node
        self._valued(self._name(side) or "", side)
        by_value = replace(node, right=ast.List(among.span, tuple(others)))
        self._look(node, self._name(side) or "", [m for m in members if m not in texts], not texts)
        if not texts:
            return by_value
        return ast.Binary(node.span, "or" if node.op == "in" else "and", by_value, by_name)

    def _look(self, node: ast.Binary, name: str, written: Sequence[ast.Expr], alone: bool = True) -> None:
        if not self.settled:
            return  # what never is with these arguments may be with others
        rows = [(row, value_of(self.state, row)[0]) for row in self.groups[name]]
        warn_of_absent(self.state, self.env, node, name, rows, written, alone)

    def _by_name(self, side: ast.Expr) -> ast.Expr:
        return ast.Name(side.span, name_of(self._name(side) or ""))

    # -- values and names

    def _is_text(self, node: ast.Binary, side: ast.Expr, other: ast.Expr, members: Sequence[ast.Expr]) -> bool:
        """Whether ``other``, one of the ``members`` that a decision is compared with, is a text that its alternatives
        bear as their names; reports one that is neither name nor value."""
        text = self._constant(other)
        if not isinstance(text, str):
            return False
        name = self._name(side) or ""
        rows = self.groups[name]
        values = {leaf for row in rows if row.kind != "keep" for leaf in leaves(value_of(self.state, row)[0])}
        if text in values and self._without_value(name) is None:
            return False
        if any(row.kind != "keep" and text in row.options and not _is_literal(row, text) for row in rows):
            return True
        self._refuse(node, side, other, text, members)

    def _refuse(
        self, node: ast.Binary, side: ast.Expr, other: ast.Expr, text: str, members: Sequence[ast.Expr]
    ) -> NoReturn:
        """Reports a text that is no name: it may be that of a value."""
        name = self._name(side) or ""
        rows = self.groups[name]
        known = tuple(dict.fromkeys(option for row in rows for option in row.options))
        found = UnknownAlternative(other.span, name, text, known, bearer(rows, text))
        row = next((row for row in rows if text in row.options), None)
        if row is not None:
            partly = self._without_value(name) is not None
            place = (row.path if "." in row.path else row.label or row.path) if partly else name
            subject = place if place.isidentifier() else space_string(place)
            values = {
                option for row in rows for option in row.options if row.kind == "keep" or _is_literal(row, option)
            }
            parts = {
                one.span: str(one.value) for one in members if isinstance(one, ast.Literal_) and one.value in values
            }
            written = _replaced(node.span, {side.span: subject, **parts}) if other.span in parts else ""
            if "\n" in written:
                written = ""
            found = replace(found, value=_kind_of(row, text), written=written, partly=partly)
        self.state.report(found)
        raise Refused

    def _constant(self, expr: ast.Expr) -> object:
        """The value of what depends on no decision."""
        if any(self._name(part) is not None or is_call(part, "pin", "size") for part in walk(expr)):
            return None
        value = expressions.evaluate(self.state, expr, self.env)
        if value is ERROR:
            raise Refused
        return value if is_plain(value) else None

    def _texts(self, among: ast.Expr) -> bool:
        """Whether what a choice without values is looked for in holds texts alone."""
        if any(self._name(part) is not None for part in walk(among)):
            return False
        items = getattr(expressions.evaluate(self.state, among, self.env), "items", ())
        return bool(items) and all(isinstance(item.value, str) for item in items)

    def _valued(self, name: str, node: ast.Node) -> None:
        """Raises Refused, with a diagnostic, where some alternative has no value to compare or compute with."""
        option = self._without_value(name)
        if option is not None:
            advice = f'compare it with the name of an alternative, `{name} == "{option}"`'
            self.state.report(ArithmeticFault(node.span, f"`{name}` has no value", f"{name} = {option}", advice))
            raise Refused

    def _without_value(self, name: str) -> str | None:
        """The first alternative of these decisions that has no value: an operator, say."""
        for row in self.groups[name]:
            if row.kind == "choose" and self.state.decided.meanings.get(row.id) is None:
                pairs = zip(row.options, row.values, strict=True)
                return next((option for option, value in pairs if value == option), row.options[0])
        return None


def _members(among: ast.Expr) -> tuple[ast.Expr, ...] | None:
    """What is written in a list, a set or a tuple; None where that is not known one by one."""
    if isinstance(among, ast.Set):
        return tuple(item.value for item in among.items)
    if isinstance(among, ast.List | ast.Tuple) and not any(isinstance(item, ast.Splat) for item in among.items):
        return among.items
    return None


def _replaced(whole: Span, parts: Mapping[Span, str]) -> str:
    """What is written at a place, with some parts of it replaced."""
    text = whole.text
    for span in sorted(parts, key=lambda span: span.start, reverse=True):
        text = text[: span.start - whole.start] + parts[span] + text[span.end - whole.start :]
    return text


def _kind_of(row: Decision, option: str) -> str:
    """What kind of value an alternative without a name is."""
    value = 0 if row.kind == "keep" else row.values[row.options.index(option)]
    if isinstance(value, tuple):
        return "a size"
    return "a number" if isinstance(value, int | float) and not isinstance(value, bool) else "a value"


def _is_literal(row: Decision, option: str) -> bool:
    """Whether an alternative's name is the text of its value: such a one is compared by the value."""
    value = row.values[row.options.index(option)]
    if isinstance(value, str):
        return False
    words = [word for word, meant in (("true", True), ("false", False), ("none", None)) if value is meant]
    return not option.isidentifier() or option in words
