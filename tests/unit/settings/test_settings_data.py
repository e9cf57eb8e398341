"""The data of a search against the inputs and classes of its space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stdsl.compiler.schemas.data import InputSignature
from stdsl.compiler.semantics.settings import check_data

Read = Callable[[str], Any]

CLIP = InputSignature("video", "clip", (1, 8, 24, 24))


def test_data_that_fits(read: Read) -> None:
    text = read("search s { space = tower(13)  strategy = sdas  data = motion_digits }")
    assert check_data(text.search(), (CLIP,), 13, text.sink)
    assert check_data(text.search(), (CLIP,), None, text.sink)
    assert text.sink.diagnostics == ()


def test_data_that_does_not_fit_shows_both_sides(read: Read) -> None:
    text = read("search s { space = tower(10)  strategy = sdas  data = motion_digits(frames = 16) }")
    assert not check_data(text.search(), (CLIP,), 10, text.sink)
    (found,) = text.sink.diagnostics
    assert found.code == "E0516"
    assert found.span is not None
    assert found.span.text == "motion_digits(frames = 16)"
    gives, takes = "clip(1, 16, 24, 24), 13 classes", "clip(1, 8, 24, 24), 10 classes"
    assert found.message == f"the data gives {gives}; the space takes {takes}"
    assert [x.span.text for x in found.secondary] == ["tower(10)"]
