"""W0718 is said where a setting of what to compute again saves nothing, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdsl.compiler.families.gradient.recomputing import recompute_warnings
from stdsl.runtime.prepare.preparation import load_job

TEXT = """stdsl 1
use std.image (relu_conv_bn, sep_conv)
ops dense = {{conv: relu_conv_bn(same, 3x3), skip: identity}}
ops apart = {{sep: sep_conv(3x3), skip: identity}}
cell block(c) on x {{
  a = x -> each_of
  return a
}}
cell single(c) on x {{ return x -> conv(c, 3x3) }}
meta net() on x: image(3, 32, 32) {{
  stem = x -> conv(4, 3x3)
  return {body} -> global_avg_pool -> linear(10)
}}
space s = net()
search try {{
  space = s
  data = cifar10("data")
  strategy = gradient {{
    steps = 2  batch = 4
    relax {{ recompute = {what}{rest} }}
  }}
}}
"""
DENSE, APART = "stem -> choose dense as kind", "stem -> choose apart as kind"
IN_CELL, SMALL_CELL = "stem -> block(4)", "stem -> single(4) -> choose dense as kind"
CASES = [
    (APART, "cells", "", "operations"),
    (APART, "operations", "", "silent"),
    (DENSE, "cells", "", None),
    (DENSE, "operations", "", None),
    (IN_CELL, "cells", "", "silent"),
    (IN_CELL, "operations", "", "silent"),
    (SMALL_CELL, "cells", "", None),
    (APART, "operations", "  without = [merge_targets]", None),
    (IN_CELL, "operations", "  without = [merge_targets]", "cells"),
]


@pytest.mark.parametrize(("body", "what", "rest", "expected"), CASES)
def test_what_is_said(tmp_path: Path, body: str, what: str, rest: str, expected: str | None) -> None:
    text = TEXT.format(body=body, what=what, rest=rest).replace("each_of", "choose apart as kind")
    (tmp_path / "s.space").write_text(text)
    job = load_job(str(tmp_path / "s.space"), None, [])
    found = list(recompute_warnings(job.config.strategy, job.graph))
    if expected == "silent":
        assert not found
        return
    (warning,) = found
    assert warning.better == expected
    assert warning.help == (f"`recompute = {expected}` does" if expected else "leave `recompute` out")
