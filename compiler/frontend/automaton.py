"""The automaton of the grammar: an LALR(1) parser that takes one token after the other, and can be copied on the way.

It is lark's, which makes its tables (:mod:`tables`), without what lark needs for other kinds of grammars and parsers:
importing that, and reading the tables into its objects, took a seventh of a `stdsl check` of a small space.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..record import record
from .tokens import Token, Tree

END = "$END"
"""The type of the token behind the last one."""


class Unexpected(Exception):
    """A token that cannot come next."""


@record
class Rule:
    """What becomes of the parts of a rule of the grammar once they are read.

    ``parts``: of each, whether it has no tree of its own and is replaced by its children, and how many absent optional
    parts are before it; ``absent``: how many are behind the last. ``single``: whether one part stands for the tree.
    """

    origin: str
    name: str
    size: int
    single: bool
    plain: bool
    """Whether the parts are the children as they are."""
    passed_on: bool
    """Whether its only part, which has no tree of its own, is all it is, as in the chain of the operators' ranks."""
    parts: tuple[tuple[bool, int], ...]
    absent: int

    def tree(self, parts: list[Any]) -> Any:
        children = parts if self.plain else self.children(parts)
        return children[0] if self.single and len(children) == 1 else Tree(self.name, children)

    def children(self, parts: list[Any]) -> list[Any]:
        found: list[Any] = []
        for (replaced, absent), part in zip(self.parts, parts, strict=True):
            if absent:
                found += [None] * absent
            if not replaced:
                found.append(part)
            elif found:
                found += part.children
            else:
                found = part.children  # goes on being filled: nobody else has the list of a rule without a tree
        if self.absent:
            found += [None] * self.absent
        return found


@record
class Tables:
    """``states``: for each the terminals that may come next, with the state that they lead to, or, below zero, the
    inverse of the rule that they end; and, once it is read, what each rule leads to. ``begin``, ``end``: the first and
    the last state of each start symbol."""

    states: list[dict[str, int]]
    rules: list[Rule]
    begin: Mapping[str, int]
    end: Mapping[str, int]


class Automaton:
    """``states`` are open, the last one last; ``values`` are what they were reached by, from the second state on."""

    __slots__ = ("end", "states", "tables", "values")

    def __init__(self, tables: Tables, states: list[int], values: list[Any], end: int) -> None:
        self.tables = tables
        self.states = states
        self.values = values
        self.end = end

    def feed(self, token: Token) -> Any:
        """Goes on with a token; the tree, if it was the last one. Raises Unexpected, with the rules ended that the
        token was thought to end."""
        kind, states, values = token.type, self.states, self.values
        table, rules = self.tables.states, self.tables.rules
        while True:
            step = table[states[-1]].get(kind)
            if step is None:
                raise Unexpected(token)
            if step >= 0:
                states.append(step)
                values.append(token)
                return None
            rule = rules[~step]
            if rule.passed_on:
                states[-1] = step = table[states[-2]][rule.origin]
                if step == self.end and kind == END:
                    return values[-1]
                continue
            size = rule.size
            parts: list[Any] = []
            if size:
                parts = values[-size:]
                del values[-size:]
                del states[-size:]
            step = table[states[-1]][rule.origin]
            value = rule.tree(parts)
            states.append(step)
            values.append(value)
            if step == self.end and kind == END:
                return value

    def accepts(self) -> set[str]:
        """The terminals that may come next."""
        return {kind for kind in self.tables.states[self.states[-1]] if kind.isupper() and self._accepts(kind)}

    def _accepts(self, kind: str) -> bool:
        states = self.states.copy()
        while True:
            step = self.tables.states[states[-1]].get(kind)
            if step is None or step >= 0:
                return step is not None
            rule = self.tables.rules[~step]
            del states[len(states) - rule.size :]
            states.append(self.tables.states[states[-1]][rule.origin])
            if states[-1] == self.end and kind == END:
                return True

    def copied(self) -> Automaton:
        """The automaton, to go on with apart from this one.

        The parts of a rule that come without a tree of their own are lists that the rule takes over and goes on
        filling: these must not be shared.
        """
        values = [
            Tree(value.data, value.children.copy()) if isinstance(value, Tree) and value.data.startswith("_") else value
            for value in self.values
        ]
        return Automaton(self.tables, self.states.copy(), values, self.end)
