"""Examine mutants of all texts of the project.

    PYTHONPATH=tests python -m fuzz [N] [--out DIR] [--seed S] [--deep .3] [--networks .1] [--texts DIR …]
    PYTHONPATH=tests python -m fuzz --show DIR
    PYTHONPATH=tests python -m fuzz --shrink DIR

Going on with a folder that is there goes on where it was. Exits with 1 where there are failures.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .driver import Failure, Run, Settings
from .shrink import shrunk


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("mutants", nargs="?", type=int, default=50_000)
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--deep", type=float, default=0.3, help="share of accepted spaces that become generated text")
    parser.add_argument("--networks", type=float, default=0.1, help="share of these that are built and run")
    parser.add_argument("--seconds", type=float, default=10.0, help="of processor time for one mutant")
    parser.add_argument("--texts", nargs="*", default=[], help="folders with more texts")
    parser.add_argument("--show", type=Path, help="what was found, one of each kind")
    parser.add_argument("--shrink", type=Path, help="the same, each text as small as it gets")
    given = parser.parse_args()
    if given.show or given.shrink:
        return _show(given.show or given.shrink, given.shrink is not None)
    settings = Settings(given.seed, given.deep, given.networks, given.seconds, more=tuple(given.texts))
    run = Run(given.out, settings)
    failures = run.go(given.mutants)
    for name, n in sorted(run.reached.items(), key=lambda item: -item[1]):
        print(f"{n:8d}  {name}")
    for name, n in run.kinds.most_common():
        print(f"{n:8d}  {name}")
    return 1 if failures else 0


def _show(folder: Path, small: bool) -> int:
    settings = Settings(**json.loads((folder / "progress.json").read_text())["settings"])
    kinds: dict[tuple[str, str], list[Failure]] = {}
    for line in (folder / "failures.jsonl").read_text(encoding="utf-8").splitlines():
        failure = Failure(**json.loads(line))
        kinds.setdefault((failure.stage, failure.kind), []).append(failure)
    for (stage, kind), failures in sorted(kinds.items(), key=lambda item: -len(item[1])):
        shortest = min(failures, key=lambda f: len(f.text))
        text = shrunk(shortest, settings) if small else shortest.text
        print(f"==== {len(failures)} × {stage}: {kind} (mutant {shortest.index} of {shortest.origin})")
        print(shortest.detail[-1500:])
        print(f"---- {len(text)} characters\n{text[:3000]}\n", flush=True)
    return 1 if kinds else 0


if __name__ == "__main__":
    raise SystemExit(main())
