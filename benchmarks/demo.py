"""The quickstart search over several seeds: what it finds, beside random architectures and the baseline.

    python benchmarks/demo.py --seeds 40 41 42 43 44 --write

runs them one after the other and puts the table into ``benchmarks/RESULTS.md``. Settings are those of
``examples/quickstart.space``; they were fixed before the recorded seeds were run.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from stdsl import __version__
from stdsl.runtime.report.console import ConsoleReporter
from stdsl.runtime.run import RunRequest, run
from stdsl.runtime.tracking.manifest import cores

ROOT = Path(__file__).parents[1]
SPACE = ROOT / "examples" / "quickstart.space"
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
BEGIN, END = "<!-- demo: begin -->", "<!-- demo: end -->"


def measure(seed: int, folder: Path) -> dict[str, Any]:
    """One run; what the table needs of it."""
    start = time.monotonic()
    with ConsoleReporter() as reporter:
        document = run(RunRequest(str(SPACE), overrides=[f"seed={seed}"], out=folder / str(seed)), reporter).document
    networks = {n["title"]: n for n in document["networks"]}
    random = [n["test"]["accuracy"] for n in document["networks"] if n["kind"] == "random"]
    (baseline,) = (n["test"]["accuracy"] for n in document["networks"] if n["kind"] == "space")
    return {
        "seed": seed,
        "derived": networks["derived"]["test"]["accuracy"],
        "params": networks["derived"]["params"],
        "flops": networks["derived"]["flops"],
        "random": random,
        "baseline": baseline,
        "seconds": time.monotonic() - start,
        "onnx": max(document["onnx"]["difference"].values()),
    }


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The section of RESULTS.md."""
    columns = (
        "seed", "found", "params", "FLOPs", "random (three)", "their mean", "best of them", "per-frame 2D",
        "ONNX differs", "all of it",
    )  # fmt: skip
    machine = f"torch {torch.__version__}, {cores()} cores, {platform.machine()}"
    lines = [
        f"Measured with `python benchmarks/demo.py`, stdsl {__version__}, {machine}.",
        "Accuracy on 1 024 test clips of digits that no training saw; one training each.",
        "",
        f"| {' | '.join(columns)} |",
        "|---" * len(columns) + "|",
    ]
    for row in rows:
        random = row["random"]
        lines.append(
            f"| {row['seed']} | **{row['derived']:.3f}** | {row['params']:,} | {row['flops']:,} "
            f"| {' '.join(f'{a:.3f}' for a in random)} | {statistics.mean(random):.3f} | {max(random):.3f} "
            f"| {row['baseline']:.3f} | {row['onnx']:.0e} | {row['seconds']:.0f} s |"
        )
    found = [row["derived"] for row in rows]
    means = [statistics.mean(row["random"]) for row in rows]
    best = [max(row["random"]) for row in rows]
    above = sum(mean < own for mean, own in zip(means, found, strict=True))
    single = sum(a < row["derived"] for row in rows for a in row["random"])
    lines += [
        "",
        f"Mean ± standard deviation over {len(rows)} seeds: found **{spread(found)}**,",
        f"mean of three random ones {spread(means)}, best of three {spread(best)},",
        f"per-frame 2D {spread([row['baseline'] for row in rows])}.",
        f"The found architecture is above the mean of its random ones in {above} of {len(rows)} seeds,",
        f"and above {single} of all {3 * len(rows)} random ones.",
    ]
    return "\n".join(lines)


def spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values) if len(values) > 1 else 0.0:.3f}"


def put(section: str) -> None:
    """Replace what stands between the marks in RESULTS.md."""
    text = RESULTS.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    RESULTS.write_text(f"{before}{BEGIN}\n{section}\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[40, 41, 42, 43, 44])
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    parser.add_argument("--out", type=Path, help="keep the runs here")
    options = parser.parse_args()
    folder = options.out or Path(tempfile.mkdtemp(prefix="stdsl-demo-"))
    rows = []
    for seed in options.seeds:
        rows.append(measure(seed, folder))
        print(json.dumps(rows[-1]), flush=True)
    print(table(rows))
    if options.write:
        put(table(rows))


if __name__ == "__main__":
    main()
