"""What a trial takes beyond its training, on this machine: a fresh process, the store, and the way there and back.

    python benchmarks/trials.py [TRIALS]

Trials of no work go one by one through the loop of a search, its SQLite file and an engine with one hand. 200 unless
told otherwise. Wall-clock time says something on a machine that does nothing else; processor time on any. What stands
between two trials of a hand is that of this process and that of a trial until its value: the next process has been
forked by then, and the last one ends meanwhile.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from machine import described

from stdsl.compiler.analysis.architecture import Architecture, DecisionTable
from stdsl.runtime.engines.contract import Work
from stdsl.runtime.engines.processes import ProcessEngine
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.training.interruption import Interruption
from stdsl.runtime.trials.clock import Clock
from stdsl.runtime.trials.database import file_database
from stdsl.runtime.trials.loop import Loop, Rules
from stdsl.runtime.trials.proposal import Outcome, Spec
from stdsl.runtime.trials.store import TrialStore


class Asked:
    """Proposes so many trials, and notes when."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.times: list[float] = []
        self.own: list[float] = []

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | None:
        self.times.append(time.perf_counter())
        self.own.append(time.process_time())
        return Spec(number, Architecture({"x": number}, TABLE)) if number < self.count else None


TABLE = DecisionTable("nothing", (), ())


def main() -> int:
    sys.path.append(str(Path(__file__).with_name("pieces")))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    proposer = Asked(count)
    rules = Rules(Clock(1), 1, lambda spec: 1, lambda spec: {"number": spec.number}, 0)
    with tempfile.TemporaryDirectory() as folder:
        store = TrialStore(file_database(Path(folder) / "trials.sqlite"), "measured")
        loop = Loop(proposer, rules, store, Silent(), Interruption())
        with ProcessEngine(Work("no_training:prepare"), 1, loop.hear) as engine:
            done = loop.run(engine)
        store.close()
    apart = [after - before for before, after in zip(proposer.times, proposer.times[1:], strict=False)]
    print(described())
    print(f"the first trial {apart[0]:.1f} s (PyTorch is loaded once)")
    print(f"each other one {statistics.median(apart[1:]) * 1e3:.1f} ms (median of {count - 1})")
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = (proposer.own[-1] - proposer.own[1]) / (count - 1)
    others = children.ru_utime + children.ru_stime
    failed = [trial.outcome.failed for trial in done if trial.outcome.failed]
    assert not failed, failed[0]
    until = statistics.median(trial.outcome.values["loss"] for trial in done)
    print(f"processor time of this one {own * 1e3:.1f} ms a trial, of a trial's until its value {until * 1e3:.1f} ms")
    print(f"of all others {others:.1f} s: PyTorch's start, forks and ends of processes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
