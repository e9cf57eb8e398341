"""`data = mine(…)`, where `mine` is `extern data`: from its block to what a search is told of it."""

from __future__ import annotations

from typing import Any, Final

from ...diagnostics.settings import SettingOutOfRange, WrongSetting
from ...frontend import ast
from ...schemas.data import InputSignature, Layout
from ...schemas.data_extern import ExternData
from ..text.extern_blocks import type_of
from ..text.extern_data import TOLD, inputs_in
from .environment import Env
from .extern_code import Use
from .numbers import compute, show

MOST: Final = 1_000_000
"""Classes, labels or numbers, and sizes of a sample."""
LONGEST: Final = 65_536
"""Positions along an axis."""


def stated_data(use: Use, env: Env) -> ExternData:
    """What the block says, with the values of its parameters. Raises :class:`Stop` where something is wrong with it."""
    inside, block = use.inside(env), use.block()
    inputs = []
    for input, call in inputs_in(block["inputs"]):
        layout: Layout = call.callee.span.text  # type: ignore[assignment]
        sizes = tuple(_whole("inputs", argument.value, inside) for argument in call.arguments)
        inputs.append(InputSignature(input, layout, sizes))
    found: dict[str, Any] = {
        **use.facts(),
        "paths": tuple(p.name.id for p in use.declaration.parameters if type_of(p) == "path"),
        "stated": tuple(inputs),
    }
    for kind in TOLD:
        if kind in block:
            found |= {"targets": kind} | _told(kind, block[kind], inside)
    if "positions" in block:
        found["positions"] = _sizes("positions", block["positions"], inside)
    if "ignore" in block:
        found["ignore"] = _ignored(block["ignore"], found.get("count"), inside)
    if "splits" in block:
        found["splits"] = compute(block["splits"], inside)
    for key in ("valid", "test"):
        if key in block:
            found[key] = _share(key, block[key], inside)
    if "varies" in block:
        found["changes"] = _truth("varies", block["varies"], inside)
    return ExternData(**found).at(use.declaration.name.span, env.module.allow_extern)


def _told(key: str, expr: ast.Expr, env: Env) -> dict[str, Any]:
    """How many classes, labels or numbers there are, or what each is called."""
    value = compute(expr, env)
    if not isinstance(value, tuple):
        return {"count": _whole(key, expr, env)}
    if not value or not all(isinstance(name, str) for name in value) or len(set(value)) < len(value):
        expected = "a whole number, or a list of different names"
        raise env.report.stop(WrongSetting(expr.span, key, expected, show(value)))
    return {"count": len(value), "names": value}


def _whole(key: str, expr: ast.Expr, env: Env) -> int:
    value = compute(expr, env)
    if not isinstance(value, int) or isinstance(value, bool):
        raise env.report.stop(WrongSetting(expr.span, key, "a whole number", show(value)))
    if not 1 <= value <= MOST:
        raise env.report.stop(SettingOutOfRange(expr.span, key, f"a whole number from 1 to {MOST:,}", str(value)))
    return value


def _ignored(expr: ast.Expr, classes: int | None, env: Env) -> int:
    value = compute(expr, env)
    if not isinstance(value, int) or isinstance(value, bool):
        raise env.report.stop(WrongSetting(expr.span, "ignore", "a whole number", show(value)))
    wanted = "a label that no class has: a number below 0, or above all classes"
    if not -(2**63) <= value < 2**63 or (classes is not None and 0 <= value < classes):
        raise env.report.stop(SettingOutOfRange(expr.span, "ignore", wanted, str(value)))
    return value


def _sizes(key: str, expr: ast.Expr, env: Env) -> tuple[int, ...]:
    value = compute(expr, env)
    sizes = value if isinstance(value, tuple) else (value,)
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in sizes)
    if not whole or not 1 <= len(sizes) <= 3:
        raise env.report.stop(WrongSetting(expr.span, key, "one to three whole numbers from 1", show(value)))
    if max(sizes) > LONGEST:
        raise env.report.stop(SettingOutOfRange(expr.span, key, f"sizes up to {LONGEST:,}", show(value)))
    return sizes


def _share(key: str, expr: ast.Expr, env: Env) -> float:
    value = compute(expr, env)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < 1:
        raise env.report.stop(WrongSetting(expr.span, key, "a number above 0 and below 1", show(value)))
    return float(value)


def _truth(key: str, expr: ast.Expr, env: Env) -> bool:
    value = compute(expr, env)
    if not isinstance(value, bool):
        raise env.report.stop(WrongSetting(expr.span, key, "`true` or `false`", show(value)))
    return value
