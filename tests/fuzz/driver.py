"""Workers that examine mutants one after the other, a time and memory limit for each, and what they found on disk."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from .mutations import Mutant, mutant
from .stages import Examination, Refused
from .texts import ROOT, Corpus, texts
from .words import CANARY


@dataclass(frozen=True)
class Settings:
    """Which mutants, and what is done with them. Mutant i is a function of ``seed``, i and the texts."""

    seed: int = 0
    deep: float = 0.3
    networks: float = 0.1
    seconds: float = 10.0
    """Of processor time for one mutant."""
    megabytes: int = 1_500
    """That one mutant may add to the worker."""
    more: tuple[str, ...] = ()
    """Folders with more texts."""


@dataclass(frozen=True)
class Failure:
    """``kind``: what was raised and where, equal for failures that are probably one."""

    index: int
    stage: str
    kind: str
    detail: str
    origin: str
    text: str


class Late(BaseException):
    """The time limit."""


class Executed(BaseException):
    """Something of a text was run."""


@contextmanager
def limits(settings: Settings) -> Iterator[None]:
    """Raises Late inside after the processor time, MemoryError beyond the memory."""

    def late(signum: int, frame: object) -> None:
        raise Late

    before = signal.signal(signal.SIGPROF, late)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + settings.megabytes * 2**20, hard))
    signal.setitimer(signal.ITIMER_PROF, settings.seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def watch() -> None:
    """From now on whatever a text would run ends the examination: nothing in a check starts a program or imports what a
    text names."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "import" and CANARY in str(arguments[0]):
            raise Executed(f"import of {arguments[0]}")
        if event in ("os.system", "subprocess.Popen", "os.exec", "socket.connect"):
            raise Executed(event)

    sys.addaudithook(hook)


def examine(found: Mutant, index: int, settings: Settings) -> tuple[Failure | None, Counter[str]]:
    """What goes wrong with one mutant, and the stages that it reached."""
    examination = Examination(found, random.Random(f"{settings.seed} {index} stages"), settings.deep, settings.networks)
    start = time.process_time()
    try:
        with limits(settings):
            examination.run()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        kind, detail = signature(error)
        spent = f"\n{time.process_time() - start:.1f} s"
        return Failure(index, examination.stage, kind, detail + spent, found.origin, found.text), examination.reached
    return None, examination.reached


def signature(error: BaseException) -> tuple[str, str]:
    """Equal words for failures that are probably one, and where it came from."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/site-packages/" not in f.filename]
    inside = [f for f in frames if str(ROOT) in f.filename and "/tests/" not in f.filename]
    name = type(error).__name__
    if isinstance(error, Refused):
        name, inside = f"Refused: {str(error).partition(':')[0]}", []
    elif isinstance(error, (Late, MemoryError, RecursionError)):
        # Where the limit strikes is chance; the package that it strikes in is less so.
        place = inside[min(len(inside) - 1, 6)].filename.removeprefix(f"{ROOT}/") if inside else "?"
        return f"{name} in {place}", "\n".join(str(f) for f in traceback.format_list(frames[-12:]))
    where = f" at {inside[-1].filename.removeprefix(f'{ROOT}/')}:{inside[-1].name}" if inside else ""
    lines = traceback.format_list(frames[-12:])
    return f"{name}{where}", "".join(lines) + "".join(traceback.format_exception_only(error))


# ---- processes -----------------------------------------------------------------------------------------------------


def _work(settings: Settings, first: int, end: int, channel: Connection) -> None:
    """A worker: says of each mutant what was found, and goes when it was hurt."""
    corpus = Corpus(texts([Path(m) for m in settings.more]))
    if settings.networks:
        import torch

        torch.set_num_threads(1)
    watch()
    for index in range(first, end):
        found = mutant(corpus, random.Random(f"{settings.seed} {index}"))
        channel.send(("begins", index, found))
        failure, reached = examine(found, index, settings)
        channel.send(("ends", failure, reached))
        if failure is not None and failure.kind.partition(" ")[0] in ("Late", "MemoryError", "RecursionError"):
            return  # what was broken off may have left anything behind


class Run:
    """A folder with what was found: ``failures.jsonl``, ``progress.json``."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder, self.settings = folder, settings
        folder.mkdir(parents=True, exist_ok=True)
        self._progress = folder / "progress.json"
        known = json.loads(self._progress.read_text()) if self._progress.is_file() else {}
        if known and known["settings"] != json.loads(json.dumps(asdict(settings))):
            raise SystemExit(f"{folder} was made with other settings: {known['settings']}")
        self.done: int = known.get("done", 0)
        self.reached = Counter[str](known.get("reached", {}))
        self.kinds = Counter[str](known.get("kinds", {}))
        self.seconds: float = known.get("seconds", 0.0)
        self.save()

    def save(self) -> None:
        rows = {"settings": asdict(self.settings), "done": self.done, "seconds": round(self.seconds, 1)}
        new = self._progress.with_suffix(".new")
        new.write_text(json.dumps(rows | {"reached": self.reached, "kinds": self.kinds}, indent=1))
        new.replace(self._progress)

    def add(self, failure: Failure) -> None:
        self.kinds[f"{failure.stage}: {failure.kind}"] += 1
        with (self.folder / "failures.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(failure)) + "\n")

    def go(self, mutants: int, each: int = 2_000) -> int:
        """Examines mutants until there are so many; returns how many failures there are in all."""
        while self.done < mutants:
            self._go_on(min(mutants, self.done + each))
            self.save()
            print(f"{self.done} of {mutants}, {self.kinds.total()} failures, {self.seconds:.0f} s", flush=True)
        return self.kinds.total()

    def _go_on(self, end: int) -> None:
        """With one worker up to ``end``, or to where it stops."""
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(self.settings, self.done, end, sender), daemon=True)
        start = time.monotonic()
        process.start()
        sender.close()
        begun: tuple[int, Mutant] | None = None
        patience = 60 + 20 * self.settings.seconds
        try:
            while self.done < end and receiver.poll(patience):
                message = receiver.recv()
                if message[0] == "begins":
                    begun = message[1:]
                    continue
                _, failure, reached = message
                self.reached.update(reached)
                if failure is not None:
                    self.add(failure)
                self.done, begun = self.done + 1, None
                if self.done % 100 == 0:
                    self.save()
        except EOFError:
            pass
        if process.is_alive() and begun is not None:
            process.kill()
        process.join()
        self.seconds += time.monotonic() - start
        if begun is not None:
            how = "Killed by the system or hung" if process.exitcode in (-9, None) else f"Exit {process.exitcode}"
            index, found = begun
            self.add(Failure(index, "?", how, "", found.origin, found.text))
            self.done += 1
