"""Makes a text that shows a fault smaller, as long as it shows the fault.

python tests/generators/shrink.py build/soak/failures/123.space --part reference
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast, parser

Cut = tuple[int, int, str]
"""From where to where, and what stands there instead."""


def smaller(text: str, shows: Callable[[str], bool], tries: int = 2_000) -> str:
    """The smallest text that was found for which ``shows`` holds, as for ``text``."""
    left = tries
    again = True
    while again and left > 0:
        again = False
        for start, end, new in sorted(set(cuts(text)), key=lambda c: c[0] - c[1] + len(c[2])):
            candidate = text[:start] + new + text[end:]
            if left <= 0 or len(candidate) >= len(text):
                continue
            left -= 1
            if shows(candidate):
                text, again = candidate, True
                break
    return "\n".join(line for line in text.splitlines() if line.strip()) + "\n"


def cuts(text: str) -> Iterator[Cut]:
    """Ways to leave something out: a declaration, a statement, an element, a step; or to take a part for the whole."""
    file = parser.parse(Source("text.space", text), Sink())
    for use in file.uses:
        yield (use.span.start, use.span.end, "")
    for declaration in file.declarations:
        yield (declaration.span.start, declaration.span.end, "")
        yield from inside(declaration, text)


def inside(node: ast.Node, text: str) -> Iterator[Cut]:
    from written import nodes

    for part in nodes(node):
        span = part.span
        if isinstance(part, (ast.Bind, ast.For)):
            yield (span.start, span.end, "")
        elif isinstance(part, ast.SpaceDecl) and part.where:
            at = text.rindex("where", span.start, part.where[0].span.start)
            yield (at, span.end, "")
            yield from without([e.span for e in part.where])
        elif isinstance(part, (ast.List, ast.Set, ast.Tuple)):
            yield from without([item.span for item in part.items])
        elif isinstance(part, ast.Call):
            yield from without([a.span for a in part.arguments])
            yield (part.callee.span.end, span.end, "")
        elif isinstance(part, ast.OpDecl):
            yield from without([p.span for p in part.parameters])
        if isinstance(part, ast.Expr):
            for name in ("left", "right", "then", "otherwise", "operand", "body", "base", "callee", "condition"):
                child = getattr(part, name, None)
                if isinstance(child, ast.Node):
                    yield (span.start, span.end, text[child.span.start : child.span.end])
            if isinstance(part, ast.Literal_) and isinstance(part.value, int) and part.value > 1:
                yield (span.start, span.end, "1")
        label = getattr(part, "label", None)
        if isinstance(label, ast.Identifier):
            yield (text.rindex(" as ", span.start, label.span.start + 1), label.span.end, "")


def without(spans: list) -> Iterator[Cut]:
    """Each of several left out, with its comma."""
    for n, span in enumerate(spans):
        if n + 1 < len(spans):
            yield (span.start, spans[n + 1].start, "")
        elif n:
            yield (spans[n - 1].end, span.end, "")


def main() -> None:
    import random

    from laws import LAWS
    from pairs import Pair
    from random_spaces.whole import SpaceText
    from soak import Plan, Result, Soak

    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("file", type=Path)
    options.add_argument("--part", default="load", choices=LAWS)
    options.add_argument("--tries", type=int, default=1_000)
    options.add_argument("--words", type=int, default=4, help="how many words of the message must stay")
    given = options.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    soak = Soak(Plan((given.part,), onnx_every=1, reference=300, seconds=30))
    random.seed(0)

    def message(text: str) -> str:
        pair = Pair(SpaceText(text, frozenset(), extern="extern op" in text), 0)
        try:
            if given.part != "load":
                LAWS["load"](pair, soak, Result(0, []))
        except Exception:
            return ""
        try:
            LAWS[given.part](pair, soak, Result(0, []))
        except Exception as error:
            return " ".join([type(error).__name__, *str(error).split()[: given.words]])
        return ""

    text = given.file.read_text(encoding="utf-8")
    wanted = message(text)
    print(f"# {wanted}")
    print(smaller(text, lambda t: message(t) == wanted, given.tries) if wanted else "# shows nothing")


if __name__ == "__main__":
    main()
