"""Finds the integers (and tuples of them) in constructor expressions, so that classes that differ in nothing else
become one class with parameters."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from .layer_text import layer_parameters

_TORCH = {
    "Conv": ("in_channels", "out_channels", "kernel_size"),
    "BatchNorm": ("num_features",),
    "GroupNorm": ("num_groups", "num_channels"),
    "LayerNorm": ("normalized_shape",),
    "Linear": ("in_features", "out_features"),
}
"""Positional parameters of torch's layers, whatever their rank."""

Number: TypeAlias = "int | tuple[int, ...]"


@dataclass(frozen=True, slots=True)
class Skeleton:
    """An expression cut at its numbers: ``pieces[0] numbers[0] pieces[1] numbers[1] … pieces[-1]``. ``roles`` name
    what each number is."""

    pieces: tuple[str, ...]
    numbers: tuple[Number, ...]
    roles: tuple[str, ...]

    def fill(self, values: Sequence[str]) -> str:
        text = self.pieces[0]
        for value, piece in zip(values, self.pieces[1:], strict=True):
            text += value + piece
        return text


@cache
def skeleton(expression: str) -> Skeleton:
    """The skeleton of a constructor call such as ``nn.Conv2d(3, 16, (3, 3), bias=False)``."""
    found: list[tuple[int, int, Number, str]] = []

    def walk(node: ast.AST, role: str) -> None:
        if isinstance(node, ast.Call):
            names = _parameters(ast.unparse(node.func))
            for i, argument in enumerate(node.args):
                walk(argument, names[i] if i < len(names) else "n")
            for keyword in node.keywords:
                walk(keyword.value, keyword.arg or "n")
        elif (isinstance(node, ast.Constant) and type(node.value) is int) or _is_integers(node):
            assert isinstance(node, ast.expr)
            assert node.end_col_offset is not None
            found.append((node.col_offset, node.end_col_offset, ast.literal_eval(node), role))

    walk(ast.parse(expression, mode="eval").body, "n")
    found.sort(key=lambda f: f[0])
    pieces, end = [], 0
    octets = expression.encode()  # which the places of a tree count
    for start, stop, _, _ in found:
        pieces.append(octets[end:start].decode())
        end = stop
    pieces.append(octets[end:].decode())
    return Skeleton(tuple(pieces), tuple(f[2] for f in found), tuple(f[3] for f in found))


Defaults: TypeAlias = Mapping[str, Mapping[str, str]]
"""For a class the texts of its parameters' defaults."""


def full(expression: str, known: Defaults) -> str:
    """A constructor call with all its settings, so that calls that differ in one are written alike."""
    call, defaults = _call(expression, known)
    if call is None:
        return expression
    given = {keyword.arg or "": ast.unparse(keyword.value) for keyword in call.keywords}
    texts = [ast.unparse(argument) for argument in call.args]
    settings = [f"{name}={given.get(name, default)}" for name, default in defaults.items()]
    others = [f"{name}={value}" for name, value in given.items() if name not in defaults]
    texts += settings + others if texts else others + settings
    return f"{ast.unparse(call.func)}({', '.join(texts)})"


def brief(expression: str, known: Defaults) -> str:
    """The same without settings that have their defaults."""
    call, defaults = _call(expression, known)
    if call is None:
        return expression
    texts = [ast.unparse(argument) for argument in call.args]
    for keyword in call.keywords:
        value = ast.unparse(keyword.value)
        if defaults.get(keyword.arg or "") != value:
            texts.append(f"{keyword.arg}={value}")
    return f"{ast.unparse(call.func)}({', '.join(texts)})"


def _call(expression: str, known: Defaults) -> tuple[ast.Call | None, Mapping[str, str]]:
    """The call and the defaults of its settings; None for classes whose calls are left as they are."""
    call = ast.parse(expression, mode="eval").body
    name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
    if not isinstance(call, ast.Call) or not (name in known or name.startswith("nn.Conv")):
        return None, {}
    if name in known:
        return call, known[name]
    rank = int(name[-2])
    ones = f"({', '.join('1' * rank)}{',' * (rank == 1)})"
    return call, {"stride": ones, "padding": ones.replace("1", "0"), "dilation": ones, "groups": "1"}


def _is_integers(node: ast.AST) -> bool:
    return isinstance(node, ast.Tuple) and all(isinstance(e, ast.Constant) and type(e.value) is int for e in node.elts)


@cache
def _parameters(function: str) -> tuple[str, ...]:
    """The names of the positional parameters of ``nn.X`` or of a class of the torch lowering; () for others."""
    place, _, name = function.rpartition(".")
    if place == "nn":
        return _TORCH.get(name.rstrip("123d"), ())
    return layer_parameters(name) or ()
