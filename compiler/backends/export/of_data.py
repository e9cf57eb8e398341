"""What a caller says of the data that a network was trained on, as exported files have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...ir.operation import CHANNEL_AXIS
from ..networks.interface import Port

_KEYS = ("per_sample", "mean", "std", "only", "each")


def class_names(classes: Sequence[Any], output: Port) -> dict[str, Any]:
    """The metadata of these classes, in the order of the channels of ``output``. Raises ValueError for another number
    of them."""
    names = [str(name) for name in classes]
    axis = CHANNEL_AXIS[output.layout]
    if len(names) != output.shape[axis]:
        raise ValueError(f"the network tells {output.shape[axis]} classes apart, and `classes` names {len(names)}")
    others = [size for place, size in enumerate(output.shape) if place != axis]
    positions = [size for size in others if size > 1]
    task = {"task": "dense" if positions else "classification", "kind": "classes", "names": names}
    return {"classes": names, "targets": task | ({"positions": positions} if positions else {})}


def scale(normalisation: Mapping[str, Any], inputs: Sequence[Port]) -> dict[str, Any]:
    """The metadata of how inputs are scaled: ``mean`` and ``std`` for each channel, of the inputs ``only`` (all, where
    that is left out), or ``per_sample``: true; or ``each``: such a table for each input by name. Raises ValueError."""
    return {"normalisation": _scale(normalisation, {port.name: port for port in inputs})}


def _scale(given: Mapping[str, Any], inputs: Mapping[str, Port]) -> dict[str, Any]:
    _known("`normalisation` has", given, _KEYS)
    for key in ("only", "each"):
        _known(f"`{key}` of `normalisation` names the input", given.get(key, ()), inputs)
    if "each" in given:
        if len(given) > 1 or set(given["each"]) != set(inputs):
            raise ValueError("`each` of `normalisation` stands alone, with a table for each input")
        return {"each": {name: _scale(own, {name: inputs[name]}) for name, own in given["each"].items()}}
    only = list(given.get("only", ()))
    facts: dict[str, Any] = {"only": only} if only else {}
    if given.get("per_sample"):
        if "mean" in given or "std" in given:
            raise ValueError("`normalisation` is by `mean` and `std` or `per_sample`, not both")
        return facts | {"per_sample": True}
    if ("mean" in given) != ("std" in given):
        raise ValueError("`normalisation` has one of `mean` and `std`: give both")
    for key in ("mean", "std"):
        if key in given:
            facts[key] = [float(number) for number in given[key]]
            for name in only or inputs:
                channels = inputs[name].shape[CHANNEL_AXIS[inputs[name].layout]]
                if len(facts[key]) != channels:
                    raise ValueError(f"`{name}` has {channels} channels, and `{key}` has {len(facts[key])} numbers")
    if not all(deviation > 0 for deviation in facts.get("std", ())):
        raise ValueError("each of `std` is above 0: inputs are divided by it")
    return facts


def _known(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    for key in given:
        if key not in known:
            raise ValueError(f"{what} `{key}`, not one of {', '.join(known)}")
