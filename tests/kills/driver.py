"""Runs that are killed at random moments, again and again, and gone on with until they are over: each must end at the
same bits as a run of the same text that nobody disturbed."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas import run_files
from stdsl.runtime.tracking.journal import BEGUN, read_journal

from .outcome import differences, outcome
from .process import Zygote
from .texts import DERIVED, GIVEN, KINDS, TEXT, write_arrays

EARLY = 0.5
"""Seconds in which a run makes its directory."""
AT_MOST = 6
"""Kills of one run."""
DERIVED_PAUSE = 0.05
"""Seconds between checkpoints of what is derived, which has those of its run."""
PATIENCE = 60.0
"""A process that takes so many seconds longer than ten times an undisturbed run hangs."""


@dataclass(frozen=True)
class Trial:
    """One run that was killed. ``places``: where it was, each time; ``wrong``: what differs, or what happened."""

    number: int
    kind: str
    checkpoint_seconds: float
    places: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass
class Driver:
    """Trials in a folder, which is gone on with where it was. Trial n is drawn from ``seed`` and n; when the kills of a
    trial happen in the run depends on the machine."""

    folder: Path
    zygote: Zygote
    seed: int = 0
    kinds: tuple[str, ...] = (*KINDS, *DERIVED)
    trials: list[Trial] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.space = self.folder / "tiny.space"
        self.space.write_text(TEXT, encoding="utf-8")
        write_arrays(self.folder)
        log = self.folder / "trials.jsonl"
        for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else ():
            facts = json.loads(line)
            self.trials.append(Trial(**facts | {"places": tuple(facts["places"]), "wrong": tuple(facts["wrong"])}))

    @property
    def kills(self) -> int:
        return sum(len(trial.places) for trial in self.trials)

    def go(self, kills: int) -> Iterator[Trial]:
        """Trials until there were so many kills in all."""
        while self.kills < kills:
            number = len(self.trials)
            trial = self._trial(number, self.kinds[number % len(self.kinds)])
            self.trials.append(trial)
            with (self.folder / "trials.jsonl").open("a", encoding="utf-8") as log:
                print(json.dumps(asdict(trial)), file=log)
            yield trial

    def table(self) -> list[str]:
        """How often runs were killed, by where they were and by kind; and what went wrong."""
        places = Counter(place for trial in self.trials for place in trial.places)
        kinds = Counter(trial.kind for trial in self.trials for _ in trial.places)
        lines = [f"{n:6d}  {name}" for counter in (places, kinds) for name, n in (*counter.most_common(), ("", 0)) if n]
        apart = [trial.checkpoint_seconds for trial in self.trials] or [0.0]
        lines.append(f"{self.kills:6d}  kills of {len(self.trials)} runs")
        lines.append(f"        checkpoints {min(apart):.2f} to {max(apart):.1f} s apart")
        wrong = [trial for trial in self.trials if trial.wrong]
        lines += [f"trial {trial.number} ({trial.kind}): {'; '.join(trial.wrong)}" for trial in wrong]
        return [*lines, f"{len(wrong):6d}  runs that differ or hang"]

    def _trial(self, number: int, kind: str) -> Trial:
        chance = random.Random(f"{self.seed} {number}")
        whole, seconds = self._undisturbed(kind)
        # From .02 to 20 seconds; short runs see little of the longer ones, so half of them are drawn below a second.
        pause = 10 ** chance.uniform(-1.7, 0.0 if chance.random() < 0.5 else 1.3)
        out = self.folder / "run"
        shutil.rmtree(out, ignore_errors=True)
        places: list[str] = []
        for _ in range(chance.randint(1, AT_MOST)):
            after = chance.uniform(0, EARLY) if chance.random() < 0.2 else chance.uniform(0, 1.1 * seconds)
            code = self._run(kind, out, pause, after)
            if code == 0:
                break
            if code != -signal.SIGKILL:
                return Trial(number, kind, pause, tuple(places), (f"exit code {code}", self._said()))
            places.append(("again, " if places else "") + place(out))
        limit = PATIENCE + 10 * seconds
        code = self._run(kind, out, pause, limit)
        if code:
            what = f"no end after {limit:.0f} s" if code == -signal.SIGKILL else f"exit code {code}"
            return Trial(number, kind, pause, tuple(places), (what, self._said()))
        wrong = differences(whole, outcome(out))
        return Trial(number, kind, pause, tuple(places), tuple(f"{where} differs" for where in wrong))

    def _undisturbed(self, kind: str) -> tuple[dict[str, object], float]:
        """What a run leaves that nobody kills, and how long it takes; remembered in the folder."""
        known = self.folder / f"{kind}.json"
        if not known.exists():
            out = self.folder / "undisturbed"
            shutil.rmtree(out, ignore_errors=True)
            started = time.monotonic()
            code = self._run(kind, out, 20.0, None)
            assert code == 0, self._said()
            found = {"seconds": time.monotonic() - started, "outcome": outcome(out)}
            known.write_text(json.dumps(found), encoding="utf-8")
        facts = json.loads(known.read_text(encoding="utf-8"))
        return facts["outcome"], facts["seconds"]

    def _run(self, kind: str, out: Path, pause: float, after: float | None) -> int:
        """Start a run, or go on with it; its exit code, or -9 where it was killed."""
        self.zygote.output.unlink(missing_ok=True)
        if kind in DERIVED:
            argv = ["derive", str(self._finished("paths")), *DERIVED[kind], "--out", str(out)]
            if (out / run_files.ASKED).exists() or (out / run_files.MANIFEST).exists():
                argv = ["derive", "--resume", str(out)]
            return self.zygote.run(*argv, "--quiet", after=after, checkpoint_seconds=pause)
        search, *settings = KINDS[kind]
        options = [part for text in settings for part in ("--set", text)]
        if kind in GIVEN:
            options += ["--needs", f"{GIVEN[kind]}={self._finished(GIVEN[kind])}"]
        argv = ["run", f"{self.space}::{search}", *options, "--out", str(out)]
        if (out / "run.json").exists():
            argv = ["run", "--resume", str(out)]
        hands = "2" if "processes" in kind else "0"
        return self.zygote.run(*argv, "--hands", hands, "--quiet", after=after, checkpoint_seconds=pause)

    def _finished(self, search: str) -> Path:
        """A run of a search that is over, made once."""
        out = self.folder / f"finished-{search}"
        if not (out / "result.json").exists():
            shutil.rmtree(out, ignore_errors=True)
            words = ("run", f"{self.space}::{search}", "--out", str(out), "--hands", "0", "--quiet")
            code = self.zygote.run(*words, checkpoint_seconds=DERIVED_PAUSE)
            assert code == 0, self._said()
        return out

    def _said(self) -> str:
        path = self.zygote.output
        return path.read_text(encoding="utf-8", errors="replace")[-2000:] if path.exists() else ""


def place(out: Path) -> str:
    """Where a run was killed, as far as its directory tells."""
    if not out.exists():
        return "before its directory"
    if (out / run_files.ASKED).exists():
        begun = [path for path in out.iterdir() if (path / run_files.MANIFEST).exists()]
        if (out / run_files.FRONT).exists() or not begun:
            return "after its front" if begun else "before the first network of a front"
        return f"in a front, {place(max(begun, key=lambda path: int(path.name.rpartition('-')[2])))}"
    if not (out / "run.json").exists():
        return "while it made its directory"
    if (out / "result.json").exists():
        return "after its result"
    if any(path.suffix == ".tmp" for path in out.rglob("*.safetensors.*.tmp")):
        return "while it wrote a checkpoint or weights"
    needed = sorted((out / "needs").glob("*")) if (out / "needs").exists() else []
    if any(folder.suffix == ".tmp" for folder in needed):
        return "while it copied a run that was given"
    if any(not (folder / "result.json").exists() for folder in needed):
        return "in a needed search"
    try:
        lines = list(read_journal(out / "journal.jsonl"))
    except RunError as error:
        return str(error)
    if not lines or lines[-1]["event"] == BEGUN:
        return "before its first step"
    if lines[-1]["event"] == "phase_finished":
        return f"after {lines[-1]['phase']}"
    return f"in {lines[-1]['phase']}"
