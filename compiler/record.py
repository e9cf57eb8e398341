"""Frozen dataclasses that cost little to declare and to make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from reprlib import recursive_repr
from threading import RLock
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")

FACTS = ("__dataclass_fields__", "__dataclass_params__", "__match_args__")
"""What ``dataclasses`` and ``match`` ask a class for."""
_LOCK = RLock()


@overload
def record(cls: type[T], /) -> type[T]: ...


@overload
def record(*, eq: bool = True, slots: bool = True, frozen: bool = True) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: Any = None, /, *, eq: bool = True, slots: bool = True, frozen: bool = True) -> Any:
    """Makes a dataclass that is frozen for the type checker, not at run time, unless ``frozen`` says that it is not.
    ``eq``: whether two are equal when their fields are, and hashed by them, rather than each equal to itself alone.
    ``slots``: whether there is place for its fields alone; for one with cached properties there must be more.

    The guard that ``dataclass(frozen=True)`` puts around every field makes an object take six times as long to make
    (1.6 in the place of 0.2 µs for a node of a graph); elaborating a space makes a hundred thousand of them. And
    ``dataclass`` writes and compiles all methods of a class at once, which was a tenth of a `stdsl check` of a small
    space: here each is written when it is called first, most of them never.
    """

    def made(cls: Any) -> Any:
        return _Declared(cls, eq, slots).record

    assert frozen or not eq, "what changes has no hash to be found by"
    return made if cls is None else made(cls)


class _Declared:
    """A class as it was declared, and the ``record`` that stands in its place: one with slots for its fields, and with
    methods that write themselves. What is to be known of the fields, ``dataclass`` says of the declared one."""

    def __init__(self, declared: Any, eq: bool, slots: bool) -> None:
        self.declared = declared
        self.complete = False
        own = {name: value for name, value in declared.__dict__.items() if name not in ("__dict__", "__weakref__")}
        names = tuple([name for name, kind in declared.__annotations__.items() if not _of_class(kind)])
        for name in names:
            own.pop(name, None)  # a default would stand in the slot's place
        given: dict[str, Any] = {name: _Fact(self, name) for name in FACTS}
        given["__init__"] = self.unwritten("__init__", _written_init)
        given["__repr__"] = _written_repr  # one for all
        if eq:
            given["__eq__"] = self.unwritten("__eq__", _written_eq)
            given["__hash__"] = self.unwritten("__hash__", _written_hash)
            if own.get("__hash__", ...) is None:
                del own["__hash__"]  # Python leaves it where a class has an `__eq__` of its own
        if slots:
            own["__slots__"] = names
        self.record = type(declared)(declared.__name__, declared.__bases__, given | own)
        self.record.__qualname__ = declared.__qualname__

    def facts(self) -> None:
        """What ``dataclass`` knows of the fields becomes known of the record."""
        with _LOCK:
            if self.complete:
                return  # thanks to another thread
            self.declared.__doc__ = self.declared.__doc__ or self.declared.__name__  # or dataclass would write one
            dataclass(init=False, eq=False, repr=False)(self.declared)
            for name in FACTS:
                setattr(self.record, name, getattr(self.declared, name))
            self.complete = True

    def unwritten(self, name: str, write: Callable[[type], Any]) -> Any:
        """The method of this name, which ``write`` puts in its own place."""

        def method(own: Any, /, *args: Any, **kwargs: Any) -> Any:
            written = write(self.record)
            written.__qualname__ = f"{self.record.__qualname__}.{name}"
            setattr(self.record, name, written)
            return written(own, *args, **kwargs)

        return method


class _Fact:
    """A fact of a record that nobody has asked for yet."""

    def __init__(self, declared: _Declared, name: str) -> None:
        self.declared = declared
        self.name = name

    def __get__(self, own: Any, kind: Any) -> Any:
        self.declared.facts()
        return getattr(self.declared.record, self.name)


def _of_class(kind: Any) -> bool:
    """Whether what is annotated so is an attribute of the class, and no field."""
    return str(kind).startswith(("ClassVar", "typing.ClassVar"))


def _written_init(cls: Any) -> Any:
    positional: list[str] = ["self"]
    named: list[str] = []
    lines: list[str] = []
    around: dict[str, Any] = {"__name__": cls.__module__, "_MISSING": MISSING}
    for f in fields(cls):
        name, value, parameter = f.name, f.name, f.name
        if f.default is not MISSING:
            around[f"_default_{name}"] = f.default
            parameter = f"{name}=_default_{name}"
        elif f.default_factory is not MISSING:
            around[f"_new_{name}"] = f.default_factory
            parameter, value = f"{name}=_MISSING", f"_new_{name}() if {name} is _MISSING else {name}"
        if f.init:
            (named if f.kw_only else positional).append(parameter)
        elif f.default is not MISSING:
            value = f"_default_{name}"
        elif f.default_factory is not MISSING:
            value = f"_new_{name}()"
        else:
            continue  # somebody else sets it
        lines.append(f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join([*positional, *(["*"] if named else []), *named])
    exec(f"def __init__({parameters}):\n " + "\n ".join(lines or ["pass"]), around)
    return around["__init__"]


def _written_eq(cls: Any) -> Any:
    text = (
        "def __eq__(self, other):\n"
        " if other.__class__ is self.__class__:\n"
        f"  return {_compared(cls, 'self')} == {_compared(cls, 'other')}\n"
        " return NotImplemented"
    )
    around: dict[str, Any] = {"__name__": cls.__module__}
    exec(text, around)
    return around["__eq__"]


def _written_hash(cls: Any) -> Any:
    around: dict[str, Any] = {"__name__": cls.__module__}
    exec(f"def __hash__(self):\n return hash({_compared(cls, 'self')})", around)
    return around["__hash__"]


def _compared(cls: Any, own: str) -> str:
    return "(" + "".join([f"{own}.{f.name}," for f in fields(cls) if f.compare]) + ")"


@recursive_repr()
def _written_repr(self: Any) -> str:
    parts = ", ".join([f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr])
    return f"{type(self).__qualname__}({parts})"
