"""Texts that nobody writes: nested a thousand levels, enormous, or no text at all. A result or a diagnostic, always."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stdsl.compiler.checks.check import check_file, check_text
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.render import render
from stdsl.compiler.diagnostics.source import Source

LEVELS = 1000
TERMS = 10_000
META = "stdsl 1\nmeta m on x: image(3, 8, 8) = x -> {}\nspace s = m()\n"
LET = "stdsl 1\nlet v = {}\nmeta m on x: image(3, 8, 8) = if v == 3 then x else x\nspace s = m()\n"


def codes(text: str) -> list[str]:
    found: tuple[Diagnostic, ...] = check_text(Source("hostile.space", text))
    render(found, "full", color=False)
    render(found, "json", color=False)
    return [d.code for d in found]


def nested(before: str, inside: str, after: str) -> str:
    return before * LEVELS + inside + after * LEVELS


NESTED = {
    "parentheses": LET.format(nested("(", "1", ")")),
    "lists": LET.format(nested("[", "1", "]")),
    "sets": LET.format(nested("{", "1", "}")),
    "tuples": LET.format(nested("(", "1", ",)")),
    "splats": LET.format(nested("[*", "[1]", "]")),
    "indices": LET.format(nested("x[", "1", "]")),
    "calls": META.format(nested("identity(", "", ")")),
    "arguments": META.format(nested("conv(c = ", "1", ")")),
    "if_then": LET.format(nested("if true then ", "1", " else 1")),
    "if_else": LET.format(nested("if true then 1 else ", "1", "")),
    "if_condition": LET.format(nested("if ", "true", " then true else true")),
    "comprehensions": LET.format(nested("[", "1", " for i in 1..2]")),
    "sources": LET.format(nested("[i for i in ", "1..2", "]")),
    "choose": META.format(nested("(choose {a: ", "identity", "})")),
    "maybe": META.format(nested("(maybe ", "identity", ")")),
    "repeat": META.format(nested("repeat 1 { ", "identity", " }")),
    "each": META.format(nested("each ", "identity", "")),
    "frozen": META.format(nested("frozen ", "identity", "")),
    "minus": LET.format(nested("- ", "1", "")),
    "not": LET.format(nested("not ", "true", "")),
    "power": LET.format(nested("1 ** ", "1", "")),
    "for": "stdsl 1\nmeta m on x: image(3, 8, 8) { "
    + nested("for i in 1..1 { ", "y = x", " }")
    + " return x }\nspace s = m()\n",
    "sections": "stdsl 1\nsearch q { " + nested("a { ", "", "}") + " }\n",
    "configured": "stdsl 1\nsearch q { strategy = " + nested("darts { strategy = ", "darts", " }") + " }\n",
    "formula": "stdsl 1\nstrategy s = gradient { discretize { count = " + nested("- ", "t", "") + " } }\n",
    "where": META.format("identity").rstrip() + " where " + nested("not ", "true", "") + "\n",
}


@pytest.mark.parametrize("kind", NESTED)
def test_a_thousand_levels_work_or_name_the_limit(kind: str) -> None:
    found = codes(NESTED[kind])
    assert not found or set(found) & {"E0107", "E0224"}, found


@pytest.mark.parametrize("kind", NESTED)
def test_unclosed_levels_are_told(kind: str) -> None:
    text = NESTED[kind]
    assert codes(text[: len(text) // 2])


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "//", "%", "**", "and", "or", "->", "<", "==", "in", ".."])
def test_ten_thousand_terms_work_or_name_the_limit(sign: str) -> None:
    text = f" {sign} ".join(["1"] * TERMS)
    assert set(codes(LET.format(text))) & {"E0107", "E0101"}
    assert codes(META.format(f" {sign} ".join(["identity"] * TERMS)))


@pytest.mark.parametrize("link", [".a", "[1]", "(1)", "[<1]"])
def test_ten_thousand_links_work_or_name_the_limit(link: str) -> None:
    assert "E0107" in codes(LET.format("x" + link * TERMS))


@pytest.mark.parametrize(
    "text",
    [
        META.format("repeat 1000000000 { identity }"),
        META.format("repeat choose 1..1000000000 { identity }"),
        META.format("conv(choose 1..1000000000, 3)"),
        META.format("conv(2 ** 2 ** 100, 3)"),
        META.format("conv(floor(10.0 ** 1000), 3)"),
        META.format("conv(10 ** 400 + 0.5, 3)"),
        META.format("conv(1 / 0, 3)"),
        META.format("conv(share(1, 0, 1), 3)"),
        LET.format("[i for i in 1..1000000000]"),
        LET.format("[[[[1 for a in 1..1000] for b in 1..1000] for c in 1..1000] for d in 1..1000]"),
        "stdsl 1\nop a = b\nop b = a\n" + META.format("a")[8:],
        "stdsl 1\nop a(n) on x = (x -> a(n + 1)) + (x -> a(n + 1))\n" + META.format("a(1)")[8:],
        "stdsl 1\nlet a = b\nlet b = a\n",
        "stdsl 1\nlet a0 = [1, 1]\n"
        + "".join(f"let a{i} = [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
        + LET.format("a59")[8:],
        "stdsl 1\nops a0 = {identity, relu}\n"
        + "".join(f"ops a{i} = {{a: choose a{i - 1}, b: choose a{i - 1}}}\n" for i in range(1, 60))
        + META.format("choose a59")[8:],
        "stdsl 1\nstrategy a0 = gradient { }\n" + "".join(f"strategy a{i} = a{i - 1} {{ }}\n" for i in range(1, 500)),
        "stdsl 1\nstrategy a = b { }\nstrategy b = a { }\n",
        "stdsl 1\nstrategy s = gradient { epochs = 2 ** 2 ** 100 }\n",
        "stdsl 1\nstrategy s = gradient { discretize { count = (t + 2) ** (t + 2) ** (t + 2) ** (t + 2) } }\n",
        "stdsl 1\n" + "".join(f"let a{i} = a{i + 1}\n" for i in range(2000)) + "let a2000 = a0\n",
    ],
    ids=lambda text: text[8:60].replace("\n", " "),
)
def test_endless_work_is_refused(text: str) -> None:
    assert codes(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["E0105"]),
        (" \n\t", ["E0105"]),
        ("# only a comment", ["E0105"]),
        ("\ufeffstdsl 1\nlet _a = 1\n", []),
        ("stdsl 1\r\nlet _a = 1\r\n", []),
        ("stdsl 1\rlet _a = 1\r", []),
        ("stdsl 1\nlet _a = \0 1\n", ["E0102"]),
        ("stdsl 1\nlet _a = 1 # \0 \ud800\n", []),
        ('stdsl 1\nlet _a = "\ud800"\n', []),
    ],
)
def test_odd_characters(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize("n", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "character", ["{", "}", "(", ")", "[", "]", '"', "'", "=", ",", ".", "-", ">", "let ", "0", "\0", "é"]
)
def test_thousands_of_anything(character: str, n: int) -> None:
    """Twenty thousand here; two hundred thousand of some in little memory, below."""
    assert codes("stdsl 1\nsearch a " + character * n)
    assert codes(character * n)


@pytest.mark.parametrize("data", [bytes(range(256)) * 40, b"\xff\xfe" + "stdsl 1".encode("utf-16-le"), b"\x00" * 1000])
def test_files_that_are_no_text(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "junk.space"
    file.write_bytes(data)
    found = check_file(file)
    assert found
    render(found, "full", color=False)


IN_LITTLE_MEMORY = """
import resource, sys
sys.path[:0] = {path!r}
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.render import render
from stdsl.compiler.diagnostics.source import Source
texts = {texts!r}
resource.setrlimit(resource.RLIMIT_AS, (500_000_000, 500_000_000))
for text in texts:
    found = check_text(Source("large.space", text))
    render(found, "full", color=False)
    print(len(found))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
def test_five_hundred_megabytes_suffice(tmp_path: Path) -> None:
    """A separate process, because a limit once set stays."""
    from stdsl.compiler.semantics.modules import library_names, library_source

    sources = [source.text for name in library_names() if (source := library_source(name))]
    library = "\n".join(text.replace("stdsl 1\n", "") for text in sources)
    texts = [
        "stdsl 1\n" + library * (200_000 // len(library)),
        "stdsl 1\nlet a = " + "(" * 200_000,
        "stdsl 1\nsearch a " + "{" * 200_000,
        "stdsl 1 " + "let a = ] " * 10_000,
        "\u00e9\u4e2d" * 50_000,
        META.format("repeat 1000000000 { relu }"),
        META.format("conv(2 ** 2 ** 100, 3)"),
        "stdsl 1\nop a0 on x = x + x\n"
        + "".join(f"op a{i} on x = (x -> a{i - 1}) + (x -> a{i - 1})\n" for i in range(1, 40))
        + META.format("a39")[8:],
    ]
    script = tmp_path / "little.py"
    script.write_text(IN_LITTLE_MEMORY.format(path=sys.path, texts=texts), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [int(line) > 0 for line in done.stdout.split()] == [True] * len(texts)
