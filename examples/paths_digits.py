"""What weights that all architectures of `examples/paths_digits.space` share tell of each: two questions with numbers.

    python examples/paths_digits.py tau [--seeds 3] [--first 0] [--out build/paths]
    python examples/paths_digits.py elastic [--seeds 3]

tau      Twelve architectures, others for each seed, are trained alone and measured on the `valid` half, and measured
         there with weights that three searches trained for all architectures at once, four paths a step: single-path
         one-shot, the sandwich rule with distillation, and PARSEC. Kendall's τ (b) between both accuracies; as a
         measure of how great it can be, between the first and that of a second training alone, measured on the test
         split, which has as many samples. **The primary comparison is τ of the sandwich rule minus τ of single-path
         one-shot**: that the largest network teaches the others, as in BigNAS, should rank them better, or does not.
elastic  A network for each of five bands of FLOPs, of a fifth of all architectures each, the best of CANDIDATES drawn
         in it by the weights of the sandwich rule (those of `tau`). Its accuracy on the test split with its part of
         these weights, against that after a training of its own on the same `train` half, as long as one of `tau`.
         **The primary comparison is the mean over the five bands of inherited minus retrained.**

Each run stands in a folder of its own under --out; one that is there is not done again, one that was stopped goes on.
Differences come with a 95 % interval of Student's t over seeds; an interval over 0 is not resolved. --set KEY=VALUE is
a setting for all runs, --set SEARCH:KEY=VALUE for those of one search. The recipes were fitted on seeds from 100 on;
the default seeds, from 0 on, were not run before all of this stood as it is.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from over_seeds import Runs, accuracy_of, ask, differences, document_of, facts_of, inherited, interval

from stdsl.runtime.elastic import ElasticRequest, derive_elastic
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.strategies.sampling.build import path_network

SPACE = Path(__file__).with_name("paths_digits.space")
WAYS = {"single-path one-shot": "spos", "the sandwich rule": "sandwich", "PARSEC": "parsec"}
BUDGETS = (541_056, 946_464, 1_800_960, 3_238_464, 10_290_624)
"""FLOPs that a fifth, two, three and four fifths of all architectures do not exceed, and the most there are."""
CANDIDATES = 30


def tau(a: Sequence[float], b: Sequence[float]) -> float:
    """Kendall's τ-b of two rows (Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945); 0 where
    one of them is constant."""
    pairs = list(combinations(zip(a, b, strict=True), 2))
    agreeing = sum(_sign(x[0] - y[0]) * _sign(x[1] - y[1]) for x, y in pairs)
    apart = [sum(x[side] != y[side] for x, y in pairs) for side in (0, 1)]
    return agreeing / (apart[0] * apart[1]) ** 0.5 if all(apart) else 0.0


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def retrained(runs: Runs, seed: int, hash: str, values: Mapping[str, Any]) -> float:
    """The accuracy on the test split of an architecture that is trained by itself."""
    return accuracy_of(runs("trained", seed, name=f"trained-{hash[:12]}", architecture=values))


# ---- the questions


def ranking(runs: Runs, seeds: Sequence[int]) -> None:
    found: dict[str, list[float]] = {}
    for seed in seeds:
        trials = facts_of(runs("alone", seed))["trials"]
        architectures = [trial["architecture"] for trial in trials]
        alone = [float(trial["value"]) for trial in trials]
        print(f"seed {seed}: {len(trials)} architectures alone, {shown(alone)}")
        again = [retrained(runs, seed, trial["hash"], trial["architecture"]) for trial in trials]
        found.setdefault("a second training", []).append(tau(again, alone))
        for name, search in WAYS.items():
            shared = inherited(runs(search, seed), path_network, architectures)
            print(f"seed {seed}: with the weights of {name}, {shown(shared)}")
            found.setdefault(name, []).append(tau(shared, alone))
    for name, values in found.items():
        print(f"{name}: τ {interval(values)}")
    first, second, third = WAYS
    print(f"{second} minus {first} (primary): {interval(differences(found[second], found[first]))}")
    print(f"{third} minus {first}: {interval(differences(found[third], found[first]))}")


def shown(values: Sequence[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)


def elastic(runs: Runs, seeds: Sequence[int]) -> None:
    shared: dict[int, list[float]] = {budget: [] for budget in BUDGETS}
    alone: dict[int, list[float]] = {budget: [] for budget in BUDGETS}
    for seed in seeds:
        weights = runs("sandwich", seed)
        for below, budget in pairwise((0, *BUDGETS)):
            folder = derived(weights, f"flops in {below + 1}..{budget}", runs.out / f"within-{budget}-{seed}")
            found = document_of(folder)["derived"]
            shared[budget].append(accuracy_of(folder))
            alone[budget].append(retrained(runs, seed, found["hash"], found["values"]))
    for budget in BUDGETS:
        print(f"up to {budget:,} FLOPs, inherited {shown(shared[budget])}, retrained {shown(alone[budget])}")
        print(f"    inherited minus retrained {interval(differences(shared[budget], alone[budget]))}")
    each = [differences(shared[budget], alone[budget]) for budget in BUDGETS]
    print(f"all five (primary): {interval([statistics.fmean(of_seed) for of_seed in zip(*each, strict=True)])}")


def derived(weights: Path, within: str, folder: Path) -> Path:
    """The folder of a network from the weights that a run left."""
    if not folder.exists():
        derive_elastic(ElasticRequest(weights, (within,), CANDIDATES, out=folder), Silent())
    print(f"  {folder.name} is there", flush=True)
    return folder


QUESTIONS = {"tau": ranking, "elastic": elastic}


def main(arguments: Sequence[str] | None = None) -> None:
    ask(QUESTIONS, __doc__, SPACE, "build/paths", arguments)


if __name__ == "__main__":
    main()
