"""The half of a family that searches; the other half is in ``compiler/families/``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.derivation.front import FrontPoint, Metric
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.families.registry import family
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.sibling import Sibling
from stdsl.compiler.schemas.strategy import Strategy

from ..tasks.measurement import Metrics

if TYPE_CHECKING:
    from pathlib import Path

    from stdsl.compiler.checks.searches import CheckedSearch
    from stdsl.compiler.schemas.fitness import Fitness

    from ..phases.context import Context
    from ..phases.train import Workshop
    from ..prepare.job import Job


@dataclass(frozen=True)
class Work:
    """Something that a search trains, as far as it is known before: ``make`` builds the network, whose samples are
    those of ``graph``. ``passes``: how many times a step goes forward and backward through it; ``times``: how many
    such trainings there are; ``share``: what one of them takes on average of the time that the network of ``make``
    does. ``steps_known``, ``batch_known``: whether they do not hang on a setting that is searched. ``measured``: so
    many architectures at most are measured after its steps."""

    name: str
    make: Callable[[], nn.Module]
    graph: SpaceGraph
    steps: int
    batch: int
    passes: float = 1.0
    times: int = 1
    share: float = 1.0
    steps_known: bool = True
    batch_known: bool = True
    measured: int = 0


@dataclass(frozen=True)
class Found:
    """What a search came to. ``facts``: what the journal keeps of it (JSON); what is derived depends on them alone.
    ``summary``: a line for whoever watches."""

    facts: Mapping[str, Any]
    summary: str
    warnings: tuple[Diagnostic, ...] = ()


Measurer = Callable[[Mapping[str, Any]], Metrics]
"""The metrics of an architecture, path → value."""


class Runner(ABC):
    """What a run asks of a family. A search that was stopped goes on when :meth:`search` is called again.

    ``separate``: whether the search is made of trainings beside each other.
    """

    separate: ClassVar[bool] = False

    @abstractmethod
    def works(self, job: Job) -> Iterator[Work]:
        """What the search of ``job`` will train, for the plan. The names begin with `search`."""

    @abstractmethod
    def search(self, run: Context) -> Found:
        """Search the space of a run from where its tracker last kept it; the phase `search` is the runner's own. Raises
        Interrupted when the run is asked to stop, after its state was kept."""

    def redrawn(self, run: Context) -> Found:
        """In the place of a search: what the architectures that an elastic run draws reach with the weights that are
        in its directory. As of :meth:`search`. Asked of families whose weights are ``shared``, as the next one."""
        raise NotImplementedError

    def check_weights(self, strategy: Strategy, graph: SpaceGraph, weights: Path) -> None:
        """Raises RunError where a file does not hold the weights that a search of ``graph`` leaves. As the last one."""
        raise NotImplementedError

    def measurer(self, search: CheckedSearch, weights: Path, shop: Workshop, how: Fitness) -> Measurer:
        """What measures architectures for another search of the same space, on the data of that, whose trainings share
        ``shop``. ``weights``: the file that ``search`` left."""
        raise NotImplementedError

    @abstractmethod
    def derive(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Sequence[Architecture]:
        """The architectures that a search found, within `where`, the best one first; ``facts`` are its own. Raises
        SpaceError where there is none."""

    def surely_best(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> bool:
        """Whether the first of what :meth:`derive` gives is known to be the one within `where` that is preferred
        most."""
        return True

    def front(
        self,
        strategy: Strategy,
        graph: SpaceGraph,
        facts: Mapping[str, Any],
        metric: Metric,
        budgets: Sequence[int],
        sibling: Sibling | None,
    ) -> list[FrontPoint] | None:
        """The best architecture for each of some budgets (:func:`compiler.analysis.derivation.front.front`); where none
        is named, for those that tell the most. None for a family that leaves nothing to tell by."""
        return None

    def posterior(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Policy | None:
        """The distribution over architectures that a search came to; None for a family that learns none."""
        return None

    def inherited(
        self,
        strategy: Strategy,
        graph: SpaceGraph,
        arch: Mapping[str, Any],
        weights: Mapping[str, Tensor],
        own: Mapping[str, Tensor],
    ) -> Mapping[str, Tensor]:
        """What the network of ``arch`` has of ``weights``, those that a search of ``graph`` left, by the network's
        names. ``own``: tensors of the network, of which names and shapes count."""
        return weights

    def method(self, strategy: Strategy) -> str:
        """How the best one within constraints over costs is found, as a setting says it; "" where there is none."""
        return ""


def runner(strategy: Strategy) -> Runner:
    """The half of a strategy's family that searches, imported."""
    module, _, name = family(strategy.family).runner.partition(":")
    made: Runner = getattr(import_module(module), name)()
    return made
