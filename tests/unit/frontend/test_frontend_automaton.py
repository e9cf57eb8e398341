"""Our scanner and automaton beside lark's own: the same tokens, trees, mistakes, and terminals that may come next."""

from __future__ import annotations

import copy
import pickle
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lark import Lark
from lark.exceptions import UnexpectedToken

from stdsl.compiler.frontend import tables
from stdsl.compiler.frontend.automaton import END, Unexpected
from stdsl.compiler.frontend.items import cut
from stdsl.compiler.frontend.tokens import Token, Tree

ROOT = Path(__file__).parents[3]
TEXTS = sorted(path for folder in ("spaces", "examples") for path in (ROOT / folder).rglob("*.space"))
ODD = (
    "→",
    "é",
    "12abc",
    '"open',
    "'a'",
    "1..6",
    "3x3",
    "1x",
    "\n",
    "\r\n",
    "\t",
    "extern data",
    "#",
    "}",
    "(",
    "if",
    ";",
)


@cache
def larks() -> Lark:
    return tables.build()


def _facts(token: Any) -> tuple[Any, ...]:
    places = (token.start_pos, token.line, token.column, token.end_line, token.end_column, token.end_pos)
    return (token.type, str(token), *places)


def _tree(node: Any) -> Any:
    """Of ours or of lark's; the name of what has no tree of its own does not matter."""
    if node is None or isinstance(node, str):
        return None if node is None else (node.type, str(node), node.start_pos)  # type: ignore[attr-defined]
    return (node.data if node.data[0] != "_" else "_", [_tree(child) for child in node.children])


def _same_parse(tokens: list[Any]) -> None:
    ours, theirs = tables.load().parser(), larks().parse_interactive(start="item")
    for token in [*tokens, Token(END, "", 0, 1, 1)]:
        assert [_tree(value) for value in ours.values] == [_tree(value) for value in theirs.parser_state.value_stack]
        assert ours.accepts() == theirs.accepts()  # type: ignore[no-untyped-call]
        try:
            tree = theirs.feed_token(token)
        except UnexpectedToken:
            with pytest.raises(Unexpected):
                ours.feed(token)
        else:
            before = ours.copied()
            assert _tree(ours.feed(token)) == _tree(before.feed(token)) == _tree(tree)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_texts_of_the_repository(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = list(tables.load().scanner.tokens(text))
    assert [_facts(token) for token in tokens] == [_facts(token) for token in larks().lex(text)]
    items = cut([token for token in tokens[2:] if token.type != "COMMENT"])
    assert items
    for item in random.Random(path.name).sample(items, min(6, len(items))):
        _same_parse(item)


@pytest.mark.parametrize("seed", range(40))
def test_broken_texts(seed: int) -> None:
    pick = random.Random(seed)
    text = pick.choice(TEXTS).read_text(encoding="utf-8")
    begin = pick.randrange(len(text))
    text = text[begin : begin + 400]
    for _ in range(pick.randrange(6)):
        at = pick.randrange(len(text) + 1)
        text = text[:at] + pick.choice((*ODD, "")) + text[at + pick.randrange(3) :]
    tokens = list(tables.load().scanner.tokens(text))
    assert [_facts(token) for token in tokens] == [_facts(token) for token in larks().lex(text)]
    _same_parse([token for token in tokens if token.type != "COMMENT"])


def test_a_token_is_its_text() -> None:
    token = Token("NAME", "x", 3, 1, 4, 1, 5, 4)
    assert token == "x"
    assert token == Token("NAME", "x")
    assert Token("NUMBER", "x") not in [token]
    assert {token: 1}["x"] == 1
    assert _facts(token.update("KEEP")) == ("KEEP", "x", *_facts(token)[2:])
    assert _facts(token.update(END, "")) == (END, "", *_facts(token)[2:])
    assert repr(Tree("a", [token, None])) == "Tree('a', [Token('NAME', 'x'), None])"


def test_tokens_are_copied_and_pickled() -> None:
    token = Token("NAME", "x", 3, 1, 4, 1, 5, 4)
    for other in (copy.copy(token), copy.deepcopy(token), pickle.loads(pickle.dumps(token))):
        assert (other, other.type, other.start_pos, other.end_column) == (token, "NAME", 3, 5)
