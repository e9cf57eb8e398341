"""The smallest architecture that shows an error, against all that show it."""

from __future__ import annotations

import pytest

from stdsl.compiler.analysis.architecture import answers_of
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.checks.smallest import smallest
from stdsl.compiler.checks.witness import find_witness
from stdsl.compiler.diagnostics.model import Sink, SpaceError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.ir.diagram import evaluate
from stdsl.compiler.semantics.elaboration.elaborate import elaborate_faulty
from stdsl.compiler.semantics.modules import Loader
from stdsl.compiler.semantics.program import space_of

HEAD = "stdsl 1 op wide(n) = pointwise(51 * n)\n"
MISTAKES = {
    "E0204": """n = choose 1..4 as width
        e = x -> choose {a: relu, b: choose {conv(4, 3x3), sigmoid} as inner} as kind
        y = [x -> wide(n), x -> pointwise(153)] -> sum
        return [e, y -> pointwise(4)] -> keep 1..2 -> sum -> pointwise(4)""",
    "E0205": """y = [x -> max_pool(3x3, stride = choose {1, 2} as s), x -> choose {relu, deep: choose {relu, gelu}}]
        return choose {first: x, second: y -> concat -> pointwise(4)} as side""",
}


def reference(text: str):
    sink = Sink()
    return space_of(Loader(sink).source(Source("t", text)), None, {}, sink)


@pytest.mark.parametrize("code", ["E0204", "E0205"])
def test_no_architecture_that_shows_it_is_smaller(code):
    sink = Sink()
    faulty = elaborate_faulty(reference(f"{HEAD}meta m on x: image(4, 8, 8) {{ {MISTAKES[code]} }} space s = m"), sink)
    condition = next(condition for d, condition in faulty.faults if d.code == code)
    shows = []
    for arch in architectures(faulty.graph):
        answers = answers_of(faulty.graph, arch)
        complete = {v.index: answers.get(v.index, 0) for v in faulty.graph.diagrams.variables}
        if evaluate(condition, complete) is True:
            shows.append(arch)
    found = smallest(faulty.graph, condition)
    assert found in shows
    assert len(found) == min(len(arch) for arch in shows)
    assert len(shows) < len(list(architectures(faulty.graph)))


def test_an_error_of_the_text_has_no_witness(tmp_path):
    path = tmp_path / "m.space"
    path.write_text("stdsl 1 meta m on x: image(4, 8, 8) { return x -> rellu } space s = m", encoding="utf-8")
    with pytest.raises(SpaceError) as caught:
        find_witness(path, None, {}, "E0201")
    assert [d.code for d in caught.value.diagnostics] == ["E0445"]


def test_codes_that_have_a_witness_are_named(tmp_path):
    path = tmp_path / "m.space"
    path.write_text(f"{HEAD}meta m on x: image(4, 8, 8) {{ {MISTAKES['E0204']} }} space s = m", encoding="utf-8")
    with pytest.raises(SpaceError, match="there is one for E0204"):
        find_witness(path, "s", {}, "E0205")
    found = find_witness(path, "s", {}, "e0204")
    assert dict(found.architecture) == {"n.width": "1", "keep": (2,)}
    assert "width = 1" in found.diagnostic.message
    assert "--witness E0204" in found.diagnostic.notes[0]


@pytest.mark.parametrize(
    ("code", "body", "values"),
    [
        ("E0220", "for i in 1..n { h[i] = x -> choose {relu, gelu} }  y = h[2]", {"n.n": "1"}),
        ("E0220", "h = [x, x -> relu]  y = h[n]", {"n.n": "3"}),
        ("E0220", "for i in 1..n { h[i] = x }  y = last(2, h) -> sum", {"n.n": "1"}),
        ("E0304", "for i in 1..n { h[i] = x }  y = h -> keep 2 -> sum", {"n.n": "1", "y.keep": (1, 2)}),
        ("E0222", "y = x -> choose {relu, gelu} as act -> pointwise(16 // (3 - n))", {"n.n": "3", "y.act": "relu"}),
        ("E0222", "y = x -> choose {relu, deep: pointwise(4 // (n - 1))} as act", {"n.n": "1", "y.act": "deep"}),
    ],
)
def test_mistakes_of_numbers_and_lists_have_one(tmp_path, code, body, values):
    path = tmp_path / "m.space"
    text = (
        f"stdsl 1 meta m on x: image(4, 8, 8) {{ n = choose 1..3 as n  {body}  return y -> pointwise(4) }} space s = m"
    )
    path.write_text(text, encoding="utf-8")
    found = find_witness(path, None, {}, code)
    assert dict(found.architecture) == values
    assert f"--witness {code}" in found.diagnostic.notes[0]
