"""Networks through `torch.compile`."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from stdsl.runtime.training.compiled import CompilationFailed
from stdsl.runtime.training.placement import Placement


@pytest.fixture(autouse=True)
def fresh():
    torch._dynamo.reset()


def test_without_a_compiler_it_says_so():
    import torch._inductor.config as inductor

    function = Placement(torch.device("cpu"), compile=True).function(nn.Sequential(nn.Linear(3, 5), nn.Tanh()))
    with (
        inductor.patch({"cpp.cxx": (None, "/no/such/compiler"), "fx_graph_cache": False}),
        pytest.raises(CompilationFailed, match=r"^No working C\+\+ compiler"),
    ):
        function(torch.zeros(2, 3))


@pytest.mark.slow
def test_it_computes_what_the_network_computes():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5))
    function = Placement(torch.device("cpu"), compile=True).function(model)
    x = torch.randn(4, 3, 8, 8)
    torch.testing.assert_close(function(x), model(x))
    function(x).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
