"""AutoDeepFuse at a small size over several seeds: what it finds, beside the seven baselines and random architectures.

    python benchmarks/fusion.py --seeds 50 51 52 53 54 --folder /tmp/fusion --write

runs them one after the other and puts the table into ``benchmarks/RESULTS.md``. A run that is in the folder already is
not done again, one that was stopped there goes on. Settings are those of ``examples/autodeepfuse_small.space``; they
were fixed before the recorded seeds were run.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from stdsl import __version__
from stdsl.runtime.report.console import ConsoleReporter
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.tracking.directory import result_of
from stdsl.runtime.tracking.manifest import cores

ROOT = Path(__file__).parents[1]
SPACE = ROOT / "examples" / "autodeepfuse_small.space"
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
BEGIN, END = "<!-- fusion: begin -->", "<!-- fusion: end -->"
BASELINES = {
    "frames_only": "R",
    "flow_only": "F",
    "mask_only": "M",
    "frames_flow": "R+F",
    "frames_mask": "R+M",
    "flow_mask": "F+M",
    "frames_flow_mask": "R+F+M",
}


def measure(seed: int, folder: Path) -> Mapping[str, Any]:
    """The result of one run."""
    with ConsoleReporter() as reporter:
        if (folder / "result.json").exists():
            return result_of(folder)
        if (folder / "run.json").exists():
            return resume(folder, reporter).document
        return run(RunRequest(str(SPACE), "fuse", [f"seed={seed}"], out=folder), reporter).document


def row(seed: int, document: Mapping[str, Any]) -> dict[str, Any]:
    """What the table needs of a result."""
    networks = {n["title"]: n for n in document["networks"]}
    seconds = document["search_facts"]["seconds"] + sum(n["seconds"] for n in document["networks"])
    return {
        "seed": seed,
        "found": networks["derived"]["test"]["accuracy"],
        "params": networks["derived"]["params"],
        "random": [n["test"]["accuracy"] for n in document["networks"] if n["kind"] == "random"],
        "baselines": [networks[title]["test"]["accuracy"] for title in BASELINES],
        "onnx": max(document["onnx"]["difference"].values()),
        "seconds": seconds,
    }


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The section of RESULTS.md."""
    columns = ("seed", "found", "random (three)", *BASELINES.values(), "params found", "ONNX differs", "seconds")
    machine = f"{cores()} cores, {platform.machine()}"
    lines = [
        f"Measured with `python benchmarks/fusion.py`, stdsl {__version__}, torch {torch.__version__}, {machine}.",
        "Accuracy on 1 024 test clips of digits that no training saw; one training each. R: frames, F: flow, M: mask;",
        "the baselines classify the concatenated features of frozen streams.",
        "",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
    ]
    for r in rows:
        random = " ".join(f"{value:.3f}" for value in r["random"])
        baselines = " | ".join(f"{value:.3f}" for value in r["baselines"])
        lines.append(
            f"| {r['seed']} | **{r['found']:.3f}** | {random} | {baselines} | {r['params']:,} | {r['onnx']:.0e} "
            f"| {r['seconds']:.0f} |"
        )
    found = [r["found"] for r in rows]
    means = [statistics.mean(r["random"]) for r in rows]
    best = [max(r["random"]) for r in rows]
    single = [max(r["baselines"][:3]) for r in rows]
    several = [max(r["baselines"][3:]) for r in rows]
    count = sum(len(r["random"]) for r in rows)
    above = sum(r["found"] > value for r in rows for value in r["random"])
    lines += [
        "",
        f"Mean ± standard deviation over {len(rows)} seeds: found **{spread(found)}**, mean of three random ones",
        f"{spread(means)}, best of three {spread(best)}; best single stream {spread(single)},",
        f"best concatenation of several {spread(several)}. The found architecture is above {above} of all {count}",
        f"random ones, above the best single stream in {_wins(found, single)} and above the best concatenation in",
        f"{_wins(found, several)} of {len(rows)} seeds. Seconds are of the search and all trainings but the streams',",
        "beside other work on the same cores.",
    ]
    return "\n".join(lines)


def _wins(ours: Sequence[float], theirs: Sequence[float]) -> int:
    return sum(a > b for a, b in zip(ours, theirs, strict=True))


def spread(values: Sequence[float]) -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} ± {deviation:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[50, 51, 52, 53, 54])
    parser.add_argument("--folder", type=Path, default=Path("runs") / "fusion", help="where the runs are kept")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/RESULTS.md")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    options = parser.parse_args()
    rows = [row(seed, measure(seed, options.folder / str(seed))) for seed in options.seeds]
    section = table(rows)
    print(section)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    if options.write:
        text = RESULTS.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        RESULTS.write_text(f"{before}{BEGIN}\n{section}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
