"""Scheduled against one-step discretization: time, and the gap between the relaxed and the discrete network.

    python examples/sdas_gap.py [SEARCH …] [--seeds 5] [--steps 500]

Runs searches of `examples/sdas_digits.space` (DAS and SDAS-C, if none are named) one after the other for each seed, on
one thread, in one process, and prints for each the seconds of the search (without measuring) and top-1 accuracies on
held-out samples with the search's own weights: SDAS just before its last ten decisions, DAS just before all of its
own. Batch-norms use the statistics of the batch in both networks. Thirteen classes are as frequent as each other:
chance is 0.077.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

import torch

from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run
from stdsl.runtime.tracking.journal import read_journal

SPACE = Path(__file__).with_name("sdas_digits.space")
SEARCHES = ("das", "sdas_c")
LAST = 10


def row(search: str, seed: int, steps: int, folder: Path) -> dict[str, Any]:
    """One search: its seconds, both accuracies, and how many of its decisions and sites were open at that moment."""
    overrides = [f"seed={seed}", f"strategy.steps={steps}"]
    result = run(RunRequest(str(SPACE), search, overrides, out=folder), Silent())
    facts = result.document["search_facts"]
    decisions = [line for line in read_journal(folder / "journal.jsonl") if line["event"] == "decision"]
    # What is fixed after the same step was measured together, before any of it was fixed.
    found = decisions[-LAST] if decisions else facts["gap"] | {"step": steps - 1}
    before = [line for line in decisions if line["step"] < found["step"]]
    return {
        "search": search,
        "seed": seed,
        "seconds": facts["seconds"] - facts["measuring"],
        "step": found["step"] + 1,
        "open": len(decisions) - len(before) if decisions else "all",
        "relaxed": found["relaxed"],
        "discrete": found["discrete"],
        "gap": found["relaxed"] - found["discrete"],
        "end": facts["gap"]["discrete"],
    }


def spread(values: list[float]) -> str:
    return f"{min(values):.3f} to {max(values):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("searches", nargs="*", default=list(SEARCHES), metavar="SEARCH")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=500)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    print("search  seed  seconds  at step  open  relaxed  discrete  gap     at the end", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seeds):
            for search in options.searches:
                r = row(search, seed, options.steps, Path(folder) / f"{search}-{seed}")
                rows.append(r)
                print(
                    f"{search:7} {seed:4}  {r['seconds']:7.1f}  {r['step']:7}  {r['open']:>4}  {r['relaxed']:7.3f}  "
                    f"{r['discrete']:8.3f}  {r['gap']:+.3f}  {r['end']:.3f}",
                    flush=True,
                )
    for search in options.searches:
        own = [r for r in rows if r["search"] == search]
        seconds = statistics.median(r["seconds"] for r in own)
        shares = [a["seconds"] / b["seconds"] for a, b in zip(own, rows[:: len(options.searches)], strict=True)]
        print(
            f"{search}: median {seconds:.1f} s, {statistics.median(shares):.2f} of {rows[0]['search']}'s with the same "
            f"seed; gap {spread([r['gap'] for r in own])}, mean {statistics.mean(r['gap'] for r in own):.3f}"
        )


if __name__ == "__main__":
    main()
