"""What is no number is told, at whatever step and in whatever part of a run; JSON stays JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

import pytest

from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run

TEXT = """stdsl 1
meta net() on video: clip(1, 4, 8, 8) {
  y = video -> conv(4, 1x3x3) -> bn -> choose {flat: conv(4, 1x3x3), full: conv(4, 3x3x3)} as kind
  return y -> bn -> relu -> global_avg_pool -> linear(4)
}
meta deep() on video: clip(1, 4, 8, 8) {
  y = video -> conv(4, 1x3x3) -> conv(4, 1x3x3) -> conv(4, 1x3x3) -> conv(4, 1x3x3) -> conv(4, 1x3x3)
  return y -> global_avg_pool -> linear(4)
}
meta squared() on video: clip(1, 4, 8, 8) {
  a = video -> conv(4, 1x3x3) -> bn
  b = a * a
  c = b * b
  d = c * c
  e = d * d
  f = e * e
  g = f * f
  h = g * g
  return h * h -> global_avg_pool -> linear(4)
}
space cells = net()
space beyond = squared()
space plain = deep()
search s {
  space = cells
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  strategy = gradient { steps = 2  batch = 8  measure = 16  weights { optimizer = sgd(lr = 0.1) } }
  retrain { steps = 2  batch = 8  optimizer = sgd(lr = 0.1)  holdout = 0.1 }
}
meta gated() on video: clip(1, 4, 8, 8) {
  y = video -> conv(4, 1x3x3) -> maybe (conv(4, 1x3x3) -> bn) as more
  return y -> global_avg_pool -> linear(4)
}
space gates = gated()
search wide_prior {
  space = gates
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  strategy = variational { steps = 4  batch = 8  objectives = [kl_drop_path(prior_length = 1e15)] }
}
search straight {
  space = plain
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  retrain { steps = 1  batch = 8  optimizer = sgd(lr = 0.1) }
}
"""
HUGE = "sgd(lr = 3e38, weight_decay = 100.0)"
CASES = [
    pytest.param(
        "s", ["strategy.steps=1", f"strategy.weights.optimizer={HUGE}"], "weights of search hold", id="search"
    ),
    pytest.param("s", [f"strategy.weights.optimizer={HUGE}"], "loss of search is .* at step 1", id="in the search"),
    pytest.param(
        "s",
        ["strategy.relax.init=1e39"],
        "loss of search is nan at step 0",
        id="decisions",
    ),
    pytest.param("straight", [f"retrain.optimizer={HUGE}"], "weights of retrain hold (inf|-inf|nan)", id="last step"),
    pytest.param("s", [f"retrain.optimizer={HUGE}"], "loss of retrain is nan at step 1", id="in the training"),
    pytest.param("s", ["retrain.optimizer=sgd(lr = 1e44)"], "size of a step of retrain is inf at step 0", id="rate"),
    pytest.param("straight", ["retrain.optimizer=sgd(lr = 1e12)"], "loss on the test split of retrain is", id="test"),
    pytest.param(
        "s",
        ["compare.spaces=[beyond]"],
        "loss of the training of `beyond` is (nan|inf) at step 0",
        id="comparison",
    ),
    pytest.param("wide_prior", [], "(loss|divergence) of search is (nan|inf) at step", id="prior"),
]


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("diverged") / "s.space"
    path.write_text(TEXT)
    return path


def no_number(token: str) -> NoReturn:
    raise AssertionError(f"{token} in JSON")


def read(text: str) -> Any:
    return json.loads(text, parse_constant=no_number)


@pytest.mark.parametrize(("search", "settings", "said"), CASES)
def test_a_run_that_diverges_says_so_and_stops(
    space: Path, tmp_path: Path, search: str, settings: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stdsl.runtime.run.cores", lambda: 1)
    out = tmp_path / "run"
    for again in (False, True):
        with pytest.raises(RunError, match="E0706") as raised:
            resume(out, Silent()) if again else run(RunRequest(str(space), search, settings, out), Silent())
        (found,) = raised.value.diagnostics
        assert isinstance(found, Diagnostic)
        assert re.search(said, found.message), found.message
        assert found.span is not None
        assert not (out / "result.json").exists()
        for path in out.rglob("*.json"):
            read(path.read_text())
        for journal in out.rglob("journal.jsonl"):
            for line in journal.read_text().splitlines():
                read(line)


def test_what_a_wide_prior_pulls_apart_is_told_at_the_prior(space: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError) as raised:
        run(RunRequest(str(space), "wide_prior", [], tmp_path / "run"), Silent())
    (found,) = raised.value.diagnostics
    assert isinstance(found, Diagnostic)
    assert found.span is not None
    assert found.span.text == "[kl_drop_path(prior_length = 1e15)]"
    assert found.help is not None
    assert "lower `prior_length`" in found.help


@pytest.mark.parametrize(
    ("search", "setting", "told"),
    [
        ("s", "strategy.weights.optimizer=sgd(lr = 1 - t * (5 - t) / 5)", "it is -0.2 at t = 2, below 0"),
        ("straight", "retrain.optimizer=sgd(lr = 0.1 / abs(t - 2) / abs(t - 2))", "division by zero"),
    ],
)
def test_a_rate_without_a_value_between_is_told_where_it_is_set(
    space: Path, tmp_path: Path, search: str, setting: str, told: str
) -> None:
    """What is tried before a run are its first and last step."""
    length = "strategy.steps=4" if search == "s" else "retrain.steps=3"
    with pytest.raises(RunError) as raised:
        run(RunRequest(str(space), search, [length, setting], tmp_path / "run"), Silent())
    (found,) = raised.value.diagnostics
    assert isinstance(found, Diagnostic)
    assert found.code == "E0508"
    assert told in found.message
    assert found.span is not None
    assert found.span.text == setting.partition("lr = ")[2].removesuffix(")")
