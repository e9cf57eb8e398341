"""What a run will do and about what it will take, known before anything heavy starts."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any, Final

import torch
from rich import box
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from stdsl.compiler.analysis.architecture import Architecture, architecture
from stdsl.compiler.analysis.few import at_most
from stdsl.compiler.analysis.memo import once_per_graph
from stdsl.compiler.analysis.sampling import sample
from stdsl.compiler.backends.codegen.definitions import number_of_calls
from stdsl.compiler.backends.networks.frozen_part import frozen_part
from stdsl.compiler.backends.networks.loader import definition_of
from stdsl.compiler.families.registry import searches
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.retraining import planned, retraining_samples, sizes_known
from stdsl.compiler.schemas.search import ROLES, SearchConfig
from stdsl.compiler.text.durations import duration
from stdsl.compiler.text.figures import times

from ..data.networks.features import hindrance
from ..phases.assignment import Subject
from ..phases.train import build
from ..report.plain import plain
from ..report.whole import print_whole
from ..strategies.runner import runner
from ..tracking.manifest import cores
from ..tracking.names import DERIVED, member_name, random_name, repeat_name, title_of
from ..training.placement import available
from .job import Job
from .samples import GUESS, stage_sizes

_BACKWARD = 2.0
"""A backward pass takes about twice the multiply-adds of the forward pass."""
_BYTES_PER_SECOND = 0.65e9
"""How fast one core works through what a step saves for backward; measured on `examples/quickstart.space`."""
_STEP_SECONDS, _LAYER_SECONDS = 1.5e-3, 1e-4
"""What a step takes beside its arithmetic, and each layer in it: of tiny networks that is nearly all. Measured on MLPs
and convolutions of 6 to 50 layers."""
LEAST_SHARE: Final = 0.02
"""A process is taken to get so much of a processor at least: of a tenth of a second less cannot be told."""
BUSY: Final = 0.8
"""Where a process gets less than this, it is said."""
SINGLY: Final = 4
"""More random networks to compare with than this are one row."""
_LARGE_STEP = 5_000_000_000
"""Multiply-adds of a forward pass over a batch from which several threads pay."""


@dataclass(frozen=True)
class Stage:
    """One part of a run. ``params``: of its network. ``flops``: multiply-adds of one sample's forward pass. ``bytes``:
    weights, gradients, optimiser states and what a step keeps for backward. ``seconds``: on this machine, as busy as it
    is, give or take a factor of two."""

    name: str
    steps: int
    batch: int
    params: int
    flops: int
    bytes: int
    seconds: float
    known: bool = True
    """Whether its network is the one that is planned; else a random one of the space stands for it."""
    steps_known: bool = True
    batch_known: bool = True
    """Whether they do not hang on a setting that is searched, for which its first option, or lower end, stands, or on a
    number of samples that only files tell, for which :data:`.samples.GUESS` stands."""
    measured: int = 0
    """Architectures, at most, that are measured after the steps, which takes part of the time."""


@dataclass(frozen=True)
class Plan:
    search: str
    space: str
    data: str
    device: str
    stages: tuple[Stage, ...]
    search_threads: int
    training_threads: int
    features: str = ""
    """What becomes of the features of frozen parts, "" where there are none."""
    share: float = 1.0
    """How much of a processor's time a process gets at the moment; the rest is other work's."""
    needs: tuple[str, ...] = ()
    """Searches that run before, each with a plan of its own."""
    tuned: bool = False
    """Whether some steps or batches hang on a setting that is searched."""
    guessed: bool = False
    """Whether some steps hang on a number of samples that is not known."""

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages)

    def document(self) -> dict[str, Any]:
        """The plan for JSON."""
        return asdict(self) | {"seconds": self.seconds}


def plan(job: Job, device: str = "auto") -> Plan:
    """The plan of a run of ``job``. Networks are only built, and run on tensors without memory."""
    config, placement = job.config, available(device)
    rate, share = _rate(placement.device)
    stages: list[Stage] = []
    recipe = config.retrain
    altered = config.data_of("retrain").varies() or config.data.varies() or (recipe is not None and recipe.cutout > 0)
    obstacle = hindrance(altered, replace(placement, bfloat16=config.precision == "bfloat16", compile=config.compile))
    stage = partial(_stage, rate=rate, share=share, kept=obstacle is None)
    strategy, tuned, guessed = config.strategy, False, False
    if strategy is not None and searches(strategy, job.graph):
        guessed = config.data.samples(("train",)) is None and config.searches_epochs
        for work in runner(strategy).works(job):
            one = stage(work.name, work.make, work.graph, work.steps, work.batch, passes=work.passes)
            steps_known = work.steps_known and not guessed
            one = replace(one, steps_known=steps_known, batch_known=work.batch_known, measured=work.measured)
            tuned = tuned or not (work.steps_known and work.batch_known)
            stages.append(replace(one, steps=one.steps * work.times, seconds=one.seconds * work.times * work.share))
    if recipe is not None:
        recipe = planned(config)
        steps_known, batch_known = sizes_known(recipe, config.taken_over)
        tuned = tuned or not (steps_known and batch_known)
        if recipe.steps is None and retraining_samples(config) is None:
            steps_known, guessed = False, True
        stage = partial(stage, steps_known=steps_known, batch_known=batch_known)
        per_epoch, batch = stage_sizes(retraining_samples(config), recipe.batch)
        steps = recipe.total_steps(per_epoch)
        compare = config.compare
        typical = _typical(job)
        names = repeated = [f"train {DERIVED}"] + [f"train {repeat_name(i)}" for i in range(2, recipe.seeds + 1)]
        if strategy is not None and job.graph.open:
            names = [*names, *(f"train {member_name(rank)}" for rank in range(2, config.members + 1))]
        asked = compare.random if compare is not None else 0
        beside = at_most(job.graph, asked + 1) - 1 if asked else 0  # the derived one is none of them
        names = [*names, *(f"train {random_name(i + 1)}" for i in range(beside))]
        one = stage(names[0], partial(build, typical, 0), job.final, steps, batch)  # all are alike, as far as is known
        given = len(repeated) if job.architecture is not None else 0
        for i, name in enumerate(names):
            stages.append(replace(one, name=name, known=not job.final.open or i < given))
        for text, graph in job.compared.items():
            subject = Subject(text, graph, architecture(graph, {}))
            stages.append(stage(f"train {title_of(text)}", partial(build, subject, 0), graph, steps, batch))
    searching = _threads(stage for stage in stages if stage.name.startswith("search"))
    training = (
        1 if separate_trainings(job) else _threads(stage for stage in stages if not stage.name.startswith("search"))
    )
    return Plan(
        config.name,
        str(config.space),
        _described(config),
        str(placement.device),
        tuple(stages),
        searching,
        training,
        _features(job, obstacle),
        share,
        config.before,
        tuned,
        guessed,
    )


def separate_trainings(job: Job) -> bool:
    """Whether networks of a run are trained beside each other: comparisons, repeats, members of an ensemble, or the
    trials of a search. Each then has one thread."""
    config = job.config
    compared = config.compare is not None and bool(config.compare.random or config.compare.spaces)
    repeated = config.retrain is not None and config.retrain.seeds > 1
    strategy = config.strategy
    searched = strategy is not None and searches(strategy, job.graph) and runner(strategy).separate
    together = config.members > 1
    return compared or repeated or searched or together


def render_plan(plan: Plan, console: Console) -> None:
    """Print the plan as a table."""
    console.print(plain(f"{plan.search}: {plan.space} on {plan.data}, on {plan.device}"), highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("stage")
    for title in ("steps", "batch", "params", "FLOPs a sample", "memory", "about"):
        table.add_column(title, justify="right")
    for s in _rows(plan.stages):
        numbers = (
            f"{'' if s.steps_known else '~'}{s.steps:,}",
            f"{'' if s.batch_known else '~'}{s.batch:,}",
            f"{'' if s.known else '~'}{s.params:,}",
            f"{'' if s.known else '~'}{s.flops:,}",
            f"{s.bytes / 1e6:,.0f} MB",
            duration(s.seconds),
        )
        table.add_row(plain(s.name), *numbers)
    table.add_section()
    table.add_row("together", "", "", "", "", "", duration(plan.seconds))
    print_whole(table, console)
    for stage in plan.stages:
        if stage.measured:
            text = f"{stage.name}: then up to {times(stage.measured, 'architecture')} measured, in this time"
            console.print(plain(text), highlight=False)
    if not all(stage.known for stage in plan.stages):
        console.print("~: a random architecture stands for one that is not known yet", highlight=False)
    if plan.guessed:
        text = f"~ of steps: {GUESS:,} samples stand for those of data that was not found"
        console.print(text, highlight=False)
    if plan.tuned:
        text = "~ of steps and batches: settings that are searched have their first option here, or their lower end"
        console.print(text, highlight=False)
    if plan.needs:
        console.print(plain(f"needed first: {', '.join(plan.needs)}"), highlight=False)
    if plan.features:
        console.print(plain(plan.features), highlight=False)
    if plan.share < BUSY:
        busy = f"the processors are busy: a process gets {plan.share:.0%} of one, and times are as long as with that"
        console.print(plain(busy), highlight=False)


def _rows(stages: Sequence[Stage]) -> Iterator[Stage]:
    """The stages, networks to compare with that are drawn at random as one, where there are more than
    :data:`SINGLY`."""
    random_ones = {f"train {random_name(number)}" for number in range(1, 1 + len(stages))}
    for drawn, several in groupby(stages, lambda stage: stage.name in random_ones):
        alike = list(several)
        if not drawn or len(alike) <= SINGLY:
            yield from alike
            continue
        first, n = alike[0], len(alike)
        name = f"{first.name} to {random_name(n)}"
        yield replace(first, name=name, steps=n * first.steps, seconds=sum(stage.seconds for stage in alike))


def plan_text(plan: Plan, width: int = 100) -> str:
    """What :func:`render_plan` prints, as text."""
    buffer = io.StringIO()
    render_plan(plan, Console(file=buffer, width=width))
    return buffer.getvalue().rstrip()


def _threads(stages: Iterable[Stage]) -> int:
    """All cores for a network whose steps are large enough to be worth dividing, else one.

    Small steps gain little from several threads, and lose much where other processes want the cores too. The rule
    looks at nothing but the settings, since results depend on the number of threads.
    """
    work = max((stage.flops * stage.batch for stage in stages), default=0)
    return cores() if work >= _LARGE_STEP else 1


def _stage(
    name: str,
    make: Callable[[], nn.Module],
    graph: SpaceGraph,
    steps: int,
    batch: int,
    rate: float,
    share: float,
    kept: bool,
    passes: float = 1.0,
    steps_known: bool = True,
    batch_known: bool = True,
) -> Stage:
    """``rate``: multiply-adds in a second of a processor of our own, of which we get a ``share``. ``kept``: features of
    frozen parts are, so those do not run in a step."""
    model = make().to("meta").train()
    params = sum(p.numel() for p in model.parameters())
    inputs = [torch.empty(batch, *graph.nodes[id].type.concrete().dims, device="meta") for id in graph.inputs]
    part = frozen_part(model, [graph.nodes[id].op for id in graph.inputs]) if kept else None
    saved: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        saved[storage._cdata] = storage.nbytes()
        storages.append(storage)
        return tensor.detach()

    storages: list[torch.UntypedStorage] = []
    counter = FlopCounterMode(display=False)
    forward: Callable[..., Any] = model
    if part is not None:
        with torch.no_grad():
            inputs = [*part.features(*inputs), *(inputs[place] for place in part.inputs)]
        forward = part.rest
    with counter, saved_tensors_hooks(pack, lambda tensor: tensor):
        forward(*inputs)
    flops = counter.get_total_flops() // 2 // batch  # the counter counts a multiply-add as two
    beside, again = _recomputed(model, batch)
    activations = sum(saved.values()) + beside
    passes_over = 1 + _BACKWARD + (1 if beside else 0)
    step = flops * batch * passes_over / rate + (activations + again) / _BYTES_PER_SECOND
    step += _STEP_SECONDS + _LAYER_SECONDS * sum(not list(module.children()) for module in model.modules())
    # Weights, gradients and one to two optimiser states of 4 bytes each.
    size, seconds = activations + 16 * params, passes * steps * step / share
    return Stage(name, steps, batch, params, flops, size, seconds, True, steps_known, batch_known)


def _recomputed(model: nn.Module, batch: int) -> tuple[int, int]:
    """Of what is computed again in the backward pass: the bytes that a step keeps of cells, which autograd tells
    nothing of (what enters them and, in the backward pass, all of one of them, the average one), and the bytes that it
    makes again."""
    reports = {r.name: r for r in getattr(model, "passes", ()) if r.name.startswith("recompute_")}
    again = sum(r.kept_before - r.kept_after for r in reports.values())
    whole = reports.get("recompute_cells")
    if whole is None:
        return 0, batch * again
    one_of_each = {type(module): module for module in model.modules()}
    classes = [found for module in one_of_each.values() if (found := definition_of(module)) is not None]
    cells = max(1, number_of_calls(classes, "recomputed"))
    return batch * (whole.kept_after + (whole.kept_before - whole.kept_after) // cells), batch * again


def _typical(job: Job) -> Subject:
    """The architecture that is trained without a search, in the space of the final training; else a random one, which
    stands for the derived one: that is not known yet."""
    return Subject(DERIVED, job.final, architecture(job.final, job.architecture or _drawn(job.graph)))


@once_per_graph
def _drawn(graph: SpaceGraph) -> Architecture:
    return sample(graph, 0)[0] if graph.open else architecture(graph, {})


def _features(job: Job, obstacle: str | None) -> str:
    """What becomes of the features of frozen parts of the space that the result is trained in."""
    model = build(_typical(job), 0).to("meta")
    shapes = [job.final.nodes[id].type.concrete().dims for id in job.final.inputs]
    part = frozen_part(model, [str(place) for place in range(len(shapes))])
    if part is None:
        return ""
    if obstacle is not None:
        return f"frozen parts run in every step: {obstacle}"
    with torch.no_grad():
        values = part.features(*(torch.empty(1, *dims, device="meta") for dims in shapes))
    size = sum(value.nbytes for value in values)
    samples = job.config.data_of("retrain").samples(("train", "valid", "test"))
    if samples is None:
        return f"frozen parts run once for each sample; {size / 1e6:,.1f} MB each on disk while the run lasts"
    size *= samples
    return f"frozen parts run once for each sample; {size / 1e6:,.0f} MB of features on disk while the run lasts"


def _rate(device: torch.device) -> tuple[float, float]:
    """Multiply-adds a second of a middling convolution on the device or one core, measured in a tenth of a second, and
    what share of a processor's time that took: where other work waits for the processors, too, it is less than all."""
    convolution = nn.Conv3d(16, 16, 3, padding=1, bias=False, device=device)
    x = torch.zeros(8, 16, 8, 12, 12, device=device)
    work = x[:, 0].numel() * 16 * 16 * 27
    began, used = time.perf_counter(), time.process_time()
    best, end = math.inf, began + 0.1
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            while (start := time.perf_counter()) < end or best == math.inf:  # once, however long we waited for a turn
                convolution(x).sum().item()  # the number waits for a GPU
                best = min(best, time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    if device.type != "cpu":
        return work / best, 1.0  # what waits for a device uses no processor
    share = (time.process_time() - used) / (time.perf_counter() - began)
    return work / best, min(1.0, max(LEAST_SHARE, share))


def _described(config: SearchConfig) -> str:
    """What is searched on, and where that is other data, what is trained on and measured on."""
    parts, told = [], {"search": "", "retrain": "trained on ", "evaluate": "measured on "}
    for role in ROLES:
        data = config.data_of(role)
        if config.owner(role) == role:
            parts.append(f"{told[role]}{data.kind} ({data.signature()})")
    return ", ".join(parts)
