"""E07xx: what goes wrong while a search runs: settings that cannot run, data, devices, what a run comes to."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Severity, kind
from .settings import listed


@kind
class CannotRunYet(Diagnostic):
    """A setting that the language knows and this version of the runtime does not carry out."""

    setting: str
    what: str
    instead: str | None = None

    code: ClassVar[str] = "E0701"
    title: ClassVar[str] = "this setting cannot run yet"
    explanation: ClassVar[str] = """\
The setting is part of the language, and `stdsl check` accepts it, but this version of stdsl cannot carry it out. A
run says so before any work is done, and never goes on as if the setting were not there.

    strategy mine = gradient { relax { sharing = slice } }         cannot run yet
    strategy mine = gradient { relax { sharing = separate } }      runs"""

    @property
    def message(self) -> str:
        return f"this version cannot run {self.what}"

    @property
    def label(self) -> str:
        return f"`{self.setting}` is set here"

    @property
    def help(self) -> str | None:
        return self.instead


@kind
class DataMissing(Diagnostic):
    """Files of a data set are not where the settings say."""

    dataset: str
    folder: str
    missing: tuple[str, ...]
    hint: str

    code: ClassVar[str] = "E0702"
    title: ClassVar[str] = "the data is not there"
    explanation: ClassVar[str] = """\
Public data sets are not part of stdsl. `root` names the folder that holds the files; a relative one is taken from the
folder of the .space file.

    data = cifar10(root = "data/cifar-10-batches-py")      with data_batch_1 … data_batch_5 and test_batch inside

`motion_digits` needs no files."""

    @property
    def message(self) -> str:
        return f"`{self.dataset}` needs {', '.join(self.missing)} in {self.folder}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return self.hint


@kind
class DataUnreadable(Diagnostic):
    """A file of a data set is damaged, or is something else."""

    file: str
    reason: str
    advice: str = "correct the file, or make it anew"
    setting: str = ""
    """The one that it does not go with, where it can be read."""

    code: ClassVar[str] = "E0703"
    of_one_search: ClassVar[bool] = True
    title: ClassVar[str] = "a data file cannot be read"
    explanation: ClassVar[str] = """\
A file of the data set is there, but it does not hold what it should: a download that was cut off, a page saved in its
place, another version of the data set, or of your own a column, an array or a label that is not as the search says.
Arrays that a program gives are told of in the same words. Pickled files (CIFAR) are read by an unpickler that knows
NumPy arrays alone, so a file that asks for more is refused.

    data_batch_1 of 12 KB instead of 31 MB      download it again"""

    @property
    def message(self) -> str:
        if self.setting:
            return f"`{self.setting}` does not go with {self.file}: {self.reason}"
        return f"{self.file} cannot be read: {self.reason}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return f"change `{self.setting}`, or {self.advice}" if self.setting else self.advice


@kind
class WrongSample(Diagnostic):
    """A sample of a data set that cannot be learnt from."""

    dataset: str
    split: str
    index: int
    fault: str
    whole: str = ""
    """What it is in the data before that was divided: `sample 17 of the set`."""
    advice: str = "correct the file that it comes from"

    code: ClassVar[str] = "E0724"
    title: ClassVar[str] = "a sample that cannot be learnt from"
    explanation: ClassVar[str] = """\
Labels are whole numbers from 0 to the number of classes less one, and all values of a sample are finite. A sample that
is different would spoil the weights, so the run stops where it is read; what was done before is kept.

    classes = 10, and a file with the label 10      labels from 0 to 9
    a frame that holds NaN                          leave the sample out, or make it anew"""

    @property
    def message(self) -> str:
        whole = f" ({self.whole})" if self.whole else ""
        return f"sample {self.index} of the split `{self.split}` of `{self.dataset}`{whole} {self.fault}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return self.advice


@kind
class TooFewSamples(Diagnostic):
    """A split has fewer samples than what reads it must have."""

    dataset: str
    split: str
    samples: int
    needed: int
    reader: str

    code: ClassVar[str] = "E0725"
    title: ClassVar[str] = "too few samples"
    explanation: ClassVar[str] = """\
Weights and decisions of a search learn from one part of the training data each, results are measured on the test split,
and `retrain { holdout = … }` keeps at least one sample out and leaves at least one. Each part has a sample or more.

    data = cifar10(root = "…", valid = 0.000001)      no sample for the decisions
    data = cifar10(root = "…", valid = 0.5)           half of them"""

    @property
    def message(self) -> str:
        found = f"`{self.dataset}` has {self.samples or 'no'} sample{'s' if self.samples != 1 else ''}"
        return f"{found} in its split `{self.split}`, and {self.reader} needs {self.needed}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return "give the split more samples"


@kind
class TrainingDiverged(Diagnostic):
    """A loss, or a weight, is no number any more. ``work``: `search`, `retrain` or the training of a comparison."""

    work: str
    step: int | None
    value: str
    what: str = "loss"
    prior: bool = False
    """Whether a wide prior pulls at the weights, too."""

    code: ClassVar[str] = "E0706"
    title: ClassVar[str] = "the training diverged"
    explanation: ClassVar[str] = """\
The loss, a weight or a result became infinite or not a number, so all that follows would be worthless. Most often the
learning rate is too high, or gradients are not clipped.

    weights { optimizer = sgd(lr = 2.0) }                                   diverges
    weights { optimizer = sgd(lr = cosine(0.1, ramp = 10))  clip = 5 }      a lower rate, reached in steps, and
    clipping"""

    @property
    def message(self) -> str:
        verb = "hold" if self.what.endswith("weights") else "is"
        at = "" if self.step is None else f" at step {self.step}"
        return f"the {self.what} of {self.work} {verb} {self.value}{at}"

    @property
    def label(self) -> str:
        return "these terms of the loss" if self.prior else "this optimiser"

    @property
    def help(self) -> str | None:
        if self.prior:
            return "lower `prior_length`, whose square the weights are pulled to zero by, or the learning rate"
        return "lower the learning rate, give it a `ramp`, or set `clip`"


@kind
class OutOfMemory(Diagnostic):
    """The device has not enough memory."""

    phase: str
    reason: str

    code: ClassVar[str] = "E0707"
    title: ClassVar[str] = "out of memory"
    explanation: ClassVar[str] = """\
The network and its intermediate results do not fit into the memory of the device. A smaller batch needs less in
proportion; so do fewer channels or smaller inputs. What was done up to the last checkpoint is kept.

    strategy = darts { batch = 256 }      too much
    strategy = darts { batch = 64 }       a quarter of it"""

    @property
    def message(self) -> str:
        return f"there is not enough memory for {self.phase}: {self.reason}"

    @property
    def label(self) -> str:
        return "with these settings"

    @property
    def help(self) -> str | None:
        return "set a smaller `batch`"


@kind
class DeviceMissing(Diagnostic):
    """`--device` names one that torch does not see."""

    device: str
    reason: str

    code: ClassVar[str] = "E0708"
    title: ClassVar[str] = "no such device"
    explanation: ClassVar[str] = """\
`--device` takes `auto` (the first GPU, else the CPU) or a name that torch knows.

    stdsl run a.space --device cuda      without a GPU, or with a CPU build of torch: an error
    stdsl run a.space --device auto      works everywhere"""

    @property
    def message(self) -> str:
        return f"torch cannot use the device `{self.device}`: {self.reason}"

    @property
    def help(self) -> str | None:
        return "use `--device auto`"


@kind
class FewComparable(Diagnostic):
    """Not enough random architectures of comparable cost were found, or there are not so many. ``space``: what they are
    drawn from; ``there``: how many it has at most beside the derived one, within the costs; None where that is not
    known. ``least``, ``most``: of their FLOPs, 0 and None where nothing bounds them. ``found``, ``tries``: what came of
    drawing, 0 both before it."""

    wanted: int
    space: str
    there: int | None
    found: int = 0
    tries: int = 0
    least: int = 0
    most: int | None = None

    code: ClassVar[str] = "W0709"
    title: ClassVar[str] = "few architectures of comparable cost"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
`compare { random = 3  near = 0.1 }` draws architectures of the space uniformly and keeps those that cost at least 1 -
near of the derived one's FLOPs. Where the derived one is among the most expensive, hardly any are. With `above = 0.1`
they cost at most 1 + above of them.

    compare { random = 3  near = 0.1 }      hardly any
    compare { random = 3  near = 0.4 }      more of them

All are different ones, and none is the derived one: a space of six architectures has five of them.

    compare { random = 8 }                  three more than there are
    compare { random = 5 }                  all of them"""

    @property
    def _bounded(self) -> bool:
        return bool(self.least) or self.most is not None

    @property
    def message(self) -> str:
        costs = ""
        if self._bounded:
            costs = f"at least {self.least:,}" if self.most is None else f"{self.least:,} to {self.most:,}"
            costs = f" with {costs} FLOPs"
        if self.there is not None and self.there < self.wanted:
            asked = "1 random architecture is" if self.wanted == 1 else f"{self.wanted:,} random architectures are"
            has = "none" if not self.there else f"only {self.there:,}"
            return f"{asked} asked for, and beside the derived one `{self.space}` has {has}{costs}"
        found = f"{self.found} of {self.wanted} random architectures{costs}"
        return f"{found} were found in {self.tries:,} tries"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        if self._bounded:
            return "set a greater `near`" if self.most is None else "set greater `near` and `above`"
        if self.there is not None and self.there < self.wanted:
            return f"write `random = {self.there}`" if self.there else "leave `random` out"
        return "ask for fewer"


@kind
class BatchExceedsData(Diagnostic):
    """A batch is larger than all the samples that it could be drawn from."""

    batch: int
    samples: int
    learners: str

    code: ClassVar[str] = "W0711"
    title: ClassVar[str] = "a batch larger than the data"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
A batch has no sample twice, so where the data has fewer samples than `batch` asks for, every step sees all of them, and
an epoch is one step. Weights and decisions of a search learn from one half of the training data each.

    data = motion_digits(train = 64)      strategy = gradient { batch = 128 }      batches of 64
    data = motion_digits(train = 256)     strategy = gradient { batch = 128 }      batches of 128, two an epoch"""

    @property
    def message(self) -> str:
        return f"{self.learners} from {self.samples:,} samples, so batches of {self.batch:,} become as small"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return f"set `batch` to {self.samples} at most, or give the data more samples"


@kind
class WholeMixtures(Diagnostic):
    """Mixtures that a search over partial channels cannot narrow."""

    groups: int
    paths: tuple[str, ...]
    chooses: int

    code: ClassVar[str] = "W0717"
    title: ClassVar[str] = "mixtures take all channels"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
`partial(softmax, channels = 1 / 4)` sends a fourth of the channels of a tensor through a mixture. That takes a choose
among operators on one tensor that keep its channels, and a number of channels that 4 divides; other mixtures take all
channels, with the memory and the time of a search by DARTS.

    relax { choose = partial(softmax, channels = 1 / 4) }

    network(c = 6)      6 channels are no multiple of 4: mixtures as in DARTS
    network(c = 8)      two of the eight go through the mixtures"""

    @property
    def message(self) -> str:
        shown = ", ".join(f"`{path}`" for path in self.paths[:3]) + (", …" if len(self.paths) > 3 else "")
        return f"{len(self.paths)} of {self.chooses} chooses mix all channels: {shown}"

    @property
    def label(self) -> str:
        return f"one in {self.groups} channels is asked for here"

    @property
    def help(self) -> str | None:
        return f"let {self.groups} divide the channels, and all alternatives keep those of one tensor"


@kind
class NothingRecomputed(Diagnostic):
    """A setting of what to compute again that saves nothing. ``better``: the other one, if that does."""

    what: str
    better: str | None

    code: ClassVar[str] = "W0718"
    title: ClassVar[str] = "nothing saved by computing it again"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
`recompute = cells` keeps what enters a `cell` and computes the rest of it again in the backward pass, and
`recompute = operations` does so with the inside of operations that are merged (depthwise and pointwise convolutions).
Where a network has nothing of the kind, or hardly anything in it, a step keeps as much as it does without the setting.

    relax { recompute = cells }

    meta net() on x: image(3, 32, 32) { y = x -> choose o2d as kind … }         no cell: nothing is saved
    cell block(c) on x { return x -> choose o2d as kind }                       kept: x"""

    @property
    def message(self) -> str:
        thing = "what stands in a `cell`" if self.what == "cells" else "merged operations"
        return f"to compute {thing} again saves no memory here"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        if self.better is not None:
            return f"`recompute = {self.better}` does"
        return "leave `recompute` out"


@kind
class Collapsed(Diagnostic):
    """A search prefers skips and pools nearly everywhere."""

    likeliest: int
    chooses: int

    code: ClassVar[str] = "W0713"
    title: ClassVar[str] = "operations without weights have taken over"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
In a mixture, a skip or a pool helps from the first step, while a convolution has to be learnt; a search that runs on
for long, or decides early, often ends with skips nearly everywhere (the skip collapse of differentiable architecture
search), and such networks do worse than the search promised. `stdsl show` tells how the share of operations without
weights changed.

    decisions { warmup = 0.4 }                            let the weights learn first
    relax { choose = partial(softmax, channels = 1 / 4) } mix a share of the channels, as PC-DARTS does
    derive { snapshot = best }                            take the epoch with the least validation loss"""

    @property
    def message(self) -> str:
        return f"for {self.likeliest} of {self.chooses} decisions an operation without weights is the likeliest"

    @property
    def label(self) -> str:
        return "found by this strategy"

    @property
    def help(self) -> str | None:
        return "let the decisions wait (`warmup`), search for fewer epochs, or take the best epoch (`snapshot = best`)"


@kind
class Undecided(Diagnostic):
    """A search ends with its decisions nearly even. ``lengths``: the settings that say how long it is."""

    uncertainty: float
    steps: int
    lengths: tuple[str, ...]

    code: ClassVar[str] = "W0731"
    title: ClassVar[str] = "the search has hardly decided anything"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
At the end of the search the alternatives of the decisions are about as likely as at its beginning, so what is derived
is hardly better than a random architecture. Mostly the search is too short, or its decisions learn too slowly; to tell
alternatives apart takes hundreds of steps at least.

    strategy = gradient { steps = 20 }                                          W0731
    strategy = gradient { epochs = 30 }                                         longer
    strategy = gradient { decisions { optimizer = adam(lr = 0.02) } … }         decisions that learn faster
    strategy = gradient { discretize { count = t * M } … }                      decisions fixed on the way

`compare { random = 3 }` tells whether what was found is better than chance."""

    @property
    def message(self) -> str:
        steps = f"{self.steps:,} step{'s' if self.steps != 1 else ''}"
        return f"after {steps} the decisions are at {self.uncertainty:.0%} of full uncertainty"

    @property
    def label(self) -> str:
        return "searched by this strategy"

    @property
    def help(self) -> str:
        faster = "let the decisions learn faster: `decisions { optimizer = adam(lr = …) }`"
        return f"search for longer ({listed(self.lengths)}), or {faster}"
