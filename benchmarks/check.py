"""The time of a whole check, per file of the library, warm.

    python benchmarks/check.py [FILE ...]

Median of seven checks in one process, after one that is not counted; every check reads and parses the file and all
that it imports anew. Time is that of the processor. The start of Python and the imports are not in it; the last row is
what they take.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time

from machine import described

from stdsl.compiler.checks.check import check_file
from stdsl.compiler.semantics.modules import library_names

ROUNDS = 7


def seconds(target: str) -> tuple[float, int]:
    """The median time of a check, and how many diagnostics it gives."""
    found = len(check_file(target))
    times = []
    for _ in range(ROUNDS):
        gc.collect()
        start = time.process_time()
        check_file(target)
        times.append(time.process_time() - start)
    return statistics.median(times), found


def imports() -> float:
    """A fresh process that imports what a check needs."""
    before = os.times()
    subprocess.run([sys.executable, "-c", "import stdsl.compiler.checks.check"], check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> int:
    print(described())
    print()
    print("| file | check | diagnostics |")
    print("|---|---|---|")
    for target in sys.argv[1:] or library_names():
        time_taken, found = seconds(target)
        print(f"| `{target}` | {time_taken * 1000:.0f} ms | {found} |", flush=True)
    alone = statistics.median(imports() for _ in range(3))
    print(f"| a process that only imports the checker | {alone * 1000:.0f} ms | |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
