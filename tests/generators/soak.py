"""Many pairs of a random space and one of its architectures, each held to all laws.

    python tests/generators/soak.py --pairs 5000 --out build/soak

Goes on where it was stopped. What each pair showed, and how long each part took, is in `results.jsonl`; the texts of
pairs that fail are in `failures/`. Ends with a table of constructs by how many pairs show them; the exit is 1 where a
pair failed or a construct is in too few of them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from random_spaces.whole import space_text

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Plan:
    """``onnx_every``: the share of pairs that are exported, beside those with a layer that none before had (0: none).
    ``reference``: up to how many architectures a space is held to the reference interpreter. ``seconds``: what a part
    of a pair may take."""

    parts: tuple[str, ...]
    onnx_every: int = 1
    reference: int = 60
    seconds: int = 120


@dataclass
class Result:
    """What came of a pair. ``said``: of each part `ok`, why it was left out, or what went wrong."""

    seed: int
    constructs: list[str]
    said: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    layers: list[str] = field(default_factory=list)
    """The kinds of layers that were exported."""

    @property
    def failures(self) -> dict[str, str]:
        return {part: text for part, text in self.said.items() if text.startswith("FAILED")}


class TooSlow(Exception):
    pass


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """TooSlow where what is inside takes longer, of the processor's time: a machine may have other work."""

    def late(signum: int, frame: object) -> None:
        raise TooSlow(f"not done after {seconds} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Soak:
    """Holds pairs to the laws of its parts."""

    def __init__(self, plan: Plan, layers: Iterable[str] = ()) -> None:
        from laws import LAWS

        self.plan = plan
        self.laws: Mapping[str, Callable[..., str | None]] = {part: LAWS[part] for part in plan.parts}
        self.layers = set(layers)

    def pair(self, seed: int) -> Result:
        from pairs import Pair

        start = time.perf_counter()
        written = space_text(random.Random(seed), outside_files=True)
        result = Result(seed, sorted(written.constructs))
        result.seconds["write"] = time.perf_counter() - start
        pair = Pair(written, seed)
        for part, law in self.laws.items():
            start = time.perf_counter()
            try:
                with within(self.plan.seconds):
                    result.said[part] = law(pair, self, result) or "ok"
            except Exception as error:
                place = traceback.format_exc(limit=-6)
                result.said[part] = f"FAILED {type(error).__name__}: {error}\n{place}"
            result.seconds[part] = time.perf_counter() - start
            if part == "load" and result.failures:
                break
        return result


# -- several processes, and files


Make = Callable[[Plan, list[str]], Soak]


def _work(connection: Connection, plan: Plan, layers: list[str], make: Make) -> None:
    """Hold the pairs whose seeds come, until None does."""
    import torch

    torch.set_num_threads(1)
    soak = make(plan, layers)
    while (seed := connection.recv()) is not None:
        connection.send(soak.pair(seed))


class _Worker:
    """A process that holds one pair at a time, whose death costs that pair alone."""

    def __init__(self, *given: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, there = context.Pipe()
        self.process = context.Process(target=_work, args=(there, *given), daemon=True)
        self.process.start()
        there.close()
        self.seed = -1

    def take(self, seed: int | None) -> None:
        self.seed = -1 if seed is None else seed
        with suppress(OSError):  # one that ended since its last pair says so when it is asked for the next
            self.connection.send(seed)

    def result(self) -> Result:
        """What came of the pair; of one that ended the process, how that ended."""
        try:
            found: Result = self.connection.recv()
            return found
        except (EOFError, OSError):
            self.process.join()
            written = space_text(random.Random(self.seed), outside_files=True)
            said = {"process": f"FAILED the process ended with {self.process.exitcode}"}
            return Result(self.seed, sorted(written.constructs), said)


def results(plan: Plan, seeds: list[int], layers: list[str], jobs: int, make: Make = Soak) -> Iterator[Result]:
    """As they are done, by ``jobs`` processes; by this one where ``jobs`` is 0."""
    if not jobs:
        yield from map(make(plan, layers).pair, seeds)
        return
    todo = iter(seeds)
    busy: dict[Any, _Worker] = {}

    def go_on(worker: _Worker) -> None:
        seed = next(todo, None)
        worker.take(seed)
        if seed is not None:
            busy[worker.connection] = worker

    for _ in range(min(jobs, len(seeds))):
        go_on(_Worker(plan, layers, make))
    while busy:
        for connection in wait(list(busy)):
            worker = busy.pop(connection)
            result = worker.result()
            go_on(_Worker(plan, layers, make) if "process" in result.said else worker)
            yield result


def version() -> str:
    """A hash of what writes texts: with another one a seed means another text."""
    texts = b"".join(path.read_bytes() for path in sorted((FOLDER / "random_spaces").glob("*.py")))
    return hashlib.sha256(texts).hexdigest()[:16]


def read(file: Path) -> list[Result]:
    """The results of earlier calls. What was cut off while it was written is left out."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            found.append(Result(**json.loads(line)))
        except ValueError:
            continue
    return found


def failed(folder: Path, result: Result) -> None:
    """Put the text of a pair that failed, and what was said of it, beside the results."""
    written = space_text(random.Random(result.seed), outside_files=True)
    said = "\n".join(f"{part}: {text}" for part, text in result.failures.items())
    target = folder / "failures"
    target.mkdir(exist_ok=True)
    (target / f"{result.seed}.space").write_text(written.text, encoding="utf-8")
    (target / f"{result.seed}.txt").write_text(said + "\n", encoding="utf-8")
    for name, text in written.files.items():
        (target / f"{result.seed}.{name}").write_text(text, encoding="utf-8")


def summary(found: list[Result], least: int) -> list[str]:
    """What all pairs came to, in lines."""
    from space_texts import CONSTRUCTS

    shown = Counter(dict.fromkeys(CONSTRUCTS, 0))
    parts: Counter[tuple[str, str]] = Counter()
    seconds: Counter[str] = Counter()
    for result in found:
        shown.update(result.constructs)
        seconds.update(result.seconds)
        for part, text in result.said.items():
            parts[part, "FAILED" if text.startswith("FAILED") else text] += 1
    lines = [f"{len(found)} pairs, seeds {min(r.seed for r in found)} to {max(r.seed for r in found)}", ""]
    lines += [f"{n:6d}  {construct}" for construct, n in sorted(shown.items(), key=lambda item: (item[1], item[0]))]
    lines += ["", "parts"]
    lines += [f"{n:6d}  {part}: {text}" for (part, text), n in sorted(parts.items())]
    lines += ["", "seconds a pair"]
    lines += [f"{total / len(found):8.3f}  {part}" for part, total in seconds.items()]
    bad = [r for r in found if r.failures]
    rare = [f"{construct} ({n})" for construct, n in shown.items() if n < least]
    if rare:
        lines += ["", f"in fewer than {least} pairs: {', '.join(sorted(rare))}"]
    lines += ["", f"{len(bad)} failures" + (f": {', '.join(str(r.seed) for r in bad)}" if bad else "")]
    return lines


def run(plan: Plan, seeds: range, out: Path, jobs: int = 0, least: int = 0, echo: Callable[[str], Any] = print) -> int:
    """All pairs of ``seeds`` that are not done yet; the number of failures and of constructs in too few pairs."""
    out.mkdir(parents=True, exist_ok=True)
    stamp, file = out / "generator.txt", out / "results.jsonl"
    if stamp.exists() and stamp.read_text().strip() != version():
        raise SystemExit(f"{out} holds results of another generator: choose another folder, or delete it")
    stamp.write_text(version() + "\n")
    done = {result.seed: result for result in read(file)}
    layers = [layer for result in done.values() for layer in result.layers]
    todo = [seed for seed in seeds if seed not in done]
    with file.open("a", encoding="utf-8") as stream:
        for n, result in enumerate(results(plan, todo, layers, jobs), 1):
            done[result.seed] = result
            stream.write(json.dumps(result.__dict__) + "\n")
            stream.flush()
            if result.failures:
                failed(out, result)
                echo(f"pair {result.seed} failed: {', '.join(result.failures)}")
            if n % 100 == 0:
                echo(f"{n} of {len(todo)}, {sum(bool(r.failures) for r in done.values())} failures")
    found = [done[seed] for seed in seeds if seed in done]
    lines = summary(found, least)
    (out / "summary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for line in lines:
        echo(line)
    return sum(bool(r.failures) for r in found) + sum("in fewer than" in line for line in lines)


def main() -> None:
    from laws import LAWS

    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--pairs", type=int, default=500)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--parts", default=",".join(LAWS), help=f"some of {', '.join(LAWS)}")
    options.add_argument(
        "--onnx-every", type=int, default=10, help="export each n-th pair, and all with new layers; 0: none"
    )
    options.add_argument("--reference", type=int, default=60, help="interpret spaces of up to so many architectures")
    options.add_argument("--seconds", type=int, default=120, help="what one part of a pair may take")
    options.add_argument("--least", type=int, default=0, help="in how many pairs each construct has to be")
    options.add_argument("--out", type=Path, default=Path("build/soak"))
    given = options.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parts = tuple(part for part in LAWS if part in given.parts.split(","))
    plan = Plan(parts, given.onnx_every, given.reference, given.seconds)
    seeds = range(given.first, given.first + given.pairs)
    sys.exit(min(1, run(plan, seeds, given.out, given.jobs, given.least)))


if __name__ == "__main__":
    main()
