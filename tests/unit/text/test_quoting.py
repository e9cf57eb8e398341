"""Texts in other languages: what is read back is the text, whatever it holds."""

from __future__ import annotations

import ast
import html.parser
import json
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stdsl.compiler.backends.codegen.definitions import Assignment
from stdsl.compiler.backends.codegen.layout import WIDTH
from stdsl.compiler.backends.codegen.numbers import skeleton
from stdsl.compiler.backends.codegen.printing import lines_of, text_of
from stdsl.compiler.diagnostics.source import Source, Span
from stdsl.compiler.frontend.lexer import string
from stdsl.compiler.ops.torch.expressions import Name, Operation, call, dotted, expression, indexed, product, total
from stdsl.compiler.text import quoting

FEW = settings(max_examples=40)
HOSTILE = (
    '"""\nimport os\n"""',
    "\\",
    '"',
    "'''",
    "a\\",
    '\\"',
    "\x00\x1b[2J\x1b]0;x\x07\x9b31m\x7f",
    "\u202e\u2066\u200f\u2028\u2029\ufeff",
    "\ud800",
    "\U000e0001",
    "</script><img src=x onerror=y>-->]]>",
    "{{ x }}{% y %}{# z #}",
    "%%{init: {}}%%",
    "[bold]x[/bold] :smile:",
    "\r\n\t\f\v",
    ") + (",
    "é中🎉",
)
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=200), st.lists(st.sampled_from(HOSTILE)).map("".join))


def plain(text: str, lines: bool = False) -> bool:
    return all(c.isprintable() or (lines and c == "\n") for c in text)


@FEW
@given(texts)
def test_what_is_shown_commands_nothing(text: str) -> None:
    assert plain(quoting.visible(text))
    assert plain(quoting.visible(text, lines=True), lines=True)
    assert quoting.visible(text, lines=True).count("\n") == text.count("\n")
    assert quoting.visible(quoting.visible(text)) == quoting.visible(text)
    quoting.visible(text).encode()


@FEW
@given(texts)
def test_python_strings(text: str) -> None:
    written = quoting.python_string(text)
    assert plain(written)
    assert ast.literal_eval(written) == text
    value = (text, 3, (1.5, None, True), [text], -0.0, ())
    assert repr(ast.literal_eval(quoting.python_value(value))) == repr(value)


def test_numbers_that_python_has_no_sign_for() -> None:
    for value in ("inf", "-inf", "nan"):
        assert repr(eval(quoting.python_value(float(value)))) == value


@FEW
@given(st.lists(texts, min_size=1))
def test_documentation_of_python(lines: list[str]) -> None:
    module = f'"""{chr(10).join(map(quoting.python_doc, lines))}"""\n'
    found = ast.parse(module).body
    assert len(found) == 1
    assert ast.get_docstring(ast.parse(module), clean=False) == "\n".join(map(quoting.visible, lines))


@FEW
@given(texts)
def test_comments_of_python(text: str) -> None:
    assert len(ast.parse(f"x = 1  # {quoting.python_comment(text)}\n").body) == 1


@FEW
@given(texts)
def test_strings_of_the_language(text: str) -> None:
    if any(not c.isprintable() and c not in "\n\t" for c in text):
        return  # there is no escape for these
    assert string(quoting.space_string(text)) == text


@FEW
@given(texts, texts)
def test_html(text: str, attribute: str) -> None:
    found: list[str] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend((tag, *(name for name, _ in attrs)))

    reader = Reader()
    reader.feed(f'<p title="{quoting.html_text(attribute)}">{quoting.html_text(text)}</p>')
    reader.close()
    assert found == ["p", "title"]


@FEW
@given(st.lists(texts, min_size=1))
def test_labels_of_mermaid(lines: list[str]) -> None:
    label = quoting.mermaid_label(*lines)
    inside = label[1:-1]
    assert label[0] == label[-1] == '"'
    assert plain(label)
    assert not set('"%`\\') & set(inside)
    assert not set("<>") & set(inside.replace("<br/>", ""))
    assert re.sub(r"#(\w+);", "", inside).count("#") == 0


@FEW
@given(texts)
@example("s (k)")
def test_titles_of_mermaid(text: str) -> None:
    title = quoting.mermaid_title(text)
    assert plain(title)
    assert "%%" not in title
    assert title[0] == '"' or re.fullmatch(r"[\w.(), =·…-]*", title)
    assert title[0] != '"' or (len(title) > 1 and not re.search(r'(?<!\\)(\\\\)*"', title[1:-1]))


@FEW
@given(texts)
def test_strings_of_dot(text: str) -> None:
    written = quoting.dot_string(text)
    assert plain(written)
    assert not re.search(r'(?<!\\)(\\\\)*"', written[1:-1])
    assert not re.search(r'(?<!\\)(\\\\)*["{}|<>]', quoting.dot_record(text))


@FEW
@given(st.recursive(texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)))
def test_json(value: object) -> None:
    for indent in (None, 2):
        written = quoting.json_text(value, indent)
        assert plain(written, lines=indent is not None)
        assert json.loads(written) == value
        written.encode()


@FEW
@given(texts)
def test_workflow_commands(text: str) -> None:
    assert plain(quoting.workflow_text(text))
    assert not set(":,\n") & set(quoting.workflow_property(text))


@FEW
@given(st.lists(texts, min_size=1), st.integers(0, 3))
def test_strings_in_broken_lines_and_skeletons_stay_whole(strings: list[str], filler: int) -> None:
    named = {f"a{i}": text for i, text in enumerate(strings)} | {"k": (3, 3)}
    made = call("E", **named, **{f"m{i}": 12345678901234567890 for i in range(8 * filler)})
    weight = indexed(Name("w"), "".join(strings))
    added = total(product(weight, Name("a")), product(weight, Name("b")))
    mean = Operation("/", (added, total(weight, weight)))
    for value in (made, total(made, made), weight, call("f", weight, weight), mean):
        line = Assignment((dotted("self.x"),), value)
        text = f"self.x = {text_of(value)}"
        lines = lines_of(line, 8)
        assert ast.dump(ast.parse("\n".join(line[8:] for line in lines))) == ast.dump(ast.parse(text))
        assert len(text) + 8 > WIDTH or len(lines) == 1
        assert {n.value for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant)} >= (
            set(strings) if value in (made, total(made, made)) else {"".join(strings)}
        )
    found = skeleton(made)
    assert found.numbers == ((3, 3), *[12345678901234567890] * (8 * filler))
    assert found.fill([expression(number) for number in found.numbers]) == made


def test_an_escape_in_a_name_of_a_file_is_no_place_of_its_own() -> None:
    assert str(Span(Source("a\n\x1b.space", "x"), 0, 1)) == "a\\n\\x1b.space:1:1"
