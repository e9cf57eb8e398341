"""Checking any characters, or the beginning of a file, gives diagnostics: never an exception, never an endless loop."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import pytest
from fuzz.mutations import pieces as cut
from fuzz.texts import SMALLER
from hypothesis import given, settings
from hypothesis import strategies as st

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.render import render
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.semantics.modules import library_names, library_source

SECONDS = 20
"""What no check of a text of a few kilobytes may take, on the slowest of machines."""


@contextmanager
def in_time(seconds: int = SECONDS) -> Iterator[None]:
    """Fails where the text inside takes longer, at the line that it is at."""

    def late(signum: int, frame: object) -> None:
        raise AssertionError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def checked(text: str) -> Sequence[Diagnostic]:
    """The diagnostics of a text, each of which can be shown and lies within it or in a file of the library."""
    source = Source("mutant.space", text)
    with in_time():
        found = check_text(source)
        for d in found:
            if d.span is not None and d.span.source is source:
                assert 0 <= d.span.start <= d.span.end <= len(text)
        render(found, "full", color=True)
        assert len(json.loads(render(found, "json", color=False))) == len(found)
    return found


@cache
def pieces(name: str, small: bool = True) -> tuple[str, ...]:
    """A library file as its tokens, each with the white space and comments before it; together they are the file."""
    source = library_source(name)
    assert source is not None
    text = source.text
    for old, new in SMALLER if small else ():
        text = text.replace(old, new)
    return tuple(cut(text))


@settings(max_examples=60)
@given(st.text(max_size=200), st.booleans())
def test_any_characters_are_checked(text: str, edition: bool) -> None:
    checked(f"stdsl 1\n{text}" if edition else text)


def test_prefixes_of_the_library_are_checked() -> None:
    """A hundred at boundaries of tokens, as many of each file; the slow test has all."""
    of_each = -(-100 // len(library_names()))
    for name in library_names():
        words = pieces(name)
        for i in range(of_each):
            checked("".join(words[: len(words) * i // of_each]))


@pytest.mark.slow
@pytest.mark.parametrize("name", library_names())
def test_every_prefix_of_the_library_is_checked(name: str) -> None:
    words = pieces(name, small=False)
    for n in range(len(words)):
        found = checked("".join(words[:n]))
        assert n == 0 or all(d.code for d in found)
