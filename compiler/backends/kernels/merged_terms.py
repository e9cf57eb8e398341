"""What meets in a node of a supernet: operations side by side in lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from .norms import uses_batch
from .paths import window_of
from .plans import Line, Plan, plan_of

TOGETHER = 3 * 2**22
"""On CPUs, operations are computed together up to this size of their inputs (in bytes): beyond it what one step writes
has left the cache when the next reads it."""
REBUILD = "build the network without the pass merge_targets"
REMEMBERED = 16
"""Shapes of sources whose plans are remembered."""


class Terms:
    """What meets in a node but for the sources, (N, C, …) each. Parameters are looked up in each pass, and modules
    where others have taken their places.

    ``owner``: the module that all others stand in. ``plain``: which of the sources are summed up as they are, with the
    weights at ``places``. ``again``: see ``merged_sum``.
    """

    def __init__(
        self,
        owner: nn.Module,
        plain: Sequence[int],
        places: Sequence[int],
        lines: Sequence[Line],
        again: bool = False,
    ) -> None:
        self._plain, self._places, self._again = tuple(plain), tuple(places), again
        self._top = owner._modules
        names = {module: name for name, module in owner.named_modules()}
        self._named = [_mapped(line, names.__getitem__) for line in lines]
        self._look()

    def plans(self, sources: Sequence[Tensor]) -> list[Plan]:
        """How to compute it: plans whose results are to be added."""
        for parent, name, module in self._slots:
            if (self._top if parent is None else parent._modules).get(name) is not module:
                self._look()
                break
        first = sources[0]
        key = first.dtype, first.device.type, *[x.shape for x in sources], *[uses_batch(norms) for norms in self._norms]
        found = self._plans.get(key)
        if found is None:
            if len(self._plans) >= REMEMBERED:
                self._plans.clear()
            found = self._plans[key] = self._made(sources)
        return found

    def _look(self) -> None:
        """Take the modules that stand under the names, and note where each of them stands."""
        slots: dict[tuple[int, str], tuple[nn.Module | None, str, nn.Module]] = {}

        def module(path: str) -> Any:
            found: Any = None
            for name in path.split("."):
                parent, found = found, (self._top if found is None else found._modules).get(name)
                if found is None:
                    raise TypeError(f"there is no module `{path}` any more, which merged operations use; {REBUILD}")
                slots[id(parent), name] = parent, name, found
            return found

        self._lines: list[Line] = [_mapped(line, module) for line in self._named]
        for line in self._lines:
            _check(line)
        self._slots = list(slots.values())
        self._norms = [norms[:1] for _, stages, _ in self._lines for _, _, norms, _ in stages]
        self._plans: dict[Any, list[Plan]] = {}

    def _made(self, sources: Sequence[Tensor]) -> list[Plan]:
        found: list[Plan] = []
        for part in portions(self._lines, sources):
            plain, places = ((), ()) if found else (self._plain, self._places)
            found.append(plan_of(plain, places, part, sources, self._again))
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Copies make plans of their own."""
        return {**self.__dict__, "_plans": {}}


def _check(line: Line) -> None:
    """Raise TypeError unless all modules that are computed as one are alike."""
    for depthwise, pointwise, norms, _ in line[1]:
        rows: list[list[Any]] = [[_kind(module) for module in row] for row in (*depthwise, pointwise, norms)]
        for kinds in rows:
            if None in kinds or any(kind != kinds[0] for kind in kinds):
                raise TypeError(f"modules in the places of merged ones have to be like those beside them; {REBUILD}")


def _kind(module: Any) -> Any:
    """What has to be equal for modules to be merged; None for what is never merged."""
    match module:
        case _ConvNd(bias=None, padding_mode="zeros"):
            return window_of(module), module.groups == 1, module.weight.shape
        case _BatchNorm():
            return module.eps, module.affine, module.momentum, module.track_running_stats, module.num_features
    return None


def _mapped(line: Any, to: Callable[[Any], Any]) -> Any:
    """A line of what ``to`` gives for its modules."""
    reads, stages, places = line

    def row(parts: Sequence[Any]) -> list[Any]:
        return [to(part) for part in parts]

    mapped = [([row(r) for r in rows], row(points), row(norms), hints) for rows, points, norms, hints in stages]
    return reads, mapped, places


def portions(lines: Sequence[Line], sources: Sequence[Tensor]) -> Iterator[list[Line]]:
    """The lines in portions that stay in the cache."""
    portion: list[Line] = []
    size = 0
    for line in lines:
        reads, start = line[0], 0
        for i, read in enumerate(reads):
            x = sources[read]
            bytes = x.numel() * x.element_size()
            if size and size + bytes > TOGETHER and x.device.type == "cpu":
                if i > start:
                    portion.append(_cut(line, slice(start, i)))
                yield portion
                portion, size, start = [], 0, i
            size += bytes
        portion.append(_cut(line, slice(start, len(reads))))
    yield portion


def _cut(line: Line, at: slice) -> Line:
    reads, stages, places = line
    cut = [([row[at] for row in rows], pointwise[at], norms[at], hints) for rows, pointwise, norms, hints in stages]
    return reads[at], cut, places[at]
