"""What a command names in a file: `FILE::NAME`."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, kind
from .names import nearest


@kind
class NotInFile(Diagnostic):
    kind: str
    name: str
    file: str
    known: tuple[str, ...]
    other: str = ""
    """What the file declares by this name."""

    code: ClassVar[str] = "E0651"
    title: ClassVar[str] = "no such declaration in the file"
    explanation: ClassVar[str] = """\
`FILE::NAME` names a space, a search or a strategy that the file does not declare.

    stdsl count darts.space::dart_cifar      did you mean `darts_cifar`?
    stdsl run staged.space::third            staged.space has the searches first and second
"""

    @property
    def message(self) -> str:
        return f"{self.file} has no {self.kind} `{self.name}`"

    @property
    def help(self) -> str:
        near = nearest(self.name, self.known)
        if near:
            return f"did you mean `{self.file}::{near}`?"
        what = f"`{self.name}` is a {self.other}; " if self.other else ""
        return f"{what}{_name_one(self.file, self.known) if self.known else f'it declares no {self.kind}'}"


@kind
class SeveralInFile(Diagnostic):
    kind: str
    file: str
    known: tuple[str, ...]

    code: ClassVar[str] = "E0652"
    title: ClassVar[str] = "which one is meant?"
    explanation: ClassVar[str] = """\
A command needs one space (or search), and the file has several or none; `FILE` alone is enough when there is one.

    stdsl count darts.space                  with two spaces inside
    stdsl count darts.space::darts_cifar     right
"""

    @property
    def message(self) -> str:
        plural = {"search": "searches", "strategy": "strategies"}.get(self.kind, f"{self.kind}s")
        return f"{self.file} has {len(self.known) or 'no'} {plural}"

    @property
    def help(self) -> str:
        if not self.known:
            return f"declare a {self.kind} in it, or name another file"
        return _name_one(self.file, self.known)


def _name_one(file: str, known: tuple[str, ...]) -> str:
    return ("name one: " if len(known) > 1 else "write ") + ", ".join(f"{file}::{name}" for name in known)
