"""What the parser would say: trials on copies of it, which cost nothing where they fail."""

from __future__ import annotations

from collections.abc import Sequence, Set

from .automaton import Automaton, Unexpected
from .tables import load
from .tokens import Token, Tree

# Of mistakes under so few open states, what could have stood there is remembered.
REMEMBERED = 12

_known: dict[tuple[int, ...], frozenset[str]] = {}


def accepted(parser: Automaton) -> Set[str]:
    """The terminals that may come next. They depend on the states that are open alone, and mistakes repeat."""
    if len(parser.states) > REMEMBERED:
        return parser.accepts()
    key = tuple(parser.states)
    if key not in _known:
        _known[key] = frozenset(parser.accepts())
    return _known[key]


def fresh() -> Automaton:
    """A parser at the beginning of an item."""
    return load().parser()


def feed(parser: Automaton, tokens: Sequence[Token]) -> None:
    """Gives tokens to the parser. Raises Unexpected."""
    for token in tokens:
        parser.feed(token)


def fits(parser: Automaton, tokens: Sequence[Token]) -> bool:
    """Whether the tokens may come next."""
    trial = parser.copied()
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
