"""E07xx: searches that need what other searches of the file have trained."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, kind


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

    code: ClassVar[str] = "E0772"
    title: ClassVar[str] = "no weights that the architectures of the search share"
    explanation: ClassVar[str] = """\
With `fitness { weights = shared }` architectures are measured with their part of the weights that a search of the
family `sampling` trained for all of them. The search `needs` exactly one such, on the same data with the same seed, and
the space is the same, but for its `where`.

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
    def help(self) -> str:
        return self.advice


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
