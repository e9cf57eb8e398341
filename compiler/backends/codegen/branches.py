"""Which statements of a network that computes one path stand under which condition, region by region."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ...ir.diagram import Guard, case_key, support
from ...ir.operation import TensorShape
from ...ops.torch.expressions import Expression, Name, names_in
from ...record import record
from .definitions import Arm, Assignment, Branches, Line
from .program import Path, Program, Statement
from .regions import Region


@record
class Branched:
    """A line of a forward pass: ``targets = value``. ``chain`` and ``arm`` number the `if … elif …` that it stands in
    and the arm of it, under ``test`` (None for the last, where no other test holds); a line without a chain is always
    computed."""

    targets: tuple[str, ...]
    value: Expression
    shape: TensorShape | None
    chain: int | None = None
    arm: int = 0
    test: Expression | None = None


@dataclass(slots=True)
class Guarded:
    """A line while the body of a region is put together. ``chosen``: one of the values that a choice is between, which
    may stand right behind what computes it."""

    targets: tuple[str, ...]
    value: Expression
    shape: TensorShape | None
    guard: Guard = True
    chosen: bool = False


class Needs:
    """Conditions of regions. What the conditions inside of a region ask about is put among its inputs."""

    def __init__(self, program: Program, path: Path, root: Region) -> None:
        self._program, self._path = program, path
        self._diagrams = path.graph.diagrams
        self._of: dict[int, Guard] = {}
        self._measure(root)
        self._of[root.scope] = True
        self._read(root)

    def of(self, item: Statement | Region) -> Guard:
        """The condition under which a statement or anything of a region is computed."""
        return self._of[item.scope] if isinstance(item, Region) else item.need

    def within(self, guard: Guard, region: Region) -> Guard:
        """A condition where it is known that the region is computed."""
        found: Guard = self._diagrams.constrain(guard, self._of[region.scope])
        return found

    def surely(self, read: Guard, made: Guard) -> bool:
        """Whether what is made under one condition is there whenever it is read under the other."""
        if made is True:
            return True
        return self._diagrams.both(read, self._diagrams.negate(made)) is False

    def apart(self, one: Guard, other: Guard) -> bool:
        """Whether two conditions never hold together."""
        return self._diagrams.both(one, other) is False

    def always(self, guards: Sequence[Guard]) -> bool:
        """Whether one of the conditions holds wherever they are asked."""
        return self._diagrams.any(guards) is True

    def _measure(self, region: Region) -> Guard:
        parts: list[Guard] = []
        for item in region.items:
            if isinstance(item, Region):
                parts.append(self._measure(item))
            elif item.kind == "value":
                parts.append(item.need)
        found = self._of[region.scope] = self._diagrams.any(parts)
        return found

    def _read(self, region: Region) -> set[int]:
        """The statements of the decisions that a region asks about, which its inputs are then as well."""
        read: set[int] = set()
        for item in region.items:
            guards = [self.of(item)]
            if isinstance(item, Region):
                read |= self._read(item)
            elif item.kind != "value":
                continue
            else:
                guards += [guard for guard, _ in item.cases]
            for guard in guards:
                inside = self.within(guard, region)
                read |= {self._path.decisions[variable.decision] for variable in support(inside)}
        for statement in sorted(read - set(region.inputs)):
            region.inputs = (*region.inputs, statement)
        return read


def arranged(
    lines: Sequence[Guarded], result: Sequence[Expression], needs: Needs, write: Callable[[Guard], Expression]
) -> list[Branched]:
    """The lines of a body, those under one condition together, those under conditions that exclude each other as the
    arms of one `if … elif …`. ``result``: what the body returns; ``write``: a condition as an expression."""
    found = list(_fused(_sunk(lines), result))
    branched: list[Branched] = []
    chain, arm = -1, 0
    guards: list[Guard] = []
    test: Expression | None = None
    for line in found:
        if line.guard is True:
            guards = []
            branched.append(Branched(line.targets, line.value, line.shape))
            continue
        if not guards or case_key(guards[-1]) != case_key(line.guard):
            if guards and all(needs.apart(guard, line.guard) for guard in guards):
                guards.append(line.guard)
                arm += 1
            else:
                guards, arm = [line.guard], 0
                chain += 1
            test = write(line.guard)
        branched.append(Branched(line.targets, line.value, line.shape, chain, arm, test))
    return list(_closed(branched, found, needs))


def _closed(branched: Sequence[Branched], lines: Sequence[Guarded], needs: Needs) -> Iterator[Branched]:
    """With `else` for the last arm of what always takes one."""
    for chain, inside in groupby(zip(branched, lines, strict=True), lambda pair: pair[0].chain):
        pairs = list(inside)
        last = max(line.arm for line, _ in pairs)
        whole = chain is not None and last > 0 and needs.always([guarded.guard for _, guarded in pairs])
        for line, _ in pairs:
            yield replace(line, test=None) if whole and line.arm == last else line


def in_branches(lines: Sequence[Branched], assigned: Sequence[Assignment]) -> Iterator[Line]:
    """The assignments that were made of ``lines``, each in its branch."""
    for chain, inside in groupby(zip(lines, assigned, strict=True), lambda pair: pair[0].chain):
        if chain is None:
            yield from (assignment for _, assignment in inside)
            continue
        arms: dict[int, tuple[Expression | None, list[Line]]] = {}
        for line, assignment in inside:
            arms.setdefault(line.arm, (line.test, []))[1].append(assignment)
        yield Branches(tuple(Arm(test, tuple(body)) for test, body in arms.values()))


def _sunk(lines: Sequence[Guarded]) -> list[Guarded]:
    """With each chosen value right behind the line that computes it, if that stands under the same condition."""
    found: list[Guarded] = []
    for line in lines:
        if line.chosen and isinstance(line.value, Name):
            made = [i for i, before in enumerate(found) if line.value.id in before.targets]
            if made and case_key(found[made[-1]].guard) == case_key(line.guard):
                found.insert(made[-1] + 1, line)
                continue
        found.append(line)
    return found


def _fused(lines: Sequence[Guarded], result: Sequence[Expression]) -> Iterator[Guarded]:
    """Without the variable of a value that is chosen and read by nothing else."""
    reads = [name for value in (*(line.value for line in lines), *result) for name in names_in(value)]
    waiting: Guarded | None = None
    for line in lines:
        if waiting is not None and line.chosen and line.value == Name(waiting.targets[-1]):
            alone = len(waiting.targets) == 1 and reads.count(waiting.targets[0]) == 1
            if alone and case_key(waiting.guard) == case_key(line.guard):
                waiting = Guarded(line.targets, waiting.value, waiting.shape, line.guard)
                continue
        if waiting is not None:
            yield waiting
        waiting = line
    if waiting is not None:
        yield waiting
