"""Habits from other languages: what their words and signs are here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from .model import Diagnostic, Edit, Fix, Label, kind
from .source import Span

VALUES: Final[Mapping[str, str]] = {"True": "true", "False": "false", "None": "none", "null": "none", "nil": "none"}
"""Words that stand for values elsewhere."""

_WINDOWS = {
    "Conv": "conv",
    "BatchNorm": "bn",
    "MaxPool": "max_pool",
    "AvgPool": "avg_pool",
    "AdaptiveAvgPool": "global_avg_pool",
    "AdaptiveMaxPool": "global_max_pool",
}
OPERATORS: Final[Mapping[str, str]] = {
    **{f"{word}{axes}{d}": name for word, name in _WINDOWS.items() for axes in (1, 2, 3) for d in "dD"},
    **{"BatchNormalization": "bn", "batch_norm": "bn", "batchnorm": "bn", "LayerNorm": "layer_norm"},
    **{"Dense": "linear", "dense": "linear", "fc": "linear", "Linear": "linear"},
    **{"GlobalAveragePooling2D": "global_avg_pool", "cat": "concat", "concatenate": "concat", "Upsample": "upsample"},
}
"""Operators as PyTorch and Keras name them."""

PARAMETERS: Final[Mapping[str, str]] = {
    "kernel_size": "k",
    "kernel": "k",
    "out_channels": "c",
    "channels": "c",
    "filters": "c",
    "out_features": "c",
    "padding": "pad",
    "p": "rate",
}
"""Parameters as PyTorch and Keras name them."""

SETTINGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("learning_rate", "base_lr", "init_lr"), "lr"),
    **dict.fromkeys(("batch_size", "batchsize", "bs"), "batch"),
    **dict.fromkeys(("num_epochs", "max_epochs", "n_epochs", "epoch_num"), "epochs"),
    **dict.fromkeys(("max_steps", "num_steps", "iterations", "iters"), "steps"),
    **dict.fromkeys(("wd", "decay", "l2"), "weight_decay"),
    **dict.fromkeys(("optim", "opt"), "optimizer"),
    **dict.fromkeys(("dataset", "datasets", "train_data"), "data"),
    **dict.fromkeys(("search_space", "searchSpace", "model_space", "model"), "space"),
    **dict.fromkeys(("algorithm", "algo", "tuner", "method", "exploration_strategy"), "strategy"),
    **dict.fromkeys(("grad_clip", "clip_grad", "gradient_clip"), "clip"),
    **dict.fromkeys(("random_seed", "manual_seed"), "seed"),
    **dict.fromkeys(("num_workers", "n_workers", "workers"), "loaders"),
    **dict.fromkeys(("amp", "dtype"), "precision"),
    **dict.fromkeys(("drop_path_prob", "droppath"), "drop_path"),
}
"""Settings as NNI, PyTorch and Lightning name them."""

OPTIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("device", "gpu", "gpus", "accelerator"), "--device"),
    **dict.fromkeys(("out", "output", "out_dir", "output_dir", "log_dir", "dir"), "--out"),
    **dict.fromkeys(("resume", "checkpoint"), "--resume"),
}
"""What others set in a file, and what is an option of `stdsl run` here."""

_WORDS: Final[Mapping[str, str]] = {
    "data": "`data` is known in searches alone, as in `search … { space = net(data.frames) }`",
    "range": "a range is written `1..4`, both ends included",
    "lambda": "there are no nameless operators: declare `op f(c) on x = …`",
    "self": "a body names its inputs after `on`; there is no `self`",
    "len": "`len` is a function: `len(xs)`",
    **dict.fromkeys(
        ("nn", "torch", "F", "tf", "keras"), "operators stand without a module before them: `conv(c, 3x3)`"
    ),
    **dict.fromkeys(("print", "assert"), "a body only says what is computed: nothing is done on the way"),
}

_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("scheduler", "lr_scheduler", "schedule"), "a rate follows a schedule where it stands: `sgd(lr = cosine(0.05))`"
    ),
    **dict.fromkeys(
        ("where", "constraint", "constraints", "budget", "budgets", "flops", "params", "activations", "macs", "limits"),
        "constraints and budgets belong to a space: declare `space small = net where flops <= 2M`, and search that",
    ),
    **dict.fromkeys(("criterion", "loss_fn"), "write `loss = …` in the search; without, it follows from the targets"),
}

COSTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("macs", "MACs", "madds", "mult_adds", "multadds", "FLOPs", "FLOPS", "flop"), "flops"),
    **dict.fromkeys(("parameters", "num_params", "n_params", "num_parameters", "parameter"), "params"),
    **dict.fromkeys(("layers", "num_layers"), "depth"),
}
"""Costs as others name them."""

_DECLARATIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("def", "fn", "fun", "func", "function", "block", "layer"),
        "an operator is declared by `op name(c) = …`, with its input named by `op name(c) on x = …`",
    ),
    **dict.fromkeys(
        ("import", "from", "include", "require"),
        'names are imported by `use std.video (itgm)`, or `use "cells.space" (normal)` from a file',
    ),
    **dict.fromkeys(
        ("class", "module", "network", "net", "model"),
        "a part of a network is a `cell`, a whole one a `meta`: `meta name(c) on x: image(3, 32, 32) { … return y }`",
    ),
    **dict.fromkeys(
        ("if", "for", "while"), "what is repeated or decided stands in the body of an op, a cell or a meta"
    ),
    "//": "comments begin with `#`",
    "/*": "comments begin with `#`",
    "}": "no bracket is open here: leave it out",
    "stdsl": "the edition stands once, before everything else but comments: move it to the first line",
}


def word_advice(name: str) -> str | None:
    """What to write instead of a word of another language that stands in an expression."""
    return _WORDS.get(name)


def elsewhere_advice(key: str) -> str | None:
    """Where here is said what a setting of others says."""
    return _ELSEWHERE.get(key)


def declaration_advice(word: str) -> str | None:
    """What to write instead of a declaration of another language."""
    return _DECLARATIONS.get(word)


@kind
class ForeignSign(Diagnostic):
    """A sign of another language. ``sign``: what it is here."""

    found: str
    sign: str

    code: ClassVar[str] = "E0114"
    title: ClassVar[str] = "sign of another language"
    explanation: ClassVar[str] = """\
Some languages write `=>`, `|>` or `>>` for what is `->` here, `&&` and `||` for `and` and `or`, `<>` for `!=`,
`=<` for `<=`.

    y = x |> conv(16, 3x3)           # E0114
    y = x -> conv(16, 3x3)           # right
"""

    @property
    def message(self) -> str:
        return f"`{self.found}` has no meaning here"

    @property
    def help(self) -> str:
        return f"write `{self.sign}`"

    @property
    def fix(self) -> Fix | None:
        return Fix(f"write `{self.sign}`", (Edit(self.span, self.sign),)) if self.span else None


@kind
class EqualsBeforeBlock(Diagnostic):
    """The span is the `=`."""

    block: Span

    code: ClassVar[str] = "E0115"
    title: ClassVar[str] = "`=` before a block"
    explanation: ClassVar[str] = """\
A body is `= expression` or a block of statements in braces, which no `=` stands before.

    op f(c) on x = { y = x -> conv(c, 3x3)  return y }     # E0115
    op f(c) on x { y = x -> conv(c, 3x3)  return y }       # right
"""

    @property
    def message(self) -> str:
        return "no `=` stands before a block of statements"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.block, "the block"),)

    @property
    def help(self) -> str:
        return "leave the `=` out"

    @property
    def fix(self) -> Fix | None:
        if self.span is None:
            return None
        # The blank behind it goes with it.
        end = self.block.start if self.span.source.text[self.span.end : self.block.start].isspace() else self.span.end
        return Fix("leave out the `=`", (Edit(Span(self.span.source, self.span.start, end), ""),))


@kind
class BlockWithoutReturn(Diagnostic):
    """A body in braces that is an expression. The span is that expression."""

    code: ClassVar[str] = "E0116"
    title: ClassVar[str] = "expression in braces without `return`"
    explanation: ClassVar[str] = """\
A body in braces ends with `return`; a body of one expression needs no braces.

    op f(c) { conv(c, 3x3) -> bn }                # E0116
    op f(c) { return conv(c, 3x3) -> bn }         # right
    op f(c) = conv(c, 3x3) -> bn                  # shorter
"""

    @property
    def message(self) -> str:
        return "a body in braces ends with `return`"

    @property
    def help(self) -> str:
        return "write `return` before it, or `= …` without braces"

    @property
    def fix(self) -> Fix | None:
        if self.span is None:
            return None
        start = Span(self.span.source, self.span.start, self.span.start)
        return Fix("write `return`", (Edit(start, "return "),))
