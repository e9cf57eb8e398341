"""Commands in results name the run directory as it stands, wherever it was when they were kept."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from stdsl.compiler.text.commands import command
from stdsl.compiler.text.kept_commands import as_kept, as_typed

OUT = ["runs/one", "o'clock $HOME/`date`", "RUN", "outer/needs/first"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("now", OUT)
@pytest.mark.parametrize("before", OUT)
def test_places_are_those_of_the_folder_as_it_stands(before: str, now: str, here: Path) -> None:
    run = here / before
    (here / "RUN").mkdir()
    (here / "RUN" / "a.space").touch()
    file = f"{here / 'RUN' / 'a.space'}::small"
    kept = [as_kept(words, run) for words in (("stdsl", "show", run), ("stdsl", "graph", file, run / "x" / "a.json"))]
    assert str(run / "x") not in kept[1]
    typed = as_typed(kept, Path(now), Path("none"))
    assert [shlex.split(line) for line in typed] == [
        ["stdsl", "show", now],
        ["stdsl", "graph", "RUN/a.space::small", f"{now}/x/a.json"],
    ]


def test_a_needed_run_is_beside(here: Path) -> None:
    run = here / "outer" / "needs" / "second"
    kept = [as_kept(("stdsl", "derive", run.parent / "first"), run)]
    assert as_typed(kept, Path("moved/needs/second"), Path("none")) == ("stdsl derive moved/needs/first",)


def test_a_file_that_is_gone_is_the_copy_of_the_run(here: Path) -> None:
    kept = [command("stdsl", "graph", f"{here / 'my own.space'}::small"), "stdsl graph darts::cells"]
    copy = here / "run" / "space" / "my own.space"
    copy.parent.mkdir(parents=True)
    copy.touch()
    typed = as_typed(kept, Path("run"), Path("run/space/my own.space"))
    assert typed == ("stdsl graph 'run/space/my own.space::small'", "stdsl graph darts::cells")
    (here / "my own.space").touch()
    assert as_typed(kept, Path("run"), copy)[0] == "stdsl graph 'my own.space::small'"


def test_results_of_older_versions(here: Path) -> None:
    """Kept the path that the directory had."""
    older = ("stdsl show runs/a-0001 --layers", "stdsl graph a.space::s --arch runs/a-0001/architectures/d.arch.json")
    assert as_typed(older, Path("b"), here) == (
        "stdsl show b --layers",
        "stdsl graph a.space::s --arch b/architectures/d.arch.json",
    )
    for name in ("stdsl", "show", "graph"):  # of the directory then
        older = (f"stdsl show {name} --layers", f"stdsl graph a.space::s --arch {name}/d.arch.json")
        assert as_typed(older, Path("b"), here) == (
            "stdsl show b --layers",
            "stdsl graph a.space::s --arch b/d.arch.json",
        )
    assert as_typed((), Path("b"), here) == ()
    assert as_typed(("stdsl show 'a",), Path("b"), here) == ("stdsl show 'a",)
