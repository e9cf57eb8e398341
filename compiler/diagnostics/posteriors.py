"""Searches that learn a posterior over architectures, and settings of theirs that do not do what they seem to."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Severity, kind


@kind
class NoDivergence(Diagnostic):
    """A search for a posterior whose loss has nothing that holds it to a prior."""

    code: ClassVar[str] = "W0766"
    title: ClassVar[str] = "a posterior without a divergence"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
A search of the family `variational` adds to the loss of its task how far the posterior is from its prior: the term
`kl_drop_path`, which is there unless `objectives` says otherwise. A list of other terms stands in its place. Without
the divergence probabilities follow the loss alone, which is least where every unit is as the training data like it:
they are no posterior.

    objectives = [cost(flops, high = 400M)]                    W0766: there is no divergence
    objectives = [kl_drop_path, cost(flops, high = 400M)]      both

A search whose `warmup` is as long as itself learns no probabilities, and is not warned of."""

    @property
    def message(self) -> str:
        return "the loss has no divergence from a prior, so what is learnt of the units is no posterior"

    @property
    def label(self) -> str:
        return "here is no `kl_drop_path` with a weight above 0"

    @property
    def help(self) -> str:
        return "write `kl_drop_path` among the `objectives`, with a `weight` above 0"


@kind
class MeasuresMoreThanThereIs(Diagnostic):
    """Architectures are to be measured on more samples than the data has. ``what``: of which kind they are;
    ``setting``: what asks for it."""

    measure: int
    samples: int
    what: str = "strategies"
    setting: str = "measure"

    code: ClassVar[str] = "W0767"
    title: ClassVar[str] = "measured on more samples than there are"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
What a search draws from its posterior it measures on the `valid` half of the training data, on `measure` samples of it,
trials of separate trainings on `samples` of it. Where there are fewer, all of them are taken.

    data = motion_digits(valid = 128)      derive { samples = 30  measure = 1000 }      W0767: on 128
    data = motion_digits(valid = 128)      derive { samples = 30 }                      on all, without a warning
    data = motion_digits(valid = 128)      fitness { samples = 1000 }                   W0767: on 128"""

    @property
    def message(self) -> str:
        all_of_it = f"{self.samples:,} samples, all that `valid` has"
        return f"{self.what} are measured on {all_of_it}, and not on {self.measure:,}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return f"set `{self.setting}` to {self.samples} at most, leave it out, or give the data more samples"


@kind
class DivergenceOutweighs(Diagnostic):
    """At the end of a search its divergence is greater than what the data can say."""

    share: float
    loss: float

    code: ClassVar[str] = "W0768"
    title: ClassVar[str] = "the divergence outweighs the loss"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
A search of the family `variational` descends on the loss of its task plus the divergence of the posterior from its
prior over the number of training samples. The loss of a fresh network is about what not knowing anything costs. Where
the second of the two is above it at the end, the data had next to no say in which units stay: mostly `prior_length` is
so great that k² ‖w‖² is far above 1, and where the weights' steps overshoot, as they then may, both grow without end.

    objectives = [kl_drop_path(prior_length = 100)]       W0768
    objectives = [kl_drop_path(prior_length = 0.01)]      a fresh kernel of 32 channels costs 0.003 at most

The journal has both of every step: `loss` is the task's alone, `divergence` in nats for all samples together."""

    @property
    def message(self) -> str:
        share = f"{self.share:,.0f}" if self.share >= 1000 else f"{self.share:.3g}"
        return (
            f"the divergence is {share} a sample at the end of the search, and the loss was {self.loss:,.3g} at its "
            "beginning: units stay or go by it alone"
        )

    @property
    def label(self) -> str:
        return "its terms"

    @property
    def help(self) -> str:
        return "lower the `prior_length` or the `weight` of `kl_drop_path`"


@kind
class NothingDrawn(Diagnostic):
    """Drawn architectures are asked of a run that measured none."""

    folder: str
    reason: str
    advice: str = ""

    code: ClassVar[str] = "E0769"
    title: ClassVar[str] = "a run that measured nothing that it drew"
    explanation: ClassVar[str] = """\
`stdsl show RUN --drawn` lists the architectures that a search drew at its end, and measured with the weights of its
supernet. Of the family `variational` it draws some where its strategy says `derive { samples = 30 }`; without
that it takes the most probable one, and measures nothing. Of the family `sampling` it draws its candidates.

    stdsl show runs/likeliest-0001 --drawn       E0769
    stdsl show runs/best-of-30-0001 --drawn      right"""

    @property
    def message(self) -> str:
        return f"the run `{self.folder}` has no drawn architectures: {self.reason}"

    @property
    def label(self) -> str:
        return "its strategy"

    @property
    def help(self) -> str | None:
        instead = "run a search of the family `variational` with `derive { samples = 30 }`, or one of `sampling`"
        return self.advice or instead
