"""The tokens of an item as a reader sees them who does not understand them: lines, brackets, beginnings of statements.

Recovery looks for the place to go on by these.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..record import record
from .automaton import END
from .expected import CLOSERS, OPERATORS
from .tokens import Token

# How many enclosing brackets are looked at; nobody nests deeper, and hostile text must not cost time.
LEVELS = 12
# Tokens within which an index of an element that is bound has its end.
INDEX = 12
# What an operand must follow.
WANT_OPERAND = (OPERATORS - {"DOT"}) | {"EQUAL", "COLON", "COMMA", "LPAR", "RETURN", "IF", "THEN", "ELSE", "WHERE"}
WANT_OPERAND |= {"CHOOSE", "MAYBE", "KEEP", "EACH", "FROZEN", "REPEAT"}


@record
class Landing:
    """A token that a statement seems to begin at, or that closes a block; the brackets that are open before it."""

    at: int
    braces: int
    brackets: int


_BEHIND = Token(END, "")


class Outline:
    """The outline of the tokens of one item. A token may be changed in place for one of the same brackets."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.paired: set[int] | None = None
        self.landings: list[Landing] | None = None
        self.balances: list[tuple[int, int]] = []

    def token(self, i: int) -> Token:
        """The token at a place, `$END` behind the last."""
        return self.tokens[i] if i < len(self.tokens) else _BEHIND

    def ahead(self, i: int, count: int) -> list[Token]:
        """The next tokens from a place on, at most ``count``, with `$END` where the item ends."""
        rest = list(self.tokens[i : i + count])
        return rest if len(rest) == count else [*rest, _BEHIND]

    def partners(self) -> set[int]:
        """The closing brackets that have an opening one in the text and no operand missing before them."""
        if self.paired is None:
            self.paired = set()
            opened: list[str] = []
            for i, token in enumerate(self.tokens):
                if token.type in CLOSERS:
                    opened.append(CLOSERS[token.type])
                # An unclosed bracket inside another; far apart they have nothing to do with each other.
                elif token.type in opened[-LEVELS:]:
                    while opened.pop() != token.type:
                        pass
                    if i and self.tokens[i - 1].type not in WANT_OPERAND:
                        self.paired.add(i)
        return self.paired

    def landings_found(self) -> list[Landing]:
        """All places of the item that skipping may end at, looked for once: an item may hold many mistakes."""
        if self.landings is None:
            self.landings = []
            self.balances = [(0, 0)]
            braces = brackets = 0
            for j, token in enumerate(self.tokens):
                if token.type == "RBRACE" or self.begins_statement(j):
                    self.landings.append(Landing(j, braces, brackets))
                braces += (token.type == "LBRACE") - (token.type == "RBRACE")
                brackets += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
                self.balances.append((braces, brackets))
        return self.landings

    def balance(self, j: int) -> tuple[int, int]:
        """How many braces and other brackets are open before token ``j``."""
        self.landings_found()
        return self.balances[min(j, len(self.balances) - 1)]

    def begins_statement(self, j: int) -> bool:
        """Whether a statement or a setting seems to begin at token ``j``."""
        kind, following = self.token(j).type, self.token(j + 1).type
        if kind == "RETURN" and following not in ("EQUAL", "LBRACE"):
            return True
        if kind == "FOR":
            return following == "NAME" and self.token(j + 2).type == "IN"
        if following == "EQUAL":
            return kind == "STRING" or self.token(j).isidentifier()
        if following == "LSQB" and kind == "NAME":
            return self.binds_element(j + 1)
        return following == "LBRACE" and self.token(j).isidentifier()

    def binds_element(self, j: int) -> bool:
        """Whether `=` follows the index that begins with the bracket at token ``j`` (or nobody can tell)."""
        for k in range(j + 1, j + INDEX):
            if self.token(k).type == "RSQB":
                return self.token(k + 1).type == "EQUAL"
            if self.token(k).type in (END, "COMMA"):
                return False
        return True

    def first_on_line(self, i: int) -> bool:
        """Whether a token is the first of its line."""
        return i == 0 or self.token(i).line != self.tokens[i - 1].end_line
