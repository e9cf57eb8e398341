"""What `record` makes of a class."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, replace

import pytest

from stdsl.compiler.record import record


@record
class Point:
    x: int
    y: tuple[int, ...] = ()


@record(eq=False)
class Place:
    x: int
    hidden: object = field(default=None, repr=False)


@record
class Named:
    name: str

    def __repr__(self) -> str:
        return self.name


def test_records_are_equal_by_value_or_each_to_itself() -> None:
    assert Point(1, (2,)) == Point(1, (2,)) != Point(1)
    assert len({Point(1), Point(1), Point(2)}) == 2
    one = Place(1)
    assert one == one != Place(1)
    assert len({one, Place(1), one}) == 2


def test_they_are_written_as_dataclasses_are() -> None:
    plain = dataclass(type("Point", (), {"__annotations__": {"x": int, "y": tuple}, "y": ()}))
    assert repr(Point(1, (2,))) == repr(plain(1, (2,)))
    assert repr(Place(1, "secret")) == "Place(x=1)"
    assert repr(Named("a")) == "a"
    around: list[object] = []
    around.append(Place(around))  # type: ignore[arg-type]
    assert repr(around) == "[Place(x=[...])]"


def test_they_have_slots_and_are_dataclasses() -> None:
    with pytest.raises(AttributeError):
        Point(1).z = 2  # type: ignore[attr-defined]
    assert replace(Point(1), x=3) == pickle.loads(pickle.dumps(Point(3)))
    match Point(1, (5,)):
        case Point(x, y):
            assert (x, y) == (1, (5,))
