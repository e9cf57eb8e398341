"""What is measured from several seeds, and differences over them with intervals of Student's t."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STUDENT = {3: 4.303, 4: 3.182, 5: 2.776}
"""Student's t at 97.5 %, by how many values there are."""


@dataclass(frozen=True)
class Paired:
    """Differences in points, over seeds, and half of their interval by Student's t."""

    each: Sequence[float]

    def told(self) -> str:
        mean = statistics.fmean(self.each)
        half = STUDENT[len(self.each)] * statistics.stdev(self.each) / len(self.each) ** 0.5
        shown = " ".join(f"{value:+.1f}" for value in self.each)
        return f"{shown}: mean {mean:+.1f} ± {half:.1f}{'' if abs(mean) > half else ', not resolved'}"


def by_seed(
    script: str,
    document: Mapping[str, Any],
    reached: Mapping[str, Sequence[float]],
    differences: Mapping[str, Sequence[float]],
) -> list[str]:
    """A table with a row for each accuracy and each difference of accuracies, by title, from each seed of the
    document."""
    seeds = ", ".join(str(row["seed"]) for row in document["seeds"])
    return [
        f"Measured with `python benchmarks/{script}`, {document['measured']}. Accuracy in percent on 1,024 "
        f"test clips, seeds {seeds}; 95 % intervals of Student's t.",
        "",
        "| | by seed |",
        "|---|---|",
        *(f"| {title} | {' '.join(f'{100 * value:.1f}' for value in each)} |" for title, each in reached.items()),
        *(f"| {title} | {Paired([100 * value for value in each]).told()} |" for title, each in differences.items()),
    ]
