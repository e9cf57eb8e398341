"""Parsing items so that one mistake hides no other.

Three means, from small to large. A *repair* leaves out the offending token or puts a missing sign before it, if the
tokens behind it then fit. *Skipping* drops what is left of the statement or setting: the grammar's ERROR takes its
place, and the next thing that looks like a statement or a closing brace goes on. Where not even the item's head can be
understood, its body is parsed by itself. An item that held a mistake gives no tree.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import islice

from ..diagnostics.habits import declaration_advice, word_advice
from ..diagnostics.model import Diagnostic, Sink
from ..diagnostics.source import Source, Span
from ..diagnostics.syntax import MissingReturn, ReservedWord, Unclosed, UnexpectedToken, UnknownDeclaration
from ..record import record
from ..text.likeness import alike
from .advice import advise
from .automaton import END, Automaton, Unexpected
from .expected import CLOSERS, SIGNS, describe, takes_expression, takes_setting, takes_statement
from .habits import mended_body
from .items import ITEM_WORDS
from .lexer import span_of
from .outline import LEVELS, WANT_OPERAND, Outline
from .tokens import Token, Tree
from .trial import accepted, feed, first_token, fits, fresh

# How many tokens must fit behind a repair for it to be believed.
LOOKAHEAD = 5
# After so many mistakes in one item the rest of it is noise.
MISTAKES = 50

_NOT_VALUES = ITEM_WORDS - {"TIED"} | {"STDSL", "ANY", "ALL", "FROM", "WHERE", "ON"}
# Signs that are mistaken for one another.
_MISTAKEN = {"COLON": ("EQUAL",), "EQUAL": ("COLON", "EQ"), "EQ": ("EQUAL",)}
_DELETABLE = frozenset(SIGNS) - set(CLOSERS) - set(CLOSERS.values())


class ItemParser:
    """Parses the items of one source; mistakes go to ``sink``. ``left_out``: see :class:`lexer.Lexed`."""

    def __init__(self, source: Source, sink: Sink, left_out: Mapping[int, int]) -> None:
        self.source = source
        self.sink = sink
        self.left_out = left_out

    def trees(self, items: Sequence[Sequence[Token]]) -> Iterator[Tree[Token]]:
        """The parse trees of the items without mistakes, in order."""
        for n, tokens in enumerate(items):
            following = items[n + 1][0] if n + 1 < len(items) else None
            mended = mended_body(self.source, tokens, self.sink)
            yield from _Run(self.source, self.sink, mended, following, self.left_out).parse()


@record(eq=False)
class _Level:
    """An enclosing block that skipping could go on in."""

    parser: Automaton
    """The parser with the broken statement replaced by ERROR."""
    column: int
    """Where the broken statement begins."""
    braces: int
    brackets: int


class _Run:
    """The parse of one item."""

    def __init__(
        self,
        source: Source,
        sink: Sink,
        tokens: Sequence[Token],
        following: Token | None,
        left_out: Mapping[int, int],
    ) -> None:
        self.source = source
        self.sink = sink
        self.left_out = left_out
        self.tokens = list(tokens)
        self.following = following
        self.parser = fresh()
        self.at = 0
        self.mistakes = 0
        self.outline = Outline(self.tokens)
        self.reserved: set[str] = set()
        """The words of the language that were used as names; once said is enough."""
        self.told: Span | None = None
        """The last place of a mistake."""
        self.done: list[Tree[Token]] = []

    def parse(self) -> list[Tree[Token]]:
        """The item's tree; none if it holds a mistake, two if the next item's misspelt keyword was guessed."""
        while True:
            token = self.outline.token(self.at)
            try:
                result = self.parser.feed(token)
            except Unexpected:
                if not self.recover(token):
                    return self.done
                continue
            if token.type == END:
                return self.done if self.mistakes else [*self.done, result]
            self.at += 1

    # ---- reports ----

    def recover(self, token: Token) -> bool:
        """Reports the mistake at ``token`` and makes the parser fit to go on; False where it cannot."""
        accepts = accepted(self.parser)
        if END in accepts or not self.parser.values:
            return self.between_items(token, accepts)
        lost = self.at in self.outline.partners() and self.previous_type() not in CLOSERS
        if self.mistakes and (token.type == END or lost):
            # The bracket was opened in what an earlier mistake has cost.
            return token.type != END and self.skip()
        self.mistakes += 1
        if self.mistakes > MISTAKES:
            return False
        # After a dot every word is accepted, as the name of an attribute.
        if token.type == "RBRACE" and "RETURN" in accepts and self.previous_type() != "DOT":
            self.tell(MissingReturn(self.place(token), self.opened()))
            feed(self.parser, [Token("RETURN", "return"), Token("NONE", "none")])
            return True
        if token.type in self.reserved and self.is_reserved(token, accepts):
            self.tokens[self.at] = token.update("NAME")
            return True
        if self.is_reserved(token, accepts):
            self.reserved.add(token.type)
            what = "an expression" if takes_expression(accepts) else describe(accepts, self.previous_type())
            self.tell(ReservedWord(self.place(token), str(token), what))
            self.tokens[self.at] = token.update("NAME")
            return True
        statement = self.next_statement(token)
        if statement is not None:
            return self.missing_operand(statement)
        if not self.spoilt(token):
            self.tell(self.diagnostic(token, accepts))
        return token.type != END and (
            self.open_body(accepts) or self.repair(accepts) or self.skip() or self.body_alone()
        )

    def tell(self, diagnostic: Diagnostic) -> None:
        """Reports a mistake, but no second one of a token that a repair left where it is, as when a body was opened
        before it."""
        if diagnostic.span != self.told:
            self.told = diagnostic.span
            self.sink.add(diagnostic)

    def spoilt(self, token: Token) -> bool:
        """Whether a character was left out before the token in its line, which may be all that is wrong."""
        return (token.start_pos or 0) > self.left_out.get(token.line or 0, len(self.source.text))

    def between_items(self, token: Token, accepts: Set[str]) -> bool:
        """The item is complete (or has not begun), and what follows begins none."""
        self.mistakes += 1
        foreign = self.at > 0 and word_advice(str(self.tokens[self.at - 1])) is not None
        # Of `where flops = 2M` what stands before the sign is not what is meant.
        assigned = token.type == "EQUAL" and "COMMA" in accepts
        if self.at and self.mistakes == 1 and not foreign and not assigned:
            self.done.append(self.parser.copied().feed(token.update(END, "")))
        if self.at and token.line == self.tokens[self.at - 1].line:
            self.sink.add(
                UnexpectedToken(
                    self.place(token),
                    "an operator or the next declaration",
                    self.found(token),
                    f"`{self.tokens[self.at - 1]}`",
                    advise(token.type, str(token), accepts, self.previous_type(), False, str(self.tokens[self.at - 1])),
                    None,
                    self.instead(token, accepts),
                )
            )
            return self.body_alone()
        named = self.outline.token(self.at + 1).type == "NAME" and token.type == "NAME"
        advice = declaration_advice(str(token))
        known = sorted(word.lower() for word in ITEM_WORDS if word.isalpha())
        words = alike(str(token), known, 1, 0.5) if named else []
        if advice is not None:
            words = []
        elif named and token in ("const", "var", "val"):
            words = ["let"]
        elif token.type == "NAME" and self.outline.token(self.at + 1).type == "EQUAL":
            return self.nameless_let(token)
        self.sink.add(UnknownDeclaration(self.place(token), self.found(token), words[0] if words else None, advice))
        if not words:
            return advice is not None and self.next_line()
        self.parser, self.mistakes = fresh(), 0
        self.tokens = [token.update(words[0].upper(), words[0]), *self.tokens[self.at + 1 :]]
        self.at, self.outline = 0, Outline(self.tokens)
        return True

    def next_line(self) -> bool:
        """Goes on with the next line that is not indented, as with an item of its own."""
        for j in range(self.at + 1, len(self.tokens)):
            if self.tokens[j].column == 1 and self.outline.first_on_line(j):
                self.parser, self.mistakes = fresh(), 0
                self.tokens = self.tokens[j:]
                self.at, self.outline = 0, Outline(self.tokens)
                return True
        return False

    def nameless_let(self, token: Token) -> bool:
        """`C = 16`: goes on as if `let` stood before it."""
        self.sink.add(UnknownDeclaration(self.place(token), self.found(token), f"let {token}"))
        self.parser, self.mistakes = fresh(), 0
        word = Token("LET", "let", token.start_pos, token.line, token.column)
        word.end_pos, word.end_line = token.start_pos, token.line
        self.tokens = [word, *self.tokens[self.at :]]
        self.at, self.outline = 0, Outline(self.tokens)
        return True

    def next_statement(self, token: Token) -> int | None:
        """Where the next statement begins, if the line before it lacks an operand: `y = x ->`, then `z = x`.

        The parser has taken the name before `=` for the operand.
        """
        start = self.at if token.type in ("RETURN", "FOR") else self.at - 1
        if start < self.at and (token.type != "EQUAL" or self.outline.token(start).type != "NAME"):
            return None
        if start < 1 or not self.outline.first_on_line(start) or self.tokens[start - 1].type not in WANT_OPERAND:
            return None
        return start

    def missing_operand(self, statement: int) -> bool:
        before, first = self.tokens[statement - 1], self.tokens[statement]
        end = before.end_pos or 0
        shown = f"`{first} = …`" if first.type == "NAME" else f"`{first}`"
        place, found = Span(self.source, end, end), f"the next statement, {shown}"
        self.sink.add(UnexpectedToken(place, "an expression", found, f"`{before}`"))
        self.at = statement
        return self.skip()

    def is_reserved(self, token: Token, accepts: Set[str]) -> bool:
        """Whether a name was meant: with a name instead of the keyword the text goes on well."""
        if "NAME" not in accepts or not token.type.isalpha() or token.type != token.upper():
            return False
        if takes_expression(accepts) and token.type not in _NOT_VALUES | self.reserved:
            return False
        return fits(self.parser, [Token("NAME", ""), self.outline.token(self.at + 1)])

    def diagnostic(self, token: Token, accepts: Set[str]) -> Diagnostic:
        bracket = self.open_bracket()
        closer = CLOSERS[bracket.type] if bracket is not None else ""
        if token.type == END and bracket is not None and (closer in accepts or "RETURN" in accepts):
            end = f"the next declaration, `{self.following}`" if self.following else self.source.ending
            return Unclosed(self.place(bracket), str(bracket), SIGNS[closer], self.place(token), end)
        opened = None
        between = takes_setting(accepts) or takes_statement(accepts)
        if bracket is not None and closer in accepts and not between and bracket.line != self.last_line():
            opened = self.place(bracket)
        previous = self.tokens[self.at - 1] if self.at else None
        advice = advise(token.type, str(token), accepts, self.previous_type(), bracket is not None, str(previous or ""))
        if opened is not None and self.outline.first_on_line(self.at) and self.outline.begins_statement(self.at):
            advice = f"is `{SIGNS[closer]}` missing on the line before?"
        return UnexpectedToken(
            self.place(token),
            describe(accepts, self.previous_type()),
            self.found(token),
            f"`{previous}`" if previous is not None and len(previous) < 40 else None,
            advice,
            opened,
            self.instead(token, accepts),
        )

    def instead(self, token: Token, accepts: Set[str]) -> str | None:
        """What the token should have been, where what comes behind then fits; empty where it should not be there."""
        rest = self.outline.ahead(self.at, LOOKAHEAD)
        if self.superfluous(rest, accepts):
            return ""
        for terminal in _MISTAKEN.get(token.type, ()):
            if fits(self.parser, [token.update(terminal), *rest[1:]]):
                return SIGNS[terminal]
        return None

    def superfluous(self, rest: Sequence[Token], accepts: Set[str]) -> bool:
        """Whether the first token is one too many: a comma between settings, a colon before a section."""
        between = takes_setting(accepts) or takes_statement(accepts)
        if rest[0].type in ("COMMA", "LET") and between:
            return fits(self.parser, rest[1:2])
        return (
            [t.type for t in rest[:2]] == ["COLON", "LBRACE"] and "LBRACE" in accepts and fits(self.parser, rest[1:3])
        )

    def place(self, token: Token) -> Span:
        if token.type == END:
            end = self.tokens[-1].end_pos or 0
            return Span(self.source, end, end)
        return span_of(self.source, token)

    def found(self, token: Token) -> str:
        if token.type != END:
            return f"`{token}`" if len(token) < 60 else f"`{token[:57]}…`"
        return f"the next declaration, `{self.following}`" if self.following else self.source.ending

    def previous_type(self) -> str | None:
        return self.tokens[self.at - 1].type if self.at else None

    def last_line(self) -> int | None:
        return self.tokens[min(self.at, len(self.tokens) - 1)].line

    def open_bracket(self) -> Token | None:
        """The innermost bracket that is open."""
        values = self.parser.values
        return next((v for v in reversed(values) if isinstance(v, Token) and v.type in CLOSERS), None)

    def opened(self) -> Span | None:
        bracket = self.open_bracket()
        return None if bracket is None else self.place(bracket)

    # ---- going on ----

    def open_body(self, accepts: Set[str]) -> bool:
        """Puts the braces around a body that is only indented, as in Python."""
        at = self.at + (self.tokens[self.at].type == "COLON")
        if not accepts >= {"EQUAL", "LBRACE"} or not self.outline.first_on_line(at):
            return False
        if not self.outline.begins_statement(at):
            return False
        previous, last = self.tokens[self.at - 1], self.tokens[-1]
        kinds = [token.type for token in self.tokens]
        end = [] if kinds.count("RBRACE") > kinds.count("LBRACE") else [_behind(last, "RBRACE")]
        self.tokens = [*self.tokens[: self.at], _behind(previous, "LBRACE"), *self.tokens[at:], *end]
        self.outline = Outline(self.tokens)
        return True

    def repair(self, accepts: Set[str]) -> bool:
        """Leaves out or puts in one token, if what comes behind then fits."""
        rest = self.outline.ahead(self.at, LOOKAHEAD)
        if self.superfluous(rest, accepts):
            self.at += 1
            return True
        for terminal in _MISTAKEN.get(rest[0].type, ()):
            if fits(self.parser, [rest[0].update(terminal), *rest[1:]]):
                self.tokens[self.at] = rest[0].update(terminal)
                return True
        if rest[0].type == "AS" and self.previous_type() in ("CHOOSE", "MAYBE", "KEEP") and fits(self.parser, rest[2:]):
            self.at += 2
            return True
        closers = [t for t in ("RPAR", "RSQB", "RBRACE") if t in accepts]
        signs = [t for t in ("COMMA", "EQUAL", "COLON", "THEN", "ELSE", "IN", "ARROW") if t in accepts]
        missing = closers + signs if self.outline.first_on_line(self.at) else signs + closers
        for terminal in missing:
            sign = Token("COMMA", ",").update(terminal, SIGNS.get(terminal, terminal.lower()))
            if fits(self.parser, [sign, *rest]):
                feed(self.parser, [sign])
                return True
        if rest[0].type in _DELETABLE and fits(self.parser, rest[1:]):
            self.at += 1
            return True
        return False

    def skip(self) -> bool:
        """Drops tokens up to where an enclosing block can go on."""
        levels = self.levels()
        landings = self.outline.landings_found()
        outer = self.outline.balance(self.at)
        for landing in islice(landings, bisect_left(landings, self.at, key=lambda found: found.at), None):
            j, token = landing.at, self.tokens[landing.at]
            braces, brackets = landing.braces - outer[0], landing.brackets - outer[1]
            fit = [
                level
                for level in levels
                if self.reachable(level, j, braces, brackets, token.type == "RBRACE") and fits(level.parser, [token])
            ]
            if fit:
                same = [level for level in fit if level.column == token.column]
                self.parser, self.at = (same or fit)[0].parser, j
                return True
        return False

    def reachable(self, level: _Level, j: int, braces: int, brackets: int, closes: bool) -> bool:
        open_braces = level.braces + braces
        if closes:
            return open_braces == 0
        if self.outline.first_on_line(j) and (self.tokens[j].column or 0) <= level.column:
            return True
        return open_braces == 0 and level.brackets + brackets == 0

    def levels(self) -> list[_Level]:
        """The enclosing blocks, innermost first."""
        states = self.parser.states
        table = self.parser.tables.states
        depths = (k for k in range(len(states) - 1, 0, -1) if "ERROR" in table[states[k]])
        found: list[_Level] = []
        for k in islice(depths, LEVELS):
            parser = self.parser.copied()
            dropped = parser.values[k:]
            del parser.values[k:]
            del parser.states[k + 1 :]
            try:
                parser.feed(Token("ERROR", ""))
            except Unexpected:
                continue
            signs = [v.type for v in dropped if isinstance(v, Token)]
            first = first_token(dropped[0]) if dropped else self.outline.token(self.at)
            column = (first.column or 0) if first is not None else 0
            found.append(_Level(parser, column, signs.count("LBRACE"), signs.count("LPAR") + signs.count("LSQB")))
        return found

    def body_alone(self) -> bool:
        """The head of the item is beyond understanding: goes on with its body, under a head that is well."""
        settings = self.tokens[0].type in ("STRATEGY", "SEARCH", "EXTERN", "EXTERN_DATA", "EXTERN_LOSS")
        head = ["SEARCH", "NAME"] if settings else ["CELL", "NAME"]
        for j in range(self.at, len(self.tokens)):
            if self.tokens[j].type == "LBRACE" and self.outline.begins_statement(j + 1):
                self.parser, self.at = fresh(), j
                feed(self.parser, [Token(terminal, "") for terminal in head])
                return True
        return False


def _behind(token: Token, terminal: str) -> Token:
    """A sign that is not in the text, right behind a token."""
    sign = Token(terminal, SIGNS[terminal], token.end_pos, token.end_line, token.end_column)
    sign.end_pos, sign.end_line, sign.end_column = token.end_pos, token.end_line, token.end_column
    return sign
