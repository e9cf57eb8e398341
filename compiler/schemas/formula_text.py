"""Reading a formula back from its text, as run manifests hold it (the frontend reads the ones in `.space` files)."""

from __future__ import annotations

import re

from .formula import ARITY, COMPARISONS, Apply, Constant, Formula, FormulaError, Variable

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(\*\*|//|==|!=|<=|>=|[-+*/%<>(),]))")
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"not"}),
    COMPARISONS,
    frozenset({"+", "-"}),
    frozenset({"*", "/", "//", "%"}),
)
MAX_LENGTH = 10_000
"""A longer text is refused, so that nesting stays within what the interpreter's stack holds."""


def parse(text: str) -> Formula:
    """The formula of ``text``. Raises :class:`FormulaError` where it is none."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"a formula of {len(text)} characters; at most {MAX_LENGTH} are read")
    try:
        return _Reader(text).whole()
    except RecursionError:
        raise FormulaError("the formula is nested too deeply") from None


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise FormulaError(f"not a formula: {text!r}")
            self.tokens.append(found.group().strip())
            place = found.end()
        self.tokens.append("")
        self.text = text

    def whole(self) -> Formula:
        result = self.expression()
        self.expect("")
        return result

    def take(self) -> str:
        return self.tokens.pop(0)

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise FormulaError(f"not a formula: {self.text!r}")

    def expression(self) -> Formula:
        if self.tokens[0] != "if":
            return self.level(0)
        parts = []
        for word in ("if", "then", "else"):
            self.expect(word)
            parts.append(self.expression())
        return Apply("if", tuple(parts))

    def level(self, number: int) -> Formula:
        if number == len(_LEVELS):
            return self.unary()
        operators = _LEVELS[number]
        if operators == {"not"}:
            if self.tokens[0] == "not":
                self.take()
                return Apply("not", (self.level(number),))
            return self.level(number + 1)
        left = self.level(number + 1)
        while self.tokens[0] in operators:
            left = Apply(self.take(), (left, self.level(number + 1)))
        return left

    def unary(self) -> Formula:
        if self.tokens[0] != "-":
            return self.power()
        self.take()
        operand = self.unary()
        if isinstance(operand, Constant) and not isinstance(operand.value, bool):
            return Constant(-operand.value)
        return Apply("neg", (operand,))

    def power(self) -> Formula:
        base = self.atom()
        if self.tokens[0] != "**":
            return base
        self.take()
        return Apply("**", (base, self.unary()))

    def atom(self) -> Formula:
        token = self.take()
        if token == "(":
            inner = self.expression()
            self.expect(")")
            return inner
        if token[:1].isdigit():
            return Constant(int(token) if token.isdigit() else float(token))
        if token in ("true", "false"):
            return Constant(token == "true")
        if not token.isidentifier():
            raise FormulaError(f"not a formula: {self.text!r}")
        if self.tokens[0] != "(":
            return Variable(token)
        return self.call(token)

    def call(self, function: str) -> Formula:
        if function not in ARITY:
            raise FormulaError(f"unknown function {function!r}")
        arguments: list[Formula] = []
        while self.take() != ")" or not arguments:
            arguments.append(self.expression())
            if self.tokens[0] not in (",", ")"):
                raise FormulaError(f"not a formula: {self.text!r}")
        least, most = ARITY[function]
        if len(arguments) < least or (most is not None and len(arguments) > most):
            raise FormulaError(f"{function} does not take {len(arguments)} arguments")
        return Apply(function, tuple(arguments))
