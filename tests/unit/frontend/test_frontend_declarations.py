"""What declarations, statements and settings become."""

from __future__ import annotations

import pytest

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast
from stdsl.compiler.frontend.parser import parse


def file(text: str) -> ast.File:
    sink = Sink()
    result = parse(Source("d.space", f"stdsl 1\n{text}"), sink)
    assert [d.message for d in sink.diagnostics] == []
    return result


def only(text: str) -> ast.Declaration:
    (declaration,) = file(text).declarations
    return declaration


def test_uses() -> None:
    first, second = file('use std.video (a, b as c,)\nuse "../x.space" (d)').uses
    assert (first.target, first.quoted, first.target_span.text) == ("std.video", False, "std.video")
    assert [(n.name.id, n.alias.id if n.alias else None) for n in first.names] == [("a", None), ("b", "c")]
    assert (second.target, second.quoted, second.target_span.text) == ("../x.space", True, '"../x.space"')


def test_op_without_inputs() -> None:
    op = only("op sep(k, stride = 1) = relu -> bn")
    assert isinstance(op, ast.OpDecl)
    assert (op.kind, op.inputs, op.tied, op.body.short) == ("op", None, None, True)
    assert [p.name.id for p in op.parameters] == ["k", "stride"]
    assert isinstance(op.body.result.value, ast.Pipe)


@pytest.mark.parametrize(
    ("head", "tied", "inputs"),
    [
        ("cell c on a, b", None, [("a", False), ("b", False)]),
        ("tied cell c on *xs", [], [("xs", True)]),
        ("tied(k, m) cell c(k, m) on x", ["k", "m"], [("x", False)]),
    ],
)
def test_cells(head: str, tied: list[str] | None, inputs: list[tuple[str, bool]]) -> None:
    cell = only(head + " { y = a  return y }")
    assert isinstance(cell, ast.OpDecl)
    assert (None if cell.tied is None else [t.id for t in cell.tied]) == tied
    assert [(i.name.id, i.variadic) for i in cell.inputs or ()] == inputs
    assert not cell.body.short


def test_meta_inputs_have_types() -> None:
    meta = only("meta m on rgb: clip(3, 8, 64, 64), words: tokens(9, 5) { return {logits: rgb, aux: words} }")
    assert isinstance(meta, ast.OpDecl)
    assert [i.type.span.text for i in meta.inputs or () if i.type] == ["clip(3, 8, 64, 64)", "tokens(9, 5)"]
    assert isinstance(meta.body.result.value, ast.Set)


def test_statements_need_nothing_between() -> None:
    cell = only("cell c on x { a = x b[0] = a for i in 1..2 { b[i] = b[<i] for j in 1..i { z = j } } return b }")
    assert isinstance(cell, ast.OpDecl)
    a, b, loop = cell.body.statements
    assert isinstance(a, ast.Bind)
    assert a.index is None
    assert isinstance(b, ast.Bind)
    assert b.index is not None
    assert isinstance(loop, ast.For)
    assert isinstance(loop.body[1], ast.For)


def test_extern() -> None:
    op = only('extern op corr(d: int = 3) on a, b from "my_pkg.ops:Correlation" { channels = d ** 2  flops = 0 }')
    assert isinstance(op, ast.ExternDecl)
    assert op.target == "my_pkg.ops:Correlation"
    assert [item.span.text for item in op.section.items] == ["channels = d ** 2", "flops = 0"]
    assert isinstance(op.parameters[0].type, ast.Name)


def test_extern_data() -> None:
    data = only('extern\n data mine(root: path) from "my_pkg.data:Clips" { inputs = {a: image(3, 8, 8)}  classes = 5 }')
    assert isinstance(data, ast.ExternDataDecl)
    assert data.target == "my_pkg.data:Clips"
    assert [item.span.text for item in data.section.items] == ["inputs = {a: image(3, 8, 8)}", "classes = 5"]


def test_extern_loss() -> None:
    loss = only('extern loss focal(gamma: number = 2) from "my_pkg.losses:Focal" { tasks = [classification, dense] }')
    assert isinstance(loss, ast.ExternLossDecl)
    assert loss.target == "my_pkg.losses:Focal"
    assert [item.span.text for item in loss.section.items] == ["tasks = [classification, dense]"]


@pytest.mark.parametrize("word", ["data", "loss"])
def test_what_follows_extern_is_a_name_elsewhere(word: str) -> None:
    let = only(f"let {word} = 3")
    assert isinstance(let, ast.Let)
    assert let.name.id == word


def test_space() -> None:
    space = only('space s(c = 1) = m(c) where flops <= 600M, params in 3M..6M, pin("**.kind", "a")\n')
    assert isinstance(space, ast.SpaceDecl)
    assert [c.span.text for c in space.where] == ["flops <= 600M", "params in 3M..6M", 'pin("**.kind", "a")']


def test_settings() -> None:
    search = only(
        """search s {
          space = a  strategy = base(1) { epochs = 50  relax { choose = softmax  keep = sigmoid } }
          phase { free = "x"  hold { "d.**" = uniform  "e" = "none" } }
          phase { }
          from = if a then b else c
        }"""
    )
    assert isinstance(search, ast.SearchDecl)
    space, strategy, first, second, last = search.section.items
    assert isinstance(space, ast.Setting)
    assert isinstance(strategy, ast.Setting)
    assert isinstance(strategy.value, ast.Configured)
    relax = strategy.value.section.items[1]
    assert isinstance(relax, ast.Section)
    assert relax.name is not None
    assert [i.key.id for i in relax.items if isinstance(i, ast.Setting)] == ["choose", "keep"]
    assert isinstance(first, ast.Section)
    hold = first.items[1]
    assert isinstance(hold, ast.Section)
    assert [(i.key.id, i.quoted) for i in hold.items if isinstance(i, ast.Setting)] == [("d.**", True), ("e", True)]
    assert isinstance(second, ast.Section)
    assert second.items == ()
    assert isinstance(last, ast.Setting)
    assert last.key.id == "from"
    assert search.section.name is None


def test_strategy_parameters_have_types() -> None:
    strategy = only("strategy s(schedule: over(M, t, T) = M * (t / T)) = gradient { count = schedule }")
    assert isinstance(strategy, ast.StrategyDecl)
    (parameter,) = strategy.parameters
    assert parameter.type is not None
    assert parameter.default is not None
    assert (parameter.type.span.text, parameter.default.span.text) == ("over(M, t, T)", "M * (t / T)")


def test_indented_items_and_missing_newlines() -> None:
    names = [
        d.name.id for d in file("let a = 1 let b = a.space\n  op c = relu cell d on x = x tied cell e = a").declarations
    ]
    assert names == ["a", "b", "c", "d", "e"]
