"""Spaces for Python: loading, counting, sampling, costs. Free of torch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from stdsl.compiler.analysis.architecture import Architecture, answers_of, of_answers
from stdsl.compiler.analysis.architecture import architecture as make_architecture
from stdsl.compiler.analysis.architecture import load as load_architecture
from stdsl.compiler.analysis.circuits.of_space import CountResult
from stdsl.compiler.analysis.costs.depth_range import depth_range
from stdsl.compiler.analysis.costs.measures import within_budgets
from stdsl.compiler.analysis.costs.of_architecture import Costs, unknown_costs
from stdsl.compiler.analysis.costs.of_many import costs_of, costs_of_each
from stdsl.compiler.analysis.costs.space_costs import CostRange, cost_range
from stdsl.compiler.analysis.count import count, count_exactly
from stdsl.compiler.analysis.derivation.front import POINTS, FrontPoint, Metric, front
from stdsl.compiler.analysis.derivation.reading import Score, Zeros, usual_zeros
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.analysis.feasible import Feasible, feasible
from stdsl.compiler.analysis.isomorphism.distinct import distinct as count_distinct
from stdsl.compiler.analysis.marginals import Marginal, marginals
from stdsl.compiler.analysis.relaxable import relaxable
from stdsl.compiler.analysis.sampling import sample
from stdsl.compiler.checks.opening import LoadedSpace, load_space, load_text
from stdsl.compiler.diagnostics.budgets import NotCountedExactly
from stdsl.compiler.diagnostics.model import Diagnostic, SpaceError
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.printer import print_ir
from stdsl.compiler.ops.attributes import shown
from stdsl.target import Target


@dataclass(frozen=True, slots=True)
class SpaceCosts:
    """The ranges of costs over a space; each has ``min``, ``max``, ``exact``, which is false where they are bounds,
    ``mean``, which is None where it is not known, and ``mean_exact``, which is false where it is estimated. A cost that
    an extern operator does not state is None.

    ``params``: learnt scalars. ``flops``: multiply-adds of convolutions, linear and matrix products in one sample's
    forward pass. ``depth``: the most of those operations on one path. ``activations``: their output elements.
    """

    params: CostRange | None
    flops: CostRange | None
    depth: CostRange | None
    activations: CostRange | None


class Space:
    """A search space: the networks that may exist. Made by :func:`load` and :func:`loads`; never changes."""

    def __init__(self, graph: SpaceGraph) -> None:
        self.graph = graph
        """The space graph, for those who work with the compiler itself."""

    def __repr__(self) -> str:
        parameters = ", ".join(f"{name}={shown(value)}" for name, value in self.graph.parameters)
        return f"Space({self.name}{f', {parameters}' if parameters else ''}, {len(self.decisions)} decisions)"

    @property
    def name(self) -> str:
        return self.graph.name

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The values of the space's parameters by name, defaults included."""
        return dict(self.graph.parameters)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the space leaves open; each has a ``path``, a ``kind`` (choose, keep, gate, count) and ``options``."""
        return self.graph.open

    def count(self, distinct: bool = False, exact: bool = False) -> int | CountResult:
        """The number of architectures within `where`. Where only an interval is known, an object with ``low`` and
        ``high`` instead of an int.

        ``exact``: within two budgets count on where that takes minutes, up to an hour or so; what is too much even so,
        or is no sum, stays an interval.

        ``distinct``: the number of different networks that they come to, always exact; raises SpaceError (E0443) beyond
        a million architectures.
        """
        if distinct:
            return count_distinct(self.graph)
        found = count_exactly(self.graph, lambda *_: None) if exact else count(self.graph)
        return found.low if found.exact else found

    def sample(self, seed: int = 0) -> Architecture:
        """An architecture, each with the same probability; the same one for the same seed. Where the constraints over
        costs let hardly any pass, one is searched for, and not all are equally likely.

        Raises SpaceError when no architecture is within the constraints (E0441), or none was found (E0442).
        """
        return self.samples(1, seed)[0]

    def samples(self, n: int, seed: int = 0) -> list[Architecture]:
        """``n`` architectures, drawn independently. Raises as :meth:`sample` does, and ValueError where ``n`` is
        below 0."""
        if n < 0:
            raise ValueError(f"`n` is the number of architectures to draw, not {n}")
        return sample(self.graph, seed, n)

    def architecture(self, mapping: Mapping[str, Any]) -> Architecture:
        """The architecture of a mapping from paths to values: the name of a choose's alternative, the places of a
        keep's elements (counted from 1), a gate's bool, a count's number.

        Raises ArchitectureError, which lists all that is missing, unknown, not active or not allowed, or what of
        `where` it breaks (E0605).
        """
        return self.valid(mapping)

    def load_architecture(self, path: str | os.PathLike[str]) -> Architecture:
        """Read an ``.arch.json`` file. Raises ArchitectureError, which lists what changed since it was written, or what
        of `where` it breaks (E0605)."""
        return within_budgets(self.graph, load_architecture(path, self.graph))

    def architectures(self) -> Iterator[Architecture]:
        """All that are within the constraints, one after the other, in the order of :meth:`rank` where there is one;
        for small spaces."""
        found = feasible(self.graph)
        if found is None:
            return architectures(self.graph)
        return (of_answers(self.graph, found.unrank(rank)) for rank in range(found.count))

    def rank(self, arch: Mapping[str, Any]) -> int:
        """The place of an architecture among all that are within the constraints, from 0.

        Raises ArchitectureError for a mapping that is none of these, SpaceError (E0444) where the space is not counted
        exactly.
        """
        valid = self.valid(arch)
        return self._exact().rank(answers_of(self.graph, valid))

    def unrank(self, rank: int) -> Architecture:
        """The architecture at a place: the inverse of :meth:`rank`. Raises IndexError, and SpaceError as that does."""
        return of_answers(self.graph, self._exact().unrank(rank))

    def marginals(self) -> Mapping[str, Marginal]:
        """For every decision by path: the probability that it is active, and that it is and takes each of its
        ``options`` (of a keep: that it keeps each element), when all architectures within the constraints are equally
        likely; exact, as fractions. Raises SpaceError as :meth:`rank` does, and when the space is empty."""
        found = marginals(self.graph)
        if found is None:
            raise SpaceError([self._nothing_exact()])
        return found

    def _exact(self) -> Feasible:
        found = feasible(self.graph)
        if found is None:
            raise SpaceError([self._nothing_exact()])
        return found

    def _nothing_exact(self) -> NotCountedExactly:
        found = count(self.graph)
        return NotCountedExactly(self.graph.span, self.name, found.low, found.high)

    @overload
    def costs(self) -> SpaceCosts: ...

    @overload
    def costs(self, arch: Mapping[str, Any]) -> Costs: ...

    @overload
    def costs(self, arch: Iterable[Mapping[str, Any]]) -> list[Costs]: ...

    def costs(
        self, arch: Mapping[str, Any] | Iterable[Mapping[str, Any]] | None = None
    ) -> SpaceCosts | Costs | list[Costs]:
        """Of one architecture: exact ``params``, ``flops``, ``depth`` and ``activations``, each None where an extern
        operator of it does not state it. Of a list of architectures: a list of these, much faster than one by one. Of
        the space: their ranges.

        Raises ArchitectureError for a mapping that is no architecture of the space (it may cost more than `where`
        allows), and TypeError for what is no mapping.
        """
        if isinstance(arch, Mapping):
            return costs_of(self.graph, arch)
        if arch is not None:
            if isinstance(arch, str) or not isinstance(arch, Iterable):
                raise _no_mapping(arch)
            return costs_of_each(self.graph, (_mapping(one) for one in arch))
        params, flops, activations = (cost_range(self.graph, metric) for metric in ("params", "flops", "activations"))
        return SpaceCosts(params, flops, depth_range(self.graph), activations)

    def front(
        self,
        weights: Mapping[str, Sequence[float]],
        metric: Metric,
        budgets: Sequence[int] | int = POINTS,
        score: Score | None = None,
        zeros: Zeros | None = None,
    ) -> list[FrontPoint]:
        """For each of some budgets of a cost (`flops`, `params`, `activations` or `depth`) the architecture within it,
        and within `where`, that decision weights prefer most; computed in one go, or searched for where the sums are
        too many. ``weights``: by path, as :meth:`Supernet.probabilities` gives them. ``budgets``: so many, evenly from
        the cheapest architecture to the most preferred one, where they are a number; ``score`` and ``zeros`` as in
        :meth:`Supernet.derive`.

        Raises ValueError for weights that do not fit and a cost that there is not, SpaceError where no architecture is
        within `where` or extern operators do not state the cost.
        """
        kept = any(decision.kind == "keep" and weights.get(decision.path) for decision in self.decisions)
        ranked: Score = score or ("beta" if kept else "alpha")
        return front(self.graph, weights, metric, budgets, ranked, zeros=zeros or usual_zeros(ranked))

    def valid(self, arch: Mapping[str, Any]) -> Architecture:
        """``arch`` as an architecture of this space, within its `where`. Raises ArchitectureError, and TypeError for
        what is no mapping."""
        return within_budgets(self.graph, make_architecture(self.graph, _mapping(arch)))

    @property
    def unknown_costs(self) -> frozenset[str]:
        """The costs (`params`, `flops`, `depth`, `activations`) that extern operators of the space do not state.
        Parameters are not among them where the space was loaded with leave to load their code: then they are counted
        in what it makes."""
        return unknown_costs(self.graph)

    @property
    def not_relaxable(self) -> tuple[Diagnostic, ...]:
        """Why the space cannot become a mixture supernet; empty if it can."""
        return tuple(relaxable(self.graph))

    @property
    def ir(self) -> str:
        """The space graph as text."""
        return print_ir(self.graph)


def _no_mapping(arch: object) -> TypeError:
    return TypeError(f"an architecture is a mapping from paths of decisions to values, not {arch!r}")


def _mapping(arch: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(arch, Mapping):
        raise _no_mapping(arch)
    return arch


def load(
    file: str | os.PathLike[str], /, name: str | None = None, *, allow_extern: bool = False, **parameters: Any
) -> Space:
    """The space ``name`` of a ``.space`` file, or of a library file (`darts`); without a name, the only one.

    ``file`` may be ``FILE::NAME`` too. ``parameters``: those of the space. ``allow_extern``: networks of the space, and
    counts of parameters that it does not state, may load the Python code of its extern operators. Raises SpaceError,
    which holds all errors of the file.
    """
    target = Target.parse(os.fspath(file)) if name is None else Target(os.fspath(file), name)
    return _space(load_space(target.file, target.name, parameters, allow_extern))


def loads(text: str, /, name: str | None = None, *, allow_extern: bool = False, **parameters: Any) -> Space:
    """As :func:`load`, from the text of a file."""
    return _space(load_text(text, name, parameters, allow_extern))


def _space(loaded: LoadedSpace) -> Space:
    graph = loaded.graph
    if graph.allow_extern and graph.externs:
        from stdsl.compiler.backends.networks.extern_measure import measured

        graph = measured(graph)
    return Space(graph)
