"""What an ONNX file says of itself in its metadata, held to what such files hold and to the graph of the file."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from annotated_types import Ge, Gt, Le, Len
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from stdsl.compiler.datafiles.forms import Kind
from stdsl.compiler.text.documents import parsed_json

from ..data.normalisation import Normalisation

_Found = TypeVar("_Found")
_Size = Annotated[int, Ge(1), Le(2**31 - 1)]
_Deviation = Annotated[float, Gt(0)]
_CHANNEL = {"image": 0, "clip": 0, "features": 0, "tokens": 1}
"""Which axis of a sample has its channels."""
_AXES = {
    "image": ("N,C,H,W", "N,H,W,C"),
    "clip": ("N,C,T,H,W", "N,T,H,W,C"),
    "tokens": ("N,L,C",),
    "features": ("N,C",),
}


class SaysTooLittle(Exception):
    """A file does not say of itself what is needed; the text says what."""


class SaidWrongly(Exception):
    """A file says of itself what cannot be; the text says what."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)


class InputSaid(_Part):
    """An input of the file. ``shape``: with the batch axis in front."""

    name: str
    layout: Literal["image", "clip", "tokens", "features"]
    axes: str
    shape: Annotated[tuple[Literal["batch"] | _Size | None, ...], Len(2, 5)]

    @property
    def sample(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return tuple(size for size in self.shape[1:] if isinstance(size, int))


class TargetsSaid(_Part):
    """What is told."""

    kind: Kind
    names: Annotated[tuple[str, ...], Len(1)]
    positions: tuple[_Size, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[_Deviation, ...] = ()


class NormalisationSaid(_Part):
    """As ``Normalisation.document`` has it."""

    model_config = ConfigDict(extra="forbid")  # what is not understood would scale inputs otherwise
    per_sample: bool = False
    mean: tuple[float, ...] = ()
    std: tuple[_Deviation, ...] = ()
    only: tuple[str, ...] = ()
    columns: tuple[tuple[str, str | None], ...] = ()


class ScaleSaid(NormalisationSaid):
    """One for all inputs, or one for each by its name."""

    each: dict[str, NormalisationSaid] = {}


class PreparationSaid(_Part):
    """How a file becomes a sample."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["image", "clip"]
    size: Annotated[int, Ge(1), Le(16_384)]
    resize: Annotated[int, Ge(1), Le(16_384)]
    channels: Literal[1, 2, 3] | Annotated[tuple[Literal[1, 2, 3], ...], Len(2)]
    inputs: tuple[str, ...] = ()
    frames: Annotated[int, Ge(1), Le(65_536)] = 1
    stride: Annotated[int, Ge(1), Le(65_536)] = 1
    sampling: Literal["dense", "segments"] = "dense"


@dataclass(frozen=True)
class Said:
    """``called``: what the data calls the inputs. ``of_bytes``: those of them that came as bytes in training, which
    were scaled to 0…1; None: the file does not say."""

    inputs: tuple[InputSaid, ...]
    called: tuple[str, ...]
    targets: TargetsSaid
    normalisation: Normalisation
    preparation: Mapping[str, Any] | None
    of_bytes: frozenset[str] | None


def said_in(metadata: Mapping[str, str]) -> Said:
    """What the texts of the metadata say. Raises SaysTooLittle, and SaidWrongly. Where they do not say how inputs are
    scaled, these are taken as they are, but for bytes."""
    if "inputs" not in metadata:
        raise SaysTooLittle("what it takes (`inputs`): stdsl has not written it")
    if "classes" not in metadata and "targets" not in metadata:
        raise SaysTooLittle("what it tells: which classes, labels or numbers")
    inputs = _read("inputs", metadata, Annotated[tuple[InputSaid, ...], Len(1)])
    classes = _read("classes", metadata, tuple[str, ...]) if "classes" in metadata else ()
    targets = _read("targets", metadata, TargetsSaid) if "targets" in metadata else None
    if targets is None:
        if not classes:
            raise SaidWrongly("its `classes` are none")
        targets = TargetsSaid(kind="classes", names=classes)
    called = _read("modalities", metadata, tuple[str, ...]) if "modalities" in metadata else ()
    scale = _read("normalisation", metadata, ScaleSaid) if "normalisation" in metadata else ScaleSaid()
    how = _read("preparation", metadata, PreparationSaid) if "preparation" in metadata else None
    of_bytes = _read("bytes", metadata, frozenset[str]) if "bytes" in metadata else None
    called = called or tuple(one.name for one in inputs)
    if len(called) != len(inputs) or len(set(called)) < len(called):
        raise SaidWrongly("its `modalities` are not a name of its own for each of its `inputs`")
    found = Said(inputs, called, targets, Normalisation.read(scale.model_dump()), _stated(how), of_bytes)
    for one, name in zip(inputs, called, strict=True):
        _check_input(one)
        _check_scale(one, name, found)
    _check_names("normalisation.only", scale.only, called)
    if scale.each and set(scale.each) != set(called):
        raise SaidWrongly(
            f"its `normalisation.each` is about {_listed(scale.each)}, and its inputs are {_listed(called)}"
        )
    _check_names("bytes", of_bytes or (), called)
    _check_targets(targets)
    if how is not None:
        _check_preparation(how, inputs, called)
    return found


def check_graph(said: Said, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
    """Raises SaidWrongly where the graph takes or gives something else. ``inputs``, ``outputs``: as a session of
    onnxruntime has them."""
    for one in said.inputs:
        own = next((own for own in inputs if own.name == one.name), None)
        if own is None or list(own.shape[1:]) != list(one.sample):
            there = "has no such input" if own is None else f"takes {tuple(own.shape[1:])}"
            raise SaidWrongly(f"its `inputs` have `{one.name}` of {one.sample}, and its graph {there}")
        wanted = "uint8" if takes_bytes(one) else "float"
        if own.type != f"tensor({wanted})":
            raise SaidWrongly(f"its input `{one.name}` is a {own.type}, and what is said of it means `{wanted}`")
    if len(inputs) != len(said.inputs):
        raise SaidWrongly(f"its graph takes {len(inputs)} inputs, and {len(said.inputs)} are described")
    shape = list(outputs[0].shape[1:])
    told = len(said.targets.names) * math.prod(said.targets.positions)
    if all(isinstance(size, int) for size in shape) and math.prod(shape) != told:
        what = f"{len(said.targets.names)} names"
        what += f" at positions {said.targets.positions}" if said.targets.positions else ""
        raise SaidWrongly(f"its output holds {tuple(shape)} of a sample, and its `targets` are {what}")


def takes_bytes(one: InputSaid) -> bool:
    """Whether the file takes images as they are decoded, channels last."""
    return one.axes.endswith("H,W,C")


def _read(key: str, metadata: Mapping[str, str], kind: type[_Found] | Any) -> Any:
    try:
        # JSON that is nested deeply, or holds a number of a million digits, raises what is no ValueError.
        return TypeAdapter(kind).validate_json(json.dumps(parsed_json(metadata[key])))
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise SaidWrongly(f"its `{key}{place}` is nothing that this version knows") from error
        raise SaidWrongly(f"its `{key}{place}` is wrong: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise SaidWrongly(f"its `{key}` is no JSON") from error


def _stated(how: PreparationSaid | None) -> dict[str, Any] | None:
    if how is None:
        return None
    facts = how.model_dump()
    if how.kind == "clip":
        return facts
    return {key: facts[key] for key in ("kind", "size", "resize", "channels", "inputs")}


def _check_input(one: InputSaid) -> None:
    batch = [place for place, size in enumerate(one.shape) if not isinstance(size, int)]
    if one.axes not in _AXES[one.layout] or len(one.axes.split(",")) != len(one.shape) or batch != [0]:
        raise SaidWrongly(
            f"its input `{one.name}` is `{one.layout}` with the axes `{one.axes}` and the shape {one.shape}"
        )


def _check_scale(one: InputSaid, name: str, found: Said) -> None:
    if found.normalisation.each and name not in dict(found.normalisation.each):
        return  # which is told of with the names
    scale = found.normalisation.of(name)
    if scale.per_sample and scale.mean:
        raise SaidWrongly(f"its `normalisation` has `per_sample` and a `mean` for `{one.name}`, and one of them holds")
    axis = -1 if takes_bytes(one) else _CHANNEL[one.layout]
    channels = one.sample[axis]
    for key, numbers in (("mean", scale.mean), ("std", scale.std)):
        if (numbers and len(numbers) != channels) or len(scale.mean) != len(scale.std):
            fault = f"`{one.name}` has {channels} channels, and `{key}` of its normalisation {len(numbers)} numbers"
            raise SaidWrongly(fault)
    if scale.columns and (one.layout != "features" or len(scale.columns) != channels or not scale.mean):
        raise SaidWrongly(
            f"its `normalisation.columns` are {len(scale.columns)}, and `{one.name}` has {channels} features"
        )


def _check_targets(targets: TargetsSaid) -> None:
    twice = next((name for name, count in Counter(targets.names).items() if count > 1), None)
    if twice is not None:
        raise SaidWrongly(f"its `targets` have the name {twice!r} twice")
    for key, numbers in (("mean", targets.mean), ("std", targets.std)):
        if len(numbers) not in (0, len(targets.names)) or len(targets.mean) != len(targets.std):
            raise SaidWrongly(f"its `targets` have {len(targets.names)} names, and `{key}` has {len(numbers)} numbers")
    if not all(math.isfinite(np.float64(number)) for number in (*targets.mean, *targets.std)):
        raise SaidWrongly("its `targets` have a mean or deviation that is no finite number")


def _check_preparation(how: PreparationSaid, inputs: Sequence[InputSaid], called: Sequence[str]) -> None:
    names = how.inputs or called
    each = how.channels if isinstance(how.channels, tuple) else (how.channels,)
    if sorted(names) != sorted(called) or len(each) != len(names):
        what = f"{len(each)} inputs, {_listed(how.inputs)}," if how.inputs else f"{len(each)}"
        raise SaidWrongly(f"its `preparation` is of {what} and its inputs are {_listed(called)}")
    channels = dict(zip(names, each, strict=True))
    sizes = (how.size, how.size) if how.kind == "image" else (how.frames, how.size, how.size)
    for one, name in zip(inputs, called, strict=True):
        wanted = (*sizes, channels[name]) if takes_bytes(one) else (channels[name], *sizes)
        if one.layout != how.kind or one.sample != wanted:
            raise SaidWrongly(f"its `preparation` makes a {how.kind} of {wanted}, and `{one.name}` takes {one.sample}")
    if how.resize < how.size:
        raise SaidWrongly(f"its `preparation` cuts {how.size} out of {how.resize}")


def _check_names(key: str, names: Any, called: Sequence[str]) -> None:
    strange = sorted(set(names) - set(called))
    if strange:
        raise SaidWrongly(f"its `{key}` has `{strange[0]}`, and its inputs are {_listed(called)}")


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)
