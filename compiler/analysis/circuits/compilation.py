"""From the demand structure of a space to its decision circuit.

The search branches on a decision that is certain to be active, nearest to the outputs first; what remains then falls
into parts that have no decision in common, which are compiled separately; states met before are looked up. A `keep`
is branched element by element, its state being what its sizes still allow, so that independent elements give the
elementary symmetric polynomials of their counts. A state forgets every answer that nothing in it depends on.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace

from ...ir.diagram import Diagram, Guard, Variable, inner_nodes
from ...ir.graph import DecisionConstraint, SpaceGraph
from ...record import record
from .circuit import ONE, ZERO, Circuit, CircuitBuilder
from .skeleton import Skeleton, bits, skeleton

STATE_LIMIT = 200_000
"""A compilation gives up when it has met more states than this."""

WORK_PER_STATE = 30
"""And when it has looked at so many times as many things: states of many decisions, points and answers cost more than
others. Spaces of published systems stay below a tenth of this."""

AT_LEAST = 20
"""All parts of a space share this work; one may do such a share of it even where those before left nothing."""

ANSWER = 2
"""What an answer costs by itself, in things looked at."""


class TooManyStates(Exception):
    """More than :data:`STATE_LIMIT` states, or more work than they may take, or a guard that grew too large."""


@record
class State:
    """What is left to be decided on one branch of the search.

    ``open``: decisions that are active and not (wholly) answered, with the condition that their remaining elements
    must meet, and how many of their variables, in order, are answered. ``asks`` and ``targets``: decisions and points
    that are demanded where a guard, not yet settled, holds.
    ``constraints``: what is left of constraints, with the decisions that must still become active for them to bind.
    ``answers``, ``answered``: the answers and the wholly answered decisions that something here may still refer to.
    """

    open: dict[int, tuple[Guard, int]]
    asks: dict[int, Guard]
    targets: dict[int, Guard]
    constraints: dict[int, tuple[Guard, frozenset[int]]]
    answers: dict[int, int]
    answered: frozenset[int]

    def size(self) -> int:
        """How many things there are to look at."""
        return len(self.open) + len(self.asks) + len(self.targets) + len(self.constraints) + len(self.answers)


def compile_circuits(
    graph: SpaceGraph, limit: int | None = None, order: Mapping[int, int] | None = None
) -> tuple[list[Circuit | None], list[frozenset[int]]]:
    """The circuits of the independent parts of a space, and the decisions that each of them is about.

    A part that takes more than ``limit`` states (:data:`STATE_LIMIT` unless given), or more than
    :data:`WORK_PER_STATE` times that in work, is None. ``order``: of the decisions
    that are certain to be active the one with the greatest number is asked first; else the one nearest to the outputs.
    """
    found = skeleton(graph)
    if order is not None:
        found = replace(found, order=order)
    compiler = _Compiler(graph, found, STATE_LIMIT if limit is None else limit)
    circuits: list[Circuit | None] = []
    parts: list[frozenset[int]] = []
    start = compiler.start()
    most = left = WORK_PER_STATE * compiler.limit
    before = sys.getrecursionlimit()
    # A branch of the search is as long as a part has variables.
    sys.setrecursionlimit(max(before, 20 * len(graph.diagrams.variables) + 5_000))
    try:
        for state in [] if start is None else compiler.split(start):
            parts.append(compiler.decisions(state))
            compiler.met = compiler.work = 0
            compiler.allowed = max(left, most // AT_LEAST)
            try:
                circuits.append(compiler.builder.finish(compiler.compile(state)))
            except TooManyStates:
                circuits.append(None)
            left -= compiler.work
    finally:
        sys.setrecursionlimit(before)
    if start is None:
        return [CircuitBuilder().finish(ZERO)], [frozenset()]
    return circuits, parts


class _Compiler:
    def __init__(self, graph: SpaceGraph, skeleton: Skeleton, limit: int) -> None:
        self.graph, self.skeleton, self.limit = graph, skeleton, limit
        self.builder = CircuitBuilder()
        self.met = self.work = 0
        self.allowed = WORK_PER_STATE * limit
        self._memo: dict[Hashable, int] = {}
        self._restricted: dict[tuple[int, int, int], Guard] = {}
        self._supports: dict[int, int] = {}
        self._owners: dict[int, int] = {}
        self._either: dict[tuple[int, int], Guard] = {}
        self.constraints = [c for c in graph.constraints if isinstance(c, DecisionConstraint)]
        self._reach()

    def _reach(self) -> None:
        """For each point, masks of the decisions that may be asked for and of the variables that guards depend on, from
        it on."""
        self.asked: list[int] = []
        self.depends: list[int] = []
        for point in self.skeleton.points:
            asked = depends = 0
            for decision, guard in point.asks:
                asked |= 1 << decision
                depends |= self.support(guard)
            for target, guard in point.targets:
                asked |= self.asked[target]
                depends |= self.depends[target] | self.support(guard)
            self.asked.append(asked)
            self.depends.append(depends)

    # -- guards

    def support(self, guard: Guard) -> int:
        """A mask of the variables that a guard depends on."""
        if not isinstance(guard, Diagram):
            return 0
        stack = [guard] if guard.uid not in self._supports else []
        while stack:
            node = stack[-1]
            below = [kid for kid in node.children if isinstance(kid, Diagram)]
            unknown = [kid for kid in below if kid.uid not in self._supports]
            if unknown:
                stack += unknown
                continue
            mask = 1 << node.variable.index
            for kid in below:
                mask |= self._supports[kid.uid]
            self._supports[node.uid] = mask
            stack.pop()
        return self._supports[guard.uid]

    def restrict(self, guard: Guard, variable: int, answer: int) -> Guard:
        if not isinstance(guard, Diagram) or guard.variable.index > variable:
            return guard
        if guard.variable.index == variable:
            child: Guard = guard.children[answer]
            return child
        if not self.support(guard) >> variable & 1:
            return guard
        key = (guard.uid, variable, answer)
        if key not in self._restricted:
            self.work += sum(1 for _ in inner_nodes(guard))
            self._restricted[key] = self.graph.diagrams.restrict(guard, {variable: answer})
        return self._restricted[key]

    def under(self, guard: Guard, answers: dict[int, int]) -> Guard:
        for variable in bits(self.support(guard)):
            if variable in answers:
                guard = self.restrict(guard, variable, answers[variable])
        return guard

    def either(self, a: Guard, b: Guard) -> Guard:
        if not (isinstance(a, Diagram) and isinstance(b, Diagram)):
            return self.graph.diagrams.either(a, b)
        key = (a.uid, b.uid)
        if key not in self._either:
            made = self._either[key] = self.graph.diagrams.either(a, b)
            self.work += sum(1 for _ in inner_nodes(made)) if isinstance(made, Diagram) else 1
        return self._either[key]

    def decisions_of(self, variables: int) -> int:
        """A mask of the decisions whose variables these are."""
        if variables not in self._owners:
            mask = 0
            for index in bits(variables):
                mask |= 1 << self.graph.diagrams.variables[index].decision
            self._owners[variables] = mask
        return self._owners[variables]

    # -- states

    def start(self) -> State | None:
        constraints = {i: (c.condition, c.needs) for i, c in enumerate(self.constraints)}
        state = State({}, {}, {}, constraints, {}, frozenset())
        for decision in self.skeleton.always:
            self._ask(state, decision)
        for root in self.skeleton.roots:
            self._demand(state, root)
        self._drop_asked_for(state)
        return state if self._consistent(state) else None

    def _ask(self, state: State, decision: int) -> None:
        if decision in state.answered or decision in state.open:
            return
        state.open[decision] = (self.graph.decisions[decision].valid, 0)
        state.asks.pop(decision, None)
        for i, (condition, needs) in state.constraints.items():
            if decision in needs:
                state.constraints[i] = (condition, needs - {decision})

    def _demand(self, state: State, target: int) -> None:
        stack = [target]
        while stack:
            point = self.skeleton.points[stack.pop()]
            self.work += len(point.asks) + len(point.targets)
            for decision, guard in point.asks:
                if decision in state.answered or decision in state.open:
                    continue
                guard = self.either(state.asks.get(decision, False), self.under(guard, state.answers))
                if guard is True:
                    self._ask(state, decision)
                elif isinstance(guard, Diagram):
                    state.asks[decision] = guard
            for id, guard in point.targets:
                guard = self.under(guard, state.answers)
                if guard is not True:
                    guard = self.either(state.targets.get(id, False), guard)
                if guard is True:
                    state.targets.pop(id, None)
                    stack.append(id)
                elif isinstance(guard, Diagram):
                    state.targets[id] = guard

    def answer(self, state: State, variable: Variable, answer: int) -> State | None:
        """The state after an answer; None if it is not allowed."""
        index, decision = variable.index, variable.decision
        condition, place = state.open[decision]
        valid = self.restrict(condition, index, answer)
        if valid is False:
            return None
        opened = {d: g for d, g in state.open.items() if d != decision}
        answers = {**state.answers, index: answer}
        answered = state.answered
        if place + 1 == len(self.graph.decisions[decision].variables):
            answered |= {decision}
        else:
            opened[decision] = (valid, place + 1)
        constraints = {i: (self.restrict(c, index, answer), needs) for i, (c, needs) in state.constraints.items()}
        after = State(opened, {}, {}, constraints, answers, answered)
        certain: list[int] = []
        for id, guard in state.asks.items():
            guard = self.restrict(guard, index, answer)
            if guard is True:
                self._ask(after, id)
            elif isinstance(guard, Diagram):
                after.asks[id] = guard
        for id, guard in state.targets.items():
            guard = self.restrict(guard, index, answer)
            if guard is True:
                certain.append(id)
            elif isinstance(guard, Diagram):
                after.targets[id] = guard
        for id in certain:
            self._demand(after, id)
        self._drop_asked_for(after)
        return after if self._consistent(after) else None

    def _drop_asked_for(self, state: State) -> None:
        """Without the targets that would ask for nothing which is not asked for already: in a row of sums of any of
        those before, states would else be told apart by who else may want what is there in any case."""
        if not state.targets:
            return
        active = state.answered.union(state.open)
        known: dict[int, bool] = {}
        for target in sorted(state.targets):
            if self._asked_for(state, target, active, known):
                del state.targets[target]

    def _asked_for(self, state: State, target: int, active: frozenset[int], known: dict[int, bool]) -> bool:
        """Whether to demand a point changes nothing in a state."""
        stack = [target]
        while stack:
            id = stack[-1]
            if id in known:
                stack.pop()
                continue
            point = self.skeleton.points[id]
            self.work += 1 + len(point.asks)
            if any(d not in active and not self._within(g, state.asks.get(d, False), state) for d, g in point.asks):
                known[id] = False
                continue
            self.work += len(point.targets)
            wanted = [t for t, g in point.targets if not self._within(g, state.targets.get(t, False), state)]
            if any(known.get(t) is False for t in wanted):
                known[id] = False
            elif unknown := [t for t in wanted if t not in known]:
                stack.append(unknown[0])
            else:
                known[id] = True
        return known[target]

    def _within(self, guard: Guard, other: Guard, state: State) -> bool:
        """Whether ``guard``, under the answers of a state, holds only where ``other`` does."""
        guard = self.under(guard, state.answers)
        return guard is False or (guard is not True and other is not False and self.either(other, guard) is other)

    def _consistent(self, state: State) -> bool:
        for i, (condition, needs) in list(state.constraints.items()):
            if condition is True:
                del state.constraints[i]
            elif not isinstance(condition, Diagram) and not needs:
                return False
        return True

    def _masks(self, state: State) -> list[tuple[int, str, int]]:
        """Each thing in a state with a mask of the undecided decisions that it has to do with."""
        found = [(1 << d, "open", d) for d in state.open]
        undecided = ~sum(1 << d for d in state.answered)
        for d, guard in state.asks.items():
            found.append(((1 << d | self.decisions_of(self.support(guard))) & undecided, "asks", d))
        for t, guard in state.targets.items():
            mask = self.asked[t] | self.decisions_of(self.support(guard) | self.depends[t])
            found.append((mask & undecided, "targets", t))
        for i, (condition, needs) in state.constraints.items():
            mask = sum(1 << d for d in needs) | self.decisions_of(self.support(condition))
            found.append((mask & undecided, "constraints", i))
        return found

    def split(self, state: State) -> list[State]:
        """The parts of a state that have no undecided decision in common. Things that nothing can ask for any more
        go."""
        groups: list[tuple[int, list[tuple[str, int]]]] = []
        seen = 0
        for mask, kind, id in self._masks(state):
            if not mask & seen:
                groups.append((mask, [(kind, id)]))
                seen |= mask
                continue
            seen |= mask
            members, apart = [(kind, id)], []
            for other, things in groups:
                if other & mask:
                    mask |= other
                    members += things
                else:
                    apart.append((other, things))
            groups = [*apart, (mask, members)]
        parts = []
        for _, members in groups:
            part = self._part(state, members)
            if part is not None:
                parts.append(part)
        return parts

    def _part(self, state: State, members: list[tuple[str, int]]) -> State | None:
        chosen: dict[str, list[int]] = {"open": [], "asks": [], "targets": [], "constraints": []}
        for kind, id in sorted(members):
            chosen[kind].append(id)
        if not chosen["open"]:
            # Targets and asks depend on decisions that are asked for before; without an open one they ask for nothing,
            # and what a constraint still needs cannot become active.
            assert not chosen["asks"], "a guard depends on a decision that is not asked for before it"
            return None
        depends = asked = 0
        for d in chosen["asks"]:
            asked |= 1 << d
            depends |= self.support(state.asks[d])
        for t in chosen["targets"]:
            asked |= self.asked[t]
            depends |= self.depends[t] | self.support(state.targets[t])
        constraints = {
            i: state.constraints[i]
            for i in chosen["constraints"]
            if all(asked >> d & 1 and d not in state.answered for d in state.constraints[i][1])
        }
        return State(
            {d: state.open[d] for d in chosen["open"]},
            {d: state.asks[d] for d in chosen["asks"]},
            {t: state.targets[t] for t in chosen["targets"]},
            constraints,
            {v: a for v, a in state.answers.items() if depends >> v & 1},
            frozenset(d for d in state.answered if asked >> d & 1),
        )

    def decisions(self, state: State) -> frozenset[int]:
        """The decisions that a state is about."""
        mask = 0
        for m, _, _ in self._masks(state):
            mask |= m
        return frozenset(bits(mask))

    # -- search

    def compile(self, state: State) -> int:
        """The circuit of a part (a state that :meth:`split` gave)."""
        key = self._key(state)
        found = self._memo.get(key)
        if found is not None:
            return found
        variable = self._next(state)
        self.met += 1
        self.work += variable.arity * (ANSWER + 3 * state.size())
        if self.met > self.limit or self.work > self.allowed:
            raise TooManyStates
        children = []
        for answer in range(variable.arity):
            after = self.answer(state, variable, answer)
            children.append(ZERO if after is None else self._product(self.split(after)))
        result = self._memo[key] = self.builder.branch(variable.index, children)
        return result

    def _product(self, parts: Iterable[State]) -> int:
        children = []
        for part in parts:
            child = self.compile(part)
            if child == ZERO:
                return ZERO
            children.append(child)
        return self.builder.product(children) if children else ONE

    def _next(self, state: State) -> Variable:
        # A keep once begun is finished first; else the decision nearest to the outputs.
        def urgency(decision: int) -> tuple[bool, int, int]:
            return state.open[decision][1] > 0, self.skeleton.order.get(decision, -1), -decision

        decision = max(state.open, key=urgency)
        return self.graph.decisions[decision].variables[state.open[decision][1]]

    def _key(self, state: State) -> Hashable:
        # In-progress keeps are told apart by how many elements are answered and by what their sizes still allow.
        opened = tuple(
            (d, place, valid.uid if isinstance(valid, Diagram) else -1)
            for d, (valid, place) in sorted(state.open.items())
        )
        return (
            opened,
            tuple(sorted((d, g.uid if isinstance(g, Diagram) else -1) for d, g in state.asks.items())),
            tuple(sorted((t, g.uid if isinstance(g, Diagram) else -1) for t, g in state.targets.items())),
            tuple(
                sorted(
                    (i, c.uid if isinstance(c, Diagram) else -1, needs) for i, (c, needs) in state.constraints.items()
                )
            ),
            tuple(sorted(state.answers.items())),
            state.answered,
        )
