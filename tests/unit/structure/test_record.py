"""What `record` makes of a class."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass, replace
from functools import cached_property
from importlib import import_module
from inspect import signature
from pkgutil import walk_packages
from threading import Barrier
from typing import Any, ClassVar

import pytest

import stdsl.compiler
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


@record(slots=False)
class Counted:
    name: str
    parts: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list, init=False, compare=False, repr=False)
    times: int = field(default=1, kw_only=True)

    kind: ClassVar[str] = "counted"

    @cached_property
    def length(self) -> int:
        return len(self.parts)


@record
class Solid(Point):
    z: int = 0


@record
class Own:
    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own) and set(self.names) == set(other.names)

    def __hash__(self) -> int:
        return 1


def test_fields_have_defaults_of_all_kinds() -> None:
    one, other = Counted("a"), Counted("a", [1], times=2)
    assert (one.parts, one.kept, one.times, other.parts, other.times) == ([], [], 1, [1], 2)
    assert one.parts is not Counted("a").parts
    assert one.kept is not Counted("a").kept
    assert one == Counted("a") != other
    assert Counted.kind == "counted"
    assert [f.name for f in fields(Counted)] == ["name", "parts", "kept", "times"]
    assert (other.length, other.__dict__["length"]) == (1, 1)
    with pytest.raises(TypeError, match=r"Counted.__init__\(\) missing 1 required positional argument: 'name'"):
        Counted()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Counted("a", [], 2)  # type: ignore[call-arg, misc]


def test_a_record_of_a_record_has_its_fields_too() -> None:
    assert repr(Solid(1, (), 3)) == "Solid(x=1, y=(), z=3)"
    assert Solid(1) != Point(1)
    assert Solid(1) == Solid(1, ())
    assert hash(Solid(1)) == hash(Solid(1))
    assert Solid.__match_args__ == ("x", "y", "z")
    assert Solid.__slots__ == ("z",)
    assert not hasattr(Solid(1), "__dict__")


def test_what_a_class_says_itself_stays() -> None:
    assert Own("a", "b") == Own("b", "a")
    assert hash(Own("a")) == 1
    assert repr(Own("a")) == "Own(names=('a',))"


def test_the_methods_of_a_class_are_written_when_they_are_called() -> None:
    @record
    class Late:
        x: int

    before = Late.__init__
    made = Late(2)
    assert Late.__init__ is not before
    assert before(made, 3) is None
    assert made.x == 3
    stub = Late.__eq__
    copied = pickle.loads(pickle.dumps(Point(4)))
    assert copied == Point(4)
    assert made == Late(3)
    assert Late.__eq__ is not stub
    assert hash(made) == hash((3,))


def test_what_changes_is_not_equal_by_value() -> None:
    @record(eq=False, frozen=False)
    class Counter:
        x: int = 0

    one = Counter()
    one.x += 1
    assert (one.x, one == Counter(1)) == (1, False)
    with pytest.raises(AssertionError):
        record(frozen=False)


def test_threads_may_make_the_first_at_once() -> None:
    @record
    class Shared:
        x: int
        parts: list[int] = field(default_factory=list, compare=False)

    begin = Barrier(8)

    def made(x: int) -> Shared:
        begin.wait()
        return Shared(x)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(made, range(8))) == [Shared(x) for x in range(8)]


def _records() -> Iterator[type[Any]]:
    for info in walk_packages(stdsl.compiler.__path__, "stdsl.compiler."):
        if info.name.startswith(("stdsl.compiler.backends", "stdsl.compiler.ops.torch")):
            continue  # they import torch
        for value in vars(import_module(info.name)).values():
            own = isinstance(value, type) and value.__module__ == info.name
            if own and is_dataclass(value) and not value.__dataclass_params__.init:
                yield value


def test_all_records_are_made_as_dataclass_would_make_them() -> None:
    compared = 0
    for cls in _records():
        given = [f for f in fields(cls) if f.init]
        plain = make_dataclass(cls.__name__, [(f.name, f.type, copy(f)) for f in fields(cls)])
        named = {f.name: None for f in given if f.kw_only}
        cls.__init__(object.__new__(cls), *[None] * (len(given) - len(named)), **named)
        if cls.__init__.__code__.co_filename != "<string>":
            continue  # its own
        ours, theirs = (
            [(p.name, p.kind, p.default is p.empty) for p in signature(c.__init__).parameters.values()]
            for c in (cls, plain)
        )
        assert ours == theirs, cls
        compared += 1
    assert compared > 200
