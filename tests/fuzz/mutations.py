"""Mutants of texts: characters, tokens, lines and parts of the syntax tree, lost, doubled, exchanged and replaced."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast
from stdsl.compiler.frontend.lexer import lex

from .texts import Corpus, Text
from .words import CHARACTERS, CONSTRAINTS, FOREIGN, FRAMES, MILD, NAMES, NESTED, NUMBERS, OPERATORS, STRINGS

LONGEST = 200_000
"""No mutant has more characters."""
_COMMAS = (ast.Argument, ast.Alternative, ast.Parameter, ast.Input, ast.Imported)


@dataclass(frozen=True)
class Mutant:
    text: str
    folder: Path
    origin: str


def mutant(corpus: Corpus, rng: random.Random) -> Mutant:
    """A text with one to four mutations."""
    drawn = corpus.draw(rng)
    text = drawn.excerpt(rng) if rng.random() < 0.5 else drawn.text
    mild = rng.random() < 0.4
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        kind = milder if mild else rng.choices(_KINDS, _SHARES)[0]
        text = kind(text, corpus, rng)[:LONGEST]
    # What a file can hold: a lone surrogate is no UTF-8.
    return Mutant(text.encode("utf-8", "replace").decode("utf-8"), drawn.folder, drawn.name)


# ---- characters ----------------------------------------------------------------------------------------------------


def characters(text: str, corpus: Corpus, rng: random.Random) -> str:
    at = rng.randint(0, len(text))
    end = min(len(text), at + rng.choice((0, 1, 1, 2, 5, 30)))
    match rng.randrange(5):
        case 0:
            return text[:at] + text[end:]
        case 1:
            return text[:at] + rng.choice(CHARACTERS) * rng.choice((1, 1, 1, 3, 300)) + text[at:]
        case 2:
            return text[:at] + rng.choice(CHARACTERS) + text[end:]
        case 3:
            return text[:end] + text[at:]
        case _:
            data = bytearray(text.encode("utf-8", "replace"))
            if data:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            return data.decode("utf-8", "ignore")


# ---- tokens --------------------------------------------------------------------------------------------------------


def pieces(text: str) -> list[str]:
    """The tokens of a text, each with the white space and comments before it; together they are the text."""
    ends = [token.end_pos or 0 for token in lex(Source("pieces", text), Sink()).tokens]
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


def _put(piece: str, word: str) -> str:
    """A piece with another token behind its white space and comments."""
    old = piece.split()[-1] if piece.split() else ""
    return f"{piece.removesuffix(old)}{word}" if old else f"{piece} {word} "


def tokens(text: str, corpus: Corpus, rng: random.Random) -> str:
    words = pieces(text)
    at, other = rng.randrange(len(words)), rng.randrange(len(words))
    match rng.randrange(11):
        case 0:
            del words[at]
        case 1:
            words[at], words[other] = words[other], words[at]
        case 2:
            words.insert(at, words[at])
        case 3:
            words.insert(at, f" {rng.choice(FOREIGN)} ")
        case 4:
            words[at] = _put(words[at], rng.choice(FOREIGN))
        case 5:
            words.insert(at, rng.choice(pieces(corpus.draw(rng).text)))
        case 6:
            there = pieces(corpus.draw(rng).text)
            words[at:] = there[rng.randrange(len(there)) :]
        case 7:
            del words[at : at + rng.randint(1, 40)]
        case 8:
            return _exchanged(words, rng, lambda w: w[-1:].isdigit() and w.strip()[:1].isdigit(), NUMBERS)
        case 9:
            return _exchanged(words, rng, lambda w: w.endswith('"'), tuple(f'"{s}"' for s in STRINGS))
        case _:
            own = tuple(dict.fromkeys(w.strip() for w in words if w.strip().isidentifier()))
            return _exchanged(words, rng, lambda w: w.strip().isidentifier(), own if rng.random() < 0.6 else NAMES)
    return "".join(words)


def _exchanged(words: list[str], rng: random.Random, fits: Callable[[str], bool], others: tuple[str, ...]) -> str:
    """One token that fits exchanged, in all its places or in one."""
    places = [i for i, word in enumerate(words) if fits(word)]
    if places and others:
        at, new = rng.choice(places), rng.choice(others)
        old = words[at].strip()
        for i in places if rng.random() < 0.5 else [at]:
            if words[i].strip() == old:
                words[i] = _put(words[i], new)
    return "".join(words)


# ---- lines ---------------------------------------------------------------------------------------------------------


def lines(text: str, corpus: Corpus, rng: random.Random) -> str:
    rows = text.splitlines(keepends=True) or [""]
    at, other = rng.randrange(len(rows)), rng.randrange(len(rows))
    match rng.randrange(5):
        case 0:
            del rows[at]
        case 1:
            rows[at], rows[other] = rows[other], rows[at]
        case 2:
            rows.insert(other, rows[at])
        case 3:
            rows.insert(at, rng.choice(corpus.draw(rng).text.splitlines(keepends=True) or [""]))
        case _:
            there = corpus.draw(rng).text.splitlines(keepends=True)[1:]
            rows[at:at] = there[: rng.randint(1, 30)]
    return "".join(rows)


# ---- parts of the tree ---------------------------------------------------------------------------------------------


def _nodes(node: object) -> Iterator[ast.Node]:
    todo = [node]
    while todo:
        item = todo.pop()
        if isinstance(item, tuple):
            todo.extend(item)
        elif isinstance(item, ast.Node):
            if item.span.end > item.span.start:
                yield item
            todo.extend(getattr(item, f.name) for f in fields(item) if f.name not in ("span", "target_span"))


def _parts(text: Text) -> dict[str, list[ast.Node]]:
    """The parts of a text by what may stand in their place."""
    found: dict[str, list[ast.Node]] = {}
    for node in _nodes((text.file.uses, text.file.declarations)):
        if isinstance(node, (ast.Identifier, ast.Return, ast.Block)) or (
            isinstance(node, ast.Section) and node.name is None
        ):
            continue
        kind = type(node).__name__
        if isinstance(node, ast.Expr):
            kind = "expression"
        elif isinstance(node, (ast.Bind, ast.For)):
            kind = "statement"
        elif isinstance(node, (ast.Setting, ast.Section)):
            kind = "setting"
        elif isinstance(node, (ast.Declaration, ast.Use)):
            kind = "item"
        found.setdefault(kind, []).append(node)
    return found


def tree(text: str, corpus: Corpus, rng: random.Random) -> str:
    own = _parts(Text("own", text, Path()))
    if not own:
        return text
    kind = "expression" if rng.random() < 0.5 and "expression" in own else rng.choice(list(own))
    node = rng.choice(own[kind])
    start, end = node.span.start, node.span.end
    here = text[start:end]
    choice = rng.randrange(8)
    if choice == 0:
        return text[:start] + text[end + (isinstance(node, _COMMAS) and text[end : end + 1] == ",") :]
    if choice == 1:
        gap = ", " if isinstance(node, _COMMAS) else "\n"
        return text[:end] + gap + here + text[end:]
    if choice == 2:
        other = rng.choice(own[kind])
        (a, b), (c, d) = sorted(((start, end), (other.span.start, other.span.end)))
        return text if c < b else text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]
    if choice == 3 and kind == "expression":
        return text[:start] + rng.choice(FRAMES).replace("@", here) + text[end:]
    if choice == 4 and kind == "expression" and rng.random() < 0.2:
        before, _, after = rng.choice(NESTED).partition("@")
        levels = rng.choice((3, 30, 61, 300, 2_000))
        return text[:start] + before * levels + here + after * levels + text[end:]
    if choice == 5 and kind == "expression":
        return text[:start] + rng.choice((*NUMBERS, *FOREIGN, *NAMES)) + text[end:]
    donor = own if choice == 6 else _parts(corpus.draw(rng))
    return text[:start] + rng.choice(donor.get(kind) or [node]).span.text + text[end:]


# ---- what may leave a text right -----------------------------------------------------------------------------------


def milder(text: str, corpus: Corpus, rng: random.Random) -> str:
    words = pieces(text)
    match rng.randrange(6):
        case 0:
            return _exchanged(words, rng, lambda w: w.strip().isdigit(), NUMBERS[:5])
        case 1:
            own = tuple(dict.fromkeys(w.strip() for w in words if w.strip().isidentifier()))
            old, new = rng.choice(own or ("",)), rng.choice(NAMES)
            return "".join(_put(w, new) if w.strip() == old else w for w in words)
        case 2:
            return f"{text.rstrip()}{rng.choice((' where ', ', '))}{rng.choice(CONSTRAINTS)}\n"
    own_parts = _parts(Text("own", text, Path()))
    steps = [n.right for n in own_parts.get("expression", []) if isinstance(n, ast.Pipe)]
    operands = [
        n for n in own_parts.get("expression", []) if isinstance(n, (ast.Name, ast.Call, ast.Choose, ast.Index))
    ]
    if not steps or not operands:
        return text
    node = rng.choice(steps if rng.random() < 0.7 else operands)
    new = rng.choice(OPERATORS) if rng.random() < 0.3 else rng.choice(MILD).replace("@", node.span.text)
    return text[: node.span.start] + new + text[node.span.end :]


_KINDS = (characters, tokens, lines, tree)
_SHARES = (0.12, 0.33, 0.1, 0.45)
