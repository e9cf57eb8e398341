"""The parser's tables: built from the grammar once, then read from a cache.

Building them takes about a quarter of a second, reading them a fiftieth. The cache is a file in the user's cache folder
(`STDSL_CACHE_DIR`, else `XDG_CACHE_HOME/stdsl`, else the platform's usual place), named after what the tables depend
on: the grammar's text, lark's version and Python's. Where it cannot be written the tables are built anew each time;
nothing else changes.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

import lark
from lark import Lark

STARTS = ("item", "lexical")
"""An item of a file; `lexical` is never parsed, it keeps the terminals that only the lexer's user sees."""


def grammar_text() -> str:
    return files("stdsl.grammars").joinpath("stdsl.lark").read_text(encoding="utf-8")


def build(starts: tuple[str, ...] = STARTS) -> Lark:
    """The parser, built from the grammar's text without looking at the cache."""
    return Lark(
        grammar_text(), parser="lalr", lexer="basic", start=list(starts), keep_all_tokens=True, maybe_placeholders=True
    )


@cache
def load() -> Lark:
    """The parser, from the cache where possible."""
    path = cache_file()
    # Anything may be wrong with a cache (truncated, written by a different build of lark): it is only ever a short cut.
    with suppress(Exception), path.open("rb") as stream:
        return Lark.load(stream)
    parser = build()
    with suppress(OSError):
        _save(parser, path)
    return parser


def cache_file() -> Path:
    key = "\0".join((grammar_text(), lark.__version__, sys.version, *STARTS))
    return _cache_folder() / f"grammar-{hashlib.sha256(key.encode()).hexdigest()[:20]}.bin"


def _cache_folder() -> Path:
    if own := os.environ.get("STDSL_CACHE_DIR"):
        return Path(own)
    if base := os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA"):
        return Path(base) / "stdsl"
    home = Path(os.path.expanduser("~"))
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "stdsl"


def _save(parser: Lark, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            parser.save(stream)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
