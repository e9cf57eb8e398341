"""A pair: a space from a text, and one of its architectures as a network on torch."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import torch
from random_spaces.whole import SpaceText
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

import stdsl
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.ir.network import Network

sys.path.insert(0, str(Path(__file__).parent))  # for `extern_blocks`


@contextmanager
def folder_of(written: SpaceText) -> Iterator[Path | None]:
    """A folder with the files that a text uses, and the text itself as `text.space`; None where it uses none."""
    if not written.files:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**written.files, "text.space": written.text}.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        yield Path(folder)


def loaded(written: SpaceText) -> stdsl.Space:
    """The space of a text."""
    with folder_of(written) as folder:
        if folder is None:
            return stdsl.loads(written.text, allow_extern=written.extern)
        return stdsl.load(str(folder / "text.space"), allow_extern=written.extern)


def measured(module: nn.Module, inputs: list[Tensor]) -> None:
    """The statistics of all norms as they are on ``inputs``."""
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    with torch.no_grad():
        module.train()(*inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


HUGE = 1e9
"""Powers of such a value leave the range of floating point."""


class Growth:
    """While it is open, the greatest value that any module of a network gave before one gave what is not finite."""

    def __init__(self, network: nn.Module) -> None:
        self.greatest = 0.0
        self.ended = False
        self._network = network
        self._hooks: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        self._hooks = [module.register_forward_hook(self._watch) for module in self._network.modules()]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    @property
    def overflowed(self) -> bool:
        """Whether values grew until one was not finite: what is not finite without that is a fault."""
        return self.ended and self.greatest > HUGE

    def _watch(self, module: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor) and output.numel() and not self.ended:
            greatest = output.detach().abs().max().item()
            self.ended = not math.isfinite(greatest)
            if not self.ended:
                self.greatest = max(self.greatest, greatest)


@dataclass
class Pair:
    """Everything is made when it is first asked for, from the seed alone."""

    written: SpaceText
    seed: int

    @cached_property
    def space(self) -> stdsl.Space:
        return loaded(self.written)

    @cached_property
    def arch(self) -> stdsl.Architecture:
        return self.space.sample(self.seed)

    @cached_property
    def network(self) -> Network:
        return specialise(self.space.graph, self.arch)

    @cached_property
    def module(self) -> nn.Module:
        """In evaluation mode, with statistics that are not those of the start."""
        module = stdsl.compile(self.space, self.arch, seed=self.seed)
        generator = torch.Generator().manual_seed(self.seed)
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.copy_(torch.randn(buffer.shape, generator=generator))
            elif name.endswith("running_var"):
                buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
        if self._growth(module.eval()).ended:
            measured(module, self.batch(2))
        return module.eval()

    @cached_property
    def overflows(self) -> bool:
        """Whether products of products are beyond 32 bits, in training or with the statistics of the module."""
        fresh = stdsl.compile(self.space, self.arch, seed=self.seed)
        return self._growth(self.module).overflowed or self._growth(fresh).overflowed

    def _growth(self, module: nn.Module) -> Growth:
        with torch.no_grad(), Growth(module) as growth:
            module(*self.batch(2))
        return growth

    def batch(self, size: int) -> list[Tensor]:
        """A batch for every input; of pairs with odd seeds laid out as runs do it, channels last."""
        generator = torch.Generator().manual_seed(self.seed + size)
        graph = self.space.graph
        shapes = [(size, *graph.nodes[id].type.concrete().dims) for id in graph.inputs]
        return [laid_out(torch.randn(*shape, generator=generator), self.seed) for shape in shapes]


def laid_out(x: Tensor, seed: int) -> Tensor:
    """Images and clips channels last where ``seed`` is odd."""
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    return x.contiguous(memory_format=formats[x.dim()]) if seed % 2 and x.dim() in formats else x
