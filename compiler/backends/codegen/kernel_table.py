"""The kernels that supernets call, and where they are: what lowering may call, and what generated text imports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...ops.torch.expressions import Call, call

_BACKENDS: Final = __name__.rpartition(".")[0].rpartition(".")[0]

KERNELS: Final[Mapping[str, str]] = {
    name: f"{_BACKENDS}.{module}"
    for module, names in {
        "kernels.folding": ("frames", "pixels"),
        "kernels.deciding": ("decided",),
        "kernels.depthwise": ("filtered",),
        "kernels.elements": ("concat_of", "mean_of", "sum_of", "weighed", "weighed_mean"),
        "kernels.merged_terms": ("Terms",),
        "kernels.merged_forward": ("merged_sum",),
        "kernels.pointwise": ("product",),
        "kernels.pools": ("pooled",),
        "kernels.recompute": ("recomputed",),
        "kernels.slices": (
            "sliced_bias",
            "sliced_conv",
            "sliced_group_norm",
            "sliced_layer_norm",
            "sliced_linear",
            "sliced_norm",
            "sliced_scale",
        ),
        "kernels.weighted": ("edge_weights", "interleave", "weighted"),
        "networks.paths.base": ("Decided", "PathNetwork"),
        "networks.paths.drawn": ("DrawnNetwork",),
        "networks.supernet_base": ("Row", "Supernet", "averaged", "frozen", "mix", "within"),
    }.items()
    for name in names
}
"""Name → module."""


def kernel(name: str, /, *arguments: Any, **named: Any) -> Call:
    """A call of a kernel with expressions or plain values. Raises ValueError for a name that has no row."""
    if name not in KERNELS:
        raise ValueError(f"there is no kernel {name}")
    return call(name, *arguments, **named)


def imports_of(names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Modules and what is imported from them, both in order."""
    found: dict[str, set[str]] = {}
    for name in names:
        found.setdefault(KERNELS[name], set()).add(name)
    return [(module, sorted(found[module])) for module in sorted(found)]
