"""What the parser would say: trials on copies of it, which cost nothing where they fail."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import cast

from lark import Token, Tree
from lark.exceptions import UnexpectedToken as Unexpected
from lark.parsers.lalr_interactive_parser import InteractiveParser

from .tables import load

# Of mistakes under so few open states, what could have stood there is remembered.
REMEMBERED = 12

_known: dict[tuple[int, ...], frozenset[str]] = {}


def accepted(parser: InteractiveParser) -> Set[str]:
    """The terminals that may come next. They depend on the states that are open alone, and mistakes repeat."""
    states = parser.parser_state.state_stack
    if len(states) > REMEMBERED:
        return cast("set[str]", parser.accepts())  # type: ignore[no-untyped-call]
    key = tuple(states)
    if key not in _known:
        _known[key] = frozenset(parser.accepts())  # type: ignore[no-untyped-call]
    return _known[key]


def fresh() -> InteractiveParser:
    """A parser at the beginning of an item."""
    return load().parse_interactive(start="item")


def feed(parser: InteractiveParser, tokens: Sequence[Token]) -> None:
    """Gives tokens to the parser. Raises lark's UnexpectedToken."""
    for token in tokens:
        parser.feed_token(token)


def copied(parser: InteractiveParser) -> InteractiveParser:
    """The parser, to go on with apart from it.

    The parts of a rule that come without a tree of their own are lists that the rule takes over and goes on filling:
    these must not be shared.
    """
    copy = cast(InteractiveParser, parser.copy(deepcopy_values=False))  # type: ignore[no-untyped-call]
    values = copy.parser_state.value_stack
    for place, value in enumerate(values):
        if isinstance(value, Tree) and value.data.startswith("_"):
            values[place] = Tree(value.data, list(value.children), value._meta)
    return copy


def fits(parser: InteractiveParser, tokens: Sequence[Token]) -> bool:
    """Whether the tokens may come next."""
    trial = copied(parser)
    try:
        feed(trial, tokens)
    except Unexpected:
        return False
    return True


def first_token(value: Tree[Token] | Token | None) -> Token | None:
    """The first token of what the parser holds; None of what is empty."""
    while isinstance(value, Tree):
        value = next((child for child in value.children if child is not None), None)
    return value
