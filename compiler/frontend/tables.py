"""The parser's tables: made from the grammar once, then read from a cache.

Making them takes lark about a quarter of a second, reading them a hundredth of that. The cache is a file in the user's
cache folder, named after what the tables depend on: their own form, the grammar's text, lark's version and Python's.
Its first line is the sum of the rest. Where it cannot be written the tables are made anew each time; nothing else
changes.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from ..cache_folder import cache_folder
from ..record import record
from ..text.packaged import packaged
from .automaton import Automaton, Rule, Tables
from .scanner import Scanner

if TYPE_CHECKING:
    from lark import Lark

STARTS = ("item", "lexical")
"""An item of a file; `lexical` is never parsed, it keeps the terminals that only the lexer's user sees."""
FORMAT = 2
"""Of what is kept, to be raised with every change of the file or of what :func:`_written` writes."""


@record
class Grammar:
    """What reads a text."""

    scanner: Scanner
    tables: Tables

    def parser(self, start: str = "item") -> Automaton:
        """A parser at the beginning of what a start symbol stands for."""
        return Automaton(self.tables, [self.tables.begin[start]], [], self.tables.end[start])


def grammar_text() -> str:
    return packaged("stdsl.grammars").joinpath("stdsl.lark").read_text(encoding="utf-8")


def build(starts: tuple[str, ...] = STARTS) -> Lark:
    """Lark's parser, made from the grammar's text without looking at the cache."""
    from lark import Lark  # takes long, and is asked for once

    return Lark(
        grammar_text(), parser="lalr", lexer="basic", start=list(starts), keep_all_tokens=True, maybe_placeholders=True
    )


@cache
def load() -> Grammar:
    """The grammar's tables, from the cache where possible."""
    key = _key()
    path = _file(key)
    # Anything may be wrong with a cache (truncated, written by a different build of lark): it is only ever a short cut.
    # What is damaged may still be a document, of other tables: that shows in its sum alone.
    with suppress(Exception):
        told, _, text = (path.read_bytes() if path.is_file() else b"").partition(b"\n")  # a pipe would be waited for
        document = json.loads(text) if int(told) == crc32(text) else {}
        if document["of"] == key:
            return _read(document)
    document = {"of": key, **_written(build())}
    with suppress(OSError):
        text = json.dumps(document, separators=(",", ":")).encode()
        _save(b"%d\n%b" % (crc32(text), text), path)
    return _read(document)


def cache_file() -> Path:
    return _file(_key())


def _key() -> str:
    """What the tables depend on. Of lark the text that says its version: importing it takes longer than all else."""
    found, version = find_spec("lark"), ""
    if found is not None and found.origin:
        with suppress(OSError):  # of an archive
            version = Path(found.origin).read_text(encoding="utf-8")
    return "\0".join((str(FORMAT), grammar_text(), version, sys.version, *STARTS))


def _file(key: str) -> Path:
    return cache_folder() / f"grammar-{crc32(key.encode()):08x}.json"


def _save(kept: bytes, path: Path) -> None:
    import tempfile  # once for each grammar

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(kept)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _read(document: dict[str, Any]) -> Grammar:
    words = {kind: dict(texts) for kind, texts in document["words"].items()}
    scanner = Scanner(document["pattern"], words, frozenset(document["ignored"]), frozenset(document["lines"]))
    rules = [Rule(*facts) for facts in document["rules"]]
    return Grammar(scanner, Tables(document["states"], rules, document["begin"], document["end"]))


def _written(lark: Lark) -> dict[str, Any]:
    """The tables of lark's parser as a document."""
    frontend: Any = lark.parser
    lexer, table = frontend.lexer, frontend.parser.parser.parse_table
    numbers: dict[Any, int] = {}
    states = []
    for number in range(len(table.states)):
        state = {}
        for symbol, (action, target) in table.states[number].items():
            state[symbol] = target if action.name == "Shift" else ~numbers.setdefault(target, len(numbers))
        states.append(state)
    return {
        "pattern": "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in lexer.scanner.terminals),
        "words": {
            kind: {t.pattern.value: t.name for t in unless.scanner.terminals} for kind, unless in lexer.callback.items()
        },
        "ignored": sorted(lexer.ignore_types),
        "lines": sorted(lexer.newline_types),
        "states": states,
        "rules": [_rule(rule) for rule in numbers],
        "begin": table.start_states,
        "end": table.end_states,
    }


def _rule(rule: Any) -> tuple[Any, ...]:
    """The fields of :class:`automaton.Rule` for a rule of lark."""
    options = rule.options
    assert options.keep_all_tokens
    # One item for each part that is there, True for each optional one that is absent.
    absent = "".join(str(int(empty)) for empty in options.empty_indices) or "0" * len(rule.expansion)
    before = [len(ones) for ones in absent.split("0")]
    replaced = [not part.is_term and part.name.startswith("_") for part in rule.expansion]
    plain = not any(before) and not any(replaced)
    name = rule.alias or options.template_source or rule.origin.name
    single = bool(options.expand1 and not rule.alias)
    passed_on = replaced == [True] and not any(before) and not single and name.startswith("_")
    parts = list(zip(replaced, before[:-1], strict=True))
    return (str(rule.origin.name), str(name), len(rule.expansion), single, plain, passed_on, parts, before[-1])
