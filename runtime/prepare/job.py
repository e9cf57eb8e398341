"""What a run works on: the settings of a search and the spaces that they name, elaborated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.checks.searches import CheckedSearch
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.search import SearchConfig

from ..tracking.manifest import Elastic
from .texts import Texts

if TYPE_CHECKING:
    from ..data.batch import Dataset


@dataclass(frozen=True)
class Job:
    """A search in which nothing is wrong, and all text that it was made from. ``given``: data that a program gave in
    place of the search's. ``architecture``: what is trained without a search, one of ``graph``. ``elastic``: nothing is
    trained, and a network taken from weights that are there."""

    search: CheckedSearch
    texts: Texts = field(default_factory=Texts)
    given: Dataset | None = None
    architecture: Architecture | None = None
    elastic: Elastic | None = None

    def without_search(self, architecture: Architecture) -> Job:
        """The job that does with ``architecture`` what this one does with what its search finds."""
        config = self.config.model_copy(update={"strategy": None, "phase": (), "ensemble": None})
        return replace(self, search=replace(self.search, config=config), architecture=architecture)

    def needed(self, name: str, seed: int | None) -> Job:
        """The job of a search that this one needs, with another seed where one is given."""
        search = next(search for search in self.search.needs if search.config.name == name)
        others = tuple(other for other in self.search.needs if other is not search)
        config = search.config if seed is None else search.config.model_copy(update={"seed": seed})
        return Job(replace(search, config=config, needs=others), self.texts)

    @property
    def allow_extern(self) -> bool:
        """Whether the call that made the job gave leave to load the code of extern operators."""
        return self.graph.allow_extern

    @property
    def config(self) -> SearchConfig:
        return self.search.config

    @property
    def graph(self) -> SpaceGraph:
        """The space that is searched, within `where` of the one that the result is trained in too."""
        return self.search.common

    @property
    def final(self) -> SpaceGraph:
        """The space that the result is trained in: the same, or a larger sibling."""
        return self.search.final

    @property
    def compared(self) -> Mapping[str, SpaceGraph]:
        """The different spaces of ``compare { spaces = … }`` by the first text that names each."""
        return self.search.compared

    @property
    def tested(self) -> Mapping[str, SpaceGraph]:
        """Where networks are measured on other data than they are trained on, their spaces for that: of ``final`` under
        "", of ``compared`` under their texts."""
        return self.search.tested

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What to tell before the run."""
        return self.search.warnings
