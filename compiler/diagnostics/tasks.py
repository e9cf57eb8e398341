"""Tasks: what does not go with the targets of the data."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, kind
from .settings import listed


@kind
class TaskMismatch(Diagnostic):
    """A search says what is to be told, and the targets of its data are of another form. ``task``: None where it says
    nothing; ``known``: whether some task has such targets, or may have; ``way``: what the data would have to say."""

    task: str | None
    dataset: str
    targets: str
    other: str | None
    known: bool = True
    way: str | None = None

    code: ClassVar[str] = "E0561"
    title: ClassVar[str] = "the task does not go with the targets"
    explanation: ClassVar[str] = """\
A task has targets of one form: `classification` a class for each sample, `multi_label` for each label whether it
applies, `regression` numbers, `dense` a class or numbers at each position of a grid (pixels, frames). Without `task`
it follows from the targets.

    task = regression   data = image_folder(root = "photos")            E0561: its targets are classes
    task = regression   data = table("rows.csv", target = "price")      fine

No task has labels (of which each applies or not) at the positions of a grid."""

    @property
    def message(self) -> str:
        if self.task is None:
            return f"no task has targets that are {self.targets}, as those of `{self.dataset}` are"
        return f"`{self.task}` is asked for, and the targets of `{self.dataset}` are {self.targets}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        if not self.known:
            return "let a sample have one set of labels, or read them as numbers at positions: `targets = numbers`"
        if self.way is not None:
            return self.way
        return f"write `task = {self.other}`, or leave `task` out" if self.other else "leave `task` out"


@kind
class LossMismatch(Diagnostic):
    """A loss that cannot be computed of the targets."""

    loss: str
    targets: str
    others: tuple[str, ...]

    code: ClassVar[str] = "E0562"
    title: ClassVar[str] = "the loss does not go with the targets"
    explanation: ClassVar[str] = """\
A loss compares what a network gives with targets of one form: `cross_entropy` (and `dice`, at positions) with classes,
`bce` with labels, `mse`, `l1` and `huber` with numbers. `label_smoothing` is part of `cross_entropy` alone.

    loss = mse              on data with 10 classes      E0562
    loss = cross_entropy    on data with 10 classes      fine, and what is taken without `loss`"""

    @property
    def message(self) -> str:
        return f"`{self.loss}` is not for targets that are {self.targets}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return f"use {listed(self.others)}" if self.others else "leave it out"


@kind
class CannotBalance(Diagnostic):
    """Classes cannot be balanced as a search asks."""

    fault: str
    advice: str

    code: ClassVar[str] = "E0564"
    title: ClassVar[str] = "classes cannot be balanced so"
    explanation: ClassVar[str] = """\
Where some classes have many more samples than others, `loss = cross_entropy(weights = balanced)` lets a sample of a
rare class weigh more, and `sampling = balanced` draws it more often. Weights that are written out are one for each
class; what is drawn are samples of classes.

    loss = cross_entropy(weights = [1, 4])      with 3 classes              E0564
    sampling = balanced                         with numbers to tell        E0564
    loss = cross_entropy(weights = [1, 4, 2])   with 3 classes              fine"""

    @property
    def message(self) -> str:
        return self.fault

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return self.advice


@kind
class OtherTargets(Diagnostic):
    """Data that is trained on, or measured on, has targets of another form."""

    dataset: str
    targets: str
    others: str
    role: str

    code: ClassVar[str] = "E0565"
    title: ClassVar[str] = "data of another task"
    explanation: ClassVar[str] = """\
What a search found may be trained on other data (`retrain { data = … }`), with other sizes and another number of
classes, and what was trained may be measured on other data (`evaluate { data = … }`). The task stays the same, and what
is measured on has the classes of what was trained on.

    data = cifar10(…)   retrain { data = cifar100(…) }                fine: 100 classes are learnt
    data = cifar10(…)   evaluate { data = cifar100(…) }               E0565
    data = cifar10(…)   retrain { data = table("prices.csv", …) }     E0565"""

    @property
    def message(self) -> str:
        before = "what is searched on" if self.role == "retrain" else "what is trained on"
        return f"the targets of `{self.dataset}` are {self.targets}; {before} has {self.others}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        if self.role == "retrain":
            return "name data with targets of the same form"
        return "name data with the same targets"


@kind
class OtherInputs(Diagnostic):
    """Data that is measured on has other inputs than the data that is trained on."""

    dataset: str
    fault: str

    code: ClassVar[str] = "E0567"
    title: ClassVar[str] = "other inputs than those of the training"
    explanation: ClassVar[str] = """\
A network takes what it was trained on. So data that is measured on (`evaluate { data = … }`) has the same inputs
and, in a table, the same columns, in whatever order; it is scaled by the means and deviations of what is trained on,
and results are in the units of its targets.

    data = table("a.csv", target = "y")   evaluate { data = table("b.csv", target = "y") }
                                          with the columns of a.csv: fine; with others: E0567"""

    @property
    def message(self) -> str:
        return f"`{self.dataset}` is not like the data of the training: {self.fault}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return "name data of the same kind with the same inputs, or the same columns"


@kind
class OtherWeights(Diagnostic):
    """A network has other weights where it is measured than where it is trained."""

    space: str
    layer: str
    trained: str
    measured: str

    code: ClassVar[str] = "E0566"
    title: ClassVar[str] = "weights that are as large as the input"
    explanation: ClassVar[str] = """\
`evaluate { size = … }` and `evaluate { data = … }` measure the trained network on samples of other sizes. Convolutions
and pools take any size, so their weights go with all; a linear layer over all pixels does not.

    return y -> global_avg_pool -> linear(10)     measured at any size
    return y -> flatten -> linear(10)             E0566 at another size than that of the training"""

    @property
    def message(self) -> str:
        sizes = f"{self.trained} where it is trained, {self.measured} where it is measured"
        return f"`{self.layer}` of `{self.space}` is {sizes}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return "measure at the size of the training, or let the space average over positions before its linear layers"


@kind
class MetricMismatch(Diagnostic):
    """A metric that cannot be measured of the targets."""

    metric: str
    targets: str
    others: tuple[str, ...]

    code: ClassVar[str] = "E0563"
    title: ClassVar[str] = "the metric does not go with the targets"
    explanation: ClassVar[str] = """\
What is right, and how far off an answer is, depends on what is to be told. Each metric is of targets of one form, or of
several; without `metric` a search is told by that of its task: `accuracy`, `mean_ap`, `rmse`, or `iou`.

    evaluate { metric = accuracy }      on numbers to tell      E0563
    evaluate { metric = mae }           on numbers to tell      fine"""

    @property
    def message(self) -> str:
        return f"`{self.metric}` is not measured where targets are {self.targets}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return f"use {listed(self.others)}"
