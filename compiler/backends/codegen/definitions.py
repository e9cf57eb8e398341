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


Line: TypeAlias = Assignment | Evaluation | Return


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
        for line in self.body:
            match line:
                case Assignment():
                    yield from (*line.targets, line.value)
                case Evaluation():
                    yield line.value
                case Return():
                    yield from line.values


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
