"""Files that a search exports to."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, kind

_SHOWN = 80
"""Characters of a path in a message."""


@kind
class ExportPlace(Diagnostic):
    """A path of `export` that is not a file of its own inside the run directory."""

    key: str
    path: str
    fault: str

    code: ClassVar[str] = "E0521"
    title: ClassVar[str] = "an export to a place that is not its own"
    explanation: ClassVar[str] = """\
The files that `export` names are written into the directory of the run, each to a place of its own: a relative path
without `..`, and none that the run needs for itself (`run.json`, `result.json`, `data.json`, `journal.jsonl`,
`trials.sqlite` and what SQLite keeps beside it, `space/`, `module.py`, `checkpoints/`, `architectures/`, `weights/`,
`evaluation/`, `trials/`, `needs/`, `features/`), however it is
spelled. None may lie in a folder that is another one's file, and no name may be longer than 200 bytes.

    export { onnx = "../best.onnx" }                  E0521
    export { onnx = "/tmp/best.onnx" }            E0521
    export { onnx = "onnx/best.onnx" }                right
    cp runs/first-0001/onnx/best.onnx ..              afterwards
"""

    @property
    def message(self) -> str:
        path = self.path if len(self.path) <= _SHOWN else f"{self.path[:_SHOWN]}…"
        return f"`{self.key}` cannot be written to `{path}`: {self.fault}"

    @property
    def help(self) -> str:
        return "give a path inside the run directory, such as `best.onnx`, and copy the file from there"


@kind
class NothingToExport(Diagnostic):
    """An export of a search without a final training, whose own weights fit no network."""

    reason: str

    code: ClassVar[str] = "E0542"
    title: ClassVar[str] = "nothing trained to export"
    explanation: ClassVar[str] = """\
With `retrain`, what is exported has the weights of the final training. Without it, it has those that the search left
in its network, with the statistics of batch-norms measured anew. A search over partial channels leaves weights for a
part of the channels alone, and a space without open decisions is not searched at all.

    search a { …  relax { choose = partial(softmax, channels = 1 / 4) }  export { onnx = "a.onnx" } }     E0542
    search a { …  relax { choose = softmax }                             export { onnx = "a.onnx" } }     right
    search a { …  retrain { epochs = 100 }                               export { onnx = "a.onnx" } }     better
"""

    @property
    def message(self) -> str:
        return f"there are no weights to export: {self.reason}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return "add `retrain { … }`"
