"""Data of the user's own: files that are not there, that changed, that need more than is installed."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Severity, kind


@kind
class DataAbsent(Diagnostic):
    """Files whose headers would tell what a data set gives are not there when a text is checked."""

    dataset: str
    missing: tuple[str, ...]
    folder: str

    code: ClassVar[str] = "W0726"
    title: ClassVar[str] = "the data is not there to look at"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
Shapes and classes of `arrays`, `image_folder` and `table` stand in their files. Where these are not there, what the
settings do not say is unknown, and whether it fits the space is only checked when they are. A run needs them.

    data = arrays("digits.npz")                   W0726 on a machine without the file
    data = arrays("digits.npz", classes = 10)     the classes are checked all the same"""

    @property
    def message(self) -> str:
        return f"what `{self.dataset}` gives is unknown, for {', '.join(self.missing)} is not in {self.folder}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return "relative paths start from the folder of the .space file; a run stops at E0702"


@kind
class DataChanged(Diagnostic):
    """The data of a run that is gone on with is not what it was started with."""

    dataset: str
    what: str

    code: ClassVar[str] = "E0727"
    title: ClassVar[str] = "the data has changed since the run was started"
    explanation: ClassVar[str] = """\
A run keeps what it found in its data: classes, sizes of splits, statistics. A result of which one part was trained on
one data set and another on another would be that of neither, so the run does not go on.

    stdsl run --resume runs/mine-0001      after a class was added: E0727
    stdsl run mine.space                   a new run, on the data as it is now"""

    @property
    def message(self) -> str:
        return f"`{self.dataset}` is not what the run was started with: {self.what}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return "bring the old files back, or start a new run"
