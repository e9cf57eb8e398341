"""Architectures as mappings and as files."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stdsl.compiler.analysis.architecture import DecisionTable, answers_of, architecture, load, of_answers, saved
from stdsl.compiler.analysis.costs.measures import within_budgets
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.diagnostics.model import ArchitectureError
from stdsl.compiler.ir.graph import CostConstraint, DecisionConstraint


@pytest.fixture
def graph(sketch):
    return space(sketch)


def space(sketch, kinds=("skip", "sep3", "deep"), name="inner.kind", **rest):
    s = sketch()
    inner = s.choose(name, {"a": s.op("relu", s.x), "b": s.op("relu", s.x)})
    outer = s.choose("x.kind", {kind: inner if kind == "deep" else s.op("relu", s.x) for kind in kinds})
    gated = s.gate("x.gate", outer)
    kept = s.keep_sum("x.inputs", [gated, s.op("relu", s.x), s.op("relu", s.x)], 1, 2)
    site = s.keep_sum("x.site", [s.x, s.x], 2, 2)
    times = s.repeat("x.count", 1, 3, s.sum([kept, site]), lambda x, k: s.op("relu", x))
    return s.finish(times, parameters=[("c", 4), ("sizes", (3, 5))], **rest)


FULL = {"x.kind": "deep", "inner.kind": "b", "x.gate": True, "x.inputs": (1, 3), "x.count": 2}


def codes(caught):
    return sorted((d.code, getattr(d, "path", "")) for d in caught.value.diagnostics)


def test_complete_mapping(graph):
    arch = architecture(graph, FULL)
    assert dict(arch) == FULL
    assert arch == architecture(graph, {**FULL, "x.inputs": [3, 1]})
    assert of_answers(graph, answers_of(graph, arch)) == arch
    assert arch != architecture(graph, {**FULL, "x.count": 3})
    with pytest.raises(TypeError):
        arch["x.count"] = 1


def test_what_is_not_asked_for_is_absent(graph):
    assert dict(architecture(graph, {"x.inputs": [2], "x.count": 1})) == {"x.inputs": (2,), "x.count": 1}


def test_everything_wrong_in_one_go(graph):
    with pytest.raises(ArchitectureError) as caught:
        architecture(graph, {"x.knd": "deep", "x.inputs": [0], "x.site": [1, 2], "x.kind": "sep5"})
    assert codes(caught) == [
        ("E0601", "x.count"),
        ("E0602", "x.knd"),
        ("E0602", "x.site"),
        ("E0604", "x.inputs"),
        ("E0604", "x.kind"),
    ]
    by_path = {d.path: d for d in caught.value.diagnostics}
    assert "did you mean `x.kind`" in by_path["x.knd"].help
    assert "did you mean `sep3`" in by_path["x.kind"].help


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("x.gate", 1),
        ("x.gate", "on"),
        ("x.count", True),
        ("x.count", 4),
        ("x.count", "2"),
        ("x.inputs", []),
        ("x.inputs", [1, 2, 3]),
        ("x.inputs", [1, 1]),
        ("x.inputs", "12"),
        ("x.inputs", [4]),
        ("x.kind", None),
        ("x.kind", ["deep"]),
    ],
)
def test_values_that_are_not_allowed(graph, path, value):
    with pytest.raises(ArchitectureError) as caught:
        architecture(graph, {**FULL, path: value})
    assert ("E0604", path) in codes(caught)
    assert not [c for c in codes(caught) if c[0] in ("E0601", "E0603")]


def test_missing_and_inactive(graph):
    with pytest.raises(ArchitectureError) as caught:
        architecture(graph, {k: v for k, v in FULL.items() if k != "inner.kind"})
    assert codes(caught) == [("E0601", "inner.kind")]
    with pytest.raises(ArchitectureError) as caught:
        architecture(graph, {**FULL, "x.kind": "skip"})
    assert codes(caught) == [("E0603", "inner.kind")]


def test_constraints_over_decisions(sketch):
    graph = space(sketch)
    gate, count = graph.by_path["x.gate"], graph.by_path["x.count"]
    off = graph.diagrams.test(gate.variables[0], 0)
    three = graph.diagrams.test(count.variables[0], 2)
    condition = graph.diagrams.either(off, three)
    bound = DecisionConstraint(frozenset({gate.id, count.id}), condition, graph.span)
    graph = replace(graph, constraints=(bound,))
    with pytest.raises(ArchitectureError) as caught:
        architecture(graph, FULL)
    assert codes(caught) == [("E0605", "")]
    assert architecture(graph, {**FULL, "x.count": 3})
    assert architecture(graph, {"x.inputs": [2], "x.count": 1})


def test_what_is_given_keeps_to_a_budget(graph):
    """The costs can be asked of what is over it."""
    budget = replace(graph, constraints=(CostConstraint("flops", 1, None, graph.span),))
    found = architecture(budget, FULL)
    assert costs(budget, found).flops == 0
    with pytest.raises(ArchitectureError) as caught:
        within_budgets(budget, found)
    assert [(d.code, d.cost) for d in caught.value.diagnostics] == [("E0605", "0 flops")]
    allowed = replace(graph, constraints=(CostConstraint("flops", 0, None, graph.span),))
    assert within_budgets(allowed, found) == found


def test_file_and_back(graph, tmp_path):
    arch = architecture(graph, FULL)
    file = tmp_path / "deep" / "a.arch.json"
    arch.save(file)
    assert [p.name for p in file.parent.iterdir()] == ["a.arch.json"]
    assert load(file, graph) == arch
    document = json.loads(file.read_text())
    assert document["values"]["x.inputs"] == [1, 3]
    assert document["parameters"] == {"c": 4, "sizes": [3, 5]}
    assert {"path": "x.gate", "kind": "gate", "options": ["off", "on"]} in document["table"]


def test_a_changed_space_lists_what_changed(sketch, graph, tmp_path):
    file = tmp_path / "a.arch.json"
    architecture(graph, FULL).save(file)
    changed = space(sketch, kinds=("skip", "sep5", "deep"), name="inner.sort")
    with pytest.raises(ArchitectureError) as caught:
        load(file, changed)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0608"
    assert diagnostic.changes == (
        "`inner.kind` is gone",
        "`inner.sort` is new",
        "`x.kind` lost sep3 and got sep5",
    )


def test_carrying_over_needs_the_active_paths_alone(sketch, graph, tmp_path):
    file = tmp_path / "a.arch.json"
    shallow = architecture(graph, {**{k: v for k, v in FULL.items() if k != "inner.kind"}, "x.kind": "skip"})
    shallow.save(file)
    changed = space(sketch, kinds=("skip", "sep5", "deep"), name="inner.sort")
    assert load(file, changed, carry=True).hash == shallow.hash


def test_values_alone_in_a_file_are_told_where_they_go(graph, tmp_path):
    file = tmp_path / "own values.json"
    file.write_text(json.dumps(FULL))
    with pytest.raises(ArchitectureError) as caught:
        load(file, graph)
    (found,) = caught.value.diagnostics
    assert found.code == "E0606"
    assert "seems to be values alone" in found.message
    assert f"--arch \"$(cat '{file}')\"" in found.help
    file.write_text(json.dumps({"values": FULL}))
    with pytest.raises(ArchitectureError) as caught:
        load(file, graph)
    assert "$(cat" not in caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: "not json", "E0606"),
        (lambda d: "[1]", "E0606"),
        (lambda d: json.dumps({**d, "format": 99}), "E0607"),
        (lambda d: json.dumps({**d, "format": "1"}), "E0606"),
        (lambda d: json.dumps({k: v for k, v in d.items() if k != "table"}), "E0606"),
        (lambda d: json.dumps({**d, "table": 3}), "E0606"),
        (lambda d: json.dumps({**d, "table": d["table"][1:]}), "E0606"),
        (lambda d: json.dumps({**d, "parameters": 3}), "E0606"),
        (lambda d: "[" * 100_000, "E0606"),
    ],
)
def test_damaged_files(graph, tmp_path, change, code):
    file = tmp_path / "a.arch.json"
    architecture(graph, FULL).save(file)
    file.write_text(change(json.loads(file.read_text())))
    with pytest.raises(ArchitectureError) as caught:
        load(file, graph)
    assert [d.code for d in caught.value.diagnostics] == [code]


DAMAGED = {"format": 1, "space": "s", "parameters": {}, "table": [], "table_hash": "", "values": {}}
ROW = {"path": "x", "kind": "choose", "options": ["a"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"format": ' + "9" * 5000 + "}", "a number in it has thousands of digits"),
        ('{"parameters": {"c": NaN}}', "NaN is no number of JSON"),
        ('{"values": {"c": 1e999}}', "the number 1e999 is too great"),
        *((json.dumps({**DAMAGED, key: None}), f"`{key}` is not ") for key in DAMAGED),
        *((json.dumps({k: v for k, v in DAMAGED.items() if k != key}), f"it has no `{key}`") for key in DAMAGED),
        *((json.dumps({**DAMAGED, "table": [{**ROW, k: {}}]}), f"`{k}` of row 1 of its table is not") for k in ROW),
        (json.dumps({**DAMAGED, "table": [ROW, 3]}), "row 2 of its table is not an object"),
        (json.dumps({**DAMAGED, "table": [{"kind": "choose"}]}), "row 1 of its table has no `options`"),
        (json.dumps({**DAMAGED, "format": 0}), "its format is 0"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_our_words(graph, tmp_path, text, words):
    file = tmp_path / "a.arch.json"
    table = DecisionTable("s", (), ())
    file.write_text(text.replace('"table_hash": ""', f'"table_hash": "{table.hash}"'))
    with pytest.raises(ArchitectureError) as caught:
        load(file, graph)
    (found,) = caught.value.diagnostics
    assert found.code == "E0606"
    assert words in found.message


def test_every_change_of_what_was_saved_is_found(graph, tmp_path):
    """A file of a run is read again when that goes on; a bit that flipped may make another architecture of it."""
    file = tmp_path / "a.arch.json"
    architecture(graph, FULL).save(file)
    assert load(file, graph, unedited=True) == saved(file, unedited=True) == load(file, graph)
    whole = file.read_bytes()
    begin = whole.index(b'"hash"')
    for place in range(begin, whole.index(b'"table_hash"')):
        if whole[place] in b' ":,{}[]\n':
            continue
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        for read in (lambda: load(file, graph, unedited=True), lambda: saved(file, unedited=True)):
            with pytest.raises(ArchitectureError) as caught:
                read()
            assert [d.code for d in caught.value.diagnostics] == ["E0606"]


def test_what_users_edit_is_taken(graph, tmp_path):
    file = tmp_path / "a.arch.json"
    other = {**{k: v for k, v in FULL.items() if k != "inner.kind"}, "x.kind": "skip"}
    architecture(graph, FULL).save(file)
    file.write_text(json.dumps({**json.loads(file.read_text()), "values": other}))
    assert load(file, graph) == architecture(graph, other)


def test_missing_file(graph, tmp_path):
    with pytest.raises(ArchitectureError) as caught:
        load(tmp_path / "none.arch.json", graph)
    assert "No such file" in caught.value.diagnostics[0].message
