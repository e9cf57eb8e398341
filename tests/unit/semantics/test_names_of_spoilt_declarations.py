"""A declaration that cannot be parsed is one mistake: what names it is not told to be undefined beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source

GRAMMAR = Path(__file__).parents[3] / "grammars"
SPOILT = {
    "let": "let named = (4 4",
    "op": "op named(c) on x = x -> conv(c, 3x3",
    "ops": "ops named = {a: conv(4, 1x1}",
    "extern": 'extern op named(c) on x from "m:N" { shape = (c 4 }',
    "extern_data": 'extern data named(c: int = 2) from "m:N" { inputs = {x: image(1, 4, c} classes = 2 }',
    "extern_loss": 'extern loss named(c: number = 2) from "m:N" { targets = (classes }',
    "space": "space named(c = 2 = net(c)",
    "strategy": "strategy named = gradient { steps = (1 }",
    "search": "search named { space = net(, retrain { steps = 1 }",
}
TEXT = """stdsl 1
SPOILT
meta net(c = 2) on x: image(1, 4, 4) = x -> USED_OP -> choose {a: conv(2, 1x1), b: conv(2, 3x3)} -> global_avg_pool
space nets(c = 2) = net(c)
search s {
  space = USED_SPACE
  data = USED_DATA
  loss = USED_LOSS
  strategy = USED_STRATEGY
  retrain { steps = USED_LET }
  needs = [USED_SEARCH]
}
"""
USES = {
    "let": ("USED_LET", "named"),
    "op": ("USED_OP", "named(2)"),
    "ops": ("USED_OP", "choose named"),
    "extern": ("USED_OP", "named(2)"),
    "extern_data": ("USED_DATA", "named(c = 2)"),
    "extern_loss": ("USED_LOSS", "named(c = 1)"),
    "space": ("USED_SPACE", "named"),
    "strategy": ("USED_STRATEGY", "named"),
    "search": ("USED_SEARCH", "named"),
}
PLAIN = {"LET": "1", "OP": "relu", "DATA": 'cifar10(root = ".")', "LOSS": "cross_entropy", "SPACE": "nets"} | {
    "STRATEGY": "gradient { steps = 1 }",
    "SEARCH": "",
}


def test_every_declaration_of_the_grammar_is_spoilt_here() -> None:
    items = next(line for path in GRAMMAR.glob("*.lark") for line in path.read_text().splitlines() if "?item:" in line)
    assert set(re.findall(r"\w+", items.partition(":")[2])) - {"item", "use"} == set(SPOILT)


@pytest.mark.parametrize("kind", SPOILT)
def test_a_name_that_is_declared_by_something_spoilt_is_not_undefined(kind: str) -> None:
    place, use = USES[kind]
    text = TEXT.replace("SPOILT", SPOILT[kind]).replace(place, use)
    for word, plain in PLAIN.items():
        text = text.replace(f"USED_{word}", plain)
    found = check_text(Source("a.space", text))
    assert any(d.code.startswith("E01") for d in found), "it is spoilt"
    assert not [d for d in found if "named" in d.message and not d.code.startswith("E01")]
