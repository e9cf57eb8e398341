"""Texts of users on their way into other languages: what each target needs so that they stay text.

All that stands in a `.space` file, an architecture, a path or a message of somebody else's code goes through here
before it becomes part of Python, Mermaid, DOT, HTML, JSON, a workflow command or a terminal's output. What commands a
terminal, breaks a line or turns the direction of reading is shown as an escape (``\\n``, ``\\x1b``, ``\\u202e``).
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LAST_QUOTES: Final = re.compile(r'"(?="|$)')
_ODD: Final = re.compile(r"[^ -~]")
_PLAIN_YAML: Final = re.compile(r"[A-Za-z_][\w.(), =·…-]*")


def visible(text: str, lines: bool = False) -> str:
    """``text`` with an escape for each character that is not printed as itself; ``lines``: line ends stay."""
    if text.isprintable():
        return text
    if lines:
        return "\n".join(map(visible, text.split("\n")))
    return _ODD.sub(lambda m: m[0] if m[0].isprintable() else _escape(m[0]), text)


def _escape(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def space_string(text: str) -> str:
    """A string as the language writes it."""
    return _literal(text)


# -- Python


def python_string(text: str) -> str:
    """A literal with double quotes, as formatters have it."""
    return _literal(text)


def python_value(value: Any) -> str:
    """A literal of a plain value: a number, a string, None, or a tuple or list of them."""
    match value:
        case str():
            return python_string(value)
        case float() if value != value or value in (float("inf"), float("-inf")):
            return f'float("{value}")'
        case tuple():
            return f"({', '.join(map(python_value, value))}{',' * (len(value) == 1)})"
        case list():
            return f"[{', '.join(map(python_value, value))}]"
    return repr(value)


def python_doc(text: str) -> str:
    """A line of a documentation string."""
    return _LAST_QUOTES.sub(r"\"", visible(text).replace("\\", "\\\\"))


def python_comment(text: str) -> str:
    """What follows ``# ``."""
    return visible(text)


def _literal(text: str) -> str:
    return f'"{visible(_backslashed(text))}"'


def _backslashed(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


# -- drawings and pages


def html_text(text: str) -> str:
    """Content or an attribute of HTML and SVG, and of Graphviz's own form of HTML."""
    shown = visible(text)
    for char, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;")):
        shown = shown.replace(char, name)
    return shown


def dot_string(text: str) -> str:
    """A string of DOT: an identity, a label or a tooltip. Graphviz reads backslashes and entities in labels."""
    return f'"{_backslashed(visible(text)).replace("&", "&amp;")}"'


def dot_record(text: str) -> str:
    """A field of a record's label, which stands in quotes."""
    shown = visible(text)
    for char in '\\{}|<>"':
        shown = shown.replace(char, f"\\{char}")
    return shown.replace("&", "&amp;")


def mermaid_label(*lines: str) -> str:
    """A label of Mermaid with these lines. Its own entities are for what it reads inside quotes too: directives
    (``%%{…}``), comments, Markdown."""
    return f'"{"<br/>".join(map(_mermaid, lines))}"'


def _mermaid(text: str) -> str:
    shown = visible(text).replace("#", "#35;")
    for char, name in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ('"', "#quot;"),
        ("`", "#96;"),
        ("%", "#37;"),
        ("\\", "#92;"),
    ):
        shown = shown.replace(char, name)
    return shown


def mermaid_title(text: str) -> str:
    """A title in the front matter of Mermaid, which is YAML."""
    shown = visible(text)
    if _PLAIN_YAML.fullmatch(shown):
        return shown
    quoted = _backslashed(shown)
    for char in "%<>#&":
        quoted = quoted.replace(char, f"\\x{ord(char):02x}")
    return f'"{quoted}"'


# -- machines


def encodable(text: str) -> bool:
    """Whether a file can hold a text: UTF-8 has no half of a pair of surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def json_text(value: Any, indent: int | None = None) -> str:
    """A document of JSON, in which letters of all languages stand as they are, and nothing that is not printed.
    Raises ValueError for numbers that JSON does not have (NaN, infinite ones)."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return text if text.isprintable() else "\n".join(map(_json_line, text.split("\n")))


def _json_line(text: str) -> str:
    return _ODD.sub(lambda m: m[0] if m[0].isprintable() else json.dumps(m[0])[1:-1], text)


def workflow_text(text: str) -> str:
    """The message of a GitHub workflow command, which may have several lines."""
    return visible(text, lines=True).replace("%", "%25").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """The value of a property of a GitHub workflow command."""
    return workflow_text(visible(text)).replace(":", "%3A").replace(",", "%2C")
