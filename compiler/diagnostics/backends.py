"""E08xx: building networks, loading weights into them, exporting and drawing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Final, Literal

from ..record import record
from .model import Diagnostic, Label, Severity, kind
from .names import nearest
from .settings import listed
from .source import Span

Cases = Literal["alternatives", "repetitions", "number", "kept"]
"""What a decision is between: operators or tensors, how often something is repeated, values, elements of a list."""

_CURES: Final[Mapping[Cases, str]] = {
    "alternatives": "let each alternative end in one shape, inside the `choose`: `-> pointwise(c)` sets the channels, "
    "a stride or a pool the size",
    "repetitions": "let what is repeated keep its shape, `{ … -> pointwise() }`",
    "number": "put the `choose` around the whole block, which ends in one shape: `choose {a: block(8), b: block(16)}` "
    "with `op block(w) = conv(w, …) -> … -> pointwise(c)`",
    "kept": "let shapes not depend on how many elements there are",
}
_OTHERS = """\
Families that compute one architecture at a time (`sampling`, `evolution`, `random`, `bayes`) have no such limit.
Nor has `gradient` with `relax { choose = gumbel(hard = true, compute = sampled) }`, but for keeps, whose elements are
all there at once."""


@record
class MixtureAsked:
    """Who wants a weighted sum of all cases. ``search``: its name; ``place``: where it says so. ``drawn``: of keeps
    alone, for what is chosen is drawn. ``families``: those that compute one architecture at a time, and ``settings``
    those with which another family, and which, computes one alternative of a choice."""

    search: str
    place: Span | None
    drawn: bool
    families: tuple[str, ...]
    settings: tuple[str, ...]


@kind
class NotRelaxable(Diagnostic):
    """A decision that no mixture can relax. ``also``: others that the same text makes, in instances of its own.
    ``kept``: whether a keep is among them, all whose elements are there even where what is chosen is drawn."""

    path: str
    also: tuple[str, ...] = field(default=(), kw_only=True)
    kept: bool = field(default=False, kw_only=True)
    asked: MixtureAsked | None = field(default=None, kw_only=True)

    @property
    def refused(self) -> str:
        """Which decisions cannot be relaxed."""
        shown = [f"`{path}`" for path in (self.path, *self.also)]
        if len(shown) > 3:
            shown = [*shown[:2], f"{len(shown) - 2} more"]
        return (
            f"{', '.join(shown[:-1])} and {shown[-1]} cannot be relaxed"
            if self.also
            else f"{shown[0]} cannot be relaxed"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        asked = self.asked
        if asked is None:
            return ("a mixture computes all cases and weights them",)
        of = "elements of keeps" if asked.drawn else "cases"
        families = f"strategies of the families {listed(asked.families)} compute one architecture at a time"
        settings = "".join(f", and so does {text}" for text in asked.settings if not self.kept)
        return (f"the search `{asked.search}` computes all {of} and weights them", families + settings)

    @property
    def asker(self) -> tuple[Label, ...]:
        """Where a mixture is asked for."""
        asked = self.asked
        return () if asked is None or asked.place is None else (Label(asked.place, "mixed by this strategy"),)

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.asker


@kind
class UnequalShapes(NotRelaxable):
    """A mixture of cases whose shapes differ. ``by``: what the cases are."""

    what: str
    shapes: tuple[str, ...]
    decided: Span | None = None
    by: Cases = "number"

    code: ClassVar[str] = "E0801"
    title: ClassVar[str] = "alternatives of different shapes cannot be mixed"
    explanation: ClassVar[str] = f"""\
A supernet computes a weighted sum of all alternatives of a decision, so each ends in the same shape: inside the
`choose`, for behind it they have been summed up.

    x -> choose {{a: conv(16, 3x3), b: conv(32, 3x3)}} -> pointwise(16)     E0801: 16 and 32 channels meet
    x -> choose {{a: conv(16, 3x3), b: conv(32, 3x3) -> pointwise(16)}}     fine

A number that shapes are made of, such as a width, is decided around the whole block in which it is used; the block
ends in one shape. Each alternative has weights of its own.

    w = choose {{16, 32}} as width
    y = x -> conv(w, 3x3) -> bn -> relu -> pointwise(16)                  E0801: 16 and 32 channels meet

    op block(w) = conv(w, 3x3) -> bn -> relu -> pointwise(16)
    y = x -> choose {{narrow: block(16), wide: block(32)}} as width         fine

{_OTHERS}"""

    @property
    def message(self) -> str:
        return f"{self.refused}: {self.what} has a shape that depends on {'them' if self.also else 'it'}"

    @property
    def label(self) -> str:
        return " or ".join(self.shapes)

    @property
    def secondary(self) -> tuple[Label, ...]:
        decided = self.decided if self.decided != self.span else None
        return (*((Label(decided, "decided here"),) if decided is not None else ()), *self.asker)

    @property
    def help(self) -> str | None:
        return _CURES[self.by]


@kind
class OpenConcat(NotRelaxable):
    """A concat of elements that may be absent."""

    code: ClassVar[str] = "E0802"
    title: ClassVar[str] = "an open `concat` cannot be relaxed"
    explanation: ClassVar[str] = f"""\
When a `keep` or a loop with an open bound is concatenated, its elements take different channels in each
architecture: there is no single tensor to weight.

    [a, b, c] -> keep 2 -> concat      which channels are a's?
    [a, b, c] -> keep 2 -> sum         fine: a weighted sum

{_OTHERS}"""

    @property
    def message(self) -> str:
        return f"{self.refused}: a `concat` joins only what {'they keep' if self.also else 'it keeps'}"

    @property
    def help(self) -> str | None:
        return "use `sum` or `mean`"


@kind
class OpenSlots(NotRelaxable):
    """What the elements that a keep leaves decide: what fills an input of an operator, or the case of an `if`."""

    code: ClassVar[str] = "E0803"
    title: ClassVar[str] = "inputs and cases that a `keep` decides cannot be relaxed"
    explanation: ClassVar[str] = f"""\
When a `keep` fills the inputs of an operator, the first that stays is its first input. A weight per element does
not say which input an element is.

    [a, b, c] -> keep 2 -> normal(c)               which is s0, which is s1?
    s = [a, b, c] -> keep 2 -> sum   [s, c] -> normal(c)   fine

Nor does it say whether an element is there, which a condition asks for.

    ks = [3, 5, 7] -> keep 1..2   if 7 in ks then a else b           which of the two?
    choose {{a, b}} as way                                             fine: a weight for each

{_OTHERS}"""

    @property
    def message(self) -> str:
        keeps = "they keep" if self.also else "it keeps"
        return f"{self.refused}: which elements {keeps} decides what is taken there"

    @property
    def help(self) -> str | None:
        return "reduce what is kept with `sum` or `mean` first, or let a `choose` decide"


@kind
class UnreadableWeights(Diagnostic):
    """A file of weights that cannot be read."""

    path: str
    reason: str

    code: ClassVar[str] = "E0810"
    title: ClassVar[str] = "a file of weights cannot be read"
    explanation: ClassVar[str] = """\
Weights are read from safetensors files (`*.safetensors`) or from PyTorch files that hold tensors alone (they are
loaded with weights_only=True, so a pickled model is refused).

    torch.save(model, "w.pt")                  refused: a pickled model
    torch.save(model.state_dict(), "w.pt")     fine"""

    @property
    def message(self) -> str:
        return f"`{self.path}` cannot be read as weights: {self.reason}"

    @property
    def help(self) -> str | None:
        return "give a safetensors file, or one written by torch.save(model.state_dict(), …)"


@kind
class WeightsDoNotFit(Diagnostic):
    """Names or shapes of a file's weights are not those of the network."""

    path: str
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    shapes: tuple[str, ...]
    options: str = ""
    """The options that give a command the parameters of the space whose network was trained, where they are known."""

    code: ClassVar[str] = "E0811"
    title: ClassVar[str] = "weights do not fit the network"
    explanation: ClassVar[str] = """\
Weights go by name: the names of the scopes (bindings with their indices, `x[2].sep3` as `x_2_sep3`), then the
primitive's name with a number from the second of its scope on (`conv`, `conv_2`), then PyTorch's (`weight`). A file
for a call with `weights = "…"` has the names inside that call. `stdsl compile --to module` shows them.

    stem.conv.weight        the weight of the first conv in `stem`"""

    @property
    def message(self) -> str:
        parts = [
            f"{len(names)} {what} ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
            for what, names in (
                ("missing", self.missing),
                ("unknown", self.unexpected),
                ("of other shape", self.shapes),
            )
            if names
        ]
        return f"the weights in `{self.path}` do not fit: {'; '.join(parts)}"

    @property
    def help(self) -> str | None:
        names = "`stdsl explain E0811` says how names are made"
        if self.span is not None:
            return f"name a file with the weights of what this call makes, or give the call their sizes; {names}"
        if self.options:
            return f"give the parameters of the space that was trained, `{self.options}`; {names}"
        if self.shapes and not self.unexpected and not self.missing:
            return f"give the parameters of the space that they were made with, say `-p c=16`; {names}"
        return f"give the architecture that they were made for, `--arch FILE`, and its parameters, `-p …`; {names}"


@kind
class WeightsOfAnother(Diagnostic):
    """Weights were trained in the network of another architecture. ``trained``, ``given``: hashes; ``differing``: path,
    value of the trained one, value of the given one (None: not active), where both are known."""

    path: str
    trained: str
    given: str
    differing: tuple[tuple[str, str | None, str | None], ...] = ()
    shared: str = ""
    """The command that takes the part of another architecture from weights of all that the search has left."""

    code: ClassVar[str] = "E0812"
    title: ClassVar[str] = "weights of another architecture"
    explanation: ClassVar[str] = """\
Weights belong to the architecture that they were trained in. The names of a smaller network may all be there, and its
shapes fit, but its blocks have never worked without the others: it would be exported, and be wrong.

    stdsl compile a.space --to onnx --weights runs/a-0001                       the run's own architecture
    stdsl compile a.space --to onnx --weights runs/a-0001 --arch other.arch.json            E0812
    stdsl run a.space --arch other.arch.json                                    trains the other one
    stdsl derive runs/a-0001 --arch other.arch.json       takes it from weights that a search along paths has left

Of a supernet, whose weights are those of all architectures, a network takes its part (W0813)."""

    @property
    def message(self) -> str:
        return (
            f"the weights in `{self.path}` were trained in another architecture: "
            f"{self.trained[:12]}, not {self.given[:12]}"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.differing:
            return ()
        parts = [
            f"`{path}` is {'not active' if was is None else was} there and {'not active' if now is None else now} here"
            for path, was, now in self.differing[:3]
        ]
        more = len(self.differing) - 3
        return ("; ".join(parts) + (f"; {more} more differ" if more > 0 else ""),)

    @property
    def help(self) -> str | None:
        another = "`stdsl run … --arch FILE` trains another"
        if self.shared:
            another = f"`{self.shared} FILE` takes another from the weights that its search left for all"
        return f"leave out `--arch`, or give the one that was trained; {another}"


@kind
class TextChangedSince(Diagnostic):
    """The text of a space makes another network of the architecture than the one that a run has trained. ``gone``,
    ``new``: operations that only the one and only the other has."""

    space: str
    path: str
    gone: tuple[str, ...]
    new: tuple[str, ...]

    code: ClassVar[str] = "E0814"
    title: ClassVar[str] = "the text has changed since the weights were trained"
    explanation: ClassVar[str] = """\
A run keeps the text that it was made from. Where a space is another one since, the same architecture is another
network, and weights that fit it by name, as where a pool has become another, are not made for it.

    stdsl run a.space                                        trains a network with `max_pool(3x3)`
    … `max_pool(3x3)` becomes `avg_pool(3x3)` in a.space …
    stdsl compile a.space --to onnx --weights runs/a-0001    E0814

The text of the run is in its folder `space/`; it is compared where the parameters of the space are the run's."""

    @property
    def message(self) -> str:
        return f"`{self.space}` has changed since the weights in `{self.path}` were trained"

    @property
    def label(self) -> str:
        return "its network is another one"

    @property
    def notes(self) -> tuple[str, ...]:
        told = ((self.gone[:2], "trained"), (self.new[:2], "in the text now"))
        return tuple(f"{what}: {', '.join(f'`{name}`' for name in names)}" for names, what in told if names)

    @property
    def help(self) -> str | None:
        return f"name the text of the run, in `{self.path}/space`, or train the network again"


@kind
class PartOfSupernet(Diagnostic):
    """A network is built with the weights of a supernet, in which batch-norms saw a mixture."""

    path: str

    code: ClassVar[str] = "W0813"
    severity: ClassVar[Severity] = Severity.WARNING
    title: ClassVar[str] = "batch-norms of a supernet"
    explanation: ClassVar[str] = """\
A network takes its part of the weights of a supernet by name. Means and variances of its batch-norms are then those of
the mixture of all alternatives, not of what enters them in the network by itself, which may be no better than chance.
A search without `retrain` measures them anew: its `weights/derived.safetensors` is right for its architecture.

    stdsl compile a.space --to onnx --arch a.arch.json --weights runs/a-0001/weights/search.safetensors        W0813
    stdsl compile a.space --to onnx --weights runs/a-0001                                                      fine"""

    @property
    def message(self) -> str:
        return (
            f"the weights in `{self.path}` are a supernet's: "
            "the batch-norms of this network keep the means and variances of the mixture"
        )

    @property
    def help(self) -> str | None:
        return "have the network trained by a run, or its batch-norms measured anew on data"


@kind
class UnknownPass(Diagnostic):
    """A name in `--passes` that is none."""

    name: str
    known: tuple[str, ...]

    code: ClassVar[str] = "E0820"
    title: ClassVar[str] = "an unknown pass"
    explanation: ClassVar[str] = """\
Passes rewrite the graph of a supernet; each can be turned on or off by name.

    --passes share_commn        unknown
    --passes share_common       only this one (besides those that lowering needs)"""

    @property
    def message(self) -> str:
        return f"there is no pass `{self.name}`"

    @property
    def help(self) -> str | None:
        near = nearest(self.name, self.known)
        return f"did you mean `{near}`?" if near else f"the passes are {', '.join(self.known)}"


@kind
class TooEntangled(Diagnostic):
    """Conditions of one path that are too many for a text."""

    space: str

    code: ClassVar[str] = "E0823"
    title: ClassVar[str] = "too much depends on one another for a network that computes one path"
    explanation: ClassVar[str] = """\
A network that computes one path asks, before each operation, whether the path has it. What it asks must stand in a
few lines: where whether one operation is there depends on very many decisions together, or where its numbers do, that
text would be endless.

    [a, b, c, …] -> keep any -> concat -> conv(…)     the channels that come in depend on every element
    … -> keep any -> sum -> conv(…)                   fine"""

    @property
    def message(self) -> str:
        return f"`{self.space}` has an operation that depends on too many decisions together"

    @property
    def help(self) -> str | None:
        return (
            "let fewer decisions change one operation's shape, or whether it is there; separate trainings (`random`, "
            "`evolution`) have no such limit"
        )


@kind
class ExportFailed(Diagnostic):
    """The ONNX exporter or checker refuses the network."""

    stage: str
    reason: str

    code: ClassVar[str] = "E0830"
    title: ClassVar[str] = "the network cannot be exported to ONNX"
    explanation: ClassVar[str] = """\
A network is exported by torch.onnx.export, checked by onnx.checker and run by onnxruntime. An operation that one of
them does not know (often one of an `extern op`) stops the export; the message names the stage.

    extern op fft() …      no such operator in opset 18
    write it with operators that ONNX has, or keep the PyTorch module (`stdsl compile --to module`)"""

    @property
    def message(self) -> str:
        return f"the export to ONNX failed while {self.stage}: {self.reason}"

    @property
    def help(self) -> str | None:
        return "`stdsl compile --to module` writes the same network as a PyTorch file"


@kind
class ExportDiffers(Diagnostic):
    """The exported file computes something else. ``largest``: PyTorch's largest output, without its sign; None where
    that is not known."""

    path: str
    difference: float
    tolerance: float
    batch: int
    largest: float | None = None

    code: ClassVar[str] = "E0831"
    title: ClassVar[str] = "the ONNX file does not compute what the network does"
    explanation: ClassVar[str] = """\
After an export the file is run in onnxruntime with random inputs at two batch sizes, and its outputs are compared
with PyTorch's. The file is not kept when they differ by more than the tolerance times the largest output, nor when
these are infinite or no numbers.

    network with dropout left in training mode      differs
    model.eval() first                              equal to about 1e-6"""

    @property
    def message(self) -> str:
        if self._beyond_numbers:
            return f"PyTorch's outputs are not finite at batch {self.batch}: `{self.path}` cannot be compared with them"
        size = f" (whose largest is {self.largest:.2g})" if self.largest is not None else ""
        return (
            f"outputs of `{self.path}` differ by {self.difference:.2g} from PyTorch's{size} at batch {self.batch}, "
            f"more than {self.tolerance:.2g}"
        )

    @property
    def help(self) -> str | None:
        if self._beyond_numbers:
            return "look at the weights, and for products or powers that grow from layer to layer without a norm"
        return "large activations lose digits: look at the weights; else please report it"

    @property
    def _beyond_numbers(self) -> bool:
        return self.largest is not None and not math.isfinite(self.largest)


@kind
class ExportTooLarge(Diagnostic):
    """Beyond what one protobuf file can hold."""

    bytes: int

    code: ClassVar[str] = "E0832"
    title: ClassVar[str] = "the network is too large for one ONNX file"
    explanation: ClassVar[str] = """\
An ONNX file is one protobuf message, which ends at 2 GB.

    wide networks of more than 500 million parameters do not fit
    reduce the width, or keep the PyTorch module (`stdsl compile --to module`)"""

    @property
    def message(self) -> str:
        return f"weights of {self.bytes / 1e9:.1f} GB do not fit into one ONNX file, which ends at 2 GB"

    @property
    def help(self) -> str | None:
        return "`stdsl compile --to module` writes the same network as a PyTorch file"


@kind
class DrawingFailed(Diagnostic):
    """No layout program could draw the graph."""

    reason: str

    code: ClassVar[str] = "E0840"
    title: ClassVar[str] = "the drawing could not be laid out"
    explanation: ClassVar[str] = """\
SVG and PNG are laid out by the graphviz-pure package, or else by the system's `dot`. DOT and Mermaid text need neither.

    stdsl graph FILE -o x.svg     needs a layout program
    stdsl graph FILE -o x.dot     never does"""

    @property
    def message(self) -> str:
        return f"the drawing could not be laid out: {self.reason}"

    @property
    def help(self) -> str | None:
        return "write DOT or Mermaid text instead (`-o x.dot`, `-o x.mmd`), or install Graphviz"
