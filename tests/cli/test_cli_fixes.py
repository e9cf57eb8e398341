"""`stdsl check --fix`: what has one safe correction is corrected, and nothing else of the text changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

import stdsl as api

Invoke = Callable[..., click.testing.Result]

RIGHT = """stdsl 1

op unit(c, stride = 1) = conv(c, 3x3, stride = stride) -> bn -> relu

meta net(c = 8) on picture: image(3, 32, 32) {
  stem = picture -> unit(c)  # as wide as asked for
  body = stem -> choose {narrow: unit(stem.channels), deep: unit(8) -> unit(8)} as kind
  return body -> global_avg_pool -> linear(10)
}

space small = net(8) where "**.kind" == "deep" or kind == "narrow"

search first {
  space = small
  data = cifar10(root = "data")
  strategy = gradient { steps = 4  weights { optimizer = sgd(lr = 0.1) }  decisions { optimizer = adam(lr = 0.1) } }
}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("stdsl 1\n", "", "E0105"),
        ("meta net", "mta net", "E0110"),
        ("op unit", "opp unit", "E0110"),
        ('"data"', "'data'", "E0102"),
        ("picture -> unit", "pictrue -> unit", "E0201"),
        ("stem -> choose", "stemm -> choose", "E0201"),
        ("stride = stride", "strid = stride", "E0212"),
        ("stem.channels", "stem.chanels", "E0221"),
        ("or kind ==", "or knid ==", "E0411"),
        ("  strategy =", "  strateggy =", "E0501"),
        ("weights {", "weihgts {", "E0501"),
        ("-> bn -> relu", "|> bn => relu", "E0114"),
        ("-> bn -> relu", "→ bn → relu", "E0102"),
        ("32) {", "32) = {", "E0115"),
        ("-> relu", "-> ReLU", "E0201"),
        ('"**.kind" ==', '"**.kind" =', "E0101"),
        ("body = stem", "body == stem", "E0101"),
        ("steps = 4", "steps: 4", "E0101"),
        ("weights {", "weights: {", "E0101"),
    ],
)
def test_one_mistake(stdsl: Invoke, tmp_path: Path, right: str, wrong: str, code: str) -> None:
    path = tmp_path / "a.space"
    assert right in RIGHT
    path.write_text(RIGHT.replace(right, wrong, 1), encoding="utf-8")
    before = stdsl("check", "--format", "concise", str(path)).output
    assert code in before
    result = stdsl("check", "--fix", str(path))
    assert result.exit_code == 0, result.output
    assert path.read_text(encoding="utf-8").split() == RIGHT.split()
    assert api.load(path).count() == 2


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("-> relu", "-> rlu6"),  # `relu` or `relu6`
        ("-> relu", "-> activation"),  # nothing near
        (" as kind", ""),  # which label is for the author to say
        ("3x3, stride", "3x3x3, stride"),
    ],
)
def test_what_is_for_the_author_to_say(stdsl: Invoke, tmp_path: Path, right: str, wrong: str) -> None:
    path = tmp_path / "a.space"
    text = RIGHT.replace(right, wrong, 1)
    path.write_text(text, encoding="utf-8")
    assert stdsl("check", "--fix", str(path)).exit_code == 1
    assert path.read_text(encoding="utf-8") == text


def test_several_at_once(stdsl: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "a.space"
    text = RIGHT.replace("stdsl 1\n", "").replace("picture -> unit", "pictrue -> unit").replace("stem.ch", "stemm.ch")
    path.write_text(text, encoding="utf-8")
    assert "corrected 3 mistakes" in stdsl("check", "--fix", str(path)).output
    assert path.read_text(encoding="utf-8").split() == RIGHT.split()


def test_texts_of_a_run_are_left_as_they_are(stdsl: Invoke, tmp_path: Path) -> None:
    """Others that are named beside them are changed; a copy is nobody's."""
    run = tmp_path / "runs" / "first-0001"
    (run / "space").mkdir(parents=True)
    (run / "run.json").write_text("{}")
    own, copy = run / "space" / "a.space", tmp_path / "a.space"
    wrong = RIGHT.replace("picture -> unit", "pictrue -> unit").replace("first {", "first  {")
    for command in (("fmt",), ("check", "--fix")):
        own.write_text(wrong, encoding="utf-8")
        copy.write_text(wrong, encoding="utf-8")
        refused = stdsl(*command, str(own), str(copy))
        assert "E0779" in refused.stdout + refused.stderr
        assert str(run) in refused.stdout + refused.stderr
        assert refused.exit_code != 0
        assert own.read_text(encoding="utf-8") == wrong
        assert copy.read_text(encoding="utf-8") != wrong
        assert stdsl(*command, str(copy)).exit_code == 0
    assert "E0779" not in stdsl("fmt", "--diff", str(own)).stderr
    own.write_text(RIGHT, encoding="utf-8")
    assert "E0779" not in stdsl("check", "--fix", str(own)).stdout  # there is nothing to correct
