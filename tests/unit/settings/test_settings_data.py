"""What the data of a search gives, against all spaces that the search names."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdsl.compiler.checks.check import check_file
from stdsl.compiler.diagnostics.model import Label

TEXT = """stdsl 1
meta net(channels = 2, classes = 4) on frames: clip(1, 4, 16, 16), flow: clip(channels, 4, 16, 16) {
  y = [frames, flow] -> concat -> choose {one: pointwise(4), two: conv(4, 3x3x3)} as kind
  return y -> global_avg_pool -> linear(classes)
}
meta plain(channels = 2, classes = 4) on frames: clip(1, 4, 16, 16), flow: clip(channels, 4, 16, 16) {
  return [frames, flow] -> concat -> pointwise(4) -> global_avg_pool -> linear(classes)
}
space searched = net
space larger = net(classes = 5)
space other = plain
space wrong = plain(channels = 3)
search fuse {
  space = searched
  strategy = gradient { }
  data = motion_digits(frames = 4, size = 16, motions = 4, modalities = ["flow", "frames"])
  retrain { }
  compare { spaces = [other] }
}
"""


def found(folder: Path, text: str) -> list[tuple[str, str]]:
    """Codes of errors, and the texts that are called a space by each."""
    file = folder / "fuse.space"
    file.write_text(text, encoding="utf-8")
    diagnostics = [d for d in check_file(file) if d.code.startswith("E")]
    places = [[Label(d.span, d.label), *d.secondary] if d.span else [] for d in diagnostics]
    return [
        (d.code, " ".join(label.span.text for label in labels if label.text == "this space"))
        for d, labels in zip(diagnostics, places, strict=True)
    ]


def test_inputs_by_name_in_another_order(tmp_path: Path) -> None:
    assert found(tmp_path, TEXT) == []


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("retrain { }", "retrain { space = larger }", "larger"),
        ("spaces = [other]", "spaces = [other, wrong]", "wrong"),
        ('["flow", "frames"]', '["flow"]', "searched"),
        ('["flow", "frames"]', '["flow", "frames", "mask"]', "searched"),
        ('["flow", "frames"]', '["flow", "mask"]', "searched"),
    ],
)
def test_every_space_must_fit(tmp_path: Path, before: str, after: str, place: str) -> None:
    assert found(tmp_path, TEXT.replace(before, after)) == [("E0516", place)]
