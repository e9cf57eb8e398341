"""The part of a network that training leaves as it is: what depends on inputs and frozen parts alone.

Generated networks are read, not run: the forward pass of the outermost class is a list of assignments, and one of them
is *still* if it reads inputs and still values, and applies modules that are frozen or have neither weights nor
randomness. Frozen batch-norms use their running statistics in training too, so a still value is the same function of
the inputs in every step and mode.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Still:
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


def still_part(model: nn.Module, names: Sequence[str]) -> Still | None:
    """The halves of a generated network (one of ``build_module`` or ``build_supernet``), None where no frozen part
    stands at its start.

    ``names``: what the network's inputs are, for the digests.
    """
    text = getattr(model, "source", None)
    if not isinstance(text, str):
        return None
    classes = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}
    forward = _forward(classes[type(model).__name__])
    assert forward is not None
    inputs = [argument.arg for argument in forward.args.args[1:]]
    lines = [_Line.of(statement) for statement in forward.body]
    kept = _kept(model, lines, inputs)
    if not kept:
        return None
    later = [line for place, line in enumerate(lines) if place not in kept]
    read = {name for line in later for name in line.reads}
    values = tuple(lines[place].target for place in sorted(kept) if lines[place].target in read)
    besides = tuple(place for place, name in enumerate(inputs) if name in read)
    digests = _Digests(model, classes, lines, dict(zip(inputs, names, strict=True)))
    first = [lines[place].statement for place in sorted(kept)]
    give = ast.parse(f"return ({', '.join(values)},)").body
    space = vars(sys.modules[type(model).__module__])
    head = _function("features", inputs, [*first, *give], space)
    rest = _function("rest", [*values, *(inputs[i] for i in besides)], [line.statement for line in later], space)
    return Still(
        values,
        besides,
        lambda *tensors: head(model, *tensors),
        lambda *tensors: rest(model, *tensors),
        digests.of,
    )


@dataclass(frozen=True, eq=False)
class _Line:
    """One statement of a forward pass. ``modules``: attributes of ``self`` that it names; ``target`` is "" where it is
    no assignment to one name."""

    statement: ast.stmt
    target: str
    reads: frozenset[str]
    modules: frozenset[str]

    @classmethod
    def of(cls, statement: ast.stmt) -> _Line:
        target = ""
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            target = statement.targets[0].id
        nodes = list(ast.walk(statement))
        own = {n.attr for n in nodes if isinstance(n, ast.Attribute) and _is_self(n.value)}
        loaded = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        return cls(statement, target, frozenset(loaded - {"self"}), frozenset(own))


def _forward(definition: ast.ClassDef) -> ast.FunctionDef | None:
    """The forward pass of a class; None for one that holds modules for others."""
    found = (f for f in definition.body if isinstance(f, ast.FunctionDef) and f.name == "forward")
    return next(found, None)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _kept(model: nn.Module, lines: Sequence[_Line], inputs: Sequence[str]) -> set[int]:
    """The places of the still lines that apply something frozen, or lead to one that does."""
    made = {line.target for line in lines}
    known = set(inputs)
    still: set[int] = set()
    for place, line in enumerate(lines):
        modules = [getattr(model, name, None) for name in line.modules]
        local = line.reads & (made | set(inputs))
        if line.target and local and local <= known and all(_is_still(module) for module in modules):
            known.add(line.target)
            still.add(place)
    kept: set[int] = set()
    wanted: set[str] = set()
    for place in sorted(still, reverse=True):
        line = lines[place]
        if line.target in wanted or any(_is_frozen(getattr(model, name)) for name in line.modules):
            kept.add(place)
            wanted |= line.reads
    return kept


def _is_still(module: Any) -> bool:
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
    return type(module).__module__.partition(".")[0] in ("torch", "stdsl") or _is_generated(module)


def _is_generated(module: nn.Module) -> bool:
    return type(module).__module__.startswith("stdsl_generated_")


def _is_frozen(module: nn.Module) -> bool:
    """Whether a module holds frozen weights."""
    return any(getattr(part, "is_frozen", False) and any(True for _ in part.parameters()) for part in module.modules())


def _function(name: str, arguments: Sequence[str], body: Sequence[ast.stmt], space: dict[str, Any]) -> Any:
    """The function of ``self`` and ``arguments`` with that body, reading globals from ``space``."""
    text = f"def {name}({', '.join(('self', *arguments))}):\n    pass"
    tree = ast.parse(text)
    cast(ast.FunctionDef, tree.body[0]).body = list(body)
    found: dict[str, Any] = {}
    exec(compile(ast.fix_missing_locations(tree), f"<{name}>", "exec"), space, found)
    return found[name]


class _Digests:
    """Hashes of still values by their variables. What a value, a module or a weight is called does not matter."""

    def __init__(
        self,
        model: nn.Module,
        classes: Mapping[str, ast.ClassDef],
        lines: Sequence[_Line],
        inputs: Mapping[str, str],
    ) -> None:
        self._model, self._classes = model, classes
        self._lines = {line.target: line for line in lines}
        self._found = {variable: f"input {name}" for variable, name in inputs.items()}

    def of(self, variable: str) -> str:
        if variable not in self._found:
            line = self._lines[variable]
            names = {name: self.of(name) for name in line.reads if name in self._lines or name in self._found}
            modules = {name: self._module(getattr(self._model, name)) for name in line.modules}
            expression = cast(ast.Assign, line.statement).value
            text = ast.unparse(_Renamed(names, modules).visit(ast.parse(ast.unparse(expression), mode="eval")))
            self._found[variable] = hashlib.sha256(text.encode()).hexdigest()
        return self._found[variable]

    def _module(self, module: nn.Module) -> str:
        total = hashlib.sha256()
        for name, part in module.named_modules():
            kind = type(part)
            plain = {key: repr(v) for key, v in vars(part).items() if isinstance(v, (bool, int, float, str, tuple))}
            plain.pop("training", None)
            text = f"{kind.__module__}.{kind.__qualname__}"
            if _is_generated(part):  # what its constructor sets is below, in its parts
                forward = _forward(self._classes[kind.__name__])
                text = "" if forward is None else ast.unparse(forward)
            total.update(json.dumps([name, text, sorted(plain.items())]).encode())
        for name, tensor in module.state_dict().items():
            data = tensor.detach().cpu().contiguous().reshape(-1)
            total.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            total.update(data.view(torch.uint8).numpy().tobytes())
        return total.hexdigest()


class _Renamed(ast.NodeTransformer):
    """Puts digests for variables and for modules."""

    def __init__(self, names: Mapping[str, str], modules: Mapping[str, str]) -> None:
        self._names, self._modules = names, modules

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.copy_location(ast.Constant(self._names[node.id]), node) if node.id in self._names else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if _is_self(node.value):
            return ast.copy_location(ast.Constant(self._modules[node.attr]), node)
        return cast(ast.expr, self.generic_visit(node))
