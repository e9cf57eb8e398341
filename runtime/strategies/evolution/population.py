"""The architectures that are alive: who becomes a parent, and who leaves."""

from __future__ import annotations

import random
from typing import Literal

from stdsl.compiler.record import record

from .objectives import Place, Scores, places


@record
class Member:
    """``number``: of its trial."""

    number: int
    scores: Scores


class Population:
    """At most ``size`` members, in the order in which they became visible. Each one that joins beyond that makes the
    ``remove``-d one leave: the worst, of equal ones that which has been there longest; or the oldest."""

    def __init__(self, size: int, remove: Literal["worst", "oldest"]) -> None:
        self.size, self._remove = size, remove
        self.members: list[Member] = []
        self._places: list[Place] | None = []

    def join(self, member: Member) -> None:
        self.members.append(member)
        if self._places is not None and len(member.scores) == 1:
            self._places.append((member.scores[0], 0.0))
        else:
            self._places = None
        if len(self.members) > self.size:
            self._leave(0 if self._remove == "oldest" else self._worst())

    def change(self, member: Member) -> None:
        """New scores for the member of that number, if it is still there."""
        for index, other in enumerate(self.members):
            if other.number == member.number:
                self.members[index] = member
                self._places = None

    def parent(self, tournament: int, generator: random.Random) -> Member:
        """The best of ``tournament`` members, or of all where there are fewer; of equal ones that drawn first."""
        drawn = generator.sample(range(len(self.members)), min(tournament, len(self.members)))
        return self.members[max(drawn, key=self.places.__getitem__)]

    @property
    def places(self) -> list[Place]:
        """Of each member."""
        if self._places is None:
            self._places = places([member.scores for member in self.members])
        return self._places

    def _worst(self) -> int:
        own = self.places
        return min(range(len(own)), key=own.__getitem__)

    def _leave(self, index: int) -> None:
        member = self.members.pop(index)
        if self._places is not None and len(member.scores) == 1:
            self._places.pop(index)
        else:
            self._places = None
