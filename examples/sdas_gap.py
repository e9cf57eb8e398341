"""Scheduled against one-step discretization: time, and the gap between the relaxed and the discrete network.

    python examples/sdas_gap.py [--seeds 5] [--steps 300]

Runs DAS, SDAS-A and SDAS-C of `examples/sdas_digits.space` one after the other for each seed, on one thread, in one
process, and prints for each the seconds of the search (without measuring) and top-1 accuracies on held-out samples
with the search's own weights: SDAS just before its last ten decisions, DAS just before all of its own. Batch-norms
use the statistics of the batch in both networks.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run
from stdsl.runtime.tracking.journal import read_journal

SPACE = Path(__file__).with_name("sdas_digits.space")
SEARCHES = ("das", "sdas_a", "sdas_c")
LAST = 10


def row(search: str, seed: int, steps: int, folder: Path) -> dict[str, Any]:
    """One search: its seconds, both accuracies, and how many architectures were left at that moment."""
    overrides = [f"seed={seed}", f"strategy.steps={steps}"]
    result = run(RunRequest(str(SPACE), search, overrides, out=folder), Silent())
    facts = result.document["search_facts"]
    decisions = [line for line in read_journal(folder / "journal.jsonl") if line["event"] == "decision"]
    found = decisions[-LAST] if decisions else facts["gap"]
    return {
        "search": search,
        "seed": seed,
        "seconds": facts["seconds"] - facts["measuring"],
        "relaxed": found["relaxed"],
        "discrete": found["discrete"],
        "end": facts["gap"]["discrete"],
        "step": found.get("step", steps - 1) + 1,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=300)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    print("search  seed  seconds  at step  relaxed  discrete  gap     at the end", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seeds):
            for search in SEARCHES:
                rows.append(row(search, seed, options.steps, Path(folder) / f"{search}-{seed}"))
                r = rows[-1]
                print(
                    f"{search:7} {seed:4}  {r['seconds']:7.1f}  {r['step']:7}  {r['relaxed']:7.3f}  "
                    f"{r['discrete']:8.3f}  {r['relaxed'] - r['discrete']:+.3f}  {r['end']:.3f}",
                    flush=True,
                )
    base = statistics.median(r["seconds"] for r in rows if r["search"] == "das")
    for search in SEARCHES:
        own = [r for r in rows if r["search"] == search]
        gap = statistics.mean(r["relaxed"] - r["discrete"] for r in own)
        ratio = statistics.median(r["seconds"] for r in own) / base
        print(f"{search}: {ratio:.2f} of DAS's time, mean gap {gap:+.3f}")


if __name__ == "__main__":
    main()
