"""Runs of the searches of a file, each in a folder of its own, and what their figures are over seeds."""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stdsl.compiler.analysis.architecture import architecture
from stdsl.runtime.data.batch import Part
from stdsl.runtime.data.registry import open_dataset
from stdsl.runtime.learnt import learnt
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.strategies.candidates import Measuring
from stdsl.runtime.tasks.criterion import criterion
from stdsl.runtime.tracking.directory import RunDirectory
from stdsl.runtime.tracking.names import SEARCH
from stdsl.runtime.tracking.weights import load_tensors
from stdsl.runtime.training.placement import place

T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}
"""The 97.5 % quantile of Student's t by degrees of freedom; of more it is less, so that the last one is safe."""


class Runs:
    """Runs of the searches of ``space`` under the folder ``out``; one that is there is not done again, one that was
    stopped goes on. ``settings``: for all of them, those with a search in front for that one's. ``hands``: processes
    that train networks beside each other; 0: this one alone; None: as the machine has it."""

    def __init__(self, space: Path, out: Path, settings: Sequence[str] = (), hands: int | None = None) -> None:
        self.space, self.out, self.hands = space, out, hands
        self.settings = [text.partition(":") if ":" in text.partition("=")[0] else ("", "", text) for text in settings]

    def __call__(
        self, search: str, seed: int, *settings: str, name: str = "", architecture: Mapping[str, Any] | None = None
    ) -> Path:
        """The folder of the run. ``name``: what it is called, where not as the search is. ``architecture``: what is
        trained in place of a search, by path."""
        folder = self.out / f"{name or search}-{seed}"
        if folder.exists():
            resume(folder, Silent(), hands=self.hands)
        else:
            more = [text for whose, _, text in self.settings if whose in ("", search)]
            words = [f"seed={seed}", *settings, *more]
            asked = RunRequest(str(self.space), search, words, out=folder, hands=self.hands, architecture=architecture)
            run(asked, Silent())
        print(f"  {folder.name} is there", flush=True)
        return folder


Question = Callable[[Runs, Sequence[int]], None]
"""What a script answers, from some seeds."""


def ask(
    questions: Mapping[str, Question],
    description: str | None,
    space: Path,
    out: str,
    arguments: Sequence[str] | None,
    five: Sequence[str] = (),
) -> None:
    """The command line of a script. ``five``: questions asked of five seeds, and not of three."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question", choices=list(questions))
    parser.add_argument("--seeds", type=int, default=0, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, default=Path(out), help="the folder of all runs")
    parser.add_argument("--hands", type=int, help="processes that train beside each other; 0: this one alone")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args(arguments)
    many = given.seeds or (5 if given.question in five else 3)
    seeds = range(given.first, given.first + many)
    questions[given.question](Runs(space, given.out, given.settings, given.hands), seeds)


def document_of(folder: Path) -> Mapping[str, Any]:
    """What `result.json` of a run says; one that was stopped goes on first."""
    return dict(resume(folder, Silent()).document)


def facts_of(folder: Path) -> Mapping[str, Any]:
    """Of the search of a run."""
    return dict(document_of(folder)["search_facts"])


def accuracy_of(folder: Path) -> float:
    """Of the network that a run found, on the test split."""
    found = resume(folder, Silent()).accuracy
    assert found is not None
    return found


def inherited(
    folder: Path, network: Callable[..., Any], values: Sequence[Mapping[str, Any]], samples: int | None = None
) -> list[float]:
    """The accuracies on the `valid` half of architectures with the weights that the search of a run left, norms
    measured anew, both on ``samples`` (None: all). ``network``: makes the module that has the weights, from the space
    graph, the strategy and a seed."""
    job, found, _ = learnt(folder, no_search)
    strategy: Any = found  # of a family with a supernet
    placement, config = place("cpu"), job.config
    net = placement.model(network(job.graph, strategy, config.seed))
    net.load_state_dict(load_tensors(RunDirectory(folder).weights(SEARCH)))
    dataset = open_dataset(config.data, config.seed, Path(job.texts.main).parent)
    parts = Part(dataset, ("valid",)), Part(dataset, (strategy.weights.split,))
    measuring = Measuring(*parts, placement, 64, criterion(config, dataset), "accuracy", samples=samples)
    return [measuring.figure(net, architecture(job.graph, own)) for own in values]


def no_search(reason: str) -> Any:
    raise AssertionError(reason)


def interval(values: Sequence[float]) -> str:
    """All values, their mean, and a 95 % interval of it by Student's t; "not resolved" where that covers 0."""
    shown = ", ".join(f"{value:+.3f}" for value in values)
    mean = statistics.fmean(values)
    if len(values) < 2:
        return f"{shown}: no interval of one"
    half = T95[min(len(values) - 1, max(T95))] * statistics.stdev(values) / math.sqrt(len(values))
    told = "" if abs(mean) > half else ", not resolved"
    return f"{shown}: mean {mean:+.3f}, 95 % from {mean - half:+.3f} to {mean + half:+.3f}{told}"


def differences(a: Sequence[float], b: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(a, b, strict=True)]
