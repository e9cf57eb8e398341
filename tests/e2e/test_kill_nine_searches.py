"""Every kind of gradient search, killed by SIGKILL twice (at a random step, and while a checkpoint is written) and
resumed through the command line, ends at the same bits."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from kills.outcome import outcome

STEPS, BATCH = 12, 16
TEXT = """stdsl 1
use std.video (relu_conv_bn)

ops candidates(stride = 1) = {
  skip: skip(stride),
  pool: max_pool(3x3x3, stride) -> bn,
  flat: relu_conv_bn(same, 1x3x3, stride),
}

tied cell motif(c) on s0, s1 {
  a = s0 -> relu_conv_bn(c)
  b = s1 -> relu_conv_bn(c)
  for i in 1..2 {
    halved = [a, b] -> each choose candidates(stride = 2) as kind
    x[i] = [*halved, *(x[<i] -> each choose candidates as kind)] -> keep 2 as inputs -> sum
  }
  return x -> concat -> dropout(0.1)
}

meta tiny(c = 4) on video: clip(1, 8, 16, 16) {
  stem = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn
  h = [stem, stem] -> motif(2 * c)
  return h -> global_avg_pool -> linear(4)
}
space cells(c = 4) = tiny(c)

search small {
  space = cells
  data = motion_digits(
    frames = 8, size = 16, motions = 4, noise = 0.1, background = 0, jitter = 0,
    train = 64, valid = 64, test = 64,
  )
  strategy = gradient {
    steps = 12  batch = 16  measure = 32
    relax { keep = sigmoid }
    weights { optimizer = sgd(lr = 0.05, momentum = 0.9)  clip = 5 }
    decisions { optimizer = adam(lr = 0.05)  clip = 1  warmup = 2 }
  }
}

search staged {
  space = cells
  data = motion_digits(
    frames = 8, size = 16, motions = 4, noise = 0.1, background = 0, jitter = 0,
    train = 64, valid = 64, test = 64,
  )
  strategy = gradient {
    steps = 12  batch = 16  measure = 32
    relax { keep = sigmoid }
    weights { optimizer = sgd(lr = 0.05, momentum = 0.9)  clip = 5 }
    decisions { optimizer = adam(lr = 0.05)  clip = 1  warmup = 2 }
  }
  phase { free = "motif.halved[*][*].kind"  hold { "**.inputs" = uniform  "motif.x[2][1].kind" = "skip" }  steps = 5 }
  phase { free = ["**.inputs", "motif.x[2][1].kind"]  steps = 7 }
}
"""

SCHEDULED = "strategy.discretize.count=M * (1 - (1 - t / T) ** 2)"
SEARCHES = {
    "first order": [],
    "second order": ["strategy.decisions.order=2"],
    "gumbel": ["strategy.relax.choose=gumbel(tau = 5 - 4 * t / T)"],
    "hard gumbel": ["strategy.relax.choose=gumbel(tau = 2, hard = true)"],
    "partial": ["strategy.relax.choose=partial(softmax, channels = 1 / 4)"],
    "scheduled": [SCHEDULED],
    "scheduled, recomputed": [SCHEDULED, "strategy.relax.recompute=cells"],
    "scheduled, second order": [SCHEDULED, "strategy.decisions.order=2"],
    "best epoch": ["strategy.derive.snapshot=best"],
    "bfloat16": ["precision=bfloat16"],
    "in phases": [],
    "compiled": ["compile=true"],
}
Order = Callable[..., int]

MOMENTS = ("torn", "whole", "renamed")
QUICK = ("first order", "scheduled, second order", "in phases")
"""Of the others `test_search_variants.py` shows that they are stopped and gone on with, and `make kills` kills them."""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("killed") / "tiny.space"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("kind", [pytest.param(k, marks=[pytest.mark.slow] * (k not in QUICK)) for k in SEARCHES])
def test_killed_twice_and_resumed_it_is_the_same(space: Path, tmp_path: Path, stdsl: Order, kind: str) -> None:
    options = [part for text in SEARCHES[kind] for part in ("--set", text)]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    search = f"{space}::{'staged' if kind == 'in phases' else 'small'}"
    assert stdsl("run", search, *options, "--out", str(whole)) == 0
    chance = random.Random()
    first = chance.randrange(1, STEPS)
    assert stdsl("run", search, *options, "--out", str(broken), moment="step", number=first) == -signal.SIGKILL
    moment, number = chance.choice(MOMENTS), chance.randrange(1, (STEPS - first // 3 * 3 - 1) // 3 + 2)
    resume = ("run", "--resume", str(broken))
    # Said when it fails, since both moments are drawn.
    print(f"killed at step {first}, then {moment} in checkpoint {number}")
    assert stdsl(*resume, moment=moment, number=number) == -signal.SIGKILL
    assert stdsl(*resume) == 0
    assert outcome(broken) == outcome(whole)
    assert not list(broken.rglob("*.tmp")), "what the killed writer left is gone"


def test_a_scheduled_search_is_killed_while_its_network_shrinks(space: Path, tmp_path: Path, stdsl: Order) -> None:
    """Every checkpoint of a search that shrinks at every step: killed at each, it goes on from a smaller network."""
    options = ("--set", SCHEDULED, "--set", "strategy.decisions.warmup=0")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert stdsl("run", f"{space}::small", *options, "--out", str(whole)) == 0
    killed = stdsl("run", f"{space}::small", *options, "--out", str(broken), moment="renamed", number=1)
    for _ in range(2):
        assert killed == -signal.SIGKILL
        killed = stdsl("run", "--resume", str(broken), moment="renamed", number=1)
    assert stdsl("run", "--resume", str(broken)) == 0
    assert outcome(broken) == outcome(whole)
