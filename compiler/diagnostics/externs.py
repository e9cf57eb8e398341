"""Code of the user's own, written in Python: `extern op`, `extern data`, `extern loss`."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, kind
from .source import Span


@kind
class ExternNotAllowed(Diagnostic):
    name: str
    target: str
    variable: str = ""
    """Of the environment, which gives leave where no call can."""
    reason: str = ""
    """For which it would be loaded, where that does not follow from the call."""

    code: ClassVar[str] = "E0227"
    title: ClassVar[str] = "extern code without permission"
    explanation: ClassVar[str] = """\
What is `extern` is Python code of the user's. It is loaded only when `--allow-extern` is given; checking never needs
that, building a network with an `extern op`, reading `extern data` and training by an `extern loss` do.

    stdsl run my.space::first                            # E0227 where its space applies an extern op
    stdsl run --allow-extern my.space::first

A process that unpickles a network with such operators has no call that could give leave. It loads the code where
`STDSL_ALLOW_EXTERN=1` stands in its environment.
"""

    @property
    def message(self) -> str:
        return f"`{self.name}` is Python code ({self.target}), which may not be loaded"

    @property
    def notes(self) -> tuple[str, ...]:
        return (self.reason,) if self.reason else ()

    @property
    def help(self) -> str:
        if self.variable:
            return f"set {self.variable}=1 in the environment of this process if you trust it"
        return "pass `--allow-extern` (in Python: `allow_extern=True`) if you trust it"


@kind
class BadExtern(Diagnostic):
    name: str
    reason: str
    advice: str = ""
    what: str = "op"

    code: ClassVar[str] = "E0229"
    title: ClassVar[str] = "wrong declaration of something extern"
    explanation: ClassVar[str] = """\
An `extern op` names its inputs, a class as `"module:Class"`, and in its block the rules of its output's shape and of
its costs, as arithmetic over its parameters and the shapes of its inputs.

    extern op corr(d: int) on a, b from "my_pkg.ops" { chanels = 9 }                 # E0229, twice
    extern op corr(d: int) on a, b from "my_pkg.ops:Correlation" { channels = (2 * d + 1) ** 2  flops = 0 }

`extern data` names a class likewise, and states in its block what a sample holds: `inputs`, and `classes`, `labels` or
`numbers` of its targets, with their `positions` where there is one at each pixel or frame.

    extern data mine(frames: int) from "my_pkg.data:Clips" { classes = 51 }           # E0229: no `inputs`
    extern data mine(frames: int) from "my_pkg.data:Clips" { inputs = clip(3, frames, 112, 112)  classes = 51 }

`extern loss` names a class too, and in its block the tasks that it is for; without these it is for all.

    extern loss focal(gamma: number = 2) from "my_pkg.losses:Focal" { tasks = images }           # E0229: no task
    extern loss focal(gamma: number = 2) from "my_pkg.losses:Focal" { tasks = classification }
"""

    @property
    def message(self) -> str:
        return f"in extern {self.what} `{self.name}`: {self.reason}"

    @property
    def help(self) -> str | None:
        return self.advice or None


@kind
class ExternDiffers(Diagnostic):
    name: str
    target: str
    attributes: str
    entering: str
    what: str
    stated: str
    found: str
    applied: Span | None = None

    code: ClassVar[str] = "E0232"
    title: ClassVar[str] = "an extern operator does other than its block says"
    explanation: ClassVar[str] = """\
`stdsl check --allow-extern` builds every extern operator on torch's meta device, once for each way in which the space
applies it, and compares the shape of its output and its number of parameters with what its block says.

    extern op wide(c: int) on x from "my_ops:Wide" { channels = c }
    x -> wide(8)                     # E0232 where the module's output has 16 channels

Correct the block, or the module.
"""

    @property
    def message(self) -> str:
        return f"`{self.name}` ({self.target}) {self.what}: its block says {self.stated}, the module {self.found}"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.applied, "applied here"),) if self.applied is not None else ()

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"with {self.attributes or 'no parameters'}, on {self.entering}",)

    @property
    def help(self) -> str:
        return "correct the rule in the block, or the module"


@kind
class ExternNotLoaded(Diagnostic):
    """``fails``: the class is there, and its own code raised."""

    name: str
    target: str
    reason: str
    what: str = "op"
    fails: bool = False

    code: ClassVar[str] = "E0233"
    title: ClassVar[str] = "extern code cannot be loaded"
    explanation: ClassVar[str] = """\
The module behind something `extern` must be importable, from the folder of the file that declares it or as an
installed package. The class in it takes the declared parameters by name; that of an `extern op` is a torch.nn.Module.
Where the module or the class is there and raises (a file that it reads is absent), the message has what it raised.

    extern op corr(d: int) on a, b from "my_ops:Corelation" { … }        # E0233: my_ops has no class of that name
"""

    @property
    def message(self) -> str:
        return f"`{self.name}` ({self.target}) cannot be loaded: {self.reason}"

    @property
    def help(self) -> str:
        if self.fails:
            return f"its own code raised that: correct it, or what the extern {self.what} is given"
        kind = "is a torch.nn.Module whose constructor takes" if self.what == "op" else "takes"
        return (
            f"put the module beside the `.space` file, or install it; its class {kind} the parameters of the "
            f"extern {self.what} by name"
        )


@kind
class ExternDataDiffers(Diagnostic):
    name: str
    target: str
    stated: str
    found: str

    code: ClassVar[str] = "E0234"
    title: ClassVar[str] = "extern data gives other samples than its block says"
    explanation: ClassVar[str] = """\
Before a run, and by `stdsl check --allow-extern`, the first sample that `extern data` gives is held against its block:
names and shapes of inputs, the label, and that asking again gives the same.

    extern data mine(frames: int) from "my_pkg.data:Clips" { inputs = clip(3, frames, 112, 112)  classes = 51 }
    data = mine(frames = 16)           # E0234 where the class gives clips of 8 frames

Correct the block, or the class. What is random in a sample comes from `epoch`, in a class with the methods of a data
set of stdsl; a sample of a `torch.utils.data.Dataset` depends on its index alone.
"""

    @property
    def message(self) -> str:
        return f"`{self.name}` ({self.target}): its block says {self.stated}, and {self.found}"

    @property
    def help(self) -> str:
        return "correct the block, or the class"


@kind
class ExternLossFails(Diagnostic):
    name: str
    target: str
    fault: str
    advice: str

    code: ClassVar[str] = "E0235"
    title: ClassVar[str] = "an extern loss gives no loss"
    explanation: ClassVar[str] = """\
What an `extern loss` names is made once, and called with what a network gives, (N, C, …), and with the targets: classes
are (N, …) whole numbers, labels and numbers (N, C, …). What a network gives is float32, also where it computes in
bfloat16; the class of a position that the data leaves out (`ignore`) is -100, which torch's cross-entropy leaves out.
It gives one number, a mean over samples and positions, which can be differentiated, and depends on the two alone.
Before a run, and by `stdsl check --allow-extern`, it is called with made-up values.

    def forward(self, given, targets):
        return F.cross_entropy(given, targets, reduction="none")          # E0235: a number for each sample
        return F.cross_entropy(given, targets, reduction="none").mean()

Nothing trains parameters of a loss, and nothing keeps what it remembers: a run that is gone on with would come to
other weights. Constants of it that are tensors are buffers (`register_buffer`).
"""

    @property
    def message(self) -> str:
        return f"`{self.name}` ({self.target}) {self.fault}"

    @property
    def help(self) -> str:
        return self.advice


@kind
class UnknownCost(Diagnostic):
    metric: str
    name: str
    declared: Span

    code: ClassVar[str] = "E0413"
    title: ClassVar[str] = "a constraint on a cost that is not known"
    explanation: ClassVar[str] = """\
What the block of an `extern op` does not state is not known, and a space that applies it cannot bound that cost.

    extern op corr(d: int) on a, b from "my_ops:Correlation" { channels = 9  params = 0 }
    space s = tower(corr(4)) where flops <= 600M         # E0413: the block has no `flops`
"""

    @property
    def message(self) -> str:
        return f"this constrains {self.metric}, but the {self.metric} of the extern op `{self.name}` are not known"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.declared, f"its block has no `{key_of(self.metric)}`"),)

    @property
    def help(self) -> str:
        return f"add `{key_of(self.metric)} = …` to its block"


def key_of(metric: str) -> str:
    """The key of an extern op's block from which a cost follows that it does not state itself."""
    return "params" if metric == "params" else "flops"
