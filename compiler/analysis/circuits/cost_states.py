"""A space's architectures in sequence, with what each answer adds to its costs.

A circuit's products are put one after the other, so that every architecture is a path of answers. A *state* of that
walk is what is still to be asked, and what is left of the terms of the costs that answers so far bear on; what an
answer adds to a cost depends on the state alone. Where few decisions share a term, there are few states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

from ...ir.diagram import Case, Diagram, support
from ...ir.graph import SpaceGraph
from ...record import record
from ..costs.additive import default_answers
from ..costs.measures import Measure, measured
from ..diagrams.products import Product as Factors
from ..diagrams.products import value_of
from .circuit import ONE, ZERO, Branch, Circuit, Product

STATE_LIMIT = 20_000
"""The walk is given up after this many states."""

WORK_LIMIT = 400_000
"""And after so many terms have been looked at: about a second."""

Vector = tuple[int, ...]
_Left = tuple[int, Factors] | None
"""A number times a product; None for a term of which nothing is left."""
_State = tuple[int, tuple[tuple[int, _Left], ...]]

DEAD = -1

_place = itemgetter(0)


class _Untouched:
    """A term that no answer bears on so far."""


_UNTOUCHED = _Untouched()


class TooManyCosts(Exception):
    """There are more states than the limit."""


@record
class Step:
    """``variable`` is asked; ``followers`` by answer: the state after it (DEAD: not allowed), and what it adds."""

    variable: int
    followers: tuple[tuple[int, Vector], ...]


@record
class CostStates:
    """``steps``: by state, those that follow one before it; None for the end, where nothing is asked any more.

    The costs of an architecture are ``base`` plus what its answers add from the state ``start`` on, in the order of
    ``measures``; behind them what else was added up.
    """

    measures: tuple[Measure, ...]
    base: Vector
    steps: tuple[Step | None, ...]
    start: int

    def asking(self, state: int) -> Step:
        """What a state asks that is not the end."""
        step = self.steps[state]
        assert step is not None, "nothing is asked at the end"
        return step

    def costs(self, answers: Mapping[int, int]) -> Vector:
        """What an architecture costs by each measure."""
        costs, state = list(self.base), self.start
        while (step := self.steps[state]) is not None:
            state, added = step.followers[answers[step.variable]]
            costs = [c + a for c, a in zip(costs, added, strict=True)]
        return tuple(costs)


def cost_states(
    graph: SpaceGraph,
    circuit: Circuit,
    measures: Sequence[Measure],
    states: int = STATE_LIMIT,
    work: int = WORK_LIMIT,
    also: Sequence[Factors] = (),
) -> CostStates:
    """The states of a circuit with a root, for costs that are exact sums. ``also``: terms that are added up behind the
    costs, where there are any; 0 where what they depend on is not asked for. Raises TooManyCosts."""
    return _Walk(graph, circuit, tuple(measures), states, work, also).run()


class _Walk:
    def __init__(
        self,
        graph: SpaceGraph,
        circuit: Circuit,
        measures: tuple[Measure, ...],
        states: int,
        work: int,
        also: Sequence[Factors],
    ) -> None:
        self.graph, self.circuit, self.measures = graph, circuit, measures
        self.state_limit, self.work_limit = states, work
        self.defaults = default_answers(graph)
        self.terms: list[tuple[int, Factors]] = []
        self.by_variable: dict[int, list[int]] = {}
        self.masks: list[int] = []
        base = []
        for i, measure in enumerate(measures):
            cost = measured(graph, measure)
            assert cost is not None, "only costs that are sums are followed"
            for term in cost.terms:
                self._add_term(i, term)
            base.append(cost.constant)
        if also:
            base.append(0)
        for term in also:
            self._add_term(len(measures), term)
        # A term that no answer bears on is what it is by default.
        self.by_default = [int(value_of(term, self.defaults)) for _, term in self.terms]
        for (i, _), value in zip(self.terms, self.by_default, strict=True):
            base[i] += value
        self.base = tuple(base)
        self._pending: list[tuple[int, int]] = [(ONE, 0)]
        self._asked: list[int] = [0]
        self._pending_ids: dict[tuple[int, int], int] = {}
        self._restricted: dict[tuple[int, int, int], Case] = {}
        self._work = 0

    def _add_term(self, metric: int, term: Factors) -> None:
        variables = {v.index for factor in term for v in support(factor)}
        for v in variables:
            self.by_variable.setdefault(v, []).append(len(self.terms))
        self.terms.append((metric, term))
        self.masks.append(sum(1 << v for v in variables))

    def run(self) -> CostStates:
        steps: list[Step | None] = []
        known: dict[_State, int] = {}
        start: _State = (self._after(self.circuit.root, 0), ())
        # A state is done when all that follow it are, on a second visit.
        open_: dict[_State, list[tuple[_State | None, Vector]]] = {}
        todo = [start]
        while todo:
            state = todo[-1]
            if state in known:
                todo.pop()
                continue
            if state not in open_:
                if len(known) + len(open_) > self.state_limit or self._work > self.work_limit:
                    raise TooManyCosts
                open_[state] = self._followers(state)
                todo.extend(s for s, _ in open_[state] if s is not None and s not in known)
                continue
            todo.pop()
            followers = tuple((DEAD if s is None else known[s], added) for s, added in open_.pop(state))
            known[state] = len(steps)
            head = self._pending[state[0]][0]
            node = self.circuit.nodes[head]
            steps.append(Step(node.variable, followers) if isinstance(node, Branch) else None)
        return CostStates(self.measures, self.base, tuple(steps), known[start])

    def _followers(self, state: _State) -> list[tuple[_State | None, Vector]]:
        pending, left = state
        head, rest = self._pending[pending]
        node = self.circuit.nodes[head]
        if not isinstance(node, Branch):
            return []
        found: list[tuple[_State | None, Vector]] = []
        reading = self.by_variable.get(node.variable, [])
        known = dict(left)
        own = [(t, known.pop(t, _UNTOUCHED)) for t in reading]
        others: dict[int, tuple[list[tuple[int, _Left]], Vector]] = {}
        for answer, kid in enumerate(node.children):
            if not self.circuit.counts[kid]:
                found.append((None, ()))
                continue
            after = self._after(kid, rest)
            asked = self._asked[after]
            # What does not read the variable is left alike after answers that leave the same to be asked.
            if asked not in others:
                others[asked] = self._passed(known.items(), asked)
            self._work += 1 + len(own) + len(known)
            beside, paid = others[asked]
            terms, added = self._answered(own, node.variable, answer, asked, paid)
            found.append(((after, tuple(sorted(terms + beside, key=_place))), tuple(added)))
        return found

    def _passed(self, terms: Iterable[tuple[int, _Left]], asked: int) -> tuple[list[tuple[int, _Left]], Vector]:
        """What is left of terms that do not read what is answered, where ``asked`` may be asked later, and what they
        add to the costs."""
        added = [0] * len(self.base)
        kept: list[tuple[int, _Left]] = []
        for t, current in terms:
            if self.masks[t] & asked:
                kept.append((t, current))
            elif current is not None:
                added[self.terms[t][0]] += int(current[0] * value_of(current[1], self.defaults))
        return kept, tuple(added)

    def _answered(
        self, own: Iterable[tuple[int, _Left | _Untouched]], variable: int, answer: int, asked: int, paid: Vector
    ) -> tuple[list[tuple[int, _Left]], list[int]]:
        """What is left of the terms that read ``variable`` after an answer, and what it adds to the costs, ``paid``
        included; ``asked`` is what may be asked later."""
        added = list(paid)
        kept: list[tuple[int, _Left]] = []
        for t, before in own:
            metric, term = self.terms[t]
            current: _Left
            if isinstance(before, _Untouched):
                current = (1, term)
                added[metric] -= self.by_default[t]
            else:
                current = before
            later = self.masks[t] & asked
            if current is not None:
                current = self._restrict(current, variable, answer)
            if current is not None and (not current[1] or not later):
                added[metric] += int(current[0] * value_of(current[1], self.defaults))
                current = None
            if later:
                kept.append((t, current))
        return kept, added

    def _restrict(self, current: tuple[int, Factors], variable: int, answer: int) -> _Left:
        number, factors = current
        rest: list[Diagram] = []
        for factor in factors:
            key = (factor.uid, variable, answer)
            if key not in self._restricted:
                self._restricted[key] = self.graph.diagrams.restrict(factor, {variable: answer})
            case = self._restricted[key]
            if isinstance(case, Diagram):
                rest.append(case)
            elif case == 0:
                return (0, ())
            else:
                number *= int(case)
        return number, tuple(rest)

    def _after(self, id: int, rest: int) -> int:
        """What is to be asked when circuit ``id`` comes before ``rest``."""
        node = self.circuit.nodes[id]
        if isinstance(node, Product):
            assert id != ZERO
            for kid in reversed(node.children):
                rest = self._after(kid, rest)
            return rest
        key = (id, rest)
        if key not in self._pending_ids:
            self._pending_ids[key] = len(self._pending)
            self._pending.append(key)
            self._asked.append(self.circuit.variables[id] | self._asked[rest])
        return self._pending_ids[key]
