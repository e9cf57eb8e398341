"""A prediction with axes of size 1 beside its classes is trained, tested and exported as one without."""

from __future__ import annotations

from pathlib import Path

import pytest

import stdsl

TEXT = """stdsl 1
meta net(classes = 4) on video: clip(1, 8, 16, 16) {{
  a = video -> conv(4, 1x3x3, stride = 2x4x4) -> bn -> relu
  b = a -> choose {{c3: conv(4, 3x3x3), c5: conv(4, 1x5x5)}} as kind
  return {{logits: b -> global_avg_pool -> {head}, aux: a -> global_avg_pool -> {head}}}
}}
space cells = net
search s {{
  space = cells
  strategy = gradient {{ steps = 3  batch = 8  measure = 8  aux = 0.4 }}
  data = motion_digits(frames = 8, size = 16, motions = 4, train = 16, valid = 16, test = 16)
  retrain {{ steps = 3  batch = 8  aux = 0.4 }}
  export {{ onnx = "x.onnx"  source = "x.py" }}
}}
"""


@pytest.mark.parametrize("order", [1, 2])
def test_the_same_numbers_with_and_without_axes_of_size_one(tmp_path: Path, order: int) -> None:
    found = []
    for name, head in (("ones", "pointwise(classes, bias = true)"), ("flat", "linear(classes)")):
        path = tmp_path / f"{name}.space"
        path.write_text(TEXT.format(head=head), encoding="utf-8")
        result = stdsl.run(path, overrides={"strategy.decisions.order": order}, out=tmp_path / name, device="cpu")
        found.append(result.document)
        assert (tmp_path / name / "x.onnx").is_file()
    ones, flat = found
    assert ones["derived"]["values"] == flat["derived"]["values"]
    assert [n["params"] for n in ones["networks"]] == [n["params"] for n in flat["networks"]]
    assert ones["networks"][0]["test"] == pytest.approx(flat["networks"][0]["test"], rel=1e-4)
