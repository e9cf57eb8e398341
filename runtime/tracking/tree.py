"""Nested state (dicts, lists, tuples, plain values, tensors) as JSON text and a flat table of tensors, and back."""

from __future__ import annotations

from typing import Any, TypeAlias

from torch import Tensor

Plain: TypeAlias = Any
"""What JSON can hold."""

_KIND = "$"


def flatten(state: Any) -> tuple[Plain, dict[str, Tensor]]:
    """The state with each tensor replaced by a reference, and the tensors by reference.

    Dicts whose keys are not all strings (optimisers number their parameters) and tuples keep their type. Raises
    TypeError for anything that JSON cannot hold.
    """
    tensors: dict[str, Tensor] = {}

    def walk(value: Any, path: str) -> Plain:
        if isinstance(value, Tensor):
            tensors[path] = value
            return {_KIND: "tensor", "name": path}
        if isinstance(value, dict):
            if all(type(k) is str and k != _KIND for k in value):
                return {k: walk(v, f"{path}.{k}" if path else k) for k, v in value.items()}
            return {_KIND: "dict", "items": [[walk(k, ""), walk(v, f"{path}.{k}")] for k, v in value.items()]}
        if isinstance(value, tuple):
            return {_KIND: "tuple", "items": [walk(v, f"{path}.{i}") for i, v in enumerate(value)]}
        if isinstance(value, list):
            return [walk(v, f"{path}.{i}") for i, v in enumerate(value)]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise TypeError(f"a checkpoint cannot hold {type(value).__name__} (at {path or 'the top'})")

    return walk(state, ""), tensors


def restore(plain: Plain, tensors: dict[str, Tensor]) -> Any:
    """The inverse of :func:`flatten`."""
    if isinstance(plain, list):
        return [restore(item, tensors) for item in plain]
    if not isinstance(plain, dict):
        return plain
    kind = plain.get(_KIND)
    if kind == "tensor":
        return tensors[plain["name"]]
    if kind == "dict":
        return {restore(k, tensors): restore(v, tensors) for k, v in plain["items"]}
    if kind == "tuple":
        return tuple(restore(item, tensors) for item in plain["items"])
    return {k: restore(v, tensors) for k, v in plain.items()}
