"""What a caller says of the data that a network was trained on, as exported files have it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from ...ir.operation import CHANNEL_AXIS
from ...text.quoting import json_text, visible
from ..networks.interface import Port

_KEYS = ("per_sample", "mean", "std", "only", "each")


OWN = ("stdsl_version", "space", "parameters", "architecture", "decisions", "inputs")
"""What a file says of its network, which nobody else says."""


def metadata_of(given: Mapping[str, Any]) -> dict[str, str]:
    """The metadata that a caller adds, as texts: strings as they are, other values as JSON. Raises ValueError for what
    JSON does not hold, and for keys of what a file says of its network."""
    texts = {}
    for key, value in given.items():
        if not isinstance(key, str):
            raise ValueError(f"`metadata` has the key {key!r}, and keys are texts")
        if key in OWN:
            raise ValueError(f"`metadata` has `{key}`, which the file says of its network: give it another name")
        try:
            texts[key] = visible(value, lines=True) if isinstance(value, str) else json_text(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"`{key}` of `metadata` cannot be written as JSON: {error}") from error
    return texts


def scale(normalisation: Mapping[str, Any], inputs: Sequence[Port]) -> dict[str, Any]:
    """The metadata of how inputs are scaled: ``mean`` and ``std`` for each channel, of the inputs ``only`` (all, where
    that is left out), or ``per_sample``: true; or ``each``: such a table for each input by name. Raises ValueError."""
    return {"normalisation": _scale(normalisation, {port.name: port for port in inputs})}


def _scale(given: Mapping[str, Any], inputs: Mapping[str, Port]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(f"`normalisation` is a mapping, {{'mean': […], 'std': […]}}, not a {type(given).__name__}")
    check_keys("`normalisation` has", given, _KEYS)
    if not isinstance(given.get("each", {}), Mapping):
        raise ValueError("`each` of `normalisation` maps the name of each input to a normalisation of its own")
    if isinstance(given.get("only", ()), str) or not isinstance(given.get("only", ()), Iterable):
        raise ValueError("`only` of `normalisation` is a list of names of inputs")
    if not isinstance(given.get("per_sample", False), bool):
        raise ValueError("`per_sample` of `normalisation` is True or False")
    only = list(islice(given.get("only", ()), len(inputs) + 1))
    for key, names in (("only", only), ("each", given.get("each", ()))):
        check_keys(f"`{key}` of `normalisation` names the input", names, inputs)
    if "each" in given:
        if len(given) > 1 or set(given["each"]) != set(inputs):
            raise ValueError("`each` of `normalisation` stands alone, with a table for each input")
        return {"each": {name: _scale(own, {name: inputs[name]}) for name, own in given["each"].items()}}
    facts: dict[str, Any] = {"only": only} if only else {}
    if given.get("per_sample"):
        if "mean" in given or "std" in given:
            raise ValueError("`normalisation` is by `mean` and `std` or `per_sample`, not both")
        return facts | {"per_sample": True}
    if ("mean" in given) != ("std" in given):
        raise ValueError("`normalisation` has one of `mean` and `std`: give both")
    for key in ("mean", "std"):
        if key in given:
            channels = {name: inputs[name].shape[CHANNEL_AXIS[inputs[name].layout]] for name in only or inputs}
            facts[key] = numbers_of(key, given[key], 1 + max(channels.values()))
            for name, number in channels.items():
                if len(facts[key]) != number:
                    raise ValueError(f"`{name}` has {number} channels, and `{key}` has {len(facts[key])} numbers")
    if not all(deviation > 0 for deviation in facts.get("std", ())):
        raise ValueError("each of `std` is above 0: inputs are divided by it")
    return facts


def numbers_of(key: str, given: Any, most: int, owner: str = "normalisation") -> list[float]:
    """At most ``most`` numbers of a list that a caller gave as ``key`` of ``owner``. Raises ValueError."""
    try:
        numbers = [float(number) for number in islice(given, most)]
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise ValueError(f"`{key}` of `{owner}` is a list of numbers, one for each channel") from error
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"`{key}` of `{owner}` holds a number that is not finite")
    return numbers


def check_keys(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raises ValueError, which says ``what`` has a key that is not ``known``."""
    for key in given:
        if not isinstance(key, str) or key not in known:
            raise ValueError(f"{what} `{key}`, not one of {', '.join(known)}")
