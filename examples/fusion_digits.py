"""Whether the posterior over units of `examples/fusion_digits.space` says anything: four questions, each with numbers.

    python examples/fusion_digits.py rank [--seeds 3] [--first 0] [--out build/fusion]
    python examples/fusion_digits.py labels [--seeds 5]
    python examples/fusion_digits.py random [--seeds 5]
    python examples/fusion_digits.py strategies [--seeds 3]

rank        All 64 strategies are trained alone, from two seeds. Spearman's ρ of their mean accuracy with (a) the
            logarithm of their probability in a posterior and (b) their accuracy with the weights of a template that was
            trained with drop-path, and of one that was trained without. **The primary comparison of all four is this
            one: ρ with drop-path minus ρ without**, after Zhou et al., whose claim is that only the former ranks.
labels      The mean over layers of the probabilities of ST minus S, with the motion, the digit, and the motion of clips
            of half the frames as the label. Of digits |difference| below MARGIN counts as none.
random      The network of the best of 30 strategies, against the best of TRIALS random strategies that were trained
            alone, which take as long as the search; both are then trained on all training data by one recipe.
strategies  Opt, S+ST, S and ST on one backbone.

Each run stands in a folder of its own under --out; one that is there is not done again, one that was stopped goes on.
Differences come with a 95 % interval of Student's t over seeds; an interval over 0 is not resolved. --set KEY=VALUE is
a setting for all runs, --set SEARCH:KEY=VALUE for those of one search. The recipes were fitted on seeds from 100 on;
the default seeds, from 0 on, were not run before all of this stood as it is.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from over_seeds import Runs, accuracy_of, ask, differences, document_of, facts_of, inherited, interval, no_search

from stdsl.compiler.analysis.architecture import architecture
from stdsl.runtime.learnt import learnt
from stdsl.runtime.marginals import marginals_of
from stdsl.runtime.strategies.runner import runner
from stdsl.runtime.strategies.variational.build import template

SPACE = Path(__file__).with_name("fusion_digits.space")
MARGIN = 0.4
"""As far apart may ST and S be in probability with the digit as the label: about half of what they were with the motion
on seed 100 (0.76)."""
TRIALS = 6
"""So many random strategies, trained alone and measured, take as long as a search: 576 steps and 960 forward passes, a
third of a step each, against 192 steps and 32 such passes of a network that has three quarters of the template."""
LABELS = {
    "motion": (),
    "digit": ('data.label="digit"',),
    "motion, half the frames": (
        "space=template(frames = data.frames, size = data.height, classes = data.classes, squeeze = true)",
    ),
}
INHERITED = 512
"""So many samples are inherited weights measured on, and norms with them."""


def log_probabilities(folder: Path, values: Sequence[Mapping[str, Any]]) -> list[float]:
    job, strategy, facts = learnt(folder, no_search)
    posterior = runner(strategy).posterior(strategy, job.graph, facts)
    assert posterior is not None
    found = [posterior.log_prob(architecture(job.graph, own)) for own in values]
    return [chance for chance in found if chance is not None]  # without budgets all are known


# ---- statistics


def ranks(values: Sequence[float]) -> list[float]:
    """From 1; equal values share the mean of theirs."""
    order = sorted(values)
    first = {value: order.index(value) for value in set(values)}
    return [first[value] + (order.count(value) + 1) / 2 for value in values]


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """ρ of two rows; 0 where one of them is constant."""
    if len(set(a)) < 2 or len(set(b)) < 2:
        return 0.0
    return statistics.correlation(ranks(a), ranks(b))


# ---- the questions


def rank(runs: Runs, seeds: Sequence[int]) -> None:
    trained = [facts_of(runs("alone", seed))["trials"] for seed in (seeds[0], seeds[0] + 1)]
    values = {trial["hash"]: trial["architecture"] for trial in trained[0]}
    by_seed = [{trial["hash"]: float(trial["value"]) for trial in own} for own in trained]
    hashes = [hash for hash in values if hash in by_seed[1]]
    alone = [statistics.fmean(own[hash] for own in by_seed) for hash in hashes]
    strategies = [values[hash] for hash in hashes]
    print(f"{len(hashes)} strategies, each trained twice: accuracy {min(alone):.3f} to {max(alone):.3f}")
    print(f"ρ of the two trainings: {spearman(*([own[h] for h in hashes] for own in by_seed)):+.3f}")
    posterior, dropped, whole = [], [], []
    for seed in seeds:
        folder = runs("posterior", seed)
        posterior.append(spearman(log_probabilities(folder, strategies), alone))
        dropped.append(spearman(inherited(folder, template, strategies, INHERITED), alone))
        whole.append(spearman(inherited(runs("whole", seed), template, strategies, INHERITED), alone))
    print(f"(a) log-posterior: ρ {interval(posterior)}")
    print(f"(b) weights of a template with drop-path: ρ {interval(dropped)}")
    print(f"    and of one without: ρ {interval(whole)}")
    print(f"    with minus without (primary): {interval(differences(dropped, whole))}")


def labels(runs: Runs, seeds: Sequence[int]) -> None:
    leaning: dict[str, list[float]] = {}
    for kind, settings in LABELS.items():
        name = f"labels-{kind.replace(', ', '-').replace(' ', '-')}" if settings else ""  # or those of `rank`
        leaning[kind] = [lean(runs("posterior", seed, *settings, name=name)) for seed in seeds]
        print(f"{kind}: ST minus S {interval(leaning[kind])}")
    of_digits = statistics.fmean(leaning["digit"])
    print(f"digits: |{of_digits:+.3f}| is {'below' if abs(of_digits) < MARGIN else 'above'} the margin of {MARGIN}")
    apart = differences(leaning["motion"], leaning["motion, half the frames"])
    print(f"motion minus motion of half the frames: {interval(apart)}")


def lean(folder: Path) -> float:
    """The mean over layers of the probability of ST minus that of S."""
    drawn = {(unit.layer, unit.unit): unit.drawn for unit in marginals_of(folder).units}
    layers = sorted({layer for layer, _ in drawn})
    return statistics.fmean(drawn[layer, "ST"] - drawn[layer, "S"] for layer in layers)


def strategies(runs: Runs, seeds: Sequence[int]) -> None:
    found: dict[str, list[float]] = {}
    for seed in seeds:
        rows = document_of(runs("strategies", seed))["networks"]
        for name, row in zip(("Opt", "S+ST", "S", "ST"), rows, strict=True):
            found.setdefault(name, []).append(row["test"]["accuracy"])
    for name, values in found.items():
        print(f"{name}: {', '.join(f'{value:.3f}' for value in values)}")
    for name in ("S+ST", "S", "ST"):
        print(f"Opt minus {name}: {interval(differences(found['Opt'], found[name]))}")


def random(runs: Runs, seeds: Sequence[int]) -> None:
    apart = []
    for seed in seeds:
        found, drawn = runs("found", seed), runs("alone", seed, f"strategy.trials={TRIALS}", name="random")
        pair = accuracy_of(found), accuracy_of(drawn)
        seconds = facts_of(found)["seconds"], facts_of(drawn)["seconds"]
        print(
            f"seed {seed}: found {pair[0]:.3f} (searched for {seconds[0]:.0f} s), "
            f"the best of {TRIALS} random ones {pair[1]:.3f} ({seconds[1]:.0f} s)"
        )
        apart.append(pair[0] - pair[1])
    print(f"found minus random: {interval(apart)}")


QUESTIONS = {"rank": rank, "labels": labels, "strategies": strategies, "random": random}


def main(arguments: Sequence[str] | None = None) -> None:
    ask(QUESTIONS, __doc__, SPACE, "build/fusion", arguments, five=("labels", "random"))


if __name__ == "__main__":
    main()
