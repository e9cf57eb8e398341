"""Drop-path layers: where they stand, what they do, and what they leave as it is."""

from __future__ import annotations

import torch

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.schemas.tasks.targets import class_targets
from stdsl.runtime.data.batch import Batch
from stdsl.runtime.data.targets import Targets
from stdsl.runtime.tasks.criterion import Criterion
from stdsl.runtime.training.descent import Descent
from stdsl.runtime.training.placement import Placement
from stdsl.runtime.training.training import Training

TEXT = """stdsl 1
ops candidates = {skip: identity, pool: max_pool(3x3), sep: relu -> conv(same, 3x3) -> bn}

cell block on s {
  a = s -> conv(same, 1x1) -> bn
  x = [s, a, a] -> each choose candidates as kind -> sum
  y = x + (x -> maybe conv(same, 3x3)) + (x -> relu)
  return [x, y] -> concat
}
meta net on im: image(3, 8, 8) = im -> conv(4, 3x3) -> block -> global_avg_pool -> linear(5)
space cells = net
"""


def network(kinds: tuple[str, str, str], gate: bool = True, drop_paths: bool = True):
    graph = load_text(TEXT).graph
    values = {d.path: kinds[int(d.path[-7]) - 1] if d.path.endswith("kind") else gate for d in graph.open}
    arch = architecture(graph, values)
    return build_module(graph, arch, seed=1, drop_paths=drop_paths)


def dropping(model) -> list:
    return [m for m in model.modules() if type(m).__name__ == "DropPath"]


def test_they_stand_on_paths_of_operations_alone():
    # Two of three operations into x; into y the convolution and the activation, x itself being an identity.
    assert len(dropping(network(("skip", "sep", "pool")))) == 2 + 2
    assert len(dropping(network(("sep", "sep", "sep"), gate=False))) == 3 + 1
    assert len(dropping(network(("skip", "skip", "sep"), gate=False))) == 1 + 1
    assert dropping(network(("sep", "sep", "sep"), drop_paths=False)) == []


def test_weights_and_evaluation_are_those_of_the_network_without():
    with_paths, plain = network(("skip", "sep", "pool")), network(("skip", "sep", "pool"), drop_paths=False)
    assert list(with_paths.state_dict()) == list(plain.state_dict())
    for name, value in plain.state_dict().items():
        assert torch.equal(value, with_paths.state_dict()[name])
    x = torch.randn(4, 3, 8, 8)
    assert torch.equal(with_paths.train()(x), plain.train()(x)), "they drop nothing until they are told to"
    for layer in dropping(with_paths):
        layer.keep.fill_(0.2)
    assert torch.equal(with_paths.eval()(x), plain.eval()(x))


def test_samples_are_dropped_whole_and_the_mean_is_kept():
    (layer, *_) = dropping(network(("sep", "sep", "sep")))
    layer.train().keep.fill_(0.25)
    torch.manual_seed(0)
    y = layer(torch.ones(4000, 3, 2, 2))
    assert set(y.unique().tolist()) == {0.0, 4.0}
    assert torch.equal(y, y[:, :1, :1, :1].expand_as(y))
    assert abs(y.mean().item() - 1) < 0.1


CRITERION = Criterion(Targets(class_targets(5)))


def test_training_drops_more_and_more():
    model = network(("sep", "skip", "pool"))
    data = Batch((torch.randn(6, 3, 8, 8),), torch.arange(6) % 5)

    class Same:
        def at(self, t: int) -> Batch:
            return data

    descent = Descent(torch.optim.SGD(model.parameters(), 0.01), lambda t: 0.01)
    work = Training(model, descent, Same(), Placement(torch.device("cpu")), 4, 0, "p", CRITERION, drop_path=0.4)
    seen = []
    for t in range(4):
        work.step(t)
        seen.append(round(1 - dropping(model)[0].keep.item(), 3))
    assert seen == [0.0, 0.1, 0.2, 0.3]
