"""What a caller says of what a network tells, as exported files have it: classes, labels or numbers, by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from itertools import islice
from typing import Any

from ...ir.operation import CHANNEL_AXIS
from ...text.quoting import encodable
from ..networks.interface import Port
from .of_data import check_keys, numbers_of

_KEYS = ("kind", "names", "mean", "std")
_TASKS = {"classes": "classification", "labels": "multi_label", "numbers": "regression"}
"""The task of each kind of targets, of whole samples."""


def targets_said(given: Mapping[str, Any], output: Port) -> dict[str, Any]:
    """The metadata of targets: ``kind`` (`classes`, `labels` or `numbers`), ``names`` (one for each channel of
    ``output``; without them they are numbered), and of numbers ``mean`` and ``std``, which they were scaled by. Raises
    ValueError."""
    if not isinstance(given, Mapping):
        raise ValueError(f"`targets` is a mapping, {{'kind': 'numbers', 'names': […]}}, not a {type(given).__name__}")
    check_keys("`targets` has", given, _KEYS)
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in _TASKS:
        raise ValueError(f"`kind` of `targets` is one of {', '.join(_TASKS)}, not {str(kind)[:40]}")
    channels = output.shape[CHANNEL_AXIS[output.layout]]
    facts = _said(kind, _names(given.get("names", range(channels)), output, "names", kind), output)
    if ("mean" in given) != ("std" in given):
        raise ValueError("`targets` have one of `mean` and `std`: give both")
    for key in ("mean", "std") if "mean" in given else ():
        if kind != "numbers":
            raise ValueError(f"`{key}` of `targets` is about numbers, and these are {kind}")
        facts["targets"][key] = numbers_of(key, given[key], channels + 1, "targets")
        if len(facts["targets"][key]) != channels:
            raise ValueError(f"the network tells {channels} numbers, and `{key}` of `targets` has not as many")
    if not all(deviation > 0 for deviation in facts["targets"].get("std", ())):
        raise ValueError("each of `std` of `targets` is above 0: numbers are multiplied by it")
    return facts


def class_names(classes: Iterable[Any], output: Port) -> dict[str, Any]:
    """The metadata of these classes, in the order of the channels of ``output``. Raises ValueError for another number
    of them, or where they have no order."""
    return _said("classes", _names(classes, output, "classes", "classes"), output)


def _names(given: Iterable[Any], output: Port, key: str, kind: str) -> list[str]:
    if isinstance(given, Set | Mapping | bytes) or not isinstance(given, Iterable):
        owner = type(given).__name__
        raise ValueError(f"`{key}` is a list of names, in the order of the output's channels, not a {owner}")
    channels = output.shape[CHANNEL_AXIS[output.layout]]
    names = [str(name) for name in islice(given, channels + 1)]
    odd = next((name for name in names if not encodable(name)), None)
    if odd is not None:
        raise ValueError(f"`{key}` has {odd!r}, which is no text that a file can hold")
    if len(names) != channels:
        count = len(names) if len(names) < channels else "more"
        told = f"tells {channels} classes apart" if kind == "classes" else f"tells {channels} {kind}"
        advice = "; of numbers and labels `targets` says the names" if key == "classes" and not names else ""
        raise ValueError(f"the network {told}, and `{key}` names {count}{advice}")
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"`{key}` has {twice!r} twice, and each has a name of its own")
    return names


def _said(kind: str, names: list[str], output: Port) -> dict[str, Any]:
    axis = CHANNEL_AXIS[output.layout]
    positions = [size for place, size in enumerate(output.shape) if place != axis and size > 1]
    targets: dict[str, Any] = {"task": "dense" if positions else _TASKS[kind], "kind": kind, "names": names}
    targets |= {"positions": positions} if positions else {}
    return {"classes": [] if kind == "numbers" else names, "targets": targets}
