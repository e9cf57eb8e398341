"""Tokens a second from text to AST, on the library's files over and over, on one thread.

    python benchmarks/parse.py [MEGABYTES]

The files stand one behind the other as one text of the size given (1 MB unless told otherwise). Time is that of the
processor, and the best of five rounds counts: the others measure what else the machine does.
"""

from __future__ import annotations

import gc
import re
import sys
import time

from machine import described

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend.lexer import lex
from stdsl.compiler.frontend.parser import parse
from stdsl.compiler.semantics.modules import library_names, library_source

ROUNDS = 5


def library_text(size: int) -> str:
    """At least ``size`` characters of library text under one edition."""
    sources = [source for name in library_names() if (source := library_source(name)) is not None]
    body = "\n".join(re.sub(r"\A\s*stdsl 1\n", "", source.text) for source in sources)
    return "stdsl 1\n" + body * (size // len(body) + 1)


def main() -> int:
    size = int(float(sys.argv[1]) * 1_000_000) if len(sys.argv) > 1 else 1_000_000
    source = Source("library", library_text(size))
    sink = Sink()
    tokens = len(lex(source, sink).tokens)
    parse(Source("warm", "stdsl 1\nlet warm = 1\n"), sink)
    assert not sink.diagnostics
    rates = []
    for _ in range(ROUNDS):
        gc.collect()
        start = time.process_time()
        parse(source, sink)
        rates.append(tokens / (time.process_time() - start))
    assert not sink.diagnostics
    print(described())
    print(
        f"{tokens} tokens ({len(source.text)} characters): {max(rates):,.0f} tokens/s, median {sorted(rates)[2]:,.0f}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
