"""The table of our own: its space is a part of `examples/evanet_small.space`, and its trainings are those of a run."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

import stdsl
from stdsl.compiler.analysis.architecture import Architecture, answers_of
from stdsl.compiler.analysis.isomorphism.content import NetworkHashes
from stdsl.runtime.prepare.opening import opened_for
from stdsl.runtime.trials.kept import kept_trials

ROOT: Final = Path(__file__).parents[3]
TINY: Final = (
    "data.train=64",
    "data.valid=32",
    "data.test=32",
    "strategy.fitness.steps=6",
    "strategy.population=3",
    "strategy.tournament=2",
    "strategy.rounds=2",
    "retrain.steps=1",
)


@pytest.fixture(scope="module")
def table(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("evanet_table")


def in_the_whole_space(arch: Architecture) -> dict[str, Any]:
    """What the architecture decides in the space that the table's is a part of."""
    found: dict[str, Any] = {"m1.repeats": 1, "m1.n.width": arch["m1.n.width"]}
    for stream in range(1, int(arch["m1.n.width"]) + 1):
        own, whole = f"m1.s[{stream}]", f"m1.s[{stream}].one"
        found |= {
            f"{own}.stream": "one",
            f"{whole}.length": arch[f"{own}.length"],
            f"{whole}.kind": arch[f"{own}.kind"],
        }
    found |= {"m2.repeats": arch["m2.repeats"], "m2.n.width": "1", "m2.s[1].stream": "one"}
    return found | {"m2.s[1].one.length": "3", "m2.s[1].one.kind": arch["m2.kind"]}


def test_its_architectures_are_some_of_the_whole_space(table: ModuleType) -> None:
    whole, own = stdsl.load(str(ROOT / "examples" / "evanet_small.space"), "small", c=6), table.space()
    assert own.count() == 252
    theirs, ours = NetworkHashes(whole.graph), NetworkHashes(own.graph)
    for arch in random.Random(3).sample(list(own.architectures()), 12):
        same = whole.architecture(in_the_whole_space(arch))
        assert theirs.of(answers_of(whole.graph, same)) == ours.of(answers_of(own.graph, arch))


def test_a_training_is_that_of_a_trial_of_a_run(table: ModuleType, tmp_path: Path) -> None:
    from stdsl.runtime.report.reporter import Silent
    from stdsl.runtime.run import RunRequest, run

    run(RunRequest(str(table.SPACE), "evolved", ["seed=5", *TINY], out=tmp_path / "run", hands=0), Silent())
    job = table.job(5, TINY)
    data = opened_for(job)["search"]
    rows = kept_trials(tmp_path / "run").rows
    assert len(rows) == 5
    for row in rows[:2]:
        found, steps = table.trained(job, data, row.architecture, row.name)
        assert (steps, len(found)) == (6, 3)
        assert row.values is not None
        assert found[-1] == row.values["accuracy"]
