"""Statements, functions and classes of generated code as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from ...ops.torch.expressions import Call, Expression, Name, every, names_in
from ...record import record


@record
class Assignment:
    """``targets = value  # comment``."""

    targets: tuple[Expression, ...]
    value: Expression
    comment: str = ""


@record
class Evaluation:
    """An expression for what it does."""

    value: Expression


@record
class Return:
    """``return values``."""

    values: tuple[Expression, ...]


@record
class Arm:
    """What is done where ``test`` holds, or (None) where no test before does."""

    test: Expression | None
    body: tuple[Line, ...]


@record
class Branches:
    """``if … elif … else …``: the first arm whose test holds, or none."""

    arms: tuple[Arm, ...]


Line: TypeAlias = Assignment | Evaluation | Return | Branches


def evaluated(lines: Iterable[Line]) -> Iterator[Expression]:
    """All that lines evaluate, and the targets that they assign to."""
    for line in lines:
        match line:
            case Assignment():
                yield from (*line.targets, line.value)
            case Evaluation():
                yield line.value
            case Return():
                yield from line.values
            case Branches():
                for arm in line.arms:
                    if arm.test is not None:
                        yield arm.test
                    yield from evaluated(arm.body)


def targets_of(line: Line) -> Iterator[str]:
    """The variables that a line assigns to."""
    match line:
        case Assignment():
            yield from (name for target in line.targets for name in names_in(target))
        case Branches():
            yield from (name for arm in line.arms for inner in arm.body for name in targets_of(inner))


@record
class Parameter:
    name: str
    default: Expression | None = None


@record
class Function:
    """A method; ``parameters`` are those behind ``self``."""

    name: str
    parameters: tuple[Parameter, ...]
    body: tuple[Line, ...]

    def expressions(self) -> Iterator[Expression]:
        """All that its body evaluates, and the targets that it assigns to."""
        return evaluated(self.body)


@record
class Class:
    """A module. ``base``: the class it derives from. ``forward`` is None where its modules are used by others only.
    ``stays_frozen``: whether its training mode leaves frozen modules as they are."""

    name: str
    doc: str
    constructor: Function
    forward: Function | None
    base: Expression
    stays_frozen: bool = False

    def expressions(self) -> Iterator[Expression]:
        """All that its methods evaluate."""
        yield self.base
        yield from self.constructor.expressions()
        if self.forward is not None:
            yield from self.forward.expressions()


def names_read(classes: Iterable[Class]) -> set[str]:
    """The variables, classes and functions that classes read."""
    return {name for found in classes for inner in found.expressions() for name in names_in(inner)}


def number_of_calls(classes: Iterable[Class], function: str) -> int:
    """How many calls of a function the methods of classes have."""
    inside = (e for found in classes for inner in found.expressions() for e in every(inner))
    return sum(isinstance(e, Call) and e.function == Name(function) for e in inside)
