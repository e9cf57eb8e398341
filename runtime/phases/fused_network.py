"""The networks of several searches as one, which takes all that any of them takes, and what its file says of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stdsl.compiler.backends.networks.ensemble import Ensemble
from stdsl.compiler.backends.networks.interface import Interface, Port

from ..data.facts.data_facts import DataFacts
from ..data.networks.binding import called_in, description
from ..data.normalisation import Normalisation
from ..data.targets import targets_of
from ..training.placement import Placement
from .side import Side


@dataclass(frozen=True)
class Seen:
    """An input of a network: ``called`` so by its data, scaled by ``scale``. ``as_bytes``: whether it came as bytes in
    training; None: its data does not say. ``prepared``: how a file becomes one, if it comes from files."""

    called: str
    layout: str
    shape: tuple[int, ...]
    scale: Normalisation
    as_bytes: bool | None
    prepared: str

    def port(self, name: str) -> Port:
        return Port(name, self.layout, self.shape)


def fused_network(sides: Sequence[Side], placement: Placement) -> tuple[Ensemble, dict[str, Any]]:
    """The network, on the CPU, and the metadata of its file. An input that several searches see alike is one input; of
    those that are called alike and are something else, each is called by its search, too."""
    models = [side.network(placement) for side in sides]
    seen = [_seen(side, model.interface) for side, model in zip(sides, models, strict=True)]  # type: ignore[arg-type]
    names = _names(sides, seen)
    ports = [one.port(name) for one, name in names.items()]
    places = [[list(names).index(one) for one in own] for own in seen]
    signature = targets_of(sides[0].dataset).signature
    model = Ensemble(models, signature.kind or "classes", bool(signature.positions), ports, places).eval()
    return model, _metadata(sides, names)


def _seen(side: Side, interface: Interface) -> list[Seen]:
    """The inputs of its networks, in their order."""
    dataset, facts = side.dataset, DataFacts.of(side.dataset)
    preparation = side.job.config.data_of("retrain").preparation()
    how = {key: value for key, value in (preparation or {}).items() if key not in ("inputs", "channels")}
    found = []
    for name, port in zip(called_in(dataset.inputs, side.subjects[0].graph), interface.inputs, strict=True):
        scale = replace(dataset.normalisation.of(name), only=(), each=())
        as_bytes = None if facts.of_bytes is None else name in facts.of_bytes
        found.append(Seen(name, port.layout, port.shape, scale, as_bytes, repr(sorted(how.items())) if how else ""))
    return found


def _names(sides: Sequence[Side], seen: Sequence[Sequence[Seen]]) -> dict[Seen, str]:
    """What different inputs are called in the file, in order."""
    owner = {one: side.name for side, own in reversed(list(zip(sides, seen, strict=True))) for one in own}
    every = list(dict.fromkeys(one for own in seen for one in own))
    names: dict[Seen, str] = {}
    for one in every:
        alike = [other for other in every if other.called == one.called]
        name = one.called if len(alike) == 1 else f"{owner[one]}_{one.called}"
        while name in names.values() or (name != one.called and any(name == other.called for other in every)):
            name += "_"
        names[one] = name
    return names


def _metadata(sides: Sequence[Side], names: Mapping[Seen, str]) -> dict[str, Any]:
    own = sides[0]
    data = own.job.config.data_of("retrain")
    facts = description(own.name, DataFacts.of(own.dataset), own.subjects[0].graph, data)
    facts |= {"fused": [side.name for side in sides]}
    if len(names) == len(own.dataset.inputs):  # all of them see the same
        return facts
    for key in ("preparation", "bytes"):
        facts.pop(key, None)
    scales = {name: one.scale.document() for one, name in names.items()}
    facts |= {"modalities": list(names.values()), "normalisation": {"each": scales} if any(scales.values()) else {}}
    if all(one.as_bytes is not None for one in names):
        facts["bytes"] = [name for one, name in names.items() if one.as_bytes]
    preparations = [side.job.config.data_of("retrain").preparation() for side in sides]
    common = [{k: v for k, v in (how or {}).items() if k not in ("inputs", "channels")} for how in preparations]
    if common[0] and all(how == common[0] for how in common):
        facts["preparation"] = {
            **common[0],
            "inputs": list(names.values()),
            "channels": [one.shape[0] for one in names],
        }
    return facts
