"""Folded convolutions compute what 3D ones do, gradients included."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from stdsl.compiler.backends.kernels.folding import frames, pixels
from stdsl.compiler.backends.kernels.pools import pooled
from stdsl.compiler.backends.networks.supernet import build_supernet
from stdsl.compiler.ir.graph import SpaceGraph

LAST = torch.channels_last_3d


@pytest.mark.parametrize("kernel", [(1, 3, 3), (3, 1, 1), (5, 1, 1), (1, 1, 1), (1, 1, 3)])
@pytest.mark.parametrize("stride", [(1, 1, 1), (1, 2, 2), (2, 2, 2), (2, 1, 1)])
@pytest.mark.parametrize(("groups", "dilation"), [(1, 1), (4, 2)])
@pytest.mark.parametrize("format", [LAST, torch.contiguous_format])
def test_equal_to_3d(kernel: Any, stride: Any, groups: int, dilation: int, format: Any) -> None:
    padding = tuple(dilation * (k - 1) // 2 for k in kernel)
    conv = nn.Conv3d(4, 8, kernel, stride, padding, dilation, groups).double()
    folded = copy.deepcopy(conv)
    x = torch.randn(2, 4, 5, 7, 6, dtype=torch.float64).to(memory_format=format).requires_grad_()
    y = x.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    a, b = conv(x), (frames if kernel[0] == 1 else pixels)(folded, y)
    torch.testing.assert_close(a, b)
    assert b.is_contiguous(memory_format=format)
    a.square().sum().backward()
    b.square().sum().backward()
    torch.testing.assert_close(x.grad, y.grad)
    torch.testing.assert_close(conv.weight.grad, folded.weight.grad)


@pytest.mark.parametrize("shape", [(1, 2, 2), (1, 5, 4), (2, 1, 1), (1, 1, 1), (3, 1, 4)])
@pytest.mark.parametrize("affine", [True, False])
def test_what_is_folded_is_normalised_with_right_gradients(shape: Any, affine: bool) -> None:
    """Where an axis has a single place, strides that mean the same are not the same to PyTorch's batch norm."""
    torch.manual_seed(0)
    convs = nn.Conv3d(4, 4, (1, 3, 3), padding=(0, 1, 1)), nn.Conv3d(4, 4, (3, 1, 1), padding=(1, 0, 0))
    whole, part = (frames, convs[0].double()), (pixels, convs[1].double())
    forms = [
        *((lambda x, f=f, c=c: f(c, x), c) for f, c in (whole, part)),
        (lambda x: pooled(x, (1, 3, 3), (1, 1, 1), (0, 1, 1)), nn.MaxPool3d((1, 3, 3), 1, (0, 1, 1))),
        (lambda x: pooled(x, (3, 1, 1), (1, 1, 1), (1, 0, 0)), nn.MaxPool3d((3, 1, 1), 1, (1, 0, 0))),
    ]
    x = torch.randn(3, 4, *shape, dtype=torch.float64)
    g = torch.randn(3, 4, *shape, dtype=torch.float64)
    for folded, plain in forms:
        gradients = []
        for function, format in ((folded, LAST), (plain, torch.contiguous_format)):
            given = x.clone(memory_format=torch.contiguous_format).contiguous(memory_format=format).requires_grad_()
            norm = nn.BatchNorm3d(4, affine=affine).double()
            (norm(function(given)) * g).sum().backward()
            gradients.append(given.grad)
        torch.testing.assert_close(*gradients)


def test_supernets_fold_by_a_pass(clips: SpaceGraph) -> None:
    folded, plain = build_supernet(clips, seed=0).double(), build_supernet(clips, None, ["-fold_clips"], 0).double()
    assert "frames(self.conv, " in folded.source
    assert "frames(" not in plain.source
    x = torch.randn(2, 1, 4, 8, 8, dtype=torch.float64).to(memory_format=LAST)
    a, b = (net.to(memory_format=LAST)(x) for net in (folded, plain))
    torch.testing.assert_close(a, b)
    a.square().sum().backward()
    b.square().sum().backward()
    named = dict(plain.named_parameters())
    for name, parameter in folded.named_parameters():
        torch.testing.assert_close(parameter.grad, named[name].grad)
