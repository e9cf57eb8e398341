"""The text of merged nodes: calls of the kernels in ``kernels/``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..passes.chains import Part, Stage
from ..passes.merge_targets import Mixture, Place

Hold = Callable[[Part], str]
"""The place, in the call under construction, of a part's module."""


def stage_text(x: str, stages: Sequence[Stage], hold: Hold) -> str:
    """A call of ``kernels.folded.stage``."""
    return f"stage({x}, {_modules(stages, hold)})"


def mixture_text(
    mixture: Mixture, plain: Sequence[str], groups: Sequence[str], sizes: Sequence[int], weights: str, hold: Hold
) -> str:
    """The sum of all terms. ``plain``: the texts of the tensors; ``groups``: of what each group reads; ``sizes``: how
    many options each edge has; ``weights``: the text of all weights in a row."""
    starts = [sum(sizes[:i]) for i in range(len(sizes))]

    def positions(places: Sequence[Place]) -> tuple[int, ...]:
        return tuple(starts[place.edge] + place.option for place in places)

    texts = []
    if plain:
        texts.append(f"weighted({weights}, {positions(mixture.plain)}, {', '.join(plain)})")
    for group, x in zip(mixture.groups, groups, strict=True):
        texts.append(f"into({x}, {_modules(group.parts, hold)}, {_chosen(weights, positions(group.places))})")
    return " + ".join(texts)


def _modules(stages: Sequence[Stage], hold: Hold) -> str:
    def row(parts: Sequence[Part]) -> str:
        return f"[{', '.join(hold(part) for part in parts)}]"

    depthwise = ", ".join(row([s.depthwise[i] for s in stages]) for i in range(len(stages[0].depthwise)))
    return f"[{depthwise}], {row([s.pointwise for s in stages])}, {row([s.norm for s in stages])}"


def _chosen(weights: str, positions: Sequence[int]) -> str:
    """``weights`` at these positions: a slice where they are equally far apart."""
    first, last = positions[0], positions[-1]
    step = positions[1] - first if len(positions) > 1 else 1
    if step > 0 and tuple(positions) == tuple(range(first, last + 1, step)):
        return f"{weights}[{first}:{last + 1}{f':{step}' if step > 1 else ''}]"
    return f"{weights}[{list(positions)}]"
