"""A final training by settings that a search is still to find is planned by the first of them, and that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.checks.warnings import batch_warnings
from stdsl.compiler.diagnostics.source import Source
from stdsl.runtime.prepare.memory import oversized
from stdsl.runtime.prepare.plan import plan, plan_text
from stdsl.runtime.prepare.preparation import load_job

TEXT = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  return video -> conv(2, 1x3x3) -> global_avg_pool -> bn -> linear(4)
}
space closed = net
search tuned {
  space = closed
  strategy = bayes { trials = 5  fitness { FITNESS } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 64, valid = 64, test = 64)
  retrain { batch = 24  RETRAIN }
}
"""


@pytest.mark.parametrize(
    ("fitness", "retrain", "expected"),
    [
        ("epochs = 2  batch = choose {16, 8}", "epochs = 3  settings = found", (("~16", "~16"), ("~24", "~16"))),
        ("steps = 7  batch = choose 8..16", "steps = 9  settings = found", (("35", "~8"), ("9", "~8"))),
        ("epochs = choose 2..4  batch = 16", "epochs = 3  settings = own", (("~24", "16"), ("15", "24"))),
        ("epochs = 2  batch = choose {16, 8}", "epochs = 3", (("~16", "~16"), ("15", "24"))),
        (
            "epochs = choose 2..4  batch = 16  dropout = choose {0.1, 0.2}",
            "epochs = 3  settings = found",
            (("~40", "16"), ("15", "24")),
        ),
    ],
)
def test_a_plan_has_the_first_option_of_what_is_searched(
    tmp_path: Path, fitness: str, retrain: str, expected: tuple[tuple[str, str], ...]
) -> None:
    (tmp_path / "a.space").write_text(TEXT.replace("FITNESS", fitness).replace("RETRAIN", retrain))
    found = plan(load_job(str(tmp_path / "a.space"), None), "cpu")

    def shown(number: int, known: bool) -> str:
        return f"{'' if known else '~'}{number}"

    rows = tuple((shown(s.steps, s.steps_known), shown(s.batch, s.batch_known)) for s in found.stages)
    assert rows == expected
    lines = plan_text(found).splitlines()
    for row in expected:
        assert any(set(row) <= set(line.split()) for line in lines)
    assert ("~ of steps and batches" in plan_text(found)) == ("~" in str(expected))


@pytest.mark.parametrize(("length", "known"), [("epochs = 3", False), ("steps = 3", True)])
@pytest.mark.parametrize("search", ["gradient { LENGTH }", "random { trials = 2  fitness { LENGTH } }"])
def test_steps_of_data_that_was_not_found_are_marked(tmp_path: Path, search: str, length: str, known: bool) -> None:
    (tmp_path / "a.space").write_text(
        "stdsl 1\nmeta net on x: image(1, 6, 6) = x -> maybe conv(1, 1) as unit -> global_avg_pool -> linear(2)\n"
        'space nets = net\nsearch s { space = nets  data = arrays("none.npz")  '
        f"strategy = {search.replace('LENGTH', length)}  retrain {{ {length} }} }}\n"
    )
    found = plan(load_job(str(tmp_path / "a.space"), None), "cpu")
    assert [stage.steps_known for stage in found.stages] == [known] * 2
    assert ("10,000 samples stand for" in plan_text(found)) == (not known)
    assert "searched have their first option" not in plan_text(found)


@pytest.mark.parametrize("strategy", ["", "strategy = gradient { epochs = 3 }"])
def test_nothing_is_said_of_marks_that_are_not_there(tmp_path: Path, strategy: str) -> None:
    """Without a search, no steps hang on how many samples there are to search on."""
    (tmp_path / "a.space").write_text(
        "stdsl 1\nmeta net on x: image(1, 6, 6) = x -> global_avg_pool -> linear(2)\nspace closed = net\n"
        f'search s {{ space = closed  data = arrays("none.npz")  {strategy}  retrain {{ steps = 5 }} }}\n'
    )
    found = plan(load_job(str(tmp_path / "a.space"), None), "cpu")
    assert [stage.steps_known for stage in found.stages] == [True]
    assert "~" not in plan_text(found)


def test_rungs_of_data_that_was_not_found_are_marked(tmp_path: Path) -> None:
    (tmp_path / "a.space").write_text(
        "stdsl 1\nmeta net on x: image(1, 6, 6) = x -> global_avg_pool -> linear(2)\nspace closed = net\n"
        'search s { space = closed  data = arrays("none.npz")  strategy = bayes { '
        "budget { least = 1  most = 3  iterations = 1 }  fitness { batch = 8  dropout = choose {0.1, 0.2} } } }\n"
    )
    found = plan(load_job(str(tmp_path / "a.space"), None), "cpu")
    assert found.stages[0].name == "search (3 trials of ~1250 steps)"
    assert all(" of ~" in stage.name and not stage.steps_known for stage in found.stages)


def test_rungs_are_as_long_as_the_first_batch_makes_them(tmp_path: Path) -> None:
    own = TEXT.replace("trials = 5", "budget { least = 1  most = 3  iterations = 1 }").replace("RETRAIN", "epochs = 1")
    (tmp_path / "a.space").write_text(own.replace("FITNESS", "batch = choose {8, 16}"))
    (tmp_path / "b.space").write_text(own.replace("FITNESS", "batch = 8  dropout = choose {0.1, 0.2}"))
    names = [[s.name for s in plan(load_job(str(tmp_path / f), None), "cpu").stages] for f in ("a.space", "b.space")]
    assert names[1][0] == "search (3 trials of 8 steps)"
    assert names[0] == [name.replace(" of ", " of ~") for name in names[1]]


def test_batches_of_the_final_training_are_those_that_may_be_found(tmp_path: Path) -> None:
    """What is told of a batch is told of the one that is searched, at its place, and not of the section's own."""
    (tmp_path / "a.space").write_text(
        TEXT.replace("FITNESS", "batch = choose {8, 200}").replace("RETRAIN", "epochs = 3  settings = found")
    )
    job = load_job(str(tmp_path / "a.space"), None)
    last = list(batch_warnings(job.config))[-1]
    assert last.message == "the final training learns from 128 samples, so batches of 200 become as small"
    assert last.span is not None
    assert last.span.text == "choose {8, 200}"
    places = {found.span.text for found in oversized(plan(job, "cpu"), job.config, 0) if found.span is not None}
    assert "choose {8, 200}" in places
    assert "24" not in places


def test_a_batch_of_one_that_may_be_found_is_told_of_where_it_is_searched() -> None:
    text = TEXT.replace("RETRAIN", "epochs = 3  settings = found").replace("batch = 24", "batch = 1")
    text = text.replace("trials = 5", "trials = 5  startup = 1")
    (told,) = (
        d for d in check_text(Source("a.space", text.replace("FITNESS", "batch = choose {1, 8}"))) if d.code[0] == "E"
    )
    assert told.span is not None
    assert told.span.text == "choose {1, 8}"
    found = check_text(Source("a.space", text.replace("FITNESS", "batch = choose {2, 8}")))
    assert [d.code for d in found] == ["W0524"]
