"""Using an exported network: files that are no network, and files that cannot be read."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Severity, kind


@kind
class NoModel(Diagnostic):
    """What is named to predict with cannot be used for that."""

    path: str
    reason: str
    advice: str

    code: ClassVar[str] = "E0741"
    title: ClassVar[str] = "nothing to predict with"
    explanation: ClassVar[str] = """\
`stdsl predict` takes an ONNX file that stdsl has written, or the directory of a run that has exported one. The file
says itself how its inputs are prepared, and what its classes are called.

    export { onnx = "model.onnx" }                           in the search, then:
    stdsl predict runs/photos-0001 new.png"""

    @property
    def message(self) -> str:
        return f"{self.path} {self.reason}"

    @property
    def help(self) -> str:
        return self.advice


@kind
class NotPredicted(Diagnostic):
    """A file that cannot be read; the others are predicted all the same. ``taken``: what the network takes."""

    path: str
    reason: str
    taken: str = ""

    code: ClassVar[str] = "E0742"
    title: ClassVar[str] = "a file cannot be predicted"
    explanation: ClassVar[str] = """\
A file that is no image or video, is cut off, or holds something else than the network takes (other columns of a table,
arrays of other shapes or names) has no prediction. The others have theirs; the exit code is 1.

    stdsl predict runs/photos-0001 new.png page.html         E0742 for page.html"""

    @property
    def message(self) -> str:
        return f"{self.path}: {self.reason}"

    @property
    def help(self) -> str | None:
        return f"this network takes {self.taken}" if self.taken else None


@kind
class CategoriesUnknown(Diagnostic):
    """No row of a table has one of the texts that a column had in training."""

    path: str
    column: str
    text: str
    categories: tuple[str, ...]

    code: ClassVar[str] = "W0747"
    title: ClassVar[str] = "a column of other texts than in training"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
A text that a column did not have in training is none of its categories. Where that is so in all rows, the column tells
the network nothing; mostly the texts are spelled otherwise.

    colour                    in training: red, green
    rot                       to predict: W0747"""

    @property
    def message(self) -> str:
        return f"{self.path}: no text of its column `{self.column}` was there in training: `{self.text}`, say"

    @property
    def help(self) -> str:
        shown = ", ".join(f"`{category}`" for category in self.categories[:8] if category)
        return f"it had {shown}{', …' if len(self.categories) > 8 else ''}"
