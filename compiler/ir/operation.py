"""What a primitive operation is: its parameters, its shape rule and its cost rule, in plain numbers and free of torch.

Rules see one architecture at a time (plain ints); the elaborator lifts them over decision diagrams, so that they hold
for all.
The torch lowering of a primitive stands in ``compiler/ops/torch/`` and is imported only when a network is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Final, Literal

from ..diagnostics.source import Span
from ..record import record

Layout = Literal["image", "clip", "tokens", "features"]

CHANNEL_AXIS: Final[Mapping[str, int]] = {"image": 0, "clip": 0, "tokens": 1, "features": 0}
RANK: Final[Mapping[str, int]] = {"image": 2, "clip": 3, "tokens": 0, "features": 0}
"""The number of window axes: (H, W) of an image, (T, H, W) of a clip."""


@record
class TensorShape:
    """A shape without the batch axis: image (C, H, W), clip (C, T, H, W), tokens (N, C), features (C,)."""

    layout: Layout
    dims: tuple[int, ...]

    @property
    def channels(self) -> int:
        return self.dims[CHANNEL_AXIS[self.layout]]

    @property
    def axes(self) -> tuple[int, ...]:
        """The sizes of the window axes: (H, W) or (T, H, W)."""
        return self.dims[1:] if self.layout in ("image", "clip") else ()

    @property
    def elements(self) -> int:
        n = 1
        for d in self.dims:
            n *= d
        return n

    def with_channels(self, channels: int) -> TensorShape:
        axis = CHANNEL_AXIS[self.layout]
        return TensorShape(self.layout, (*self.dims[:axis], channels, *self.dims[axis + 1 :]))

    def __str__(self) -> str:
        return f"{self.layout}({', '.join(map(str, self.dims))})"


class OpFault(Exception):
    """A rule refuses its inputs or attributes.

    ``message`` says what is the case, in words to stand behind the operation's name and a colon; ``help`` what to do;
    ``parameter`` names the parameter to blame. ``code`` chooses the kind of diagnostic: ``"attribute"`` (a value that
    the parameter cannot take, e.g. a kernel of the wrong rank), ``"shape"`` (inputs that do not fit),
    ``"layout"`` (the operation is not for this type of tensor). ``fraction``: the value is one where a whole number is
    due.
    """

    def __init__(
        self,
        code: Literal["attribute", "shape", "layout"],
        message: str,
        help: str | None = None,
        parameter: str | None = None,
        fraction: bool = False,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.help, self.parameter = code, message, help, parameter
        self.fraction = fraction


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


class _Same:
    def __repr__(self) -> str:
        return "same"


REQUIRED: Final = _Required()
SAME: Final = _Same()
"""The default of channel parameters: the channels entering the operator in whose argument list it stands."""

ParameterKind = Literal["channels", "int", "number", "axes", "bool", "string", "padding"]
"""``axes``: an int, or a tuple of one int per window axis. ``padding``: the string "same", or None (`pad = none`) for
valid windows."""


@record
class Parameter:
    """``drawn``: how a drawing's symbol says it, by its ``value`` alone (`3x3`) or with its ``name`` (`stride 2`); what
    is at its default of 1 it leaves out. None: not at all."""

    name: str
    kind: ParameterKind
    default: Any = REQUIRED
    doc: str = ""
    drawn: Literal["value", "name"] | None = None


@record
class Cost:
    """Costs of one application, exact.

    ``params``: learnt scalars (no running statistics). ``flops``: multiply-adds of convolutions, linear and matrix
    products in one sample's forward pass. ``layers``: 1 for those operations, else 0 (depth is the most of them on one
    path). ``activations``: output elements of those operations. ``unknown``: those of `params`, `flops`, `depth` and
    `activations` that nobody states (of an extern operator); here they are 0.
    """

    params: int = 0
    flops: int = 0
    layers: int = 0
    activations: int = 0
    unknown: frozenset[str] = frozenset()


Attributes = Mapping[str, Any]
ShapeRule = Callable[[tuple[TensorShape, ...], Attributes], TensorShape]
CostRule = Callable[[tuple[TensorShape, ...], Attributes, TensorShape], Cost]


@record
class Application:
    """One application in a network that is trained. ``gradients``: which inputs need one; ``learns``: whether its own
    weights do. At least one of these does."""

    inputs: tuple[TensorShape, ...]
    attrs: Attributes
    output: TensorShape
    gradients: tuple[bool, ...]
    learns: bool


@record
class Saved:
    """What PyTorch keeps of an application for the backward pass, on a CPU.

    ``inputs``: the places of those that are kept; ``output``: whether the output is; ``bytes``: what is kept beside
    them, per sample (copies, places of maxima, moments), without what a batch has once (weights, moments of a batch).
    """

    inputs: tuple[int, ...] = ()
    output: bool = False
    bytes: int = 0


@record
class Instants:
    """Which instants of a clip an instant of the output is computed from: t from those at
    ``(t // hold) * stride - before + i * dilation`` for all i below ``length``. By default from the same one."""

    length: int = 1
    stride: int = 1
    dilation: int = 1
    before: int = 0
    hold: int = 1


SavesRule = Callable[[Application], Saved]
InstantsRule = Callable[[tuple[TensorShape, ...], Attributes], Instants | None]
"""None: from all of them."""
ViewRule = Callable[[tuple[TensorShape, ...], Attributes], bool]


@record
class Extern:
    """Where the code of an `extern op` is: the class ``target`` (`my_pkg.ops:Correlation`), a ``torch.nn.Module``.

    ``folder`` is that of the file that declares it, where its module is looked for besides the usual places. ``name``
    is the declared one. ``unknown``: the costs that its block does not state.
    """

    name: str
    target: str
    span: Span
    folder: str | None = None
    unknown: frozenset[str] = frozenset()

    @property
    def module(self) -> str:
        return self.target.partition(":")[0]

    @property
    def class_name(self) -> str:
        return self.target.partition(":")[2]


@record(eq=False)
class Primitive:
    """One entry of the operator library.

    ``normalise`` turns bound arguments into complete attributes (ints repeated over the axes; what is missing takes its
    default, `same` the channels of the first input); it may raise :class:`OpFault`. ``shape`` and ``cost`` take those
    attributes, and ``shape`` may raise it too. ``inputs`` is the number of tensors it takes.
    ``saves`` says what its backward pass needs, ``view`` whether its output lies in the memory of its (first) input,
    ``instants`` which instants an instant of its output sees (statistics of norms aside); without it, the same one.

    Facts that passes, analyses and drawings go by: ``stateful``: has weights or running statistics. ``norm``: what it
    learns, if `affine` says so, only scales what another operator computes. ``random``: draws anew each time in
    training, and is its input otherwise. ``zero``: its output is always an exact zero; ``identity``: it is its input;
    ``adds``: it is the sum of its inputs; ``multiplies``: it is their product; ``keeps_zeros``: where all its inputs
    are exact zeros its output is one, unless its attribute `bias` says that something is added. ``commutes``: the order
    of its inputs does not matter. ``joint``: its sides and its channels have to do with each other: which it takes, or
    makes, of the ones depends on the others. ``hints``: how kernels can compute it otherwise
    (``compiler/passes/hints.py``). ``extern``: set for an operator of the user's, which is in no registry but in the
    graph that applies it.
    """

    name: str
    parameters: tuple[Parameter, ...]
    normalise: Callable[[tuple[TensorShape, ...], Attributes], Attributes]
    shape: ShapeRule
    cost: CostRule
    doc: str
    inputs: int = 1
    saves: SavesRule = field(kw_only=True)
    view: ViewRule | None = None
    instants: InstantsRule | None = None
    stateful: bool = False
    norm: bool = False
    random: bool = False
    zero: bool = False
    identity: bool = False
    adds: bool = False
    multiplies: bool = False
    keeps_zeros: bool = False
    commutes: bool = False
    joint: bool = False
    hints: frozenset[str] = frozenset()
    extern: Extern | None = None
