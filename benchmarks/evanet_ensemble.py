"""Three architectures that tell together, against the best of them and against three trainings of that one.

    python benchmarks/evanet_ensemble.py FOLDER [--seeds 20 21 22 23 24] [--write]

The members are the three best by the table of ``benchmarks/evanet_table.py`` among the first 30 architectures that were
trained there, which is what a random search of 30 comes to. From each seed they are trained by the recipe `retrain` of
the file of the space, on both halves of the clips, and the best one three times; together they tell the mean of their
probabilities, on 1 024 test clips. ``FOLDER`` has the table's trials, and gets a file for each seed; what is there is
not trained again.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from evanet_table import SEEDS, architectures, job, kept_of, places
from machine import described
from paired import by_seed
from tables import write

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.backends.networks.ensemble import Mean
from stdsl.runtime.data.batch import Part
from stdsl.runtime.data.loading.loader import Loader
from stdsl.runtime.data.loading.order import Order
from stdsl.runtime.phases.assignment import Subject
from stdsl.runtime.phases.train import build
from stdsl.runtime.prepare.job import Job
from stdsl.runtime.prepare.opening import opened_for
from stdsl.runtime.randomness import key
from stdsl.runtime.tasks.criterion import criterion
from stdsl.runtime.training.evaluate import evaluate_together
from stdsl.runtime.training.optimizers import build_descent
from stdsl.runtime.training.placement import Placement
from stdsl.runtime.training.training import Training

AMONG = 30
TOGETHER = 3
HERE = Path(__file__).parent
KEPT = HERE / "tables" / "evanet_ensemble.json"


def members(folder: Path) -> list[Architecture]:
    """The best first."""
    by_seed = [kept_of(folder, seed) for seed in SEEDS]
    reached = [statistics.fmean(own[number][0][-1] for own in by_seed) for number in range(AMONG)]
    best = sorted(range(AMONG), key=lambda number: -reached[number])[:TOGETHER]
    return [architectures()[places()[number]] for number in best]


def trained(own: Job, dataset: Any, arch: Architecture, name: str, repeat: int) -> torch.nn.Module:
    """By the recipe of the final training, on both halves."""
    recipe, seed, placement = own.config.retrain, own.config.seed, Placement(torch.device("cpu"))
    assert recipe is not None
    order = Order(Part(dataset, ("train", "valid")), recipe.batch, seed, f"final training {repeat}")
    steps = recipe.total_steps(order.steps_per_epoch)
    model = placement.model(build(Subject(name, own.graph, arch), key(seed, "initial weights", name)))
    learnt = list(model.parameters())
    descent = build_descent(recipe.optimizer, learnt, steps, order.steps_per_epoch, recipe.clip)
    work = Training(model, descent, Loader(order, steps), placement, steps, seed, name, criterion(own.config, dataset))
    for step in range(steps):
        work.step(step)
    return model.eval()


def measured(seed: int, chosen: Sequence[Architecture]) -> dict[str, Any]:
    """Accuracies on the test split of one seed."""
    torch.set_num_threads(1)
    own = job(seed)
    dataset = opened_for(own)["search"]
    different = [trained(own, dataset, arch, f"member {place}", 1) for place, arch in enumerate(chosen)]
    alike = different[:1] + [
        trained(own, dataset, chosen[0], f"member 0, training {repeat}", repeat) for repeat in range(2, TOGETHER + 1)
    ]
    judged, part, placement = criterion(own.config, dataset), Part(dataset, ("test",)), Placement(torch.device("cpu"))

    def accuracy(models: Sequence[torch.nn.Module]) -> float:
        parts = [part] * len(models)
        return evaluate_together(models, parts, placement, Mean("classes"), 64, judged)["accuracy"]

    return {
        "seed": seed,
        "members": [accuracy([model]) for model in different],
        "trainings": [accuracy([model]) for model in alike],
        "together": accuracy(different),
        "trainings_together": accuracy(alike),
    }


def section(document: Mapping[str, Any]) -> str:
    rows = document["seeds"]
    names = ("the member that the search calls best", "the second", "the third")
    reached = {
        **{name: [row["members"][place] for row in rows] for place, name in enumerate(names)},
        "the three together": [row["together"] for row in rows],
        "three trainings of the best, together": [row["trainings_together"] for row in rows],
    }
    differences = {
        "together, minus the best": [row["together"] - row["members"][0] for row in rows],
        "minus that member which is best on the test clips": [row["together"] - max(row["members"]) for row in rows],
        "minus three trainings of the best together": [row["together"] - row["trainings_together"] for row in rows],
        "three trainings of the best together, minus their mean": [
            row["trainings_together"] - statistics.fmean(row["trainings"]) for row in rows
        ],
    }
    return "\n".join(by_seed("evanet_ensemble.py", document, reached, differences))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[20, 21, 22, 23, 24])
    parser.add_argument("--write", action="store_true", help="keep what is there, and put the table into RESULTS.md")
    arguments = parser.parse_args()
    chosen, rows = members(arguments.folder), []
    for seed in arguments.seeds:
        kept = arguments.folder / f"ensemble-{seed}.json"
        if not kept.exists():
            kept.write_text(json.dumps(measured(seed, chosen)) + "\n", encoding="utf-8")
            print(kept.read_text(encoding="utf-8"), flush=True)
        rows.append(json.loads(kept.read_text(encoding="utf-8")))
    if arguments.write:
        document = {"members": [dict(arch.items()) for arch in chosen], "measured": described(), "seeds": rows}
        KEPT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        write(section(document), "evanet-ensemble")


if __name__ == "__main__":
    main()
