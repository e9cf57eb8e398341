"""Files, their declarations, and what they use from each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from . import syntax as s
from .environment import Env, Thunk
from .parsing import ROOT, parse
from .places import root
from .primitives import PRIMITIVES
from .runs import SpaceError
from .values import Declared, Primitive, Reduction

LIBRARY = ROOT / "spaces"
REDUCTIONS = ("sum", "mean", "concat")


@dataclass(eq=False)
class File:
    """The names of one text. ``folder`` is where its `use "…"` look."""

    folder: Path
    declared: dict[str, s.Declared] = field(default_factory=dict)
    used: dict[str, tuple[File, str]] = field(default_factory=dict)
    prelude: File | None = None
    constants: dict[str, Thunk] = field(default_factory=dict)

    def lookup(self, name: str) -> Any:
        """A thunk of a constant, an operator, or a declaration (of a meta or a space)."""
        found = self.find(name)
        if found is not None:
            return found
        if name in PRIMITIVES:
            return Primitive(PRIMITIVES[name], (), Env(self, root(), {}))
        if name in REDUCTIONS:
            return Reduction(name)
        raise SpaceError("E0201", f"there is no {name}")

    def find(self, name: str, called_as: str | None = None) -> Any:
        if name in self.declared:
            text = self.declared[name]
            if text.keyword == "let":
                if name not in self.constants:
                    self.constants[name] = Env(self, root(), {}).thunk(text.result)
                return self.constants[name]
            return Declared(text, self, called_as or name)
        if name in self.used:
            file, other = self.used[name]
            found = file.find(other, name)
            if found is None:
                raise SpaceError("E0203", f"there is no {other} in that file")
            return found
        return self.prelude.find(name) if self.prelude else None


def read(text: str, folder: Path, with_prelude: bool = True) -> File:
    file = File(folder, prelude=library("std.prelude") if with_prelude else None)
    for item in parse(text):
        if isinstance(item, s.Use):
            source = read_path(file.folder / item.source) if item.is_path else library(item.source)
            for name, here in item.names:
                file.used[here] = (source, name)
        elif isinstance(item, s.Declared):
            file.declared[item.name] = item
    return file


@cache
def library(dotted: str) -> File:
    return read_path(LIBRARY / (dotted.replace(".", "/") + ".space"), dotted != "std.prelude")


@cache
def read_path(path: Path, with_prelude: bool = True) -> File:
    return read(path.read_text(), path.parent, with_prelude)
