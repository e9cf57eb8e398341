"""`--set key=value`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stdsl.compiler.semantics.settings.overrides import overrides_of

Read = Callable[[str], Any]

TEXT = """
search s {
  space = x  strategy = sdas  data = motion_digits  retrain { epochs = 3  batch = 96 }
  phase { epochs = 1 }  phase { epochs = 2 }
}
"""


def _get(config: Any, key: str) -> Any:
    for name in key.split("."):
        config = config[int(name) - 1] if isinstance(config, tuple) else getattr(config, name)
    return config


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("retrain.epochs=1", "retrain.epochs", 1),
        (" seed = 2 + 3 ", "seed", 5),
        ("retrain.steps=7", "retrain.epochs", None),
        ("strategy.weights.optimizer.momentum=0.5", "strategy.weights.optimizer.momentum", 0.5),
        ("strategy.weights.optimizer.lr.end=0.01", "strategy.weights.optimizer.lr.end", 0.01),
        ("strategy.derive.metric=accuracy", "strategy.derive.metric", "accuracy"),
        ("strategy=pc_darts { epochs = 20  decisions { warmup = 0 } }", "strategy.batch", 256),
        ("data.frames=16", "data.frames", 16),
        ('data=cifar10(root = "x")', "data.root", "x"),
        ("export.onnx=out/a.onnx", "export.onnx", "out/a.onnx"),
        ("retrain.optimizer.lr=0.5", "retrain.optimizer.lr.constant", 0.5),
        ("retrain.optimizer.lr.ramp=5", "retrain.optimizer.lr.ramp", 5),
        ("compare.random=3", "compare.random", 3),
        ("phase.2.epochs=9", "phase.2.epochs", 9),
        ("strategy.relax.keep=none", "strategy.relax.keep", None),
    ],
)
def test_override(read: Read, override: str, key: str, value: object) -> None:
    text = read(TEXT)
    overrides = [override, "strategy.derive.score=none"] if "keep" in override else [override]
    config = text.search(overrides=overrides)
    assert text.sink.diagnostics == ()
    assert _get(config, key) == value


def test_the_rest_of_the_section_stays(read: Read) -> None:
    config = read(TEXT).search(overrides=["retrain.epochs=1"])
    assert (config.retrain.epochs, config.retrain.batch) == (1, 96)
    place = config.place("retrain.epochs")
    assert place.source.line(1) == "--set retrain.epochs=1"
    assert (str(place), place.text) == ("command line:1:22", "1")


@pytest.mark.parametrize(
    ("override", "code", "words"),
    [
        ("retrain.epoch=1", "E0501", "did you mean `epochs`?"),
        ("retran.epochs=1", "E0501", "did you mean `retrain`?"),
        ("strategy.weights.optimizer.beta=1", "E0501", "`momentum`"),
        ("retrain.epochs=0", "E0505", "a whole number from 1"),
        ("retrain.epochs=many", "E0506", "`many`"),
        ("retrain.epochs", "E0517", "a key and a value"),
        ("retrain.epochs=1)", "E0517", "not an expression"),
        ("retrain.epochs=1 batch = 2", "E0517", "not an expression"),
        ("retrain.epochs=1 } search z { seed = 2", "E0517", "not an expression"),
        ("retrain.epochs.x=1", "E0517", "a single value"),
        ("phase.3.epochs=1", "E0517", "2 elements"),
        ("phase.x.epochs=1", "E0517", "2 elements"),
        ("retrain=3", "E0513", "write `retrain { … }`"),
        ("strategy=nothing", "E0503", "`nothing`"),
        ("strategy.batch=choose {1, 2}", "E0509", "what stands in `fitness` of `bayes` can be searched"),
        ("retrain.batch=choose {1, 2}", "E0509", "leave it open in `fitness` of `bayes`"),
        (
            "retrain.steps=choose {1, 2}",
            "E0509",
            "give it a value; what stands in `fitness` of `bayes` can be searched",
        ),
        ("retrain.optimizer=adam(lr = choose {1, 2})", "E0509", "leave it open in `fitness` of `bayes`"),
    ],
)
def test_mistakes(read: Read, override: str, code: str, words: str) -> None:
    text = read(TEXT)
    assert text.search(overrides=[override]) is None
    (found,) = text.sink.diagnostics
    assert found.code == code
    assert words in " ".join((found.message, found.label, *found.notes, found.help or ""))


def test_values_of_the_python_api(read: Read) -> None:
    overrides = overrides_of(
        {"retrain.epochs": 1, "export.verify": False, "retrain.clip": None, "strategy.batch": "4 * 8"}
    )
    config = read(TEXT).search(overrides=[f"{o.key}={o.text}" for o in overrides])
    assert (config.retrain.epochs, config.export.verify, config.retrain.clip, config.strategy.batch) == (
        1,
        False,
        None,
        32,
    )
