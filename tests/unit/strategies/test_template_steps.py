"""A step of a search for a posterior, and a drawn strategy measured with the template's weights, by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

import stdsl
from stdsl.cli.main import cli
from stdsl.compiler.analysis.policies.weighted import weighted
from stdsl.compiler.families.variational import VariationalConfig
from stdsl.compiler.schemas.tasks.targets import class_targets
from stdsl.runtime.data.batch import Batch, Part
from stdsl.runtime.data.loading.loader import Loader
from stdsl.runtime.data.loading.order import Order
from stdsl.runtime.data.targets import Targets
from stdsl.runtime.strategies.candidates import Measuring, Norms
from stdsl.runtime.strategies.learners import Batches, Learners
from stdsl.runtime.strategies.variational.build import template
from stdsl.runtime.strategies.variational.divergence import Divergence, kernels_of
from stdsl.runtime.strategies.variational.search import Objective, Term, VariationalSearch
from stdsl.runtime.tasks.criterion import Criterion
from stdsl.runtime.training.descent import Descent
from stdsl.runtime.training.evaluate import evaluate
from stdsl.runtime.training.placement import Placement

TEXT = """stdsl 1
op unit(k) = bn -> relu -> conv(same, k)
cell layer on x {
  s = x -> unit(1x3x3)
  return [maybe s as S, maybe (s -> unit(3x1x1)) as ST] -> sum
}
meta net on video: clip(1, 4, 8, 8) {
  x = video -> conv(2, 1x3x3)
  return [x, x -> layer] -> sum -> bn -> global_avg_pool -> linear(4)
}
space s = net
"""
CPU = Placement(torch.device("cpu"))
CRITERION = Criterion(Targets(class_targets(4)))
SIZES = {"train": 24, "valid": 16}


class Clips:
    """Clips whose brightness is that of their class, class by class."""

    classes = ("a", "b", "c", "d")
    inputs = ("video",)
    normalisation: Any = None

    def varies(self, split: str) -> bool:
        return False

    def size(self, split: str) -> int:
        return SIZES[split]

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        size = SIZES[split]
        generator = torch.Generator().manual_seed(size)
        targets = torch.arange(size) * 4 // size
        clips = torch.randn(size, 1, 4, 8, 8, generator=generator) + targets[:, None, None, None, None]
        places = torch.from_numpy(np.asarray(indices))
        return Batch((clips[places],), targets[places])


def one_step(weight: float, together: bool) -> tuple[dict[str, Tensor], Divergence]:
    """What a step of SGD at the rate 1 takes off each parameter, and the divergence as it was before it, which counts
    ``weight`` times."""
    space = stdsl.loads(TEXT, "s")
    net = template(space.graph, VariationalConfig(), seed=0)
    before = {name: own.detach().clone() for name, own in net.named_parameters()}
    weights, learnt = net.weights(), [own for path, own in net.named_decisions() if not net.rows[path].site]

    def plain(parameters: list[torch.nn.Parameter]) -> Descent:
        return Descent(torch.optim.SGD(parameters, 1.0), lambda t: 1.0)

    data = Clips()
    loaders = [Loader(Order(Part(data, (split,)), 8, 0, split), 1) for split in ("train", "valid")]
    divergence = Divergence(net, kernels_of(net, space.graph), 2.0, "full", frozenset())
    measuring = Measuring(Part(data, ("valid",)), Part(data, ("train",)), CPU, 8, CRITERION, "loss")
    search = VariationalSearch(
        space.graph,
        Learners(net, plain(weights), plain(learnt)),
        Batches(loaders[0], loaders[1]),
        CPU,
        0,
        Objective(CRITERION, (Term(divergence, weight),) if weight else ()),
        lambda t: 0.5,
        1,
        0,
        together,
        measuring,
        0,
    )
    search.step(0)
    taken = {name: before[name] - own.detach() for name, own in net.named_parameters()}
    with torch.no_grad():
        for name, own in net.named_parameters():
            own.copy_(before[name])
    return taken, divergence


@pytest.mark.parametrize("together", [True, False], ids=["together", "by turns"])
def test_a_step_takes_one_sample_s_share_of_the_divergence(together: bool) -> None:
    """Its gradient, divided by the number of samples that is learnt from: the difference to a step without it. By turns
    the posterior, which goes first, learns from its own part."""
    (taken, divergence), (plain, _) = one_step(3.0, together), one_step(0.0, together)
    net = divergence.supernet
    named = dict(net.named_parameters())
    gradients = torch.autograd.grad(3 * divergence(), list(named.values()), allow_unused=True, materialize_grads=True)
    learnt = {id(own) for own in net.decisions()}
    reached = 0
    for (name, own), gradient in zip(named.items(), gradients, strict=True):
        if together or id(own) in learnt:
            reached += bool(gradient.abs().max() > 0.1)
            share = gradient / SIZES["train" if together else "valid"]
            torch.testing.assert_close(taken[name] - plain[name], share, rtol=1e-4, atol=1e-5)
    assert reached


RUN = """
search fuse {
  space    = s
  strategy = variational { steps = 6  batch = 8  tau = max(0.3, 1 - t / T) }
  data     = motion_digits(frames = 4, size = 8, motions = 4, noise = 0.1, train = 16, valid = 16, test = 8)
}
"""


def test_each_step_has_its_temperature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """t counts from 1 to T in expressions."""
    from stdsl.compiler.backends.networks import concrete, supernet_base

    seen: list[float] = []

    def noted(logits: Tensor, temperature: float) -> Tensor:
        seen.append(temperature)
        return concrete.concrete_gate(logits, temperature)

    monkeypatch.setattr(supernet_base, "concrete_gate", noted)
    (tmp_path / "fuse.space").write_text(TEXT + RUN)
    done = CliRunner().invoke(
        cli, ["run", str(tmp_path / "fuse.space"), "--device", "cpu", "--out", str(tmp_path / "r")]
    )
    assert done.exit_code == 0, done.output
    assert list(dict.fromkeys(seen)) == pytest.approx([5 / 6, 4 / 6, 3 / 6, 2 / 6, 0.3])
    assert len(seen) == 6 * 2  # two gates


def measured(norms: Norms, disturbed: bool, data: Clips | None = None, samples: int | None = None) -> float:
    space = stdsl.loads(TEXT, "s")
    net = template(space.graph, VariationalConfig(), seed=0)
    arch = weighted(space.graph, net.probabilities()).draw(0)
    for name, buffer in net.named_buffers():
        if disturbed and name.endswith(("running_mean", "running_var")):
            buffer.add_(3)
    data = data or Clips()
    own = Measuring(Part(data, ("valid",)), Part(data, ("train",)), CPU, 8, CRITERION, "loss", norms, samples)
    before = {name: buffer.clone() for name, buffer in net.named_buffers()}
    figure = own.figure(net, arch)
    assert all(torch.equal(buffer, before[name]) for name, buffer in net.named_buffers())
    return figure


def test_norms_are_measured_anew_for_each_strategy() -> None:
    """What the template's were makes no difference then, and does where they are taken."""
    assert measured("measured", False) == measured("measured", True) != measured("template", False)
    assert measured("template", False) != measured("template", True)


@dataclass
class Noted(Clips):
    seen: list[tuple[str, tuple[int, ...], frozenset[int]]] = field(default_factory=list)
    """Split, places and classes of each batch that was asked for."""

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        batch = super().samples(split, indices, epoch)
        self.seen.append((split, tuple(map(int, indices)), frozenset(batch.targets.tolist())))
        return batch


def test_some_samples_are_of_all_classes_though_they_are_stored_class_by_class() -> None:
    """And they are the same for all that is measured; so are those that norms are measured on, in mixed batches."""
    first, again = Noted(), Noted()
    assert measured("measured", False, first, 8) == measured("measured", False, again, 8)
    assert first.seen == again.seen
    assert [(split, len(set(places))) for split, places, _ in first.seen] == [("train", 8), ("valid", 8)]
    assert all(len(classes) > 2 for _, _, classes in first.seen)
    whole = Noted()
    measured("measured", False, whole)
    assert [(split, len(classes) > 2) for split, _, classes in whole.seen if split == "train"] == [("train", True)] * 3
    assert sorted(place for split, places, _ in whole.seen if split == "valid" for place in places) == list(range(16))


def test_a_network_evaluated_on_some_samples_sees_a_mixture() -> None:
    data = Noted()
    net = template(stdsl.loads(TEXT, "s").graph, VariationalConfig(), seed=0)
    for samples, counted in ((6, 6), (16, 16), (40, 16), (None, 16)):
        data.seen.clear()
        evaluate(net, Part(data, ("valid",)), CPU, 16, samples=samples, criterion=CRITERION)
        ((_, places, classes),) = data.seen
        assert len(set(places)) == counted
        assert len(classes) > 2


def test_norms_of_batches_are_those_of_mixtures() -> None:
    """Of all samples, too; and always the same ones."""
    data, again = Noted(), Noted()
    assert measured("batch", False, data) == measured("batch", False, again)
    assert data.seen == again.seen
    assert sorted(place for _, places, _ in data.seen for place in places) == list(range(16))
    assert all(len(classes) > 2 for _, _, classes in data.seen)
