"""Hyper-parameters: decisions in settings, which are searched together with the architecture."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from .base import Placed, Settings


class RealRange(Settings):
    """`choose real(low..high)`: uniform over an interval."""

    kind: Literal["real"] = "real"
    low: float
    high: float


class LogRange(Settings):
    """`choose log(low..high)`: uniform in the logarithm."""

    kind: Literal["log"] = "log"
    low: float
    high: float


class IntegerRange(Settings):
    """`choose low..high`: whole numbers, both ends included."""

    kind: Literal["range"] = "range"
    low: int
    high: int


class Options(Settings):
    """`choose {a, b: v}`: one of several values by name, each as its plain data."""

    kind: Literal["options"] = "options"
    values: dict[str, Any]


Hyper = Annotated[RealRange | LogRange | IntegerRange | Options, Field(discriminator="kind")]
Value = int | float | str


def ends(hyper: RealRange | LogRange | IntegerRange | Options) -> Iterator[Value]:
    """Values that tell whether all of its values are allowed: both ends, or every option's name."""
    if isinstance(hyper, Options):
        yield from hyper.values
    else:
        yield hyper.low
        yield hyper.high


def in_words(values: Mapping[str, Value]) -> str:
    """`fitness.batch = 8, fitness.dropout = 0.25`: values of open settings, to be read; numbers in four figures."""
    return ", ".join(
        f"{key} = {f'{value:.4g}' if isinstance(value, float) else value}" for key, value in values.items()
    )


class Tunable(Placed):
    """Settings in which decisions may stand. An open setting holds one of its values until ``assign`` sets it."""

    open: dict[str, Hyper] = Field(
        default_factory=dict,
        description="Dotted key → the values it may take; below an option, the option's name is part of the key",
    )

    def active(self, values: Mapping[str, Value]) -> Iterator[str]:
        """The keys in ``open`` that matter given ``values``: those below an option only when it is the one chosen."""
        for key in self.open:
            if self._setting(key, values) is not None:
                yield key

    def _setting(self, key: str, values: Mapping[str, Value]) -> list[str] | None:
        """The key of the setting, without the names of options; None where another option is chosen."""
        path: list[str] = []
        place = ""
        skip = False
        for segment in key.split("."):
            if skip:
                skip = False
                if values.get(place) != segment:
                    return None
                place = f"{place}.{segment}"
                continue
            path.append(segment)
            place = f"{place}.{segment}" if place else segment
            skip = place != key and isinstance(self.open.get(place), Options)
        return path

    def assign(self, values: Mapping[str, Value]) -> Self:
        """These settings with a value for every active key of ``open``: a number, or the name of an option.

        The result is closed. Raises KeyError for a missing or unknown key, ``pydantic.ValidationError`` for a value
        that its setting does not allow.
        """
        data = self.model_dump(mode="json", exclude={"open"})
        unknown = values.keys() - self.open.keys()
        if unknown:
            raise KeyError(f"not open: {', '.join(sorted(unknown))}")
        # An option holds the settings below it, so the shorter keys go first.
        for key in sorted(self.active(values), key=lambda k: k.count(".")):
            hyper, path = self.open[key], self._setting(key, values)
            assert path is not None
            value = hyper.values[str(values[key])] if isinstance(hyper, Options) else values[key]
            at: Any = data
            for segment in path[:-1]:
                at = at[_index(at, segment)]
            at[_index(at, path[-1])] = value
        return type(self).load(data).with_places(self.places)


def _index(container: Any, segment: str) -> str | int:
    """Elements of a list count from 1 in keys."""
    return int(segment) - 1 if isinstance(container, list) else segment
