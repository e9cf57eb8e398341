"""What a setting may be, read off its field's annotation: for reading settings, for messages and for the reference."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from ..record import record
from .base import Constructor, Placed, Section, Settings
from .constructors import constructor_name
from .data_any import DECLARED_DATA
from .over import Over, Variables
from .space_ref import SpaceRef
from .strategy import CHANGES
from .tasks.loss_any import DECLARED_LOSS

Declared = Literal["data", "loss"]


@record
class Reference:
    """Marks a text that names a declaration of the file: ``Annotated[str, Reference("search")]``."""

    kind: str


@record
class Expectation:
    """All forms that a setting may take, merged over the alternatives of its type."""

    words: tuple[str, ...] = ()
    literals: tuple[int, ...] = ()
    numbers: tuple[str, ...] = ()
    """Descriptions of the numbers that are allowed: `a whole number from 1`."""
    whole_only: bool = True
    boolean: bool = False
    text: bool = False
    none: bool = False
    over: Variables | None = None
    constructors: tuple[type[Constructor], ...] = ()
    space: bool = False
    reference: str | None = None
    section: type[Section] | None = None
    mapping: bool = False
    strategy: bool = False
    changes: bool = False
    """Whether it is a section of settings of the search's strategy."""
    declared: Declared | None = None
    """What of the user's own may stand here that a text declares."""
    named: tuple[str, ...] = ()
    """What of that the text at hand has."""
    item: Expectation | None = None
    """What an element of a list is."""
    items: tuple[Expectation, ...] = ()
    """What each element of a tuple of fixed length is."""

    @property
    def numeric(self) -> bool:
        return bool(self.numbers or self.literals) or self.over is not None

    @property
    def repeated_section(self) -> type[Section] | None:
        """The model of a section that may be repeated."""
        return self.item.section if self.item is not None else None

    def constructor(self, name: str) -> type[Constructor] | None:
        return next((c for c in self.constructors if constructor_name(c) == name), None)

    def element(self, number: int) -> Expectation:
        """What an element of a list or tuple is; they count from 1."""
        return self.items[number - 1] if self.items else self.item or self

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The bare words that may stand here, those inside a list too."""
        variables = self.over.names if self.over else ()
        inner = tuple(w for e in (self.item, *self.items) if e is not None for w in e.vocabulary)
        return tuple(
            dict.fromkeys((*self.words, *map(constructor_name, self.constructors), *self.named, *variables, *inner))
        )

    def describe(self) -> str:
        """In words: `a number above 0, or cosine(…)`."""
        parts: list[str] = []
        if self.words or self.literals:
            parts.append(_either([f"`{w}`" for w in (*self.words, *map(str, self.literals))]))
        parts.extend(self.numbers)
        if self.over is not None:
            least = "" if self.over.minimum is None else f" of at least {self.over.minimum:g}"
            formula = f", or an expression over {', '.join(self.over.names)}" if self.over.names else ""
            parts.append(f"a number{least}{formula}")
        if self.constructors:
            names = (*map(constructor_name, self.constructors), *self.named)
            parts.append(_either([f"`{name}(…)`" for name in names]))
        if self.boolean:
            parts.append("`true` or `false`")
        if self.text:
            parts.append("a text in quotes")
        if self.space:
            parts.append("a space")
        if self.reference:
            parts.append(f"the name of a {self.reference}")
        if self.strategy and not self.changes:
            parts.append("a strategy")
        if self.section or self.mapping or self.changes:
            parts.append("a section `{ … }`")
        if self.item is not None:
            parts.append(f"a list of which each element is {self.item.describe()}")
        if self.items:
            parts.append(f"a tuple of {len(self.items)}, each {self.items[0].describe()}")
        if self.none:
            parts.append("`none`")
        return ", or ".join(parts)


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


@cache
def settings_of(model: type[Settings]) -> dict[str, Expectation]:
    """The settings of a model by key, in order, without what the text never writes."""
    return {key: expect(field) for key, field in model.model_fields.items() if key not in model.hidden}


def expect(field: FieldInfo) -> Expectation:
    """What the field of a model may be."""
    return _of(field.annotation, tuple(field.metadata))


def _of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Expectation:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return _of(inner, (*more, *metadata))
    if origin in (Union, UnionType):
        # Pydantic hands the metadata of a whole union to the field; bounds belong to its numbers.
        together = _merged([_of(a, metadata) for a in get_args(annotation)])
        own: Declared | None = "data" if DECLARED_DATA in metadata else "loss" if DECLARED_LOSS in metadata else None
        return replace(together, declared=together.declared or own, changes=CHANGES in metadata)
    if origin is Literal:
        values = get_args(annotation)
        return Expectation(
            words=tuple(v for v in values if isinstance(v, str)),
            literals=tuple(v for v in values if isinstance(v, int)),
        )
    if origin is tuple:
        arguments = get_args(annotation)
        if arguments[-1] is Ellipsis:
            return Expectation(item=_of(arguments[0]))
        return Expectation(items=tuple(_of(a) for a in arguments))
    if origin is dict:
        return Expectation(mapping=True)
    return _scalar(annotation, metadata)


def _scalar(kind: Any, metadata: tuple[Any, ...]) -> Expectation:
    if kind is NoneType:
        return Expectation(none=True)
    if kind is bool:
        return Expectation(boolean=True)
    if kind in (int, float):
        noun = "a whole number" if kind is int else "a number"
        return Expectation(numbers=(noun + _bounds(metadata),), whole_only=kind is int)
    if kind is str:
        reference = next((m.kind for m in metadata if isinstance(m, Reference)), None)
        return Expectation(text=reference is None, reference=reference)
    if kind is Over:
        return Expectation(over=next(m for m in metadata if isinstance(m, Variables)), whole_only=False)
    if kind is SpaceRef:
        return Expectation(space=True)
    assert isinstance(kind, type), kind
    if issubclass(kind, Constructor):
        return Expectation(constructors=(kind,))
    if issubclass(kind, Placed):
        return Expectation(strategy=True)
    assert issubclass(kind, Section), kind
    return Expectation(section=kind)


def _bounds(metadata: tuple[Any, ...]) -> str:
    found: list[str] = []
    for m in metadata:
        match m:
            case Ge(ge=bound):
                found.append(f"from {_figure(bound)}")
            case Gt(gt=bound):
                found.append(f"above {_figure(bound)}")
            case Le(le=bound):
                found.append(f"up to {_figure(bound)}")
            case Lt(lt=bound):
                found.append(f"below {_figure(bound)}")
    if not found:
        return ""
    return " " + (" ".join(found) if "up to" in found[-1] and len(found) > 1 else " and ".join(found))


def _merged(parts: list[Expectation]) -> Expectation:
    result = Expectation()
    for part in parts:
        result = replace(
            result,
            words=(*result.words, *part.words),
            literals=(*result.literals, *part.literals),
            numbers=(*result.numbers, *part.numbers),
            whole_only=result.whole_only and part.whole_only,
            boolean=result.boolean or part.boolean,
            text=result.text or part.text,
            none=result.none or part.none,
            over=result.over or part.over,
            constructors=(*result.constructors, *part.constructors),
            space=result.space or part.space,
            reference=result.reference or part.reference,
            section=result.section or part.section,
            mapping=result.mapping or part.mapping,
            strategy=result.strategy or part.strategy,
            changes=result.changes or part.changes,
            declared=result.declared or part.declared,
            item=result.item or part.item,
            items=result.items or part.items,
        )
    return result


def _figure(bound: Any) -> str:
    """A bound in full: whole numbers have all their digits, as far as a number has them exactly."""
    if abs(bound) >= 2**53:
        return f"{bound:g}".replace("e+", "e")
    return f"{int(bound):,}" if bound == int(bound) else f"{bound:g}"
