"""Generated code and the printed graph of every `.space` file of `codegen`, beside it.

They are in `NAME.supernet.expected`, `NAME.paths.expected` (one path at a time), `NAME.slices.expected` (the same with
slices of weights), `NAME.module.expected` (of the architecture in `NAME.json`) and `NAME.ir.expected`.
`STDSL_UPDATE_GOLDEN=1` writes the expected files anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.backends.networks.paths.text import path_source
from stdsl.compiler.backends.networks.source import source
from stdsl.compiler.backends.networks.supernet_text import supernet_source
from stdsl.compiler.checks.opening import load_space
from stdsl.compiler.ir.printer import print_ir

CASES = Path(__file__).parent / "codegen"


@pytest.mark.parametrize("case", sorted(p.stem for p in CASES.glob("*.space")))
@pytest.mark.parametrize("kind", ["ir", "supernet", "paths", "slices", "module"])
def test_text(case: str, kind: str) -> None:
    graph = load_space(CASES / f"{case}.space").graph
    match kind:
        case "ir":
            text = print_ir(graph)
        case "supernet":
            text, _ = supernet_source(graph)
        case "paths":
            text = path_source(graph)
        case "slices":
            text = path_source(graph, "slice")
        case _:
            values = json.loads((CASES / f"{case}.json").read_text(encoding="utf-8"))
            text = source(graph, architecture(graph, values))
    expected = CASES / f"{case}.{kind}.expected"
    if os.environ.get("STDSL_UPDATE_GOLDEN"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
