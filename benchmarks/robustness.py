"""Time and memory of a whole check on large, deep and hostile texts, each in a process of its own.

    python benchmarks/robustness.py [NAME ...]

Time is that of the processor, from the text to the rendered diagnostics; memory is the process's peak, the interpreter
and the checker included.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from machine import described
from parse import library_text

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.render import render
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast
from stdsl.compiler.frontend.lexer import lex
from stdsl.compiler.frontend.parser import parse
from stdsl.compiler.semantics.modules import library_source

LIMIT_SECONDS = 60
MODULES = ("std.video", "std.strategies", "darts", "evanet", "fusion3d")
IMPORTS = """stdsl 1
use std.image (sep_conv, dil_conv, relu_conv_bn, factorized_reduce, o2d)
use std.video (conv2plus1d, itgm)
"""
META = "meta m on x: image(3, 8, 8) = x -> identity\nspace s = m()\n"


def valid_text(size: int) -> str:
    """At least ``size`` characters of declarations without mistakes: the library's, over and over under other names."""
    parts = [IMPORTS]
    length = copy = 0
    while length < size:
        copy += 1
        for module in MODULES:
            source = library_source(module)
            assert source is not None
            file = parse(source, Sink())
            kept = [d for d in file.declarations if not isinstance(d, (ast.SpaceDecl, ast.SearchDecl))]
            names = {d.name.id: f"{d.name.id}_{module.rpartition('.')[2]}_{copy}" for d in kept}
            for declaration in kept:
                parts.append(_renamed(source, declaration, names) + "\n")
                length += len(parts[-1])
    return "".join(parts)


def _renamed(source: Source, declaration: ast.Declaration, names: dict[str, str]) -> str:
    local = {p.name.id for p in getattr(declaration, "parameters", ())}
    text = declaration.span.text
    out: list[str] = []
    at = 0
    tokens = lex(Source(source.name, text), Sink()).tokens
    for n, token in enumerate(tokens):
        key = n + 1 < len(tokens) and tokens[n + 1].type == "EQUAL" and n > 2
        if token.type == "NAME" and token in names and token not in local and not key:
            out += [text[at : token.start_pos], names[token]]
            at = token.end_pos or 0
    return "".join((*out, text[at:]))


def texts() -> Iterator[tuple[str, str]]:
    """Every case by name."""
    yield "100 KB without mistakes", valid_text(100_000)
    yield "1 MB without mistakes", valid_text(1_000_000)
    yield "1 MB, every name declared 80 times", library_text(1_000_000)
    yield "1 MB, no item complete", library_text(1_000_000).replace(")", "")
    yield "1 MB, one character in 50 lost", _thinned(library_text(1_000_000))
    random_ = random.Random(0)
    yield "1 MB of bytes", "".join(chr(random_.randrange(256)) for _ in range(1_000_000))
    yield "1 MB of code points", "".join(chr(random_.randrange(0x110000)) for _ in range(1_000_000))
    yield "1 MB of opening braces", "stdsl 1\nsearch a " + "{" * 1_000_000
    yield "1 MB of opening parentheses", "stdsl 1\nlet a = " + "(" * 1_000_000
    yield "1 MB of quotation marks", "stdsl 1\nlet a = " + '"' * 1_000_000
    yield "1 MB on one line", "stdsl 1 " + "let a = ] " * 100_000
    yield "1 000 parentheses", "stdsl 1\nlet a = " + "(" * 1000 + "1" + ")" * 1000 + "\n"
    yield "a sum of 10 000 terms", "stdsl 1\nlet a = " + " + ".join(["1"] * 10_000) + "\n"
    yield "a pipe of 10 000 operators", "stdsl 1\nop a = " + " -> ".join(["relu"] * 10_000) + "\n"
    yield "repeat 1000000000", "stdsl 1\n" + META.replace("identity", "repeat 1000000000 { relu }")
    yield "2 ** 2 ** 100", "stdsl 1\n" + META.replace("identity", "conv(2 ** 2 ** 100, 3)")
    yield (
        "ops that apply each other",
        "stdsl 1\nop a = b\nop b on x = (x -> a) + (x -> a)\n" + META.replace("identity", "a"),
    )
    yield "40 ops, each twice the one before", _doubling(40)


def _thinned(text: str) -> str:
    random_ = random.Random(0)
    return "stdsl 1\n" + "".join(c for c in text[8:] if random_.random() > 0.02)


def _doubling(levels: int) -> str:
    ops = "".join(f"op o{i} on x = (x -> o{i - 1}) + (x -> o{i - 1})\n" for i in range(1, levels))
    return "stdsl 1\nop o0 on x = x + x\n" + ops + META.replace("identity", f"o{levels - 1}")


def _measure(text: str, channel: Connection) -> None:
    start = time.process_time()
    diagnostics = check_text(Source("text.space", text))
    render(diagnostics, "full", color=False)
    taken = time.process_time() - start
    channel.send((taken, _peak(), len(diagnostics)))


def _peak() -> float:
    """The process's greatest resident memory in MB; elsewhere than on Linux that of its parent may be in it."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def row(name: str, text: str) -> str:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(text, sender))
    process.start()
    sender.close()
    answer = "more than a minute"
    try:
        if receiver.poll(LIMIT_SECONDS):
            taken, memory, found = receiver.recv()
            answer = f"{taken:.2f} s | {memory:.0f} MB | {found}"
    except EOFError:
        answer = "ended without an answer"
    if process.is_alive() and "s |" not in answer:
        process.terminate()
    process.join()
    return f"| {name} | {len(text)} | {answer} |"


def main() -> int:
    print(described())
    print()
    print("| text | characters | time | peak memory | diagnostics |")
    print("|---|---|---|---|---|")
    for name, text in texts():
        if not sys.argv[1:] or name in sys.argv[1:]:
            print(row(name, text), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
