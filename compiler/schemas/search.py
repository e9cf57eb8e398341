"""A search: what to run on which data, and what to do with the result."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from annotated_types import Ge, Le
from pydantic import Field, SerializeAsAny

from .base import Conflict, Count, Loaders, Natural, NonNegative, Pixels, Placed, Section, Trainings
from .data import Data
from .data_any import AnyData
from .expectation import Reference
from .length import LENGTH, Length
from .members import Different
from .patterns import Pattern
from .recipe import FINDABLE, Precision, Retrain
from .separate import SeparateTrainings, searched_of_fitness
from .space_ref import SpaceRef
from .strategy import CHANGES, AnyStrategy
from .tasks.loss_any import AnyLoss
from .tasks.metrics import MetricName
from .tasks.task import TaskName
from .warmup import warmup_conflicts

Role = Literal["search", "retrain", "evaluate"]
"""What data is for."""
ROLES: tuple[Role, ...] = ("search", "retrain", "evaluate")


class RetrainSection(Retrain):
    """The final training, in the space of the search or in a larger sibling of it."""

    space: SpaceRef | None = Field(
        default=None,
        description="A larger sibling that the architecture carries over to, and whose `where` it keeps to; none: the "
        "space of the search",
    )
    data: SerializeAsAny[AnyData] | None = Field(
        default=None, description="Other data, of the same task, that it is trained on; none: that of the search"
    )
    settings: Literal["own", "found"] = Field(
        default="own",
        description="Its `own` settings; or, for what the strategy's `fitness` leaves open, those that the best trial "
        "had (`found`)",
    )


class Compare(Section):
    """What is trained beside the result, by the recipe of `retrain`."""

    random: Trainings = Field(default=0, description="Random architectures of the space, within its `where`")
    near: Annotated[float, Ge(0), Le(1)] | None = Field(
        default=None, description="They have at least 1 - near of the FLOPs of the derived one; none: of any cost"
    )
    above: NonNegative | None = Field(
        default=None, description="They have at most 1 + above of the FLOPs of the derived one; none: no such bound"
    )
    spaces: tuple[SpaceRef, ...] = Field(default=(), description="Spaces without open decisions, trained as they are")


class Evaluate(Section):
    """How a trained network is measured on the test split."""

    metric: MetricName | None = Field(
        default=None, description="What is reported first, and what the search is told by; none: that of the task"
    )
    data: SerializeAsAny[AnyData] | None = Field(
        default=None,
        description="Other data, of the same targets, whose test split is taken; none: that of the training",
    )
    size: Pixels | None = Field(
        default=None, description="The `size` of the samples, where their data has such a setting; none: as in training"
    )
    batch: Count | None = Field(default=None, description="Samples at a time; none: the training's batch")
    clips: Annotated[int, Ge(1), Le(1_000)] = Field(
        default=1, description="Clips uniformly spaced over a video whose predictions are averaged"
    )
    crops: Literal["center", "left_center_right"] = Field(
        default="center",
        description="Crops of each clip, or image, whose predictions are averaged: the middle, or three along the "
        "longer side",
    )

    @property
    def views(self) -> int:
        """How often each sample is looked at."""
        return self.clips * (1 if self.crops == "center" else 3)


class Export(Section):
    """Files written from the trained result, into the run directory; without `retrain`, with the search's weights."""

    onnx: str | None = Field(default=None, description="ONNX file, verified against the network")
    source: str | None = Field(default=None, description="Python file of the network that needs torch alone")
    weights: str | None = Field(default=None, description="safetensors file of the weights")
    opset: Annotated[int, Ge(18), Le(23)] = Field(default=18, description="ONNX operator set")
    preprocess: bool = Field(
        default=False,
        description="The ONNX file takes bytes as they are decoded, N×H×W×3 or N×T×H×W×3, and scales them itself",
    )
    verify: bool = Field(default=True, description="Compare the file with the network in onnxruntime")


class Phase(Length):
    """A part of a search in which some decisions are searched and others held.

    Without `epochs` and `steps` it is as long as the strategy says.
    """

    free: tuple[Pattern, ...] | Pattern | None = Field(
        default=None, description="Patterns of the decisions that are searched"
    )
    hold: dict[Pattern, str] = Field(
        default_factory=dict, description="Pattern → the alternative that is held, or `uniform` (drawn anew each step)"
    )
    strategy: Annotated[AnyStrategy | None, CHANGES] = Field(
        default=None,
        description="Settings of the strategy that are others in this phase, such as learning rates, objectives or "
        "samples a step; all else is as the search's strategy says",
    )


class SearchConfig(Placed):
    """A `search` of a file."""

    hidden: ClassVar[frozenset[str]] = frozenset({"name"})

    name: str = Field(description="The name it was declared with")
    space: SpaceRef = Field(description="The space that is searched")
    strategy: AnyStrategy | None = Field(
        default=None, description="How; may be absent for a space without open decisions, which is just trained"
    )
    data: SerializeAsAny[AnyData] = Field(description="The data set")
    task: TaskName | None = Field(
        default=None, description="What networks have to tell; none: as the targets of the data say"
    )
    loss: SerializeAsAny[AnyLoss] | None = Field(
        default=None, description="What they are trained by, in the search and after it; none: that of the task"
    )
    sampling: Literal["once", "balanced"] = Field(
        default="once",
        description="What is trained on in an epoch: each sample once, or as many samples of each class (those of rare "
        "classes several times, those of frequent ones in turns)",
    )
    seed: Natural = Field(default=0, description="Seed of everything random")
    needs: tuple[Annotated[str, Reference("search")], ...] = Field(
        default=(), description="Searches of the same file that run first"
    )
    fuse: tuple[Annotated[str, Reference("search")], ...] = Field(
        default=(),
        description="Searches of the same file, perhaps on other inputs, that run first, and whose networks tell the "
        "mean of what they tell together with those of this one",
    )
    phase: tuple[Phase, ...] = Field(
        default=(), description="Parts of the search, one after the other; may be repeated"
    )
    retrain: RetrainSection | None = Field(default=None, description="The final training; without it there is none")
    compare: Compare | None = Field(default=None, description="What is trained for comparison")
    evaluate: Evaluate = Field(default_factory=Evaluate, description="How results are measured")
    export: Export | None = Field(default=None, description="Files to write")
    ensemble: Count | Different | None = Field(
        default=None, description="Average the predictions of that many of the best architectures; none: the best alone"
    )
    precision: Precision = Field(default="float32", description="Number format of activations")
    compile: bool = Field(default=False, description="Hand the networks to `torch.compile`")
    loaders: Loaders = Field(default=0, description="Threads that load data; 0: the training's own")

    def data_of(self, role: Role) -> Data:
        """What is searched on, trained on at the end, or measured on."""
        trained = self.retrain.data if self.retrain is not None and self.retrain.data is not None else self.data
        if role == "search":
            return self.data
        if role == "retrain":
            return trained
        if self.evaluate.data is not None:
            return self.evaluate.data
        size = self.evaluate.size
        return trained if size is None else trained.model_copy(update={"size": size}).knowing(None)

    def owner(self, role: Role) -> Role:
        """The role whose data it is: its own, or that of another where it has none."""
        if role == "evaluate" and self.evaluate.data is None and self.evaluate.size is None:
            role = "retrain"
        return "search" if role == "retrain" and (self.retrain is None or self.retrain.data is None) else role

    @property
    def several_data(self) -> bool:
        """Whether it is trained or measured on other data than it searches on."""
        return any(self.owner(role) != "search" for role in ROLES)

    def data_key(self, role: Role) -> str:
        """The setting that names the data of a role."""
        own = self.owner(role)
        if own == "evaluate":
            return "evaluate.data" if self.evaluate.size is None else "evaluate.size"
        return "retrain.data" if own == "retrain" else "data"

    @property
    def phases(self) -> tuple[Phase, ...]:
        return self.phase

    @property
    def stages(self) -> tuple[Self, ...]:
        """The search as it is with the strategy of each phase that changes it; itself is the first."""
        own = [phase.strategy for phase in self.phase if phase.strategy is not None]
        return (self, *(self._with(strategy) for strategy in own))

    def _with(self, strategy: AnyStrategy) -> Self:
        return self.model_copy(update={"strategy": strategy})

    @property
    def lengths(self) -> tuple[str, ...]:
        """The settings that say how long the strategy, or its phases, search."""
        strategy = self.strategy.unit if isinstance(self.strategy, Length) else ""
        own = (strategy if phase.steps is None and phase.epochs is None else phase.unit for phase in self.phase)
        return tuple(dict.fromkeys(own)) or (strategy,)

    @property
    def searches_epochs(self) -> bool:
        """Whether how many steps the search has hangs on how many samples there are."""
        strategy = self.strategy
        if isinstance(strategy, SeparateTrainings):
            return strategy.fitness.steps is None or getattr(strategy, "budget", None) is not None
        return "epochs" in self.lengths

    @property
    def taken_over(self) -> frozenset[str]:
        """The settings of the final training that are as the best trial had them, where it asks for those that are
        `found`: of these in which `fitness` leaves something open all but the length."""
        strategy, own = self.strategy, self.retrain
        if own is None or own.settings != "found" or not isinstance(strategy, SeparateTrainings):
            return frozenset()
        return FINDABLE & searched_of_fitness(strategy)

    @property
    def members(self) -> int:
        """How many networks of the search are told together; 1: the best alone."""
        return self.ensemble.members if isinstance(self.ensemble, Different) else self.ensemble or 1

    @property
    def before(self) -> tuple[str, ...]:
        """The searches that run first, each once."""
        return tuple(dict.fromkeys((*self.needs, *self.fuse)))

    def conflicts(self) -> Iterator[Conflict]:
        yield from self._fusion_conflicts()
        own = self.ensemble
        if isinstance(own, Different) and own.of is not None and own.of < own.members:
            message = f"{own.members:,} members are chosen among {own.of:,}"
            yield Conflict("ensemble", message, f"write `of = {4 * own.members}`, or a greater number")
        if self.strategy is None and self.retrain is None:
            message = "this search has neither a strategy nor a `retrain` section, so nothing would run"
            yield Conflict(
                "",
                message,
                "add `strategy = gradient { epochs = 10 }`, or for a space without open decisions "
                "`retrain { epochs = 10 }`",
            )
        exported = self.data_of("retrain")
        if self.export is not None and self.export.preprocess and exported.preparation() is None:
            message = f"`{exported.kind}` reads no files of images or clips, whose bytes a network could take"
            yield Conflict("export.preprocess", message, "leave `preprocess` out", "data")
        if self.phase and self.strategy is None:
            yield Conflict(
                "phase", "phases are parts of a strategy's run, and there is no strategy", "add `strategy = …`"
            )
        for number, phase in enumerate(self.phase, 1):
            decisions = getattr(self.strategy, "decisions", None) if phase.strategy is None else None
            if decisions is None or (phase.epochs is None and phase.steps is None):
                continue
            for conflict in warmup_conflicts(decisions.warmup, phase):
                unit = conflict.other or "epochs"
                whole = phase.steps or phase.epochs
                message = f"the decisions stay as they are for {decisions.warmup} {unit}, and this phase has {whole}"
                yield Conflict(f"phase.{number}.{unit}", message, conflict.help, "strategy")
        yield from self._view_conflicts()
        if self.evaluate.size is not None:
            trained = self.data_of("retrain")
            if self.evaluate.data is not None:
                message = "`data` of an evaluation says its size itself"
                yield Conflict("evaluate.size", message, "leave `size` out", "evaluate.data")
            elif "size" not in type(trained).model_fields:
                message = f"`{trained.kind}` has no `size`"
                yield Conflict(
                    "evaluate.size", message, "name other data: `evaluate { data = … }`", self.data_key("retrain")
                )
        if self.compare is not None and self.retrain is None:
            message = "`compare` trains by the recipe of `retrain`, and there is none"
            yield Conflict("compare", message, "add `retrain { epochs = 10 }`, the recipe by which all are trained")
        for key in ("near", "above"):
            if self.compare is not None and getattr(self.compare, key) is not None and self.compare.random == 0:
                message = f"`{key}` is about random architectures, and none are asked for"
                yield Conflict(f"compare.{key}", message, f"write `random = 3`, or leave `{key}` out")
        yield from self._found_conflicts()
        if self.retrain is not None and self.retrain.snapshot == "best" and self.retrain.holdout == 0:
            message = "`snapshot = best` is chosen on held-out training data, and `holdout` is 0"
            yield Conflict("retrain.snapshot", message, "write `holdout = 0.1`, or `snapshot = last`")

    def _found_conflicts(self) -> Iterator[Conflict]:
        if self.retrain is None or self.retrain.settings != "found":
            return
        if not self.taken_over:
            strategy = self.strategy
            searched = searched_of_fitness(strategy) if isinstance(strategy, SeparateTrainings) else frozenset()
            reasons = ["the length is the section's own"] if searched & LENGTH else []
            if others := ", ".join(f"`{name}`" for name in sorted(searched - LENGTH)):
                reasons.append(f"what is left open ({others}) is no setting of the final training")
            nothing = "no settings are searched that could be found"
            message = f"{nothing}: {', and '.join(reasons)}" if reasons else nothing
            yield Conflict(
                "retrain.settings", message, "leave some open in `fitness`, or leave `settings` out", "strategy"
            )

    def _view_conflicts(self) -> Iterator[Conflict]:
        own, data = self.evaluate, self.data_of("evaluate")
        if own.clips > 1 and "clips" not in data.views:
            message = f"`{data.kind}` has no videos of which several clips could be taken"
            yield Conflict("evaluate.clips", message, "leave `clips` out", self.data_key("evaluate"))
        if own.crops != "center" and "crops" not in data.views:
            message = f"samples of `{data.kind}` are not cropped when networks are measured"
            yield Conflict("evaluate.crops", message, "leave `crops` out", self.data_key("evaluate"))

    def _fusion_conflicts(self) -> Iterator[Conflict]:
        if not self.fuse:
            return
        if self.retrain is None:
            message = "networks are fused when they are trained, and there is no final training"
            yield Conflict("fuse", message, "add `retrain { epochs = 10 }`")
        if len(set(self.fuse)) < len(self.fuse):
            yield Conflict("fuse", "each search counts once, and one is named twice", "name each of them once")
        if self.export is not None and self.export.preprocess:
            message = "a file of fused networks takes their inputs as they are scaled, and not as bytes"
            yield Conflict("export.preprocess", message, "leave `preprocess` out", "fuse")
