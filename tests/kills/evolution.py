"""An evolution of sixty trials whose processes are killed at random moments, with one, two and three hands and on a
Ray cluster of two machines: it must end with the same trials and the same population, bit by bit.

    PYTHONPATH=tests python -m kills.evolution [KILLS] [--trials N] [--engines 1 2 3 ray] [--seed S] [--out DIR]

A moment kills a process that trains, the leading one, which is then gone on with, or on Ray a machine with all its
processes, in whose place a new one comes. Both machines are this one, in a network of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from stdsl.runtime.strategies.evolution.population import Member, Population

from .outcome import differences, outcome

sys.path.insert(0, str(Path(__file__).parents[1] / "generators"))

from private_network import INSIDE, LOOPBACK, ROOT, private_network

POPULATION, WORKERS = 12, 3
STEPS = 40
TEXT = """stdsl 1
meta net(c = 4) on video: clip(1, 4, 8, 8) {
  y = video -> conv(choose 4..12 as width, 1x3x3) -> bn -> relu -> repeat choose 1..3 as depth {
    conv(c, choose {1x3x3, 3x1x1, 3x3x3} as kind) -> bn -> relu
  }
  return y -> dropout(0.2) -> global_avg_pool -> linear(4)
}
space cells = net
search evolved {
  space = cells
  strategy = evolution {
    population = POPULATION  tournament = 4  rounds = ROUNDS  workers = WORKERS  attempts = 100
    fitness { steps = STEPS  batch = 8  samples = 16  optimizer = sgd(lr = 0.05) }
  }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 64, valid = 32, test = 32)
  retrain { steps = 20  batch = 8 }
  compare { random = 2 }
}
"""
MEAN = 1.5
"""Seconds from one moment to the next, on average, in the first run; in each further one half as many."""
RUNS = 10
"""A run may be over before its moments have come: so many are tried at most."""
IDLE = 0.97
"""Of the moments in which nothing trains, so many pass: on a busy machine starting takes longer than training."""
PATIENCE = 1800.0


@dataclass
class Outside:
    """What can be killed of a run at work. ``machine``: kills one with all its processes, and puts one in its place."""

    out: Path
    chance: random.Random
    machine: Callable[[], None] | None = None
    killed: Counter[str] = field(default_factory=Counter)

    def kill(self, leading: subprocess.Popen[bytes]) -> bool:
        """Kill something; whether it was the leading process."""
        found = self._workers()
        if not found and self.chance.random() < IDLE:
            return False
        what = self.chance.choices(("worker", "leading", "machine"), (6, 3, 2 if self.machine else 0))[0]
        if what == "leading":
            leading.kill()
            leading.wait()
        elif what == "machine":
            assert self.machine is not None
            self.machine()
        else:
            if not found:
                return False
            try:
                os.kill(self.chance.choice(found), signal.SIGKILL)
            except ProcessLookupError:
                return False
        self.killed[what] += 1
        return what == "leading"

    def _workers(self) -> list[int]:
        """Processes that train, by what the store says of them."""
        path = self.out / "trials.sqlite"
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            rows = store.execute("SELECT worker FROM trials WHERE state = 'running' AND worker IS NOT NULL")
            return [pid for (worker,) in rows if _trains(pid := int(worker.rpartition(" ")[2]))]
        return []


def _trains(process: int) -> bool:
    """Whether it is a process of a trial still: the store may name one that is gone, whose number is another's now."""
    with suppress(OSError):
        command = Path(f"/proc/{process}/cmdline").read_bytes()
        return b"stdsl" in command or b"ray::" in command
    return False


def disturbed(
    space: Path,
    out: Path,
    options: list[str],
    kills: int,
    chance: random.Random,
    machine: Callable[[], None] | None,
    mean: float = MEAN,
) -> Counter[str]:
    """A run to its end, through so many kills (fewer where it was over before); how many there were of each kind."""
    outside = Outside(out, chance, machine)
    limit = time.monotonic() + PATIENCE
    while True:
        going_on = (out / "run.json").exists()
        what = ["--resume", str(out)] if going_on else [f"{space}::evolved", "--out", str(out)]
        hands = options if not going_on or "--hands" in options else []
        with (out.parent / "output.txt").open("ab") as output:
            command = [sys.executable, "-c", LEADING, "run", *what, *hands, "--quiet"]
            leading = subprocess.Popen(command, stdout=output, stderr=output)
        again = False
        while leading.poll() is None and not again:
            assert time.monotonic() < limit, "it hangs"
            if outside.killed.total() >= kills:
                leading.wait(PATIENCE)
                break
            time.sleep(chance.expovariate(1 / mean))
            # Until there is a directory there is nothing to go on with, and nothing of it to lose.
            if leading.poll() is None and (out / "trials.sqlite").exists():
                again = outside.kill(leading)
        if not again:
            assert leading.returncode == 0, (out.parent / "output.txt").read_text()[-3000:]
            return outside.killed


LEADING = """
import functools, sys
from stdsl.runtime import run
run.RunRequest = functools.partial(run.RunRequest, checkpoint_seconds=0.05)
from stdsl.cli.main import cli
cli(sys.argv[1:])
"""


def population(out: Path) -> list[tuple[int, float]]:
    """Who is alive at the end of a run, by its trials: their numbers and values, in the order of their coming."""
    facts = json.loads((out / "result.json").read_text(encoding="utf-8"))["search_facts"]["trials"]
    alive = Population(POPULATION, "worst")
    for trial in facts:
        alive.join(Member(int(trial["name"].removeprefix("trial-")) - 1, (trial["value"],)))
    return [(member.number, member.scores[0]) for member in alive.members]


@contextmanager
def two_machines() -> Iterator[Callable[[], None]]:
    """A Ray cluster of two, which runs find; what kills the second one, and puts another in its place."""
    from ray.cluster_utils import Cluster

    os.environ["PYTHONPATH"] = str(ROOT)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    others = [cluster.add_node(num_cpus=1)]

    def lose() -> None:
        cluster.remove_node(others.pop(), allow_graceful=False)
        others.append(cluster.add_node(num_cpus=1))

    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        yield lose
    finally:
        cluster.shutdown()


def main() -> int:
    parser = argparse.ArgumentParser(prog="kills.evolution", description=__doc__)
    parser.add_argument("kills", nargs="?", type=int, default=20)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--engines", nargs="*", default=["1", "2", "3", "ray"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "stdsl-evolution")
    given = parser.parse_args()
    if "ray" in given.engines and INSIDE not in os.environ:
        command = [*private_network(), "sh", "-c", LOOPBACK + '"$@"', "sh", sys.executable, "-m", "kills.evolution"]
        return subprocess.run([*command, *sys.argv[1:]], env=os.environ | {INSIDE: "1"}, check=False).returncode
    given.out.mkdir(parents=True, exist_ok=True)
    space, whole, wrong = given.out / "tiny.space", given.out / "whole", 0
    rounds = given.trials - POPULATION
    numbers = {"POPULATION": POPULATION, "ROUNDS": rounds, "WORKERS": WORKERS, "STEPS": STEPS}
    text = TEXT
    for name, number in numbers.items():
        text = text.replace(name, str(number))
    if not whole.exists() or space.read_text() != text:
        shutil.rmtree(whole, ignore_errors=True)
        space.write_text(text)
        disturbed(space, whole, ["--hands", "0"], 0, random.Random(0), None)
    expected, alive = outcome(whole), population(whole)
    print(f"undisturbed: {given.trials} trials, alive at the end: {sorted(number for number, _ in alive)}", flush=True)
    for engine in given.engines:
        chance, began = random.Random(f"{given.seed} {engine}"), time.monotonic()
        killed: Counter[str] = Counter()
        differs: list[str] = []
        runs = 0
        with two_machines() if engine == "ray" else nullcontext() as lose:
            options = ["--engine", "ray"] if engine == "ray" else ["--hands", engine]
            while killed.total() < given.kills and runs < RUNS:
                out = given.out / f"run-{engine}"
                shutil.rmtree(out, ignore_errors=True)
                left = given.kills - killed.total()
                killed += disturbed(space, out, options, left, chance, lose, MEAN / 2**runs)
                runs += 1
                differs += differences(expected, outcome(out))
                if population(out) != alive:
                    differs.append("the last population")
        wrong += bool(differs) or killed.total() < given.kills
        said = f"differs: {', '.join(differs)}" if differs else "the same trials and population, bit by bit"
        how = ", ".join(f"{count} of {what}" for what, count in sorted(killed.items()))
        name = f"{engine} hands" if engine != "ray" else "ray, two machines"
        times = f"killed {killed.total()} times ({how}) in {runs} run{'s' if runs > 1 else ''}"
        print(f"{name}: {times}, {time.monotonic() - began:.0f} s: {said}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
