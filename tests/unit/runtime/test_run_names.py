"""Nothing that a run makes shares a file with anything else, whatever it is called."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stdsl.runtime.tracking.directory import RunDirectory
from stdsl.runtime.tracking.names import DERIVED, RESERVED, file_name, random_name, repeat_name, repeat_number

TEXTS = st.text() | st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,80}\Z") | st.sampled_from(["derived", "search", "a", "A"])


@given(st.lists(TEXTS, unique=True, max_size=20))
def test_different_texts_have_different_files(texts: list[str]) -> None:
    own = [DERIVED, "search", *(repeat_name(n) for n in range(2, 12)), *(random_name(n) for n in range(1, 12))]
    names = [RunDirectory.network_of(text) for text in texts] + own
    assert len({name.casefold() for name in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name) for name in names)
    assert [repeat_number(name) for name in names[: len(texts)]] == [1] * len(texts)


def test_short_names_in_small_letters_are_their_files() -> None:
    assert file_name("per_frame_2d") == "per_frame_2d"
    assert file_name("per_frame_2d(c = 12)").startswith("per_frame_2d-c-12.")
    assert file_name("derived") == "derived"
    assert file_name("derived", RESERVED) != "derived"
    assert [repeat_number(name) for name in ("derived", repeat_name(2), repeat_name(13), "random-3")] == [1, 2, 13, 1]


def test_needed_searches_have_folders_of_their_own(tmp_path: Path) -> None:
    outer = RunDirectory(tmp_path / "run")
    inner = outer.needed("first")
    assert inner == tmp_path / "run" / "needs" / "first"
    inner.mkdir(parents=True)
    (tmp_path / "run" / "run.json").write_text("{}")
    assert RunDirectory(inner).needed("other") == tmp_path / "run" / "needs" / "other", "each runs once"
    assert len({outer.needed(name).name.casefold() for name in ("a", "A", "x" * 300, "x" * 299)}) == 4
    stranger = RunDirectory(tmp_path / "needs" / "mine")  # `--out needs/mine`
    assert stranger.needed("other") == tmp_path / "needs" / "mine" / "needs" / "other"
