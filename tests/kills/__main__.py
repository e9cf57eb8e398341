"""Kill tiny runs at random moments, go on with them, and compare what they leave with undisturbed ones.

    PYTHONPATH=tests python -m kills [N] [--out DIR] [--seed S] [--minutes M]

Going on with a folder that is there goes on where it was. Exits with 1 where a run differs or hangs.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from .driver import Driver
from .process import Zygote
from .texts import DERIVED, KINDS


def main() -> int:
    parser = argparse.ArgumentParser(prog="kills", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kills", nargs="?", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("build/kills"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long; the next call goes on")
    parser.add_argument("--kinds", nargs="*", default=[*KINDS, *DERIVED], choices=[*KINDS, *DERIVED])
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * given.minutes
    with Zygote(given.out / "output.txt") as zygote:
        driver = Driver(given.out, zygote, given.seed, tuple(given.kinds))
        for trial in driver.go(given.kills):
            wrong = " WRONG" if trial.wrong else ""
            print(f"{driver.kills:4d}  {trial.kind}: {', '.join(trial.places)}{wrong}", flush=True)
            if time.monotonic() > end:
                break
    print("\n".join(driver.table()))
    return 1 if any(trial.wrong for trial in driver.trials) else 0


if __name__ == "__main__":
    raise SystemExit(main())
