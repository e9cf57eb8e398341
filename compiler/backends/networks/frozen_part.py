"""The part of a network that training leaves as it is: what depends on inputs and frozen parts alone.

The forward pass of the outermost class of a generated network is a list of assignments, known as data. The value of one
of them is *fixed*, the same function of the inputs in every step and mode, if it reads inputs and fixed values, and
applies modules that are frozen or have neither weights nor randomness: frozen batch-norms use their running statistics
in training too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from ...ops.torch.expressions import SELF, Attribute, Expression, Literal, Name, Tuple, changed, every, names_in
from ..codegen.definitions import Assignment, Branches, Function, Line, Parameter, Return, evaluated, targets_of
from ..codegen.printing import function_lines, text_of
from .loader import definition_of, module_of


@dataclass(frozen=True)
class FrozenPart:
    """The forward pass of a network in two halves.

    ``values``: the names of what the first half gives the second, those that come out of frozen parts. ``inputs``: the
    places of the network's inputs that the second half reads besides.
    """

    values: tuple[str, ...]
    inputs: tuple[int, ...]
    features: Callable[..., tuple[Tensor, ...]]
    """From all inputs of the network, (N, …), to the values; it needs no gradients."""
    rest: Callable[..., Any]
    """From the values, then the inputs that are read besides, to what the network gives."""
    digest: Callable[[str], str]

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """For each value a hash of what it depends on: operations, weights as they are when this is first asked for,
        and the names of the inputs that it reads."""
        return tuple(self.digest(value) for value in self.values)


def frozen_part(model: nn.Module, names: Sequence[str]) -> FrozenPart | None:
    """The halves of a generated network (one of ``build_module`` or ``build_supernet``), None where no frozen part
    stands at its start, and for other modules.

    ``names``: what the network's inputs are, for the digests.
    """
    definition = definition_of(model)
    if definition is None or definition.forward is None:
        return None
    inputs = [parameter.name for parameter in definition.forward.parameters]
    lines = list(map(_Step.of, definition.forward.body))
    kept = _kept(model, lines, inputs)
    if not kept:
        return None
    later = [line for place, line in enumerate(lines) if place not in kept]
    read = {name for line in later for name in line.reads}
    values = tuple(lines[place].target for place in sorted(kept) if lines[place].target in read)
    besides = tuple(place for place, name in enumerate(inputs) if name in read)
    digests = _Digests(model, lines, dict(zip(inputs, names, strict=True)))
    first = [lines[place].line for place in sorted(kept)]
    give = Return((Tuple(tuple(map(Name, values))),))
    space = vars(module_of(model))
    head = _function("features", inputs, [*first, give], space)
    rest = _function("rest", [*values, *(inputs[i] for i in besides)], [line.line for line in later], space)
    return FrozenPart(
        values,
        besides,
        lambda *tensors: head(model, *tensors),
        lambda *tensors: rest(model, *tensors),
        digests.of,
    )


@dataclass(frozen=True, eq=False)
class _Step:
    """One statement of a forward pass; ``target`` is "" where it is no assignment to one name. ``values``: what it
    evaluates."""

    line: Line
    target: str
    values: tuple[Expression, ...]

    @classmethod
    def of(cls, line: Line) -> _Step:
        match line:
            case Assignment(targets=(Name(target),)):
                return cls(line, target, (line.value,))
            case Return():
                return cls(line, "", line.values)
            case Branches():
                return cls(line, "", tuple(evaluated([line])))
        return cls(line, "", (line.value,))

    @cached_property
    def reads(self) -> frozenset[str]:
        """The variables, and other names."""
        return frozenset(name for value in self.values for name in names_in(value)) - {SELF.id}

    @cached_property
    def modules(self) -> frozenset[str]:
        """Attributes of ``self``."""
        inside = (inner for value in self.values for inner in every(value))
        return frozenset(inner.name for inner in inside if isinstance(inner, Attribute) and inner.value == SELF)


def _kept(model: nn.Module, lines: Sequence[_Step], inputs: Sequence[str]) -> set[int]:
    """The places of the fixed lines that apply something frozen, or lead to one that does."""
    made = {name for line in lines for name in targets_of(line.line)}
    known = set(inputs)
    fixed: set[int] = set()
    for place, line in enumerate(lines):
        modules = [getattr(model, name, None) for name in line.modules]
        local = line.reads & (made | set(inputs))
        if line.target and local and local <= known and all(is_fixed(module) for module in modules):
            known.add(line.target)
            fixed.add(place)
    kept: set[int] = set()
    wanted: set[str] = set()
    for place in sorted(fixed, reverse=True):
        line = lines[place]
        if line.target in wanted or any(_is_frozen(getattr(model, name)) for name in line.modules):
            kept.add(place)
            wanted |= line.reads
    return kept


def is_fixed(module: Any) -> bool:
    """Whether a module computes the same in every step: its parts are frozen, or PyTorch's or ours without weights and
    chance."""
    return isinstance(module, nn.Module) and all(
        getattr(part, "is_frozen", False) or (_is_empty(part) and _is_known(part)) for part in _unfrozen(module)
    )


def _unfrozen(module: nn.Module) -> Iterator[nn.Module]:
    """A module and those in it, without what is inside of frozen ones."""
    yield module
    if not getattr(module, "is_frozen", False):
        for child in module.children():
            yield from _unfrozen(child)


def _is_empty(module: nn.Module) -> bool:
    own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
    return not own and not isinstance(module, nn.modules.dropout._DropoutNd)


def _is_known(module: nn.Module) -> bool:
    return type(module).__module__.partition(".")[0] in ("torch", "stdsl") or definition_of(module) is not None


def _is_frozen(module: nn.Module) -> bool:
    """Whether a module holds frozen weights."""
    return any(getattr(part, "is_frozen", False) and any(True for _ in part.parameters()) for part in module.modules())


def _function(name: str, inputs: Sequence[str], body: Sequence[Line], space: dict[str, Any]) -> Any:
    """The function of ``self`` and ``inputs`` with that body, reading globals from ``space``."""
    text = "\n".join(function_lines(Function(name, tuple(map(Parameter, inputs)), tuple(body)), 0))
    found: dict[str, Any] = {}
    exec(compile(text, f"<{name}>", "exec"), space, found)
    return found[name]


class _Digests:
    """Hashes of fixed values by their variables. What a value, a module or a weight is called does not matter."""

    def __init__(self, model: nn.Module, lines: Sequence[_Step], inputs: Mapping[str, str]) -> None:
        self._model = model
        self._lines = {line.target: line for line in lines}
        self._found = {variable: f"input {name}" for variable, name in inputs.items()}

    def of(self, variable: str) -> str:
        if variable not in self._found:
            (value,) = self._lines[variable].values
            self._found[variable] = hashlib.sha256(text_of(changed(value, self._digest)).encode()).hexdigest()
        return self._found[variable]

    def _digest(self, found: Expression) -> Expression | None:
        """What is hashed in place of a variable or a module."""
        match found:
            case Name(name) if name in self._lines or name in self._found:
                return Literal(self.of(name))
            case Attribute(value, name) if value == SELF:
                return Literal(self._module(getattr(self._model, name)))
        return None

    def _module(self, module: nn.Module) -> str:
        total = hashlib.sha256()
        for name, part in module.named_modules():
            kind, definition = type(part), definition_of(part)
            plain = {key: repr(v) for key, v in vars(part).items() if isinstance(v, (bool, int, float, str, tuple))}
            plain.pop("training", None)
            text = f"{kind.__module__}.{kind.__qualname__}"
            if definition is not None:  # what its constructor sets is below, in its parts
                text = "" if definition.forward is None else "\n".join(_uncommented(definition.forward))
            total.update(json.dumps([name, text, sorted(plain.items())]).encode())
        for name, tensor in module.state_dict().items():
            data = tensor.detach().cpu().contiguous().reshape(-1)
            total.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            total.update(data.view(torch.uint8).numpy().tobytes())
        return total.hexdigest()


def _uncommented(found: Function) -> list[str]:
    """The lines of a method without the shapes behind them."""
    body = tuple(replace(line, comment="") if isinstance(line, Assignment) else line for line in found.body)
    return function_lines(replace(found, body=body), 0)
