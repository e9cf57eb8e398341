"""Whatever a text says, all that commands do with it gives results or diagnostics: never an exception, never an endless
loop, and nothing of it is run. `python -m fuzz --help` (with `PYTHONPATH=tests`) examines more of these mutants."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fuzz.driver import Failure, Run, Settings, examine
from fuzz.mutations import Mutant, mutant
from fuzz.shrink import shrunk
from fuzz.texts import ROOT, Corpus, texts


def test_mutants_are_examined() -> None:
    corpus, settings = Corpus(texts()), Settings(seed=1, deep=1.0, networks=0.0, seconds=30.0)
    for index in range(60):
        found = mutant(corpus, random.Random(f"1 {index}"))
        failure, _ = examine(found, index, settings)
        assert failure is None, f"{failure.stage}: {failure.kind}\n{failure.detail}\n{failure.text}"


def test_mutants_follow_from_the_seed() -> None:
    first, second = (Corpus(texts()) for _ in range(2))
    for index in range(20):
        assert mutant(first, random.Random(index)) == mutant(second, random.Random(index))


@pytest.mark.slow
def test_many_mutants_are_examined(tmp_path: Path) -> None:
    """In a worker of its own, stopped and gone on with."""
    settings = Settings(seed=2, networks=0.3, seconds=30.0)
    assert Run(tmp_path, settings).go(500) == 0
    run = Run(tmp_path, settings)
    assert run.done == 500
    assert run.go(2_000) == 0, (tmp_path / "failures.jsonl").read_text(encoding="utf-8")[:10_000]
    assert {"accepted", "module", "supernet", "network", "rank"} <= set(run.reached)


HANGS = "hangs forever"
FAILS = "fails"


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A formatter that fails at one word, and never comes back at another."""
    from fuzz import stages

    right = stages.format_source

    def wrong(source):
        if FAILS in source.text:
            raise KeyError(FAILS)
        while HANGS in source.text:
            pass
        return right(source)

    monkeypatch.setattr(stages, "format_source", wrong)


@pytest.mark.usefixtures("faulty")
def test_what_goes_wrong_is_found_and_made_small() -> None:
    settings = Settings(seconds=0.3, networks=0.0)
    text = f"stdsl 1\nlet a = 1\nlet b = 2\n# it {FAILS}\nlet c = 3\n"
    failure, reached = examine(Mutant(text, Path(ROOT), "here"), 7, settings)
    assert failure is not None
    assert (failure.stage, failure.kind.split(" at ")[0]) == ("format", "KeyError")
    assert reached["render"] == 1
    small = shrunk(failure, settings)
    assert FAILS in small
    assert "let" not in small

    late, _ = examine(Mutant(text.replace(FAILS, HANGS), Path(ROOT), "here"), 7, settings)
    assert late is not None
    assert late.kind.startswith("Late")
    assert isinstance(late, Failure)
