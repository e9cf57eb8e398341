"""Which architectures of a search an ensemble is of."""

from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import Field

from .base import Constructor

_Members = Annotated[int, Ge(2), Le(1_000)]


class Different(Constructor):
    """The best architecture, and those of the best ones that differ most from each other by their active decisions."""

    kind: Literal["different"] = "different"
    members: _Members = Field(description="How many there are")
    of: Annotated[int, Ge(2), Le(100_000)] | None = Field(
        default=None, description="So many of the best ones are chosen among; none: four times as many as there are"
    )

    @property
    def pool(self) -> int:
        """How many of the best are chosen among."""
        return max(self.members, self.of or 4 * self.members)
