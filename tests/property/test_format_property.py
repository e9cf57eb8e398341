"""Formatting keeps the meaning and the comments of any text, and does nothing the second time."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend.compare import same
from stdsl.compiler.frontend.formatter import format_source
from stdsl.compiler.frontend.lexer import lex
from stdsl.compiler.frontend.parser import parse

# Texts are drawn as lists of words, put together with any white space and comments between them.
Words = list[str]
NAMES = st.sampled_from(["x", "y", "conv", "a_rather_long_name_of_something", "n", "_"])
LABEL = NAMES.map(lambda n: ["as", n])
BINARY = ["+", "-", "*", "/", "//", "%", "**", "==", "<=", "in", "and", "or", "..", "->"]


def seq(*parts: st.SearchStrategy[Words] | str) -> st.SearchStrategy[Words]:
    lifted = [st.just([p]) if isinstance(p, str) else p for p in parts]
    return st.tuples(*lifted).map(lambda ws: [w for part in ws for w in part])


def listed(item: st.SearchStrategy[Words], smallest: int = 0) -> st.SearchStrategy[Words]:
    """Items with commas between, and perhaps one behind the last."""

    def put(drawn: tuple[list[Words], bool]) -> Words:
        items, comma = drawn
        words = [w for n, item in enumerate(items) for w in ([","] if n else []) + item]
        return [*words, ","] if comma and items else words

    return st.tuples(st.lists(item, min_size=smallest, max_size=4), st.booleans()).map(put)


NAME = NAMES.map(lambda n: [n])
LITERAL = st.sampled_from(["1", "0.5", "3e-4", "600M", "1x3x3", '"a # b"', '"\\"q\\""', "true", "none"]).map(
    lambda t: [t]
)


def compound(e: st.SearchStrategy[Words]) -> st.SearchStrategy[Words]:
    p = seq("(", e, ")")
    element = st.one_of(e, seq("*", p), seq("*", NAME))
    argument = st.one_of(e, seq(NAME, "=", e))
    alternative = st.one_of(e, seq(NAME, ":", e), seq("none", ":", e))
    return st.one_of(
        p,
        seq("(", listed(e, 2), ")"),
        seq("(", e, ",", ")"),
        seq("[", listed(element), "]"),
        seq("[", e, "for", NAME, "in", e, "]"),
        seq("{", listed(alternative, 1), "}"),
        seq(NAME, "(", listed(argument), ")"),
        seq(p, "(", listed(argument), ")"),
        seq(NAME, "[", e, "]"),
        seq(NAME, "[", "<", e, "]"),
        seq(LITERAL, ".", st.sampled_from([["channels"], ["op"], ["in"]])),
        seq("(", st.one_of(NAME, p), st.sampled_from(BINARY).map(lambda o: [o]), st.one_of(NAME, p), ")"),
        seq("(", NAME, "+", p, "-", NAME, "+", p, ")"),
        seq("(", NAME, "->", p, "->", NAME, "->", "frozen", p, ")"),
        seq("(", "not", p, ")"),
        seq("-", p),
        seq("(", "choose", p, st.one_of(st.just([]), LABEL), ")"),
        seq("(", "keep", st.sampled_from([["any"], ["all"], ["2"], ["1", "..", "3"]]), ")"),
        seq("(", "maybe", p, st.one_of(st.just([]), LABEL), ")"),
        seq("(", "each", "choose", p, ")"),
        seq("(", "tied", "repeat", "choose", p, "as", NAME, "{", e, "}", ")"),
        seq("(", "if", e, "then", e, "else", e, ")"),
    )


EXPR = st.recursive(st.one_of(NAME, LITERAL), compound, max_leaves=12)
SMALL = st.recursive(st.one_of(NAME, LITERAL), compound, max_leaves=4)


def flat(parts: list[Words]) -> Words:
    return [w for part in parts for w in part]


BIND = st.one_of(seq(NAME, "=", EXPR), seq(NAME, "[", SMALL, "]", "=", EXPR))
STATEMENT = st.recursive(
    BIND, lambda s: seq("for", NAME, "in", SMALL, "{", st.lists(s, max_size=3).map(flat), "}"), max_leaves=3
)
KEY = st.one_of(NAME, st.sampled_from([["space"], ["choose"], ['"dense.**"'], ["from"]]))
SETTING = seq(KEY, "=", SMALL)
SECTION = st.recursive(
    st.lists(SETTING, max_size=3).map(flat),
    lambda s: st.lists(st.one_of(SETTING, seq(NAME, "{", s, "}"), seq(KEY, "=", NAME, "{", s, "}")), max_size=3).map(
        flat
    ),
    max_leaves=4,
)
PARAMETERS = st.one_of(
    st.just([]),
    seq("(", listed(st.one_of(NAME, seq(NAME, "=", SMALL), seq(NAME, ":", "over", "(", "M", ")", "=", SMALL))), ")"),
)
INPUTS = st.sampled_from(
    [["on", "x"], ["on", "x", ",", "y"], ["on", "*", "xs"], ["on", "x", ":", "clip", "(", "3", ")"]]
)
BODY = st.one_of(seq("=", EXPR), seq("{", st.lists(STATEMENT, max_size=3).map(flat), "return", EXPR, "}"))
ITEM = st.one_of(
    seq("use", "std", ".", "video", "(", listed(st.one_of(NAME, seq(NAME, LABEL)), 1), ")"),
    seq("let", NAME, "=", EXPR),
    seq(
        st.sampled_from([["op"], ["cell"], ["meta"], ["tied", "cell"], ["tied", "(", "k", ")", "cell"]]),
        NAME,
        PARAMETERS,
    ).flatmap(lambda head: seq(st.just(head), st.one_of(st.just([]), INPUTS), BODY)),
    seq("ops", NAME, PARAMETERS, "=", EXPR),
    seq("space", NAME, "=", EXPR, st.one_of(st.just([]), seq("where", SMALL, ",", SMALL))),
    seq("extern", "op", NAME, PARAMETERS, INPUTS, "from", '"m:C"', "{", SECTION, "}"),
    seq(st.sampled_from([["extern data"], ["extern loss"]]), NAME, PARAMETERS, "from", '"m:C"', "{", SECTION, "}"),
    seq("strategy", NAME, PARAMETERS, "=", NAME, "{", SECTION, "}"),
    seq("search", NAME, "{", SECTION, "}"),
)
GAPS = st.sampled_from([" "] * 12 + ["\n", "\n\n\n", "  # note\n", "\n# above\n", "\n\n  # far\n\n", "\t", "#tight\n"])


@st.composite
def texts(draw: st.DrawFn) -> str:
    words = ["stdsl", "1", *flat(draw(st.lists(ITEM, max_size=3)))]
    gaps = draw(st.lists(GAPS, min_size=len(words), max_size=len(words)))
    return "".join(word + gap for word, gap in zip(words, gaps, strict=True))


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(texts())
def test_formatting_keeps_meaning_and_is_idempotent(text: str) -> None:
    source, sink = Source("drawn.space", text), Sink()
    before = parse(source, sink)
    assert sink.diagnostics == ()
    formatted = format_source(source)
    after = parse(Source("formatted.space", formatted), sink)
    assert sink.diagnostics == ()
    assert same(before, after)
    assert format_source(Source("formatted.space", formatted)) == formatted
    notes = [sorted(str(c) for c in lex(s, sink).comments) for s in (source, after.source)]
    assert notes[0] == notes[1]
    assert "\n\n\n" not in formatted
    assert not re.search(r"[ \t]+$", formatted, re.MULTILINE)
    assert formatted.endswith("\n")
    assert not formatted.endswith("\n\n")
