"""What runs pieces of work beside each other, each so that its end is nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal, Protocol, TypeAlias

from stdsl.compiler.text.quoting import visible

from ..training.interruption import Interruption

Plain: TypeAlias = dict[str, Any]
"""What JSON can hold."""
Tell: TypeAlias = Callable[[Plain], None]
"""Takes what a piece of work says on its way."""
Doing: TypeAlias = Callable[[Plain, Tell, Interruption], Plain]
"""Does one piece of work, by what describes it; raises Interrupted when it is asked to stop, after its state was
kept."""


@dataclass(frozen=True)
class Work:
    """What an engine does: ``prepare`` names a function (`package.module:name`) that makes a :data:`Doing` of
    ``facts``.

    ``shared``: whether processes may share what it made. Where it may have opened files or devices, or has loaded code
    of somebody else's, each makes its own.
    """

    prepare: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    shared: bool = True

    def doing(self) -> Doing:
        """Raises whatever ``prepare`` does."""
        module, _, name = self.prepare.partition(":")
        made: Doing = getattr(import_module(module), name)(**self.facts)
        return made


@dataclass(frozen=True)
class Fault:
    """Why a piece of work came to nothing.

    ``kind``: it raised an error; its process was lost (it crashed, or was killed); it took longer than it may; it was
    stopped, as it was asked. ``words``: that in words. ``error``: the name of the exception's class, with its module;
    ``raised``: the exception, where it is at hand.
    """

    kind: Literal["raised", "lost", "late", "stopped"]
    words: str
    error: str = ""
    raised: Exception | None = None


@dataclass(frozen=True)
class Done:
    """The end of the piece of work ``id``: its ``value``, or the ``fault`` for which it has none."""

    id: str
    value: Plain | None = None
    fault: Fault | None = None


class Engine(Protocol):
    """Does pieces of work, each with an id of its own, ``slots`` of them at a time.

    Whatever happens to a process that does one, every piece of work that was submitted and not cancelled ends in one
    :class:`Done`. Use as a context manager: leaving it ends all processes; nothing that they keep is lost.
    """

    @property
    def slots(self) -> int:
        """How many pieces are done at a time."""
        ...

    def submit(self, id: str, payload: Plain, timeout: float | None = None) -> None:
        """Have ``payload`` done. ``timeout``: seconds that it may take once it is begun; None: any number."""
        ...

    def wait(self, seconds: float) -> Done | None:
        """The next end of a piece of work; None where there was none within so many seconds."""
        ...

    def cancel(self, id: str) -> None:
        """End a piece of work; there will be no :class:`Done` for it. Does nothing where it has ended."""
        ...

    def stop(self) -> None:
        """Ask all that is under way to keep its state and end: each does so by a :class:`Done` that was stopped, or
        with its value."""
        ...

    def __enter__(self) -> Engine: ...

    def __exit__(self, *exception: object) -> None: ...


Hear: TypeAlias = Callable[[str, Plain], None]
"""Takes what the piece of work of an id says."""


def name_of(error: BaseException) -> str:
    """The name of an exception's class, with its module."""
    return class_name(type(error))


def class_name(of: type[BaseException]) -> str:
    """The name of a class of exceptions, with its module."""
    return f"{of.__module__}.{of.__qualname__}"


def words_of(error: BaseException) -> str:
    """An exception in one line, which any file and any database takes."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return visible(f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__)
