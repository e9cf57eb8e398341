"""What generated files rely on: layers that stand by themselves, emission without torch, rules that are quick."""

from __future__ import annotations

import inspect
import subprocess
import sys

import torch

from stdsl.compiler.backends.codegen.printing import text_of
from stdsl.compiler.ir.operation import TensorShape
from stdsl.compiler.ops.torch import layers
from stdsl.compiler.ops.torch.emission import Emission
from stdsl.compiler.ops.torch.expressions import MODULE, Name, Slot, call, dotted, total
from stdsl.compiler.ops.torch.lowering import reduce_call

HEADER = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\n"

CLASSES = [c for c in vars(layers).values() if inspect.isclass(c) and c.__module__ == layers.__name__]


def test_the_source_of_each_layer_runs_by_itself() -> None:
    x = torch.randn(1, 2, 3, 5, 5)
    arguments = {
        "ChannelScale": (2,),
        "ChannelBias": (2,),
        "PaddedAvgPool": ((2, 2, 2), (1, 1, 1), (0, 1, 0, 1, 0, 1)),
        "TemporalGaussian": (2, 3),
        "DropPath": (),
    }
    assert {c.__name__ for c in CLASSES} == set(arguments)
    for layer in CLASSES:
        names: dict[str, object] = {}
        exec(HEADER + inspect.getsource(layer), names)
        torch.manual_seed(0)
        copied = names[layer.__name__](*arguments[layer.__name__])  # type: ignore[operator]
        torch.manual_seed(0)
        assert torch.equal(copied(x), layer(*arguments[layer.__name__])(x))


def test_rules_and_emission_do_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from stdsl.compiler.ops.registry import PRIMITIVES\n"
        "from stdsl.compiler.ops.torch.lowering import emit, reduce_call\n"
        "from stdsl.compiler.ir.operation import TensorShape\n"
        "x = TensorShape('clip', (8, 4, 6, 6)); p = PRIMITIVES['conv']\n"
        "a = p.normalise((x,), {'c': 16, 'k': (1, 3, 3), 'stride': (1, 2, 2)}); y = p.shape((x,), a)\n"
        "from stdsl.compiler.backends.codegen.printing import text_of\n"
        "print(text_of(emit('conv', (x,), a, y).module))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "nn.Conv3d(8, 16, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), bias=False)\n"


def test_reduces() -> None:
    a, b, c = map(Name, "abc")
    assert text_of(reduce_call("sum", [a])) == "a"
    assert text_of(reduce_call("sum", [a, b, c])) == "a + b + c"
    assert text_of(reduce_call("mean", [a, b])) == "(a + b) / 2"
    assert text_of(reduce_call("concat", [a, b])) == "torch.cat([a, b], dim=1)"
    assert text_of(reduce_call("concat", [a, b], TensorShape("tokens", (3, 4)))) == "torch.cat([a, b], dim=2)"


def test_an_emission_is_applied_to_a_module_and_inputs() -> None:
    emission = Emission(call("nn.ReLU"), call(MODULE, total(Slot(0), Slot(1))))
    assert text_of(emission.applied(dotted("self.m1"), Name("x"), Name("y"))) == "self.m1(x + y)"
