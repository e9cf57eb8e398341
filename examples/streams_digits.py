"""Whether a search over `examples/streams_digits.space` keeps to a range of costs, and whether fusion matters.

    python examples/streams_digits.py cost [--seeds 3] [--first 0] [--out build/streams]
    python examples/streams_digits.py fusion [--seeds 3]
    python examples/streams_digits.py grid [--seeds 5]

cost    PARSEC with four architectures a step, without a soft cost (β = 0) and with one (β = 0.1) that draws
        architectures into a range of FLOPs. No `where` bounds what is derived. Told are its FLOPs against the range,
        and its accuracy against that of eight random architectures within the range, all trained alike. **The primary
        comparison is the accuracy of what is derived with β = 0.1 minus the mean of the eight random ones.**
fusion  Each class is a motion of a digit. What is derived with β = 0 (that of `cost`), against itself without fusions
        (both streams are then read side by side), and against either stream alone, all trained alike. The control:
        the same with the digit as the label, which two frames tell. **The primary comparison is what was derived
        minus itself without fusions, where the label is both.**
grid    β = 0.05, 0.1 and 0.2 for each of three ranges, and β = 0: the FLOPs of what is derived, and its accuracy.

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

from over_seeds import Runs, ask, differences, document_of, interval

import stdsl

SPACE = Path(__file__).with_name("streams_digits.space")
RANGES = {"low": (400_000, 425_000), "middle": (800_000, 850_000), "high": (1_600_000, 1_700_000)}
"""Of FLOPs: about a tenth, a half and nine tenths of all architectures have fewer."""
RANGE, BETA, BETAS = "middle", 0.1, (0.05, 0.1, 0.2)
RANDOM = 8
LABELS = ("both", "digit")


def network(folder: Path) -> tuple[float, int]:
    """The accuracy on the test split and the FLOPs of the network of a run."""
    (row,) = document_of(folder)["networks"]
    return row["test"]["accuracy"], row["flops"]


def derived(folder: Path) -> Mapping[str, Any]:
    """The decisions of the network of a run, by path."""
    return dict(document_of(folder)["derived"]["values"])


def free(runs: Runs, seed: int, label: str = "both") -> Path:
    """A search without a soft cost."""
    return runs("found", seed, f'data.label="{label}"', name=f"found-{label}")


def ranged(runs: Runs, seed: int, beta: float, name: str) -> Path:
    """A search that is drawn into a range."""
    low, high = RANGES[name]
    terms = f"strategy.objectives=[cost(flops, weight = {beta}, low = {low}, high = {high}, log = true)]"
    return runs("found", seed, terms, name=f"ranged-{name}-{beta}")


def given(runs: Runs, seed: int, values: Mapping[str, Any], name: str, label: str = "both") -> tuple[float, int]:
    """A network trained as those that are found."""
    return network(runs("given", seed, f'data.label="{label}"', name=name, architecture=values))


def drawn(name: str, seed: int) -> list[Mapping[str, Any]]:
    """Random architectures within a range, all alike likely."""
    low, high = RANGES[name]
    text = (
        SPACE.read_text(encoding="utf-8")
        + f'space within = streams(12) where pin("read", "both"), flops in {low}..{high}\n'
    )
    return list(stdsl.loads(text, "within").samples(RANDOM, seed))


def without_fusions(values: Mapping[str, Any]) -> dict[str, Any]:
    return {path: "skip" if path.endswith(".fusion") else value for path, value in values.items()}


def alone(values: Mapping[str, Any], stream: str) -> dict[str, Any]:
    """One stream by itself, as it is found in both. (That there are no fusions is a decision of the sparse one's, and
    what is not fused has decisions.)"""
    needed = {path: value for path, value in values.items() if stream == "sparse" or path.startswith("dense")}
    return {**without_fusions(needed), "read": stream}


# ---- the questions


def cost(runs: Runs, seeds: Sequence[int]) -> None:
    low, high = RANGES[RANGE]
    found: dict[str, list[float]] = {"β = 0": [], f"β = {BETA}": [], "random": []}
    print(f"the range: {low:,} to {high:,} FLOPs")
    for seed in seeds:
        rows = {"β = 0": network(free(runs, seed)), f"β = {BETA}": network(ranged(runs, seed, BETA, RANGE))}
        others = [given(runs, seed, own, f"random-{RANGE}-{i}")[0] for i, own in enumerate(drawn(RANGE, seed))]
        for name, (accuracy, flops) in rows.items():
            inside = "inside" if low <= flops <= high else f"{flops / high:.2f} of its end" if flops > high else "below"
            print(f"seed {seed}, {name}: {flops:,} FLOPs ({inside}), accuracy {accuracy:.3f}")
            found[name].append(accuracy)
        found["random"].append(statistics.fmean(others))
        print(f"seed {seed}, {RANDOM} random ones of the range: {', '.join(f'{own:.3f}' for own in others)}")
    print(f"β = {BETA} minus random (primary): {interval(differences(found[f'β = {BETA}'], found['random']))}")
    print(f"β = 0 minus β = {BETA}: {interval(differences(found['β = 0'], found[f'β = {BETA}']))}")


def fusion(runs: Runs, seeds: Sequence[int]) -> None:
    for label in LABELS:
        reached: dict[str, list[float]] = {"found": [], "without fusions": [], "sparse alone": [], "dense alone": []}
        for seed in seeds:
            folder = free(runs, seed, label)
            values = derived(folder)
            reached["found"].append(network(folder)[0])
            print(f"seed {seed}, {label}: fusions {', '.join(v for p, v in values.items() if p.endswith('.fusion'))}")
            for name, own in (
                ("without fusions", without_fusions(values)),
                ("sparse alone", alone(values, "sparse")),
                ("dense alone", alone(values, "dense")),
            ):
                reached[name].append(given(runs, seed, own, f"{name.replace(' ', '-')}-{label}", label)[0])
        for name, accuracies in reached.items():
            print(f"{label}, {name}: {', '.join(f'{value:.3f}' for value in accuracies)}")
        for name in ("without fusions", "sparse alone", "dense alone"):
            primary = " (primary)" if (label, name) == ("both", "without fusions") else ""
            print(f"{label}, found minus {name}{primary}: {interval(differences(reached['found'], reached[name]))}")


def grid(runs: Runs, seeds: Sequence[int]) -> None:
    rows = {("-", 0.0): [network(free(runs, seed)) for seed in seeds]}
    for name in RANGES:
        for beta in BETAS:
            rows[name, beta] = [network(ranged(runs, seed, beta, name)) for seed in seeds]
    for (name, beta), each in rows.items():
        low, high = RANGES.get(name, (0, 0))
        inside = f", {sum(low <= flops <= high for _, flops in each)} of {len(each)} inside" if high else ""
        flops, accuracy = (statistics.fmean(own[i] for own in each) for i in (1, 0))
        print(f"{name} β = {beta}: mean {flops:,.0f} FLOPs{inside}, accuracy {accuracy:.3f}")


QUESTIONS = {"cost": cost, "fusion": fusion, "grid": grid}


def main(arguments: Sequence[str] | None = None) -> None:
    ask(QUESTIONS, __doc__, SPACE, "build/streams", arguments, five=("grid",))


if __name__ == "__main__":
    main()
