"""Data of the user's own: files that are not there, that changed, that need more than is installed."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Severity, kind
from .names import nearest
from .settings import listed


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
Shapes and classes of `arrays`, `image_folder`, `clip_folder` and `table` stand in their files. Where these are not
there, what the settings do not say is unknown, and whether it fits the space is only checked when they are. A run needs
them.

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
A run keeps what it found in its data: classes, sizes of splits, statistics, checksums of the names of files and of the
labels, and figures of a few samples. A result of which one part was trained on one data set and another on another
would be that of neither, so the run does not go on.

A file of arrays that is written while a run reads it ends the run: no sample after that would be sure to be one of the
data that it was started with. A file that another takes the place of, moved there by its name, is read to the end.

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


@kind
class DataTooLarge(Diagnostic):
    """The files of a data set are larger than the memory."""

    dataset: str
    reason: str

    code: ClassVar[str] = "E0745"
    title: ClassVar[str] = "data that the memory does not hold"
    explanation: ClassVar[str] = """\
Tables, `.npz` files, targets, and arrays in Fortran's order are read whole. Of other `.npy` files the samples are read
that are asked for, so that these may be larger than the memory.

    data = arrays("frames.npz")                            40 GB: E0745
    data = arrays(x = "frames.npy", y = "labels.npy")      the same, unpacked: fine"""

    @property
    def message(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"there is not enough memory for the data of `{self.dataset}`{reason}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        if self.dataset == "arrays":
            return "give inputs as .npy files in C order, whose samples are read when they are asked for"
        return "take a part of it, or a machine with more memory"


@kind
class PackageNeeded(Diagnostic):
    """A data set is read, a plot made, or a trial trained, by a package that is not installed."""

    dataset: str
    package: str
    extra: str

    code: ClassVar[str] = "E0728"
    title: ClassVar[str] = "a package is missing"
    explanation: ClassVar[str] = """\
Some data sets are decoded, plots made, clusters reached and models fitted by packages that stdsl itself does not
need; they come with an extra.

    data = image_folder(root = "photos")      needs Pillow:     pip install "stdsl[image]"
    data = clip_folder(root = "films")        needs PyAV:       pip install "stdsl[video]"
    data = table("rows.parquet", …)           needs pyarrow:    pip install "stdsl[table]"
    stdsl show RUN --marginals -o plot.html   needs Altair:     pip install "stdsl[report]"
    stdsl run a.space --engine ray            needs Ray:        pip install "stdsl[ray]"
    strategy = bayes { … }                    needs Optuna:     pip install "stdsl[bayes]\""""

    @property
    def message(self) -> str:
        return f"`{self.dataset}` needs {self.package}, which is not installed"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return f'pip install "stdsl[{self.extra}]"'


@kind
class TooManyDamaged(Diagnostic):
    """More files of a data set cannot be read than its settings allow."""

    dataset: str
    files: tuple[str, ...]
    count: int
    whole: int
    allowed: float

    code: ClassVar[str] = "E0729"
    title: ClassVar[str] = "too many damaged files"
    explanation: ClassVar[str] = """\
A file that cannot be decoded is left out, and another sample of its split takes its place. Where more than a share of
all files is damaged, something is wrong with the data, and the run ends. `stdsl data check` finds all of them.

    data = image_folder(root = "photos")                     one in a hundred may be damaged
    data = image_folder(root = "photos", damaged = 0)        none"""

    @property
    def message(self) -> str:
        return f"{self.count:,} of the {self.whole:,} files of `{self.dataset}` cannot be read: {_first(self.files)}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return f"replace or delete them, or allow more than {self.allowed:g} with `damaged = …`"


@kind
class DamagedLeftOut(Diagnostic):
    """Files that could not be decoded, whose places others took."""

    dataset: str
    files: tuple[str, ...]

    code: ClassVar[str] = "W0730"
    title: ClassVar[str] = "damaged files were left out"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
Files that cannot be decoded (a download that was cut off, a page saved in place of an image) are left out of a run, and
told of at its end. Another sample of the split takes the place of each, always the same one.

    data = image_folder(root = "photos")                     W0730 names the first ten
    data = image_folder(root = "photos", damaged = 0)        the run ends at the first"""

    @property
    def message(self) -> str:
        count = len(self.files)
        return f"{count:,} file{'s' if count > 1 else ''} of `{self.dataset}` could not be read: {_first(self.files)}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return "replace or delete them; results are without them"


def _first(files: tuple[str, ...]) -> str:
    return ", ".join(files[:10]) + (", …" if len(files) > 10 else "")


@kind
class DataDoubtful(Diagnostic):
    """Data that is read, and may be meant otherwise."""

    dataset: str
    what: str
    advice: str

    code: ClassVar[str] = "W0746"
    title: ClassVar[str] = "data that may be meant otherwise"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
`stdsl data check` and a run tell of what can be read, and is often a mistake: numbers with decimal commas, which are
texts; a column of numbers with a word in it; lists in a cell; samples that are all of one class, or have one and the
same number to tell.

    weight                    W0746 for the column: each text is a category
    1,5
    2,25
    1.5                       a number"""

    @property
    def message(self) -> str:
        return f"`{self.dataset}`: {self.what}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return self.advice


@kind
class NoSuchFact(Diagnostic):
    """Something is asked of data that it has not."""

    name: str
    dataset: str
    known: tuple[str, ...]

    code: ClassVar[str] = "E0534"
    title: ClassVar[str] = "the data has nothing of this name"
    explanation: ClassVar[str] = """\
Where a search names a space, `data.classes` is the number of classes of its data, and `data.channels`, `data.frames`,
`data.height`, `data.width` and `data.length` are the sizes of its input. Of several inputs each has its own, and what
all have in common is the data's too.

    space = net(size = data.size)            E0534
    space = net(size = data.height)          fine
    space = net(c = data.flow.channels)      fine, with an input `flow` among several"""

    @property
    def message(self) -> str:
        return f"`{self.dataset}` has no `{self.name}`"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"it has {listed(self.known)}",)

    @property
    def help(self) -> str | None:
        near = nearest(self.name, self.known)
        return f"did you mean `data.{near}`?" if near else None


@kind
class UnknownFact(Diagnostic):
    """A number of the data is asked for, and neither its settings nor its files say it now."""

    name: str
    dataset: str
    written: str | None

    code: ClassVar[str] = "E0535"
    of_one_search: ClassVar[bool] = True
    title: ClassVar[str] = "this number of the data is not known"
    explanation: ClassVar[str] = """\
What the settings of a data set do not say is read from its files: names of folders, headers of arrays, the target of a
table. Where the files are not there (or too large to be read before a run), the settings have to say it.

    search s {
      space = net(classes = data.classes)
      data  = arrays("digits.npz")                   E0535 on a machine without the file
      data  = arrays("digits.npz", classes = 10)     fine
    }"""

    @property
    def message(self) -> str:
        return f"`data.{self.name}` is not known before the files of `{self.dataset}` are read"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        if self.written is None:
            return "put the files there, or write the number in place of it"
        return f"write the number {self.written}"


@kind
class DataNotGiven(Diagnostic):
    """A run that was started with data of a program is gone on with without it."""

    code: ClassVar[str] = "E0736"
    title: ClassVar[str] = "the data was given by a program"
    explanation: ClassVar[str] = """\
`stdsl.run(…, data = …)` trains on arrays or on a data set of the calling program. Where no `origin` of the data says
how it is found again, going on with such a run takes the same data once more; it is held to what the run knows of it
(E0727).

    stdsl run --resume runs/mine-0001                        E0736
    stdsl.run(resume = "runs/mine-0001", data = the_same)    fine, in Python"""

    @property
    def message(self) -> str:
        return "the data of this run was given from Python, and is not at hand"

    @property
    def help(self) -> str:
        return "go on in Python: `stdsl.run(resume = …, data = …)`, with the same data"


@kind
class DataSetOdd(Diagnostic):
    """A data set of the user's is not what data sets are."""

    dataset: str
    fault: str
    advice: str = "correct the class; `stdsl explain E0737` says which parts it has, and what each gives"

    code: ClassVar[str] = "E0737"
    title: ClassVar[str] = "a data set that is not as data sets are"
    explanation: ClassVar[str] = """\
A class of your own is a data set where it has `__len__` and `__getitem__`, as `torch.utils.data.Dataset` has, or the
parts of a data set of stdsl: `classes` and `inputs` (names), `normalisation`, `size(split)`, `varies(split)` and
`samples(split, indices, epoch)`, which gives a `Batch`. What of these raises, or gives something else, is told of
before a run begins. From Python, arrays are data too; a `DataLoader`, a list of samples and what can only be gone
through from its beginning are none.

    def __len__(self): return "many"                 E0737
    def size(self, split): return -1                 E0737
    def size(self, split): return len(self.files)    fine
    stdsl.run(…, data = DataLoader(mine))            E0737
    stdsl.run(…, data = mine)                        fine"""

    @property
    def message(self) -> str:
        return f"`{self.dataset}` cannot be used: {self.fault}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return self.advice
