"""What every operator's entry says of it, against what PyTorch does. Each check raises AssertionError with the name of
the fact that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from applications import cases, function_of, module_of
from torch import Tensor, nn

from stdsl.compiler.backends.lowering.merged import hinted
from stdsl.compiler.backends.networks.frozen_part import is_fixed
from stdsl.compiler.diagnostics.source import Source, Span
from stdsl.compiler.ir.graph import Node, TensorType
from stdsl.compiler.ir.operation import (
    CHANNEL_AXIS,
    REQUIRED,
    Application,
    Instants,
    OpFault,
    Primitive,
    Saved,
    TensorShape,
)
from stdsl.compiler.ops.torch.lowering import emit
from stdsl.compiler.passes.hints import ATTRIBUTE

TRIES = 20


@dataclass(frozen=True)
class Made:
    """An application of a primitive at random, with weights."""

    primitive: Primitive
    shapes: tuple[TensorShape, ...]
    attrs: Mapping[str, Any]
    output: TensorShape
    module: nn.Module | None
    function: Callable[..., Tensor]

    def inputs(self, batch: int = 2) -> list[Tensor]:
        return [torch.randn(batch, *shape.dims) for shape in self.shapes]

    def __call__(self, *inputs: Tensor) -> Tensor:
        return self.function(self.module, *inputs)

    @property
    def learnt(self) -> list[nn.Parameter]:
        return [] if self.module is None else list(self.module.parameters())

    @property
    def state(self) -> list[Tensor]:
        return [] if self.module is None else list(self.module.state_dict().values())

    def __str__(self) -> str:
        return f"{self.primitive.name}{dict(self.attrs)} of {', '.join(map(str, self.shapes))}"


def made(primitive: Primitive) -> list[Made]:
    """Some applications."""
    found = []
    torch.manual_seed(0)
    for shapes, given in cases(primitive.name, TRIES):
        attrs = primitive.normalise(shapes, given)
        output = primitive.shape(shapes, attrs)
        emission = emit(primitive.name, shapes, attrs, output)
        module, function = module_of(emission), function_of(emission, len(shapes))
        for p in module.parameters() if module is not None else ():
            nn.init.normal_(p)  # away from where it does nothing
        found.append(Made(primitive, shapes, attrs, output, module, function))
    return found


def demand(condition: bool, fact: str, primitive: Primitive, what: object = "") -> None:
    assert condition, f"`{fact}` of `{primitive.name}` is wrong: {what}"


# -- plain facts


def check_stateful(primitive: Primitive) -> None:
    """It has weights or statistics, whatever its attributes; norms may have none."""
    for one in made(primitive):
        if not (primitive.norm and not one.attrs["affine"]):
            demand(bool(one.state) == primitive.stateful, "stateful", primitive, one)


def check_norm(primitive: Primitive) -> None:
    """What can be told to be `affine`; without it, it learns nothing."""
    has = any(parameter.name == "affine" for parameter in primitive.parameters)
    demand(has == primitive.norm, "norm", primitive, "what has a parameter `affine` is a norm, and nothing else is")
    for one in made(primitive) if primitive.norm else ():
        demand(bool(one.learnt) == one.attrs["affine"], "norm", primitive, one)


def check_random(primitive: Primitive) -> None:
    """In training two applications to the same tensors differ, in evaluation it is its input; a frozen part does not
    take it for something that stays the same."""
    differ = False
    for one in made(primitive):
        inputs = [x + 3 for x in one.inputs(16)]
        differ |= not torch.equal(one(*inputs), one(*inputs))
        if primitive.random:
            demand(one.module is not None and not is_fixed(one.module), "random", primitive, "frozen parts keep it")
            assert one.module is not None
            one.module.eval()
            demand(torch.equal(one(*inputs), inputs[0]), "random", primitive, "in evaluation it is not its input")
    demand(differ == primitive.random, "random", primitive, "two applications differ" if differ else "all are alike")


def check_zero(primitive: Primitive) -> None:
    zeros = all(not one(*one.inputs()).any() for one in made(primitive))
    demand(zeros == primitive.zero, "zero", primitive)


def check_identity(primitive: Primitive) -> None:
    def same(one: Made) -> bool:
        inputs = one.inputs()
        return one.output == one.shapes[0] and torch.equal(one(*inputs), inputs[0])

    demand(all(map(same, made(primitive))) == primitive.identity, "identity", primitive)


def check_adds(primitive: Primitive) -> None:
    def adds(one: Made) -> bool:
        inputs = one.inputs()
        return len(inputs) > 1 and torch.equal(one(*inputs), sum(inputs[1:], inputs[0]))

    several = [one for one in made(primitive) if all(s.layout == one.output.layout for s in one.shapes)]
    found = primitive.inputs > 1 and len({s.layout for one in several for s in one.shapes}) > 0
    demand((found and all(_safely(adds, one) for one in several)) == primitive.adds, "adds", primitive)


def check_multiplies(primitive: Primitive) -> None:
    def multiplies(one: Made) -> bool:
        inputs = one.inputs()
        return len(inputs) == 2 and torch.equal(one(*inputs), inputs[0] * inputs[1])

    demand(all(_safely(multiplies, one) for one in made(primitive)) == primitive.multiplies, "multiplies", primitive)


def check_keeps_zeros(primitive: Primitive) -> None:
    """Zeros give zeros, whatever the weights are; with a bias they do not."""

    def keeps(one: Made) -> bool:
        return not one(*map(torch.zeros_like, one.inputs())).any()

    plain = [one for one in made(primitive) if not one.attrs.get("bias")]
    demand(all(map(keeps, plain)) == primitive.keeps_zeros, "keeps_zeros", primitive)
    for one in made(primitive):
        if one.attrs.get("bias"):
            demand(not keeps(one), "keeps_zeros", primitive, one)


def check_commutes(primitive: Primitive) -> None:
    def commutes(one: Made) -> bool:
        inputs = one.inputs()
        return torch.equal(one(*inputs), one(*reversed(inputs)))

    found = primitive.inputs > 1 and all(_safely(commutes, one) for one in made(primitive))
    demand(found == primitive.commutes, "commutes", primitive)


def check_joint(primitive: Primitive) -> None:
    """Where channels and sides are other ones, each taken with what was there of the other: whether both are, too, and
    come to what they came to."""
    channels = [*(lambda n, k=k: k for k in (1, 2, 3, 4, 6, 8, 12)), lambda n: 2 * n]
    sides = [lambda n: 1, lambda n: n + 1, lambda n: 2 * n, lambda n: max(n - 1, 1)]
    found = False
    for shapes, given in cases(primitive.name, TRIES):
        made = _parts(primitive, shapes, given)
        for wider, longer in product(channels, sides):
            wide = _parts(primitive, [_other(shape, wider, None) for shape in shapes], given)
            long = _parts(primitive, [_other(shape, None, longer) for shape in shapes], given)
            both = _parts(primitive, [_other(shape, wider, longer) for shape in shapes], given)
            if made is not None and wide is not None and long is not None:
                found = found or both is None or both != (wide[0], long[1], *long[2:])
    demand(found == primitive.joint, "joint", primitive)


def _other(
    shape: TensorShape, channels: Callable[[int], int] | None, sides: Callable[[int], int] | None
) -> TensorShape:
    dims = shape.dims if sides is None else tuple(map(sides, shape.dims))
    made = TensorShape(shape.layout, dims)
    return made.with_channels(shape.channels if channels is None else channels(shape.channels))


def _parts(primitive: Primitive, shapes: Sequence[TensorShape], given: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The channels of what is made, its sides, its layout and its attributes but numbers of channels; None where it is
    refused."""
    try:
        attrs = primitive.normalise(tuple(shapes), given)
        made = primitive.shape(tuple(shapes), attrs)
    except OpFault:
        return None
    kinds = {parameter.name: parameter.kind for parameter in primitive.parameters}
    others = {name: value for name, value in attrs.items() if kinds[name] != "channels"}
    axis = CHANNEL_AXIS[made.layout]
    return made.channels, (*made.dims[:axis], *made.dims[axis + 1 :]), made.layout, others


def _safely(law: Callable[[Made], bool], one: Made) -> bool:
    try:
        return law(one)
    except RuntimeError:  # shapes that do not go together in that order
        return False


def check_drawn(primitive: Primitive) -> None:
    """What an application must say, a drawing says."""
    for parameter in primitive.parameters:
        if parameter.default is REQUIRED or parameter.kind == "channels":
            demand(parameter.drawn is not None, "drawn", primitive, f"parameter `{parameter.name}` has none")


def check_hints(primitive: Primitive) -> None:
    """Lowering knows every hint that the entry names."""

    def known(hint: str, one: Made) -> bool:
        type = TensorType(one.output.layout, one.output.dims)
        attrs = (*one.attrs.items(), (ATTRIBUTE, hint))
        node = Node(0, "apply", primitive.name, (), type, 0, Span(Source("ops", ""), 0, 0), attrs)
        call = emit(primitive.name, one.shapes, one.attrs, one.output).call
        return hinted(node, call) != call

    for hint in sorted(primitive.hints):
        demand(any(known(hint, one) for one in made(primitive)), "hints", primitive, f"nothing is done about `{hint}`")


def check_doc(primitive: Primitive) -> None:
    demand(primitive.doc.endswith("."), "doc", primitive, "it is no sentence")
    demand(bool(primitive.shape.__doc__ and primitive.cost.__doc__), "doc", primitive, "a rule has none")
    for parameter in primitive.parameters:
        demand(bool(parameter.doc), "doc", primitive, f"parameter `{parameter.name}` has none")


def check_instants(primitive: Primitive) -> None:
    """What instants of a clip an instant of the output depends on; what norms gather of a clip is left out."""
    for one in made(primitive):
        clips = [s.layout for s in (*one.shapes, one.output)] == ["clip", "clip"]
        if primitive.norm or primitive.zero or not (clips or primitive.instants is not None):
            continue
        if one.shapes[0].layout != "clip":
            continue
        said = primitive.instants(one.shapes, one.attrs) if primitive.instants is not None else Instants()
        frames, leaving = one.shapes[0].dims[1], one.output.dims[1] if clips else 1
        expected = {(t, u) for t in range(leaving) for u in range(frames) if said is None or _sees(said, t, u)}
        found = {(t, u) for u in range(frames) for t in _changed_by(one, u, leaving, clips)}
        # Nothing at all where over space only padding is seen, or where a softmax has one channel.
        demand(found == expected or not found, "instants", primitive, f"{said}, but it sees {sorted(found)}: {one}")


def _sees(said: Instants, t: int, u: int) -> bool:
    start = t // said.hold * said.stride - said.before
    return any(start + i * said.dilation == u for i in range(said.length))


def _changed_by(one: Made, frame: int, leaving: int, clips: bool) -> list[int]:
    """The instants of the output that change with one of the input, or have a gradient there."""
    if one.module is not None:
        one.module.eval()
    (x,) = one.inputs(1)
    other = x.clone()
    other[:, :, frame] += 50
    x.requires_grad_()
    y, changed = one(x), one(other)
    found = []
    for t in range(leaving):
        part = (lambda z, t=t: z[:, :, t]) if clips else (lambda z: z)
        (g,) = torch.autograd.grad(part(y).sum(), x, retain_graph=True)
        if g[:, :, frame].any() or not torch.equal(part(y), part(changed)):
            found.append(t)
    return found


# -- memory


def check_view(primitive: Primitive) -> None:
    for one in made(primitive):
        inputs = one.inputs()
        found = one(*inputs).untyped_storage().data_ptr() == inputs[0].untyped_storage().data_ptr()
        said = primitive.view is not None and primitive.view(one.shapes, one.attrs)
        demand(found == said, "view", primitive, one)


def check_saves(primitive: Primitive) -> None:
    """What is kept for the backward pass, whichever inputs and weights need gradients."""
    for one in made(primitive):
        for gradients in _patterns(len(one.shapes)):
            for frozen in (False, True) if one.learnt else (False,):
                learns = bool(one.learnt) and not frozen
                if one.module is not None:
                    one.module.requires_grad_(learns)
                    one.module.train(not frozen or not primitive.stateful)
                said = Saved()
                if (learns or any(gradients)) and not primitive.zero:
                    said = primitive.saves(Application(one.shapes, one.attrs, one.output, gradients, learns))
                found = _kept(one, gradients)
                demand(found == said, "saves", primitive, f"{said}, but PyTorch keeps {found}: {one}, {gradients}")


def _patterns(inputs: int) -> Sequence[tuple[bool, ...]]:
    """All inputs need a gradient, none, or just one."""
    return [(True,) * inputs, (False,) * inputs, *[tuple(i == j for j in range(inputs)) for i in range(inputs)]]


def _kept(one: Made, gradients: tuple[bool, ...]) -> Saved:
    """What PyTorch keeps per sample, without weights."""
    few, more = (_measured(one, gradients, batch) for batch in (2, 5))
    grown = {name: (size - few.get(name, 0)) / 3 for name, size in more.items()}
    inputs = tuple(i for i in range(len(one.shapes)) if grown.get(f"x{i}"))
    return Saved(inputs, bool(grown.get("y")), int(grown.get("else", 0)))


def _measured(one: Made, gradients: tuple[bool, ...], batch: int) -> dict[str, int]:
    """Bytes kept, by whose they are: the inputs' (`x0`), the output's (`y`), or nobody's."""
    inputs = [x.requires_grad_() * 1 if g else x for x, g in zip(one.inputs(batch), gradients, strict=True)]
    kept: dict[int, torch.UntypedStorage] = {}

    def pack(t: Tensor) -> Tensor:
        kept[t.untyped_storage().data_ptr()] = t.untyped_storage()
        return t.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = one(*inputs)
    owners = {y.untyped_storage().data_ptr(): "y"}
    owners |= {x.untyped_storage().data_ptr(): f"x{i}" for i, x in enumerate(inputs)}
    owners |= {p.untyped_storage().data_ptr(): "weights" for p in one.learnt}
    found: dict[str, int] = {}
    for place, storage in kept.items():
        owner = owners.get(place, "else")
        found[owner] = found.get(owner, 0) + storage.nbytes()
    return found


FACTS: dict[str, Callable[[Primitive], None]] = {
    "stateful": check_stateful,
    "norm": check_norm,
    "random": check_random,
    "zero": check_zero,
    "identity": check_identity,
    "adds": check_adds,
    "multiplies": check_multiplies,
    "keeps_zeros": check_keeps_zeros,
    "commutes": check_commutes,
    "joint": check_joint,
    "drawn": check_drawn,
    "hints": check_hints,
    "doc": check_doc,
    "instants": check_instants,
    "view": check_view,
    "saves": check_saves,
}
