"""E07xx: files of a run that the system refuses, or that are not as the run left them."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, kind


@kind
class RunFileRefused(Diagnostic):
    """The system does not let a file of a run be read or written. ``resume``: the command that goes on with what it
    belongs to, "" where there is nothing yet to go on with."""

    path: str
    action: str
    reason: str
    resume: str = ""

    code: ClassVar[str] = "E0721"
    title: ClassVar[str] = "a file of the run cannot be read or written"
    explanation: ClassVar[str] = """\
The disk is full, permission is missing, or the disk does not answer. The run stops there; it never takes a file that
cannot be read for one that is not there. What was made before is as it was, for files are written under another name
and renamed when they are whole. When the cause is mended, the run goes on from its newest checkpoint.

    error[E0721]: runs/a-0001/weights/derived.safetensors cannot be written: No space left on device
    rm -r runs/old-0001                         make room
    stdsl run --resume runs/a-0001              go on (with a front: stdsl derive --resume runs/a-front-0001)"""

    @property
    def message(self) -> str:
        return f"{self.path} cannot be {self.action}: {self.reason}"

    @property
    def help(self) -> str:
        then = f"go on with `{self.resume}`" if self.resume else "start again"
        return f"what was made before is kept: mend the cause, then {then}"


@kind
class RunFileDamaged(Diagnostic):
    """A file of a run is not what the run wrote. ``line``: of a journal, counted from 1."""

    path: str
    fault: str
    line: int | None = None

    code: ClassVar[str] = "E0722"
    title: ClassVar[str] = "a file of the run is damaged"
    explanation: ClassVar[str] = """\
A checkpoint holds a checksum, a journal has a JSON object with one on each line, and weights have names, shapes and
a checksum; what a run wrote is not there any more. One damaged checkpoint is no loss, since the one before is kept as
well. Where that is damaged too, or the journal in the middle, the run does not go on, and does not begin again by
itself: nothing is deleted. (A last line of a journal that is cut off is normal for a run that was killed.)

    error[E0722]: runs/a-0001/journal.jsonl is damaged: line 17 is no JSON object
    cp backup/a-0001/journal.jsonl runs/a-0001/       if there is a copy
    stdsl run a.space                                 else a new run; the weights and architectures of the old one
                                                      that are there can still be used"""

    @property
    def message(self) -> str:
        where = f"line {self.line} " if self.line is not None else ""
        return f"{self.path} is damaged: {where}{self.fault}"

    @property
    def help(self) -> str:
        return "put back a copy of it if there is one, else start a new run; nothing was deleted"


@kind
class TextOfRun(Diagnostic):
    """A text that a run goes on from was to be changed. ``run``: its directory."""

    file: str
    run: str

    code: ClassVar[str] = "E0779"
    title: ClassVar[str] = "a text that a run goes on from"
    explanation: ClassVar[str] = """\
`space/` of a run directory has the texts that the run was made from. It goes on from them, and its results are held to
them (E0723), so no command changes one: `stdsl fmt` and `stdsl check --fix` leave it as it is.

    stdsl fmt runs/a-0001/space/a.space                    E0779
    cp runs/a-0001/space/a.space b.space; stdsl fmt b.space"""

    @property
    def message(self) -> str:
        return f"{self.file} is not changed: it is a text of the run in {self.run}, which goes on from it as it is"

    @property
    def help(self) -> str:
        return "change a copy of it, or your own file"


@kind
class RunTextsChanged(Diagnostic):
    """Texts in the `space/` of a run are not those that it was started with. Each with what became of it."""

    folder: str
    changes: tuple[str, ...]

    code: ClassVar[str] = "E0723"
    title: ClassVar[str] = "the texts of the run have changed"
    explanation: ClassVar[str] = """\
A run goes on from the texts in its own `space/`, and everything in its directory was made from them. `run.json` holds a
checksum of each. With other texts the rest of the run would not belong to what is there, so it does not go on.

    vi runs/a-0001/space/a.space               E0723
    cp a.space b.space; vi b.space             edit your own file instead,
    stdsl run b.space                          and start a run of it"""

    @property
    def message(self) -> str:
        return f"the texts in {self.folder} are not those that the run was started with: {', '.join(self.changes)}"

    @property
    def help(self) -> str:
        return "undo the change, or start a new run of the changed file"
