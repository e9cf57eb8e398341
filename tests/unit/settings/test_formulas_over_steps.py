"""Expressions over the steps of a training are tried at its own first and last step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from stdsl.compiler.diagnostics.model import Diagnostic

HEAD = """stdsl 1
meta net(c = 4) on video: clip(1, 4, 8, 8) {
  y = video -> maybe conv(c, 1x3x3) as there
  return y -> global_avg_pool -> linear(4)
}
space nets = net
"""
Find = Callable[[str], Sequence[Diagnostic]]


@pytest.fixture
def find() -> Find:
    from stdsl.compiler.checks.check import check_module
    from stdsl.compiler.diagnostics.model import Sink
    from stdsl.compiler.diagnostics.source import Source
    from stdsl.compiler.semantics.modules import Loader

    def found(body: str) -> Sequence[Diagnostic]:
        sink = Sink()
        check_module(Loader(sink).source(Source("t.space", HEAD + body)), sink)
        return sink.diagnostics

    return found


def search(strategy: str, more: str = "") -> str:
    data = "motion_digits(frames = 4, size = 8, motions = 4)"
    return f"search s {{ space = nets  data = {data}  strategy = {strategy}  {more} }}\n"


FINE = [
    search("variational { steps = 6  tau = sqrt(7 - t) }"),
    search("variational { epochs = 1  tau = sqrt(70 - t) }"),
    search("variational { steps = 9000  tau = sqrt(T - 8000) }"),
    search("variational { tau = sqrt(7 - t) }", 'phase { steps = 3  free = "**" }  phase { steps = 7  free = "**" }'),
    search("variational { steps = 50  tau = sqrt(7 - t) }", 'phase { steps = 3  free = "**" }'),
    search("variational { tau = sqrt(7 - t)  steps = 2 }", 'phase { steps = 9  free = "**"  strategy { tau = 1 } }'),
    search("gradient { steps = 9 }", "retrain { steps = 3  optimizer = sgd(lr = 4 - t) }"),
    search("random { trials = 2  fitness { steps = 3  optimizer = sgd(lr = 4 - t) } }"),
]
WRONG = [
    (search("variational { steps = 8  tau = sqrt(7 - t) }"), "sqrt(7 - t)", "no value at t = 8"),
    (search("variational { epochs = 9  tau = 8 - t }"), "8 - t", "below 0"),
    (search("variational { steps = 7000  tau = sqrt(T - 8000) }"), "sqrt(T - 8000)", "no value at T = 7000"),
    (
        search(
            "variational { tau = sqrt(7 - t) }", 'phase { steps = 3  free = "**" }  phase { steps = 8  free = "**" }'
        ),
        "sqrt(7 - t)",
        "t = 8",
    ),
    (
        search("variational { steps = 2 }", 'phase { steps = 9  free = "**"  strategy { tau = sqrt(7 - t) } }'),
        "sqrt(7 - t)",
        "t = 9",
    ),
    (search("gradient { steps = 9 }", "retrain { steps = 6  optimizer = sgd(lr = 4 - t) }"), "4 - t", "-2 at t = 6"),
    (search("random { trials = 2  fitness { steps = 6  optimizer = sgd(lr = 4 - t) } }"), "4 - t", "-2 at t = 6"),
]


@pytest.mark.parametrize("body", FINE)
def test_as_long_as_the_training_is(body: str, find: Find) -> None:
    assert not [d for d in find(body) if d.code.startswith("E")]


@pytest.mark.parametrize(("body", "place", "said"), WRONG)
def test_the_last_step_is_tried(body: str, place: str, said: str, find: Find) -> None:
    (error,) = [d for d in find(body) if d.code.startswith("E")]
    assert error.code == "E0508"
    assert error.span is not None
    assert error.span.text == place
    assert said in error.message
    assert error.help is not None
    assert error.help.startswith("write one that has such a value at every step")
