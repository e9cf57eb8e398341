"""The text of merged nodes: calls of the kernels in ``kernels/``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...ir.graph import Node
from ...passes.chains import Part, Stage
from ...passes.hints import ways_of
from ...passes.merge_targets import Mixture, Place

Hold = Callable[[Part], str]
"""The place, in the call under construction, of a part's module."""


def mixture_text(
    mixture: Mixture,
    plain: Sequence[str],
    groups: Sequence[Sequence[str]],
    sizes: Sequence[int],
    weights: str,
    hold: Hold,
) -> tuple[str, str]:
    """A call of ``kernels.meeting.meet``, and the terms that it needs, to be prepared; or a call of
    ``kernels.weighted.weighted`` where only plain terms meet, which needs none. ``plain``: the texts of the tensors;
    ``groups``: of what the operations of each group read; ``sizes``: how many options each edge has; ``weights``: the
    text of all weights in a row."""
    starts = [sum(sizes[:i]) for i in range(len(sizes))]

    def positions(places: Sequence[Place]) -> tuple[int, ...]:
        return tuple(starts[place.edge] + place.option for place in places)

    if not mixture.groups:
        return f"weighted({weights}, {positions(mixture.plain)}, {', '.join(plain)})", ""
    sources = list(dict.fromkeys([*plain, *[x for xs in groups for x in xs]]))

    def numbers(xs: Sequence[str]) -> tuple[int, ...]:
        return tuple(sources.index(x) for x in xs)

    lines = []
    for group, xs in zip(mixture.groups, groups, strict=True):
        stages = ", ".join(_stage(stages, hold) for stages in group.stages)
        lines.append(f"({numbers(xs)}, [{stages}], {positions(group.places)})")
    again = ", again=True" if mixture.again else ""
    given = f"plain={numbers(plain)}, places={positions(mixture.plain)}, lines=[{', '.join(lines)}]{again}"
    return f"meet({{p}}, {weights}, {', '.join(sources)})", f"Terms(self, {given})"


def _stage(stages: Sequence[Stage], hold: Hold) -> str:
    def row(parts: Sequence[Part]) -> str:
        return f"[{', '.join(hold(part) for part in parts)}]"

    depthwise = ", ".join(row([s.depthwise[i] for s in stages]) for i in range(len(stages[0].depthwise)))
    ways = ways_of(stages[0].depthwise[0].node) if stages[0].depthwise else ""
    return f'([{depthwise}], {row([s.pointwise for s in stages])}, {row([s.norm for s in stages])}, "{ways}")'


def with_ways(node: Node, call: str) -> str:
    """The call of an application by itself, changed to go the ways that it is marked with."""
    if node.op == "depthwise":
        return f'{call.replace("{m}(", "filtered({m}, ", 1)[:-1]}, "{ways_of(node)}")'
    if "product" in ways_of(node):
        return call.replace("{m}(", "product({m}, ", 1)
    if node.op == "max_pool":
        return call.replace("F.max_pool3d({0}", "pooled({0}")
    if "clips" in ways_of(node):
        kernel = "frames" if node.attributes["k"][0] == 1 else "instants"
        return call.replace("{m}(", f"{kernel}({{m}}, ", 1)
    return call
