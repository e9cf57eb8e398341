"""The texts that are mutated: all that the project has."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast
from stdsl.compiler.frontend.parser import parse
from stdsl.compiler.passes.pipeline import ALL as PASSES

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "generators"))

from space_texts import space_text  # noqa: E402

GENERATED = 300
"""How many texts are made by the generator of spaces."""
SMALLER = (("layers = 8", "layers = 2"), ("layers = 14", "layers = 2"), ("layers = 20", "layers = 2"))
SMALLER += (("choose 1..6", "choose 1..2"), ("dense_block(24", "dense_block(2"), ("dense_block(16", "dense_block(2"))
"""The library's spaces with fewer layers, so that a check takes milliseconds and as much can go wrong."""
_FENCE = re.compile(r"^ *```stdsl\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, eq=False)
class Text:
    """``folder``: where it stands, which its imports are relative to."""

    name: str
    text: str
    folder: Path

    @cached_property
    def file(self) -> ast.File:
        """What can be read of it."""
        return parse(Source(self.name, self.text), Sink())

    def excerpt(self, rng: random.Random) -> str:
        """One of its declarations with all that this one names, as a file."""
        rows = {d.name.id: d for d in self.file.declarations}
        if len(rows) < 3:
            return self.text
        wanted = [rng.choice(list(rows))]
        for name in wanted:
            wanted += [w for w in dict.fromkeys(_WORD.findall(rows[name].span.text)) if w in rows and w not in wanted]
        words = {w for name in wanted for w in _WORD.findall(rows[name].span.text)}
        uses = []
        for use in self.file.uses:
            names = [n.span.text for n in use.names if (n.alias or n.name).id in words]
            if names:
                uses.append(f"use {use.target_span.text} ({', '.join(names)})\n")
        kept = [d.span.text for name, d in rows.items() if name in wanted]
        return "stdsl 1\n" + "".join(uses) + "\n".join(kept) + "\n"


def texts(more: Sequence[Path] = ()) -> list[Text]:
    """The library, the examples, the golden files, the blocks in the documentation, the examples of passes, texts of
    the generator; and those of the folders ``more``."""
    found = [*_files(ROOT / "spaces"), *_files(ROOT / "examples"), *_files(ROOT / "tests" / "golden")]
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for n, block in enumerate(_FENCE.findall(page.read_text(encoding="utf-8"))):
            text = block if block.startswith("stdsl 1") else f"stdsl 1\n{block}"
            found.append(Text(f"{page.relative_to(ROOT)}#{n}", text, ROOT / "examples"))
    found += (Text(f"example of {p.name}", p.example, ROOT) for p in PASSES)
    found += (Text(f"generated {n}", space_text(random.Random(n)).text, ROOT) for n in range(GENERATED))
    for folder in more:
        found += _files(folder)
    return found


def _files(folder: Path) -> Iterator[Text]:
    for path in sorted(folder.rglob("*.space")):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for old, new in SMALLER:
            text = text.replace(old, new)
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        yield Text(str(name), text, path.parent)


class Corpus:
    """Texts to draw from, short ones rather than long ones (a mutation somewhere in a long one seldom matters), and
    those that show mistakes in three of ten draws."""

    def __init__(self, found: Iterable[Text]) -> None:
        self.texts = tuple(found)
        weights = [1 / (300 + len(t.text)) for t in self.texts]
        golden = [t.name.startswith("tests/golden") for t in self.texts]
        known = sum(w for w, wrong in zip(weights, golden, strict=True) if wrong)
        share = 0.3 / known, 0.7 / (sum(weights) - known)
        self._weights = [w * share[not wrong] for w, wrong in zip(weights, golden, strict=True)]

    def draw(self, rng: random.Random) -> Text:
        return rng.choices(self.texts, self._weights)[0]
