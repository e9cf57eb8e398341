"""Settings of the strategy that a phase of a search has of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from stdsl.compiler.families.sampling import SamplingConfig
from stdsl.compiler.schemas.search import SearchConfig

Read = Callable[[str], Any]
TEXT = """search s {{ space = x  data = motion_digits
  strategy = sampling {{ epochs = 20  samples = 5  decisions {{ optimizer = adam(lr = 0.3)  warmup = 10 }} }}
  phase {{ free = "a" }}
  phase {{ free = "b"  {length}  strategy {{ {own} }} }}
}}"""


def phase(read: Read, own: str, overrides: Sequence[str] = (), length: str = "") -> SamplingConfig:
    """The strategy of the second phase."""
    text = read(TEXT.format(own=own, length=length))
    config = text.search("s", overrides)
    assert config is not None, text.sink.diagnostics
    assert config.phase[0].strategy is None
    assert SearchConfig.load(config.model_dump(mode="json")) == config
    own_strategy = config.phase[1].strategy
    assert isinstance(own_strategy, SamplingConfig)
    return own_strategy


def mistake(read: Read, text: str) -> list[tuple[str, str, str]]:
    found = read(text).check()
    return [(d.code, d.span.text, f"{d.message} {d.help}") for d in found]


def test_what_it_does_not_say_is_as_in_the_search(read: Read) -> None:
    own = phase(read, "samples = 2  weights { clip = 3 }  decisions { optimizer = adam(lr = 0.1) }")
    assert (own.samples, own.weights.clip, own.decisions.warmup, own.epochs) == (2, 3, 10, 20)
    assert own.weights.optimizer == SamplingConfig().weights.optimizer


def test_what_is_set_for_the_search_holds_in_its_phases(read: Read) -> None:
    own = phase(read, "samples = 2", ["strategy.batch=7", "strategy.samples=9", "strategy.decisions.warmup=3"])
    assert (own.batch, own.samples, own.decisions.warmup) == (7, 2, 3)


def test_one_phase_can_be_set(read: Read) -> None:
    own = phase(read, "samples = 2", ["phase.2.strategy.decisions.warmup=4", "phase.2.strategy.samples=8"])
    assert (own.samples, own.decisions.warmup) == (8, 4)
    config = read(TEXT.format(own="", length="")).search("s", ["phase.1.strategy.samples=8"])
    assert config.phase[0].strategy.samples == 8


def test_its_length_is_that_of_the_phase(read: Read) -> None:
    """Else a warm-up that the phase is long enough for would be refused."""
    own = phase(read, "decisions { warmup = 25 }", length="epochs = 30")
    assert (own.epochs, own.decisions.warmup) == (30, 25)
    own = phase(read, "decisions { warmup = 25 }", length="steps = 30")
    assert (own.epochs, own.steps) == (None, 30)


@pytest.mark.parametrize(
    ("own", "code", "place", "words"),
    [
        ("batch = 3", "E0510", "3", "a phase may have its own `clip`, `decisions.optimizer`"),
        ("epochs = 3", "E0510", "3", "`epochs` of a phase stands in the phase itself"),
        ("weights { split = valid }", "E0510", "valid", "`weights.split` is one for all phases"),
        ("relax { sharing = slice }", "E0510", "slice", "`relax.sharing` is one for all phases"),
        ("sample = 3", "E0501", "sample", "did you mean `samples`?"),
        ("samples = 0", "E0505", "0", "from 1"),
        ("decisions { warmup = 21 }", "E0510", "21", "the search has 20"),
        ("samples = 1  samples = 2", "E0502", "samples", "set twice"),
        ("objectives = [cost(flops, low = 3, high = 2)]", "E0510", "3", "swap"),
    ],
)
def test_mistakes(read: Read, own: str, code: str, place: str, words: str) -> None:
    ((found, where, text),) = mistake(read, TEXT.format(own=own, length=""))
    assert (found, where) == (code, place)
    assert words in text


def test_it_is_a_section_of_a_phase_of_a_strategy(read: Read) -> None:
    ((code, place, text),) = mistake(read, TEXT.replace("strategy {{", "strategy = darts {{").format(own="", length=""))
    assert (code, place) == ("E0513", "strategy")
    assert "write `strategy { … }`" in text
    alone = "search s { space = x  data = motion_digits  phase { strategy { samples = 3 } }  retrain { epochs = 1 } }"
    assert [code for code, *_ in mistake(read, alone)] == ["E0510"]  # phases without a strategy


def test_a_strategy_that_is_wrong_is_told_once(read: Read) -> None:
    text = TEXT.format(own="samples = 3", length="").replace("sampling {", "samplin {")
    assert [code for code, *_ in mistake(read, text)] == ["E0503"]
