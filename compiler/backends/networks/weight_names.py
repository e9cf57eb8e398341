"""Names in files of weights that others wrote: rules that turn them into ours.

Rules are a JSON object from names of modules in the file to names of modules in the network, both without the last part
(`weight`, `bias`, `running_mean`, …), which stays. ``{s}`` stands for a number, which the new name may use, also with a
number added: ``"layer{s}.{b}.conv1": "layer_{s}.block_{b+1}.conv"``. Names that no rule is about stay as they are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from ...diagnostics.backends import UnreadableWeights
from ...diagnostics.model import SpaceError
from ...diagnostics.source import Span
from ...text.documents import parsed_json
from ...text.reading import read_file, reason_of

if TYPE_CHECKING:
    import torch

# The rules of the library's backbones, by cell.
BACKBONES = files("stdsl.spaces") / "std" / "backbones.names.json"
ENDING = ".names.json"
_PLACE = re.compile(r"\{(\w+)(?:\+(\d+))?\}")


@dataclass(frozen=True)
class Rule:
    pattern: re.Pattern[str]
    becomes: str

    def apply(self, module: str) -> str | None:
        match = self.pattern.fullmatch(module)
        if match is None:
            return None
        return _PLACE.sub(lambda place: str(int(match[place[1]]) + int(place[2] or 0)), self.becomes)


def rules_of(names: Mapping[str, str]) -> tuple[Rule, ...]:
    """Raises ValueError with what is wrong."""
    return tuple(_rule(old, new) for old, new in names.items())


def _rule(old: str, new: str) -> Rule:
    parts, end = [], 0
    for place in _PLACE.finditer(old):
        if place[2]:
            raise ValueError(f"`{old}` adds to a number; only the new name may")
        parts += [re.escape(old[end : place.start()]), rf"(?P<{place[1]}>\d+)"]
        end = place.end()
    try:
        pattern = re.compile("".join([*parts, re.escape(old[end:])]))
    except re.error:
        raise ValueError(f"`{old}` has a place twice, or one that is no name") from None
    unknown = {place[1] for place in _PLACE.finditer(new)} - set(pattern.groupindex)
    if unknown:
        raise ValueError(f"`{new}` uses `{{{min(unknown)}}}`, which `{old}` does not have")
    return Rule(pattern, new)


def renamed(weights: Mapping[str, torch.Tensor], rules: tuple[Rule, ...]) -> dict[str, torch.Tensor]:
    """The tensors by their new names. Raises ValueError where two get one name."""
    found: dict[str, torch.Tensor] = {}
    before: dict[str, str] = {}
    for name, value in weights.items():
        module, _, kind = name.rpartition(".")
        becomes = next((new for rule in rules if (new := rule.apply(module)) is not None), module)
        full = f"{becomes}.{kind}" if becomes else kind
        if full in found:
            raise ValueError(f"`{before[full]}` and `{name}` both become `{full}`")
        found[full], before[full] = value, name
    return found


def rules_beside(path: str | os.PathLike[str]) -> Path:
    """The file of rules for a file of weights."""
    return Path(path).with_suffix(ENDING)


def renamed_by_file(weights: dict[str, torch.Tensor], path: str, span: Span | None = None) -> dict[str, torch.Tensor]:
    """By the rules of the file beside ``path`` whose name ends in `.names.json`, if there is one. Raises SpaceError."""
    file = rules_beside(path)
    if not os.path.isfile(file):
        return weights
    try:
        names = parsed_json(read_file(file))
        if not isinstance(names, dict) or not all(isinstance(new, str) for new in names.values()):
            raise ValueError("it is not an object from names to names")
        return renamed(weights, rules_of(names))
    except json.JSONDecodeError as error:
        reason = f"it is not JSON ({error.msg}, line {error.lineno})"
    except OSError as error:
        reason = reason_of(error)
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:
        reason = str(error)
    raise SpaceError([UnreadableWeights(span, str(file), reason)])


def renamed_for(
    cell: str, weights: dict[str, torch.Tensor], path: str, span: Span | None = None
) -> dict[str, torch.Tensor]:
    """By the rules for files that are published for a cell of `std.backbones`; other cells have none. Raises
    SpaceError."""
    try:
        return renamed(weights, _of_backbone(cell))
    except ValueError as error:
        raise SpaceError([UnreadableWeights(span, path, str(error))]) from None


@cache
def _of_backbone(cell: str) -> tuple[Rule, ...]:
    return rules_of(json.loads(BACKBONES.read_text(encoding="utf-8")).get(cell, {}))
