"""What went wrong in an elaboration: mistakes that are told at once, and those that wait for what `where` allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from ....diagnostics.calls import Recursion
from ....diagnostics.model import Diagnostic, Label, Severity, Sink
from ....diagnostics.source import Span
from ....frontend import ast
from ....ir.builder import GraphBuilder
from ....ir.decisions import answers_in_words
from ....ir.diagram import Diagram, Guard, support, witness
from ....record import record
from ..origins import origins
from ..values import Called, Tensor

Make: TypeAlias = Callable[[str, Mapping[int, int]], Diagnostic]
"""From the words for a witness ("width = 5", "" where there is none to name) and its answers (variable index → answer)
to a diagnostic."""

Narrowed: TypeAlias = Callable[[Guard], Guard]
"""From a condition that some architecture meets to a stricter one that some architecture meets."""

DECIDERS = 3
"""The most decisions that a mistake shows the places of."""


@record
class FaultRecord:
    """A mistake that counts only where some architecture demands ``node`` while ``condition`` holds."""

    node: int
    condition: Guard
    make: Make
    calls: tuple[Called, ...]
    """The applications that it was met in, outermost first."""


class Mistakes:
    """``applying``: the applications of declarations that are being elaborated, outermost first."""

    def __init__(self, sink: Sink, builder: GraphBuilder, applying: Sequence[Called]) -> None:
        self._sink, self._builder, self._applying = sink, builder, applying
        self.begin(None)

    def begin(self, space: ast.SpaceDecl | None) -> None:
        """Nothing is wrong so far. ``space``: the declaration that is elaborated."""
        self.space = space
        self.reported = 0
        self.told = 0
        """How often something was reported or warned of."""
        self.faults: list[FaultRecord] = []
        self.happened: list[tuple[Diagnostic, Guard]] = []
        """What was reported of the faults, and under which condition an architecture shows it."""
        self.at_once: list[tuple[Diagnostic, Guard]] = []
        """The same of mistakes that count whether or not anything demands the place where they were met."""
        self.unsettled: list[tuple[Make, Guard, Narrowed, tuple[Called, ...]]] = []
        """Those of them that `where` may exclude, with the applications that they were met in."""
        self.read: list[tuple[int | None, int, Guard]] = []
        """Where a shape is read that there may not be: by which node (None: by a number), of which, and when."""
        self.showable = False
        """Whether there is a graph of which to take an architecture that shows them."""

    @property
    def number(self) -> int:
        """How many mistakes were met so far, without faults."""
        return self.reported + len(self.unsettled) + len(self.at_once)

    @property
    def met(self) -> tuple[int, int, int]:
        """Equal at two times between which nothing was met that is wrong anywhere."""
        return self.number, len(self.faults), len(self.read)

    def report(self, diagnostic: Diagnostic, calls: Sequence[Called] | None = None) -> None:
        """Adds a diagnostic; one of the same kind at the same place is not reported again, but counted.

        ``calls``: the applications that the mistake was met in, those that are being elaborated unless given.
        """
        assert diagnostic.severity is Severity.ERROR, "of what is no mistake it is warned"
        self.reported += 1
        self._add(diagnostic, self._applying if calls is None else calls)

    def warn(self, diagnostic: Diagnostic) -> None:
        """Adds a warning; nothing of the space is wrong for it."""
        assert diagnostic.severity is not Severity.ERROR, "a mistake is reported"
        self._add(diagnostic, self._applying)

    def _add(self, diagnostic: Diagnostic, calls: Sequence[Called]) -> None:
        self.told += 1
        found = origins(diagnostic, calls, self.space)
        self._sink.add_once(replace(diagnostic, origins=found) if found else diagnostic)

    def recursion(self, span: Span, chain: tuple[str, ...]) -> None:
        """Reports a circle, unless the names of the text have told of one: going round meets the same one again."""
        self.reported += 1
        self.told += 1
        if not any(isinstance(d, Recursion) for d in self._sink.errors):
            self._sink.add(Recursion(span, chain))

    def fault(self, node: int, condition: Guard, make: Make) -> None:
        self.faults.append(FaultRecord(node, condition, make, tuple(self._applying)))

    def shape_read(self, tensor: Tensor, condition: Guard = True, reader: int | None = None) -> None:
        """What is wrong with a tensor counts where its shape is read, too: an operator that is refused makes none.

        ``reader``: the node that needs the shape, so that it matters where that one is demanded.
        """
        if not self.faults:
            return
        diagrams = self._builder.diagrams
        missing = tensor.broken or diagrams.any([diagrams.undefined(d) for d in tensor.type.dims if type(d) is Diagram])
        missing = diagrams.both(missing, condition)
        if missing is not False:
            self.read.append((reader, tensor.node, missing))

    def shown(self, make: Make, condition: Guard, lost: bool = False, first: Narrowed = lambda found: found) -> None:
        """Records a mistake that architectures show in which the condition holds, if `where` lets there be any.

        ``lost``: nothing is left of the value, so that it is reported in any case. ``first``: from the condition for
        the mistake to that for what is told of it, where there are several things to say.
        """
        if lost:
            self._tell(make, first(condition), self._applying)
        else:
            self.unsettled.append((make, condition, first, tuple(self._applying)))

    def settle(self, allowed: Callable[[Guard], Guard] = lambda condition: True) -> None:
        """Reports the mistakes of :meth:`shown` that happen where what ``allowed`` says of their conditions holds."""
        found, self.unsettled = self.unsettled, []
        for make, condition, first, calls in found:
            inside = self._builder.diagrams.both(condition, allowed(condition))
            if witness(inside) is not None:
                self._tell(make, first(inside), calls, about=first(condition))

    def _tell(self, make: Make, condition: Guard, calls: Sequence[Called], about: Guard = True) -> None:
        """``about``: the condition without what `where` leaves, whose decisions alone are named; True: all are."""
        answers = witness(condition) or {}
        if about is not True:
            answers = {v.index: answers[v.index] for v in support(about) if v.index in answers}
        diagnostic = make(self.witness_words(answers), answers)
        self.report(replace(diagnostic, deciders=self.deciders(answers)), calls)
        self.at_once.append((diagnostic, condition))

    def deciders(self, answers: Mapping[int, int]) -> tuple[Label, ...]:
        """Where the decisions of a witness are made, of so many as can be taken in."""
        decisions = {self._builder.diagrams.variables[index].decision for index in sorted(answers)}
        rows = [self._builder.decisions[id] for id in sorted(decisions)][:DECIDERS]
        words = {row.span: f"`{row.label or row.path}` is decided here" for row in reversed(rows)}
        return tuple(Label(span, text) for span, text in reversed(words.items()))

    def witness_words(self, answers: Mapping[int, int]) -> str:
        """`width = 5, kind = conv`: the answers by the names of their decisions."""
        return answers_in_words(self._builder.decisions, self._builder.diagrams.variables, answers)
