"""Comparisons: random architectures and other spaces, each trained by the recipe of the final training in a folder of
its own.
"""

from __future__ import annotations

from stdsl.compiler.analysis.architecture import architecture

from ..report.reporter import Reporter
from ..tracking.tracker import Tracker
from ..training.interruption import Interruption
from .context import Context
from .derive import DRAW, carried
from .train import Subject, Workshop, test, train

TRAIN, TEST = "train", "test"


def comparisons(run: Context) -> dict[str, Subject]:
    """What is compared, by name: ``random-1`` … and the spaces by their text."""
    names: list[str] = run.tracker.finished.get(DRAW, {}).get("names", [])
    subjects = {name: Subject(name, *carried(run, name)) for name in names}
    for text, graph in run.job.compared.items():
        subjects[text] = Subject(folder_name(text), graph, architecture(graph, {}))
    return subjects


def folder_name(text: str) -> str:
    """A name for files: `per_frame_2d(c = 12)` → `per_frame_2d-c-12`."""
    kept = "".join(char if char.isalnum() or char in "_-" else " " for char in text)
    return "-".join(kept.split())


def workshop(run: Context, reporter: Reporter | None = None, interruption: Interruption | None = None) -> Workshop:
    """What trainings of this run share."""
    assert run.config.retrain is not None
    return Workshop(
        run.config.retrain,
        run.dataset,
        run.placement,
        run.seed,
        run.config.workers,
        run.manifest.training_threads,
        run.directory,
        reporter or run.reporter,
        interruption or run.interruption,
    )


def compare_one(subject: Subject, shop: Workshop) -> dict[str, float]:
    """Train and test one network, going on from where its folder was left; returns its metrics."""
    tracker = Tracker(shop.directory.comparison(subject.name))
    try:
        train(subject, shop, tracker, TRAIN)
        return test(subject, shop, tracker, TEST)
    finally:
        tracker.close()


def metrics_of(run: Context, name: str) -> dict[str, float] | None:
    """The metrics of a comparison that is over, else None."""
    folder = run.directory.comparison(name)
    if not folder.exists():
        return None
    tracker = Tracker(folder)
    tracker.close()
    return tracker.finished.get(TEST)
