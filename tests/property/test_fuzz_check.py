"""Whatever a text says, checking it gives diagnostics: never an exception, never an endless loop.

Texts are files of the library, cut into tokens, of which some are lost, doubled, swapped, replaced by others, or joined
to those of another file.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.model import Diagnostic, Sink
from stdsl.compiler.diagnostics.render import render
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend.lexer import lex
from stdsl.compiler.semantics.modules import library_names, library_source

SMALLER = (("layers = 8", "layers = 2"), ("layers = 14", "layers = 2"), ("layers = 20", "layers = 2"))
SMALLER += (("choose 1..6", "choose 1..2"), ("dense_block(24", "dense_block(2"), ("dense_block(16", "dense_block(2"))
"""The library's spaces with fewer layers, so that a check takes milliseconds and as much can go wrong."""
SECONDS = 20
"""What no check of a text of a few kilobytes may take, on the slowest of machines."""
FOREIGN = ("->", "choose", "{", "}", "(", ")", "[", "]", ",", "=", "1000000000", "keep", "any", "0", "-", "**", "on")
FOREIGN += (
    "tied",
    "repeat",
    "for",
    "in",
    "return",
    '"',
    "..",
    "1x3x3",
    "none",
    "each",
    "x",
    "frozen",
    "where",
    "*",
    "as",
)


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
    ends = [token.end_pos or 0 for token in lex(Source(name, text), Sink()).tokens]
    return tuple(text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True))


FILES = st.sampled_from(library_names())


@st.composite
def mutants(draw: st.DrawFn) -> str:
    words = list(pieces(draw(FILES)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(words) - 1))
        match draw(st.sampled_from(["lose", "swap", "double", "put", "replace", "other", "splice", "drop"])):
            case "lose":
                del words[at]
            case "swap":
                other = draw(st.integers(0, len(words) - 1))
                words[at], words[other] = words[other], words[at]
            case "double":
                words.insert(at, words[at])
            case "put":
                words.insert(at, f" {draw(st.sampled_from(FOREIGN))} ")
            case "replace":
                words[at] = f" {draw(st.sampled_from(FOREIGN))} "
            case "other":
                own = draw(FILES.map(pieces))
                words.insert(at, own[draw(st.integers(0, len(own) - 1))])
            case "splice":
                own = draw(FILES.map(pieces))
                words[at:] = own[draw(st.integers(0, len(own) - 1)) :]
            case _:
                del words[at : at + draw(st.integers(1, 40))]
        if not words:
            return ""
    return "".join(words)


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET, derandomize=True)
@given(mutants())
def test_mutants_are_checked(text: str) -> None:
    checked(text)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, suppress_health_check=QUIET)
@given(mutants())
def test_many_mutants_are_checked(text: str) -> None:
    checked(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.booleans())
def test_any_characters_are_checked(text: str, edition: bool) -> None:
    checked(f"stdsl 1\n{text}" if edition else text)


def prefixes(small: bool) -> list[tuple[str, int]]:
    """Every token boundary of every library file."""
    return [(name, n) for name in library_names() for n in range(len(pieces(name, small)))]


def test_prefixes_of_the_library_are_checked() -> None:
    every = prefixes(small=True)
    chosen = every[:: len(every) // 100]
    assert len(chosen) >= 100
    for name, n in chosen:
        checked("".join(pieces(name)[:n]))


@pytest.mark.slow
@pytest.mark.parametrize("name", library_names())
def test_every_prefix_of_the_library_is_checked(name: str) -> None:
    words = pieces(name, small=False)
    for n in range(len(words)):
        found = checked("".join(words[:n]))
        assert n == 0 or all(d.code for d in found)
