"""The law of windows: sizes, paddings, and what pools compute at the borders."""

from __future__ import annotations

import pytest
import torch
from applications import function_of, module_of
from hypothesis import given
from hypothesis import strategies as st

from stdsl.compiler.ir.operation import OpFault, TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES
from stdsl.compiler.ops.torch.lowering import emit
from stdsl.compiler.ops.windows import paddings, sizes

dims = st.integers(1, 40)
small = st.integers(1, 12)


@given(size=dims, k=small, stride=small, dilation=st.integers(1, 4))
def test_padded_windows_give_the_size_over_the_stride_rounded_up(size: int, k: int, stride: int, dilation: int) -> None:
    x = TensorShape("image", (1, size, size))
    args = ((k, k), (stride, stride), (dilation, dilation), "same")
    assert sizes(x, *args) == (-(-size // stride),) * 2
    for before, after in paddings(x, *args):
        reach = dilation * (k - 1) + 1
        assert (size + before + after - reach) // stride + 1 == -(-size // stride)
        if k % 2:
            assert before == after == dilation * (k - 1) // 2
        else:
            assert before <= after <= before + 1
            if before + after:
                assert (size + before + after - 1 - reach) // stride + 1 < -(-size // stride)


@given(size=dims, k=small, stride=small, dilation=st.integers(1, 4))
def test_valid_windows_fit_or_are_refused(size: int, k: int, stride: int, dilation: int) -> None:
    x = TensorShape("image", (1, size, size))
    args = ((k, k), (stride, stride), (dilation, dilation), None)
    reach = dilation * (k - 1) + 1
    if reach > size:
        with pytest.raises(OpFault, match="must fit"):
            sizes(x, *args)
    else:
        assert sizes(x, *args) == (len(range(0, size - reach + 1, stride)),) * 2


def run(op: str, x: torch.Tensor, **attrs: object) -> torch.Tensor:
    shape = TensorShape("image" if x.dim() == 4 else "clip", tuple(x.shape[1:]))
    primitive = PRIMITIVES[op]
    complete = primitive.normalise((shape,), attrs)
    emission = emit(op, (shape,), complete, primitive.shape((shape,), complete))
    return function_of(emission, 1)(module_of(emission), x)


@pytest.mark.parametrize(("k", "stride"), [(2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 3), (5, 2)])
@pytest.mark.parametrize("size", [1, 2, 5, 6, 7])
def test_pools_see_only_what_is_there(size: int, k: int, stride: int) -> None:
    x = torch.randn(1, 1, size, size, generator=torch.Generator().manual_seed(size)) - 5
    (before, _), _ = paddings(TensorShape("image", (1, size, size)), (k, k), (stride, stride), None, "same")
    spans = [slice(max(i * stride - before, 0), i * stride - before + k) for i in range(-(-size // stride))]
    patches = [[x[0, 0, a, b] for b in spans] for a in spans]
    mean = torch.tensor([[p.mean() for p in row] for row in patches])
    most = torch.tensor([[p.max() for p in row] for row in patches])
    torch.testing.assert_close(run("avg_pool", x, k=k, stride=stride)[0, 0], mean)
    torch.testing.assert_close(run("max_pool", x, k=k, stride=stride)[0, 0], most)
    torch.testing.assert_close(run("avg_pool", x[:, :, None], k=(1, k, k), stride=(1, stride, stride))[0, 0, 0], mean)
    torch.testing.assert_close(run("max_pool", x[:, :, None], k=(1, k, k), stride=(1, stride, stride))[0, 0, 0], most)


def test_even_windows_put_the_excess_at_the_end() -> None:
    x = torch.arange(1.0, 6.0).reshape(1, 1, 1, 5)
    assert run("max_pool", x, k=(1, 2)).flatten().tolist() == [2, 3, 4, 5, 5]
    assert run("avg_pool", x, k=(1, 2)).flatten().tolist() == [1.5, 2.5, 3.5, 4.5, 5]


def test_subsampling_takes_every_stride_th_position_and_pads_with_zero() -> None:
    x = torch.arange(1.0, 6.0).reshape(1, 1, 1, 5)
    assert run("subsample", x, stride=(1, 2)).flatten().tolist() == [1, 3, 5]
    assert run("subsample", x, stride=(1, 2), offset=1).flatten().tolist() == [2, 4, 0]
    assert run("subsample", x, stride=(1, 3), offset=(0, 2)).flatten().tolist() == [3, 0]
    assert run("subsample", x, stride=1, offset=1).flatten().tolist() == [1, 2, 3, 4, 5]
