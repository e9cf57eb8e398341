"""E07xx: searches that need what other searches of the file have trained."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, Severity, kind
from .source import Span


@kind
class WeightsOfNoNeed(Diagnostic):
    """`weights = "run:NAME"` names a search that this one does not need, or one that trains no network."""

    name: str
    search: str
    untrained: bool = False

    code: ClassVar[str] = "E0714"
    title: ClassVar[str] = "weights of a search that is not needed"
    explanation: ClassVar[str] = """\
`weights = "run:NAME"` loads what the search NAME of the same file trained. It runs first, in the same run directory,
only if `needs` names it, and leaves weights only if it has a section `retrain`.

    search fuse { space = fused  needs = [pretrain_rgb] }      for calls with weights = "run:pretrain_rgb\""""

    @property
    def message(self) -> str:
        if self.untrained:
            return f"the search `{self.search}` loads weights of `{self.name}`, which trains no network"
        return f"the search `{self.search}` loads weights of `{self.name}`, which it does not need"

    @property
    def label(self) -> str:
        return "loaded here"

    @property
    def help(self) -> str | None:
        if self.untrained:
            return f"add `retrain {{ … }}` to the search `{self.name}`"
        return f"add `needs = [{self.name}]` to the search `{self.search}`"


@kind
class NoSupplier(Diagnostic):
    """`weights = shared` in a search whose needs leave no weights for its architectures."""

    search: str
    reason: str
    advice: str
    other: Span | None = None
    """What does not go with it."""

    code: ClassVar[str] = "E0772"
    title: ClassVar[str] = "no weights that the architectures of the search share"
    explanation: ClassVar[str] = """\
With `fitness { weights = shared }` architectures are measured with their part of the weights that a search of the
family `sampling` trained for all of them. The search `needs` exactly one such, on the same data, and the space is the
same, but for its `where`.

    search paths { space = nets    strategy = single_path }
    search fast  { space = nets    needs = [paths]    strategy = evolution { fitness { weights = shared } } }
    search slow  { space = nets    strategy = evolution { fitness { weights = shared } } }      E0772"""

    @property
    def message(self) -> str:
        return f"the search `{self.search}` measures with shared weights, and {self.reason}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return () if self.other is None else (Label(self.other, "the other one"),)

    @property
    def help(self) -> str:
        return self.advice


@kind
class OtherSeed(Diagnostic):
    """`weights = shared` in a search whose seed is not that of the one that it needs. ``place``: where that one says
    its own."""

    search: str
    seed: int
    other: str
    other_seed: int
    place: Span | None

    code: ClassVar[str] = "E0778"
    title: ClassVar[str] = "shared weights of a search with another seed"
    of_one_search: ClassVar[bool] = True
    explanation: ClassVar[str] = """\
The seed says which samples are held out. A search with `fitness { weights = shared }` that has another one than the
search that trained the weights would measure on samples that these have learnt from. Other searches of the file, and
its spaces, are not concerned.

    search paths { space = nets  seed = 0  strategy = single_path }
    search fast  { space = nets  seed = 1  needs = [paths]  strategy = evolution { fitness { weights = shared } } }

    stdsl run nets.space::fast                     E0778
    stdsl run nets.space::fast --set seed=1        fine: `paths` has the seed of the call, too"""

    @property
    def message(self) -> str:
        own, other = f"the seed {self.seed}", f"`{self.other}`, whose weights it measures with, {self.other_seed}"
        return f"the search `{self.search}` has {own}, and {other}"

    @property
    def label(self) -> str:
        return f"seed {self.seed}"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return () if self.place is None else (Label(self.place, f"seed {self.other_seed}"),)

    @property
    def help(self) -> str:
        given = f"`--set seed={self.seed}` is for both"
        return f"give both one seed, or run `{self.search}` with one: {given}"


@kind
class NotNeeded(Diagnostic):
    """A finished run is given for a search that the one at hand does not need."""

    search: str
    name: str
    needed: tuple[str, ...]

    code: ClassVar[str] = "E0775"
    title: ClassVar[str] = "a run of a search that is not needed"
    explanation: ClassVar[str] = """\
`stdsl run FILE::SEARCH --needs NAME=RUN` takes a finished run in the place of a search that SEARCH names in `needs` or
`fuse`, so that it is not run again.

    search bred { needs = [paths]  … }
    stdsl run nets.space::bred --needs path=runs/paths-0001      E0775
    stdsl run nets.space::bred --needs paths=runs/paths-0001     right"""

    @property
    def message(self) -> str:
        return f"the search `{self.search}` does not need `{self.name}`"

    @property
    def help(self) -> str:
        if not self.needed:
            return "leave `--needs` out: it needs no search"
        return f"it needs {', '.join(f'`{name}`' for name in self.needed)}"


@kind
class NotThatRun(Diagnostic):
    """A run that is given in the place of a needed search is not what that search comes to."""

    search: str
    name: str
    folder: str
    differing: tuple[str, ...]
    advice: str

    code: ClassVar[str] = "E0776"
    title: ClassVar[str] = "the run is not what the needed search comes to"
    explanation: ClassVar[str] = """\
`--needs NAME=RUN` spares the work of the search NAME, and changes nothing in what is found. So RUN is what NAME comes
to as the file has it now: of the same space, with the same settings and seed, on the same data. What differs is listed.

    stdsl run nets.space::paths --set strategy.steps=10 --out short
    stdsl run nets.space::bred --needs paths=short               E0776: `strategy.steps` was 10, and is 600
    stdsl run nets.space::paths --out whole
    stdsl run nets.space::bred --needs paths=whole               right

To work with another run of it, write its settings into the file. Of what `--set` changes, the `seed` alone is for
needed searches too:

    stdsl run nets.space::paths --set seed=1 --out first
    stdsl run nets.space::bred --set seed=1 --needs paths=first  right"""

    @property
    def message(self) -> str:
        return f"`{self.folder}` is not what the search `{self.name}`, which `{self.search}` needs, comes to"

    @property
    def notes(self) -> tuple[str, ...]:
        shown = self.differing[:12]
        rest = len(self.differing) - len(shown)
        return (*shown, f"… and {rest} more") if rest else shown

    @property
    def help(self) -> str:
        return self.advice


@kind
class OutsideTrained(Diagnostic):
    """A search in shared weights goes beyond `where` of the one that trained them. ``found``: whether it is known that
    its result does; ``bounds``: conditions that the search does not keep to."""

    search: str
    other: str
    bounds: tuple[Span, ...]
    found: bool = False

    code: ClassVar[str] = "W0774"
    title: ClassVar[str] = "weights that were not trained for the architecture"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
A search along paths draws architectures within `where` of its space, so that its weights learn from these alone. An
architecture outside of it has weights that were never trained together, or not at all, and what it reaches says little.

    space light = net where flops <= 1M        space every = net
    search paths { space = light  strategy = single_path }
    search bred  { space = every  needs = [paths]  strategy = evolution { fitness { weights = shared } } }     W0774

Train the weights in the wider space, and search in the narrower one."""

    @property
    def message(self) -> str:
        if self.found:
            return (
                f"what `{self.search}` found is outside `where` of `{self.other}`, whose weights it was measured with"
            )
        return f"`{self.search}` may measure architectures outside `where` of `{self.other}`, which trained the weights"

    @property
    def label(self) -> str:
        return "is searched with these weights"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return tuple(Label(span, "the weights were trained within this") for span in self.bounds)

    @property
    def help(self) -> str:
        return f"let `{self.other}` search the wider space, or write the same `where` for `{self.search}`"


@kind
class RunWeightsDoNotFit(Diagnostic):
    """What a needed search trained does not hold the weights of a call, or holds them in several places."""

    name: str
    callee: str
    places: tuple[str, ...]
    missing: str | None

    code: ClassVar[str] = "E0715"
    title: ClassVar[str] = "trained weights do not fit"
    explanation: ClassVar[str] = """\
The weights of a call with `weights = "run:NAME"` are looked for in the network that NAME trained: a part that holds
all names inside the call, with the same shapes. The trained network must therefore apply the same cell with the same
parameters, once.

    cell backbone(c) on x = x -> conv(c, 3x3) -> bn -> relu
    meta pretrain on image: image(3, 32, 32) = image -> backbone(16) -> global_avg_pool -> linear(10)
    meta fused on image: image(3, 32, 32) = image -> frozen backbone(16, weights = "run:pretrain") -> …"""

    @property
    def message(self) -> str:
        if self.places:
            where = ", ".join(f"`{place.removesuffix('.') or 'the whole'}`" for place in self.places)
            return f"the network of `{self.name}` holds the weights of `{self.callee}` in several places: {where}"
        reason = f" (`{self.missing}` is nowhere)" if self.missing else ""
        return f"the network of `{self.name}` does not hold the weights of `{self.callee}`{reason}"

    @property
    def label(self) -> str:
        return "loaded here"

    @property
    def help(self) -> str | None:
        return "let both apply the same cell with the same parameters"
