"""A hand-written search network with the supernet's interface, small enough for tests."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from stdsl.compiler.schemas.data_motion import MotionDigits
from stdsl.compiler.schemas.optimizers import SGD, Adam
from stdsl.compiler.schemas.schedules import Cosine
from stdsl.runtime.data.batch import Part
from stdsl.runtime.data.loading.loader import Loader
from stdsl.runtime.data.loading.order import Order
from stdsl.runtime.data.motion_digits import MotionDigitsDataset
from stdsl.runtime.randomness import seeded
from stdsl.runtime.strategies.gradient.search import GradientSearch
from stdsl.runtime.strategies.learners import Batches, Learners, Schedule
from stdsl.runtime.training.optimizers import build_descent
from stdsl.runtime.training.placement import place
from stdsl.runtime.training.training import Training

SMOKE = MotionDigits(
    frames=8, size=16, motions=4, noise=0.1, background=0.0, jitter=0.0, train=256, valid=256, test=128
)


def unit(c_in: int, c_out: int, kernel: tuple[int, int, int], stride: tuple[int, int, int] = (1, 1, 1)) -> nn.Module:
    padding = tuple(k // 2 for k in kernel)
    return nn.Sequential(nn.Conv3d(c_in, c_out, kernel, stride, padding, bias=False), nn.BatchNorm3d(c_out), nn.ReLU())


class Mixed(nn.Module):
    """A choice between looking along time, looking at frames, and nothing new."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.options = nn.ModuleList([unit(c, c, (3, 3, 3)), unit(c, c, (1, 3, 3)), nn.Identity()])
        self.alpha = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(self.alpha, 0)
        return sum(w * option(x) for w, option in zip(weights, self.options, strict=True))


class TinySupernet(nn.Module):
    def __init__(self, classes: int = 4, c: int = 6) -> None:
        super().__init__()
        self.stem = unit(1, c, (1, 3, 3), (1, 2, 2))
        self.a, self.b = Mixed(c), Mixed(c)
        self.down = unit(c, 2 * c, (3, 3, 3), (2, 2, 2))
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(2 * c, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(self.b(self.a(self.stem(x))))
        return self.head(self.drop(x.mean((2, 3, 4))))

    def weights(self) -> list[nn.Parameter]:
        return [p for name, p in self.named_parameters() if "alpha" not in name]

    def decisions(self) -> list[nn.Parameter]:
        return [self.a.alpha, self.b.alpha]

    def probabilities(self) -> dict[str, list[float]]:
        return {name: torch.softmax(m.alpha, 0).tolist() for name, m in (("a.kind", self.a), ("b.kind", self.b))}


def tiny_search(steps: int = 24, warmup: int = 8, seed: int = 0, workers: int = 0) -> GradientSearch:
    data = MotionDigitsDataset(SMOKE, seed)
    placement = place("cpu")
    with seeded(seed, "init"):
        net = placement.model(TinySupernet())
    orders = [Order(Part(data, (split,)), 16, seed, split) for split in ("train", "valid")]
    per_epoch = orders[0].steps_per_epoch
    weights = SGD(lr=Cosine(start=0.1, end=0.005, ramp=4), momentum=0.9, weight_decay=3e-4)
    decisions = Adam(lr=0.02, betas=(0.5, 0.999), weight_decay=1e-3)
    learners = Learners(
        net,
        build_descent(weights, net.weights(), steps, per_epoch, 5.0),
        build_descent(decisions, net.decisions(), steps, per_epoch),
    )
    batches = Batches(Loader(orders[0], steps, workers), Loader(orders[1], steps, workers))
    return GradientSearch(learners, batches, Schedule(steps, warmup, 4), placement, seed)


def tiny_training(steps: int = 60, seed: int = 0, batch: int = 32) -> Training:
    data = MotionDigitsDataset(SMOKE, seed)
    placement = place("cpu")
    with seeded(seed, "init"):
        net = placement.model(TinySupernet())
    order = Order(Part(data, ("train", "valid")), batch, seed, "final training")
    learnt = net.weights()
    for parameter in net.decisions():
        parameter.requires_grad_(False)
    recipe = SGD(lr=Cosine(start=0.1, ramp=5), momentum=0.9, weight_decay=3e-4)
    descent = build_descent(recipe, learnt, steps, order.steps_per_epoch, 5.0)
    return Training(net, descent, Loader(order, steps), placement, steps, seed, "retrain")
