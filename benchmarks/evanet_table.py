"""The table of a small space of EvaNet's: its architectures trained by themselves from several seeds.

    python benchmarks/evanet_table.py FOLDER [--seeds 0 1 2] [--hands 2] [--slower] [--write]

trains what FOLDER does not have yet (`trials.sqlite` there: a run for each seed, a trial for each training; killed, it
goes on with the same command; seeds may be trained by commands beside each other); ``--write`` keeps what is there as
``benchmarks/tables/evanet_motion.json``. A seed decides the clips, the first weights and the order of the samples.
``--slower`` trains a sample of the architectures on motion of half the speed, for ``evanet_motion_slower.json``.

The space and the recipe are those of ``benchmarks/spaces/evanet_table.space``. They were fixed on the seeds 100 and 101
(see RESULTS.md) before the seeds of the table were trained. Of each training the accuracy on the validation clips is
kept after a third of its steps, after two thirds, and at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import described

import stdsl
from stdsl.compiler.analysis.architecture import Architecture, architecture
from stdsl.compiler.schemas.separate import SeparateTrainings
from stdsl.runtime.data.batch import Part
from stdsl.runtime.data.loading.loader import Loader
from stdsl.runtime.data.loading.order import Order
from stdsl.runtime.engines.contract import Doing, Plain, Tell, Work
from stdsl.runtime.engines.processes import ProcessEngine
from stdsl.runtime.phases.assignment import Subject
from stdsl.runtime.phases.train import build
from stdsl.runtime.prepare.job import Job
from stdsl.runtime.prepare.opening import opened_for
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.randomness import key
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.tasks.criterion import criterion
from stdsl.runtime.tracking.names import trial_name
from stdsl.runtime.training.interruption import Interrupted, Interruption
from stdsl.runtime.training.optimizers import build_descent
from stdsl.runtime.training.placement import Placement
from stdsl.runtime.training.training import HeldOut, Training
from stdsl.runtime.trials.database import file_database
from stdsl.runtime.trials.loop import Loop, Rules
from stdsl.runtime.trials.proposal import Outcome, Spec
from stdsl.runtime.trials.store import TrialRow, TrialStore

HERE = Path(__file__).parent
SPACE = HERE / "spaces" / "evanet_table.space"
SEEDS = (0, 1, 2)
PARTS = 3
"""A training is measured at the end of each third."""


@dataclass(frozen=True)
class Table:
    """``overrides``: of the settings in the file of the space. ``sample``: how many are trained, None: all. ``kept``:
    the file that has the results."""

    overrides: tuple[str, ...] = ()
    sample: int | None = None
    kept: Path = HERE / "tables" / "evanet_motion.json"


FAST = Table()
SLOWER = Table(("data.speed=0.5",), 54, HERE / "tables" / "evanet_motion_slower.json")


@cache
def space() -> stdsl.Space:
    return stdsl.load(str(SPACE), "small")


@cache
def architectures() -> tuple[Architecture, ...]:
    """All of the space, mixed, so that the first of them are a sample."""
    found = list(space().architectures())
    random.Random(0).shuffle(found)
    return tuple(found)


def alike(arch: Architecture) -> Any:
    """Equal for architectures whose streams are the same ones in another order. Those are trained once: the networks
    differ in the order of their channels alone, and so are as good in the mean over first weights."""
    width = int(str(arch["m1.n.width"]))
    streams = [(arch[f"m1.s[{i}].kind"], arch[f"m1.s[{i}].length"]) for i in range(1, width + 1)]
    return tuple(sorted(streams)), arch["m2.kind"], arch["m2.repeats"]


@cache
def places() -> tuple[int, ...]:
    """Which architectures are trained: of those that are alike the first."""
    first: dict[Any, int] = {}
    return tuple(sorted({first.setdefault(alike(arch), place) for place, arch in enumerate(architectures())}))


def job(seed: int, overrides: Sequence[str] = ()) -> Job:
    """The search of the file of the space, whose `fitness` is the recipe."""
    return load_job(str(SPACE), "evolved", [f"seed={seed}", *overrides])


def trained(own: Job, dataset: Any, values: Mapping[str, Any], name: str) -> tuple[list[float], int]:
    """One training by the recipe of a search, as a trial ``name`` of it is trained: its accuracies on the validation
    split at the end of each part, and the steps."""
    torch.set_num_threads(1)
    strategy, seed = own.config.strategy, own.config.seed
    assert isinstance(strategy, SeparateTrainings)
    fitness, placement = strategy.fitness, Placement(torch.device("cpu"))
    order = Order(Part(dataset, ("train",)), fitness.batch, seed, "trial")
    steps = fitness.total_steps(order.steps_per_epoch)
    assert steps % PARTS == 0
    subject = Subject(name, own.graph, architecture(own.graph, values))
    model = placement.model(build(subject, key(seed, "initial weights", name)))
    work = Training(
        model,
        build_descent(fitness.optimizer, list(model.parameters()), steps, order.steps_per_epoch, fitness.clip),
        Loader(order, steps),
        placement,
        steps,
        seed,
        name,
        criterion(own.config, dataset),
        held_out=HeldOut(Part(dataset, ("valid",)), fitness.batch, steps // PARTS, "accuracy", False),
    )
    found = []
    for step in range(steps):
        work.step(step)
        found += [document["accuracy"] for _, document in work.events(step)]
    return found, steps


def prepare(overrides: Sequence[str], seed: int) -> Doing:
    """What a process does: the data is made once, before any begins."""
    own = job(seed, overrides)
    data = opened_for(own)["search"]
    for split in ("train", "valid"):
        Part(data, (split,)).samples(np.zeros(1, np.int64))
    build(Subject("", own.graph, architecture(own.graph, space().sample(seed=0))), 0)

    def do(payload: Plain, tell: Tell, interruption: Interruption) -> Plain:
        tell({"event": "alive", "worker": f"{socket.gethostname()} {os.getpid()}"})
        started = time.monotonic()
        found, steps = trained(own, data, payload["values"], payload["name"])
        measured = [
            {"split": "valid", "epoch": part, "step": steps // PARTS * part, "metric": "accuracy", "value": value}
            for part, value in enumerate(found, 1)
        ]
        seconds = time.monotonic() - started
        return {"values": {"accuracy": found[-1]}, "steps": steps, "seconds": seconds, "measured": measured}

    return do


@dataclass(frozen=True)
class Every:
    """Proposes each architecture at one of the ``places``."""

    places: Sequence[int]

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | None:
        return Spec(number, architectures()[self.places[number]]) if number < len(self.places) else None


def open_store(folder: Path, seed: int) -> TrialStore:
    return TrialStore(file_database(folder / "trials.sqlite"), f"seed {seed}")


def train(table: Table, folder: Path, seed: int, hands: int) -> None:
    """Train what the folder does not have yet."""

    own = places()[: table.sample]

    def payload(spec: Spec) -> Plain:
        return {"name": trial_name(own[spec.number] + 1), "values": dict(spec.architecture.items())}

    def spec_of(row: TrialRow) -> Spec:
        assert row.number is not None
        return Spec(row.number, architecture(space().graph, row.architecture))

    folder.mkdir(parents=True, exist_ok=True)
    store, interruption = open_store(folder, seed), Interruption()
    started = time.monotonic()

    def over(name: str) -> None:
        print(f"seed {seed}, {name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

    rules = Rules(None, 0, lambda spec: 1, payload, seed, over=over)
    loop = Loop(Every(own), rules, store, Silent(), interruption)
    loop.go_on_from(store.rows(), spec_of)
    work = Work(f"{Path(__file__).stem}:prepare", {"overrides": list(table.overrides), "seed": seed})
    try:
        with interruption.watch(), ProcessEngine(work, hands, loop.hear, with_current=True) as engine:
            loop.run(engine)
    finally:
        store.close()


def kept_of(folder: Path, seed: int) -> dict[int, tuple[list[float], float]]:
    """Of each architecture that was trained from a seed, by its number: its accuracies, and the seconds it took."""
    store = open_store(folder, seed)
    try:
        measured: dict[str, list[float]] = {}
        for name, each in store.epochs():
            measured.setdefault(name, []).append(round(each.value, 6))
        rows = [(row.number, row.name, row.seconds or 0.0) for row in store.rows() if row.state == "done"]
    finally:
        store.close()
    return {number: (measured[name], round(seconds, 1)) for number, name, seconds in rows if number is not None}


def document(table: Table, folder: Path) -> dict[str, Any]:
    """What is kept of the trainings in a folder: architectures of which all are over, in the order of the table."""
    by_seed = [kept_of(folder, seed) for seed in SEEDS]
    config = job(SEEDS[0], table.overrides).config
    strategy, kept = config.strategy, []
    assert isinstance(strategy, SeparateTrainings)
    for number, place in enumerate(places()[: table.sample]):
        if all(number in own for own in by_seed):
            arch = architectures()[place]
            accuracy, seconds = zip(*(own[number] for own in by_seed), strict=True)
            kept.append({"values": dict(arch.items()), "accuracy": accuracy, "seconds": seconds})
    return {
        "space": f"{SPACE.name}::small",
        "data": config.data.model_dump(mode="json"),
        "fitness": strategy.fitness.model_dump(mode="json", exclude_none=True),
        "seeds": list(SEEDS),
        "accuracy": "on the validation clips after a third of the steps, two thirds, and all, by seeds",
        "measured": described(),
        "versions": {"stdsl": stdsl.__version__, "torch": str(torch.__version__)},
        "architectures": kept,
    }


def text_of(found: Mapping[str, Any]) -> str:
    """JSON with a line for each architecture."""
    head = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in found.items() if name != "architectures"]
    rows = ",\n".join(f"    {json.dumps(row)}" for row in found["architectures"])
    return "{\n" + ",\n".join(head) + f',\n  "architectures": [\n{rows}\n  ]\n}}\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the trials are kept")
    parser.add_argument("--seeds", type=int, nargs="+", choices=SEEDS, default=SEEDS)
    parser.add_argument("--hands", type=int, default=2, help="trainings beside each other")
    parser.add_argument("--slower", action="store_true", help="a sample, on motion of half the speed")
    parser.add_argument("--write", action="store_true", help="keep what is there; train nothing")
    arguments = parser.parse_args()
    table = SLOWER if arguments.slower else FAST
    if not arguments.write:
        try:
            for seed in arguments.seeds:
                train(table, arguments.folder, seed, arguments.hands)
        except Interrupted:
            raise SystemExit("stopped; the same command goes on") from None
        return
    found = document(table, arguments.folder)
    table.kept.write_text(text_of(found), encoding="utf-8")
    print(f"{len(found['architectures'])} architectures in {table.kept.name}")


if __name__ == "__main__":
    main()
