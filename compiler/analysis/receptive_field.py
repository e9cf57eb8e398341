"""How many instants of a clip one instant of each layer of a network sees, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import gcd, lcm

from ..ir.network import Layer, Network
from ..ir.operation import Instants, Primitive
from ..record import record
from .specialise import reaching

Span = tuple[int, int]
"""The first and the last instant of a clip that something sees. Padding counts as if the clip went on."""


@record
class Steady:
    """What the instants of a tensor see, by their places from 0: ``spans`` of the first few; those of as many later lie
    ``advance`` further on, and so on in both directions. ``count``: how many instants the tensor has."""

    spans: tuple[Span, ...]
    advance: int
    count: int

    def at(self, place: int) -> Span | None:
        turn, phase = divmod(place, len(self.spans))
        first, last = self.spans[phase]
        return first + turn * self.advance, last + turn * self.advance


@record
class Placed:
    """The same where nothing goes on like that: the span of each instant, None where it sees nothing."""

    spans: tuple[Span | None, ...]

    @property
    def count(self) -> int:
        return len(self.spans)

    def at(self, place: int) -> Span | None:
        return self.spans[place] if 0 <= place < len(self.spans) else None


Seen = Steady | Placed


@record
class View:
    """What one instant of a layer sees. ``frames``: of each clip that enters the network, the most instants over all
    ways that pass nothing which sees all of them at once (such as a global pool); a clip to which no such way leads is
    not there. ``unknown``: whether something on the way does not say what it sees."""

    frames: Mapping[str, int]
    unknown: bool = False

    @property
    def most(self) -> int | None:
        """The most over the clips; None where there is none, or it is not known."""
        return None if self.unknown else max(self.frames.values(), default=None)


@record
class ReceptiveField:
    """Over time, of a whole network: that of its layers which sees most (of each clip by name), and what kinds of
    layers then see all instants at once."""

    frames: Mapping[str, int] | None
    """None where something does not say what it sees. Empty without a clip."""
    whole: tuple[str, ...]


def receptive_field(network: Network, views: tuple[View, ...], primitives: Mapping[str, Primitive]) -> ReceptiveField:
    """Over everything on a path to the first output. ``views``: of :func:`views`."""
    needed = sorted(reaching(network, [network.outputs[0][1]]))
    frames: dict[str, int] = {}
    whole: dict[str, None] = {}
    for id in needed:
        layer, view = network.layers[id], views[id]
        if view.unknown:
            return ReceptiveField(None, ())
        for name, count in view.frames.items():
            frames[name] = max(count, frames.get(name, 0))
        if any(views[i].frames for i in layer.inputs) and _instants(network, layer, primitives) is None:
            whole[layer.op] = None
    return ReceptiveField(frames, tuple(whole))


def views(network: Network, primitives: Mapping[str, Primitive]) -> tuple[View, ...]:
    """Of all layers, by their ids. ``primitives``: what they apply (:func:`ops.registry.primitives_of`)."""
    seen: list[dict[str, Seen]] = []
    unknown: list[bool] = []
    for layer in network.layers:
        primitive = primitives.get(layer.op)
        entering = [seen[i] for i in layer.inputs]
        foreign = primitive is not None and primitive.extern is not None and any(entering)
        unknown.append(foreign or any(unknown[i] for i in layer.inputs))
        if layer.op == "input":
            seen.append({layer.attrs["name"]: _as_it_is(layer)} if layer.shape.layout == "clip" else {})
        elif primitive is not None and (primitive.zero or foreign):
            seen.append({})
        else:
            seen.append(_through(network, layer, entering, primitives))
    return tuple(
        View({name: _most(one) for name, one in of.items()}, lacking) for of, lacking in zip(seen, unknown, strict=True)
    )


def reach(network: Network, group: Iterable[int], primitives: Mapping[str, Primitive]) -> int:
    """How many instants of what enters a group of layers (ids in order) one of its instants sees, at the most."""
    seen: dict[int, dict[str, Seen]] = {}
    for id in group:
        layer = network.layers[id]
        entering = [seen[i] if i in seen else {"": _as_it_is(network.layers[i])} for i in layer.inputs]
        seen[id] = _through(network, layer, entering, primitives)
    return max((_most(one) for of in seen.values() for one in of.values()), default=0)


def _as_it_is(layer: Layer) -> Seen:
    return Steady(((0, 0),), 1, layer.shape.dims[1] if layer.shape.layout == "clip" else 1)


def _instants(network: Network, layer: Layer, primitives: Mapping[str, Primitive]) -> Instants | None:
    """What a layer looks at; of a single instant it sees all by seeing that."""
    shapes = tuple(network.layers[i].shape for i in layer.inputs)
    rule = primitives[layer.op].instants if layer.op in primitives else None
    if rule is None or all(s.layout in ("image", "features") for s in shapes):
        return Instants()
    found = rule(shapes, layer.attrs)
    alone = shapes[0].layout == "clip" and shapes[0].dims[1] == 1
    return Instants() if found is None and alone else found


def _through(
    network: Network, layer: Layer, entering: list[dict[str, Seen]], primitives: Mapping[str, Primitive]
) -> dict[str, Seen]:
    instants = _instants(network, layer, primitives)
    if instants is None:
        return {}
    names = list(dict.fromkeys(name for one in entering for name in one))
    if layer.shape.layout == "clip" and network.layers[layer.inputs[0]].shape.layout == "tokens":
        return {name: _regrouped(one, layer.shape.dims[1]) for name, one in entering[0].items()}
    if len(entering) == 1:
        count = layer.shape.dims[1] if layer.shape.layout == "clip" else 0
        return {name: _window(entering[0][name], instants, count or entering[0][name].count) for name in names}
    return {name: _union([one[name] for one in entering if name in one]) for name in names}


def _regrouped(seen: Seen, count: int) -> Seen:
    """Tokens of some instants, row by row, as a clip of ``count`` instants."""
    if count == seen.count:
        return seen
    lasting = range(count)
    first, last = [p * seen.count // count for p in lasting], [-(-(p + 1) * seen.count // count) for p in lasting]
    return Placed(tuple(_joined(map(seen.at, range(a, b))) for a, b in zip(first, last, strict=True)))


def _window(seen: Seen, look: Instants, count: int) -> Seen:
    if look == Instants():
        return seen

    def span(place: int) -> Span | None:
        start = place // look.hold * look.stride - look.before
        return _joined(seen.at(start + i * look.dilation) for i in range(look.length))

    if isinstance(seen, Placed):
        return Placed(tuple(map(span, range(count))))
    turns = len(seen.spans) // gcd(len(seen.spans), look.stride)
    spans = tuple(found for place in range(turns * look.hold) if (found := span(place)) is not None)
    return Steady(spans, seen.advance * look.stride * turns // len(seen.spans), count)


def _union(several: list[Seen]) -> Seen:
    """Of tensors that meet: sizes agree, or one is 1 and serves all."""
    count = max(one.count for one in several)
    steady = [one for one in several if isinstance(one, Steady)]
    same = len({(one.count, one.advance * _period(steady) // len(one.spans)) for one in steady}) == 1
    if len(steady) == len(several) and same:
        period = _period(steady)
        spans = [_joined(one.at(place) for one in steady) for place in range(period)]
        return Steady(
            tuple(s for s in spans if s is not None), steady[0].advance * period // len(steady[0].spans), count
        )
    return Placed(tuple(_joined(one.at(place if one.count > 1 else 0) for one in several) for place in range(count)))


def _period(several: Iterable[Steady]) -> int:
    return lcm(*(len(one.spans) for one in several))


def _joined(spans: Iterable[Span | None]) -> Span | None:
    known = [span for span in spans if span is not None]
    return (min(first for first, _ in known), max(last for _, last in known)) if known else None


def _most(seen: Seen) -> int:
    return max((span[1] - span[0] + 1 for span in seen.spans if span is not None), default=0)
