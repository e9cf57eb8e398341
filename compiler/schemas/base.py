"""What all settings have in common: frozen pydantic models that refuse unknown keys and convert nothing silently.

The files of models do not postpone their annotations: pydantic would evaluate each as a text, and once more for every
model that inherits it.
"""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, PrivateAttr

from ..diagnostics.source import Span
from ..record import record

Count = Annotated[int, Ge(1)]
"""A whole number from 1."""
Natural = Annotated[int, Ge(0)]
"""A whole number from 0."""
Pixels = Annotated[int, Ge(1), Le(16_384)]
"""A length of an image."""
Border = Annotated[int, Ge(0), Le(1_024)]
"""Pixels around an image."""
Frames = Annotated[int, Ge(1), Le(65_536)]
"""Frames of a clip, or from one to the next."""
Classes = Annotated[int, Ge(1), Le(1_000_000)]
"""A number of classes, which all have a name."""
Samples = Annotated[int, Ge(1), Le(10_000_000)]
"""Samples that are made, and kept in memory."""
Loaders = Annotated[int, Ge(0), Le(256)]
"""Threads that load data."""
Trainings = Annotated[int, Ge(0), Le(100_000)]
"""Networks that are trained one after the other."""
Candidates = Annotated[int, Ge(1), Le(1_000_000)]
"""Networks that are measured one after the other, and not trained."""
Positive = Annotated[float, Gt(0)]
Weight = Annotated[float, Ge(1e-30), Le(1e30)]
"""A number above 0 that is multiplied by in 32 bits, which hold it and its inverse."""
NonNegative = Annotated[float, Ge(0)]
Share = Annotated[float, Ge(0), Le(1)]
"""A number from 0 to 1."""
Fraction = Annotated[float, Ge(0), Lt(1)]
"""A number from 0, below 1."""


@record
class Conflict:
    """Two settings that do not go together.

    ``key`` (dotted, relative to the model) is the one to blame, ``other`` (if any) the one that it clashes with.
    """

    key: str
    message: str
    help: str
    other: str | None = None


class Settings(BaseModel):
    """Base of all models of settings."""

    # What reads a kind of settings is built when the first of its kind is read: few texts have all kinds.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    exclusive: ClassVar[tuple[frozenset[str], ...]] = ()
    """Keys of which a later layer's one replaces an earlier layer's other: `steps` and `epochs`."""

    hidden: ClassVar[frozenset[str]] = frozenset({"kind", "family", "open"})
    """Fields that the text never writes: what the settings themselves are, and what is derived from them."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def conflicts(self) -> Iterator[Conflict]:
        """Settings of this model that are fine alone and wrong together; nested models are asked by the caller."""
        return iter(())

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """The model of what ``model_dump(mode="json")`` gave. Raises ``pydantic.ValidationError``."""
        return cls.model_validate_json(json.dumps(data))


class Section(Settings):
    """Settings written in braces: `weights { … }`."""


class Constructor(Settings):
    """Settings written as a call: `adam(lr = 3e-4)`. Every subclass has a field ``kind``, a literal equal to its name
    in the language; the other fields are its parameters in their order."""


class Placed(Section):
    """The outermost settings of a strategy or a search, which know the text that set them."""

    _places: Mapping[str, Span] = PrivateAttr(default_factory=lambda: MappingProxyType({}))

    @property
    def places(self) -> Mapping[str, Span]:
        """Dotted key → the text that set it (`weights.optimizer.lr`); keys left at their defaults are absent."""
        return self._places

    def place(self, key: str) -> Span | None:
        """The text that set ``key``, else the nearest of the sections around it, else the declaration (key ``""``)."""
        while key and key not in self._places:
            key = key.rpartition(".")[0]
        return self._places.get(key)

    def with_places(self, places: Mapping[str, Span]) -> Self:
        """The same settings with another table of places."""
        copy = self.model_copy()
        copy._places = MappingProxyType(dict(places))
        return copy
