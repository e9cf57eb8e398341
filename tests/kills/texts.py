"""Tiny runs of every kind, and the arrays that some of them learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

TEXT = """stdsl 1
use std.video (relu_conv_bn)
use std.strategies (gdas)

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
cell backbone(c) on clip = clip -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu

meta tiny(c = 4) on video: clip(1, 4, 8, 8) {
  stem = video -> conv(c, 1x3x3) -> bn
  h = [stem, stem] -> motif(2 * c)
  return h -> global_avg_pool -> linear(4)
}
meta flat(c = 4) on video: clip(1, 4, 8, 8) = video -> conv(c, 1x3x3) -> bn -> relu -> global_avg_pool -> linear(4)
meta single(c = 4) on video: clip(1, 4, 8, 8) {
  features = video -> backbone(c)
  return features -> global_avg_pool -> linear(4)
}
meta fused(c = 4) on video: clip(1, 4, 8, 8) {
  known = video -> frozen backbone(c, weights = "run:pretrain")
  y = known -> choose {pointwise: pointwise(4) -> bn, skip: identity} as kind
  return y -> relu -> global_avg_pool -> linear(4)
}
meta labelled(outputs) on x: image(1, 8, 8) {
  y = x -> conv(4, 3x3, stride = 2) -> bn -> relu -> choose {flat: conv(4, 1x1), full: conv(4, 3x3)} as kind -> relu
  return y -> pointwise(outputs)
}
meta sized(size, classes) on x: image(1, size, size) {
  y = x -> conv(4, 3x3) -> bn -> relu -> choose {flat: conv(4, 1x1), full: conv(4, 3x3)} as kind -> bn -> dropout(0.1)
  return y -> relu -> global_avg_pool -> linear(classes)
}
space cells(c = 4) = tiny(c)
space per_frame(c = 4) = flat(c)
space alone = single
space together = fused
space maps(outputs = 3) = labelled(outputs)
space other_sizes(size = 8, classes = 3) = sized(size, classes)

strategy short = gradient {
  steps = 12  batch = 8  measure = 16
  relax { keep = sigmoid }
  weights { optimizer = sgd(lr = 0.05, momentum = 0.9)  clip = 5 }
  decisions { optimizer = adam(lr = 0.05)  clip = 1  warmup = 2 }
}
search small {
  space = cells  strategy = short
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
}
search staged {
  space = cells  strategy = short
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  phase { free = "motif.halved[*][*].kind"  hold { "**.inputs" = uniform  "motif.x[2][1].kind" = "skip" }  steps = 5 }
  phase { free = ["**.inputs", "motif.x[2][1].kind"]  steps = 7 }
}
search exported {
  space = cells  strategy = short
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  export { onnx = "model.onnx"  source = "net.py"  weights = "out/w.safetensors" }
}
search whole {
  space = cells  strategy = short
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  retrain {
    steps = 16  batch = 8  holdout = 0.1  snapshot = best  cutout = 2  drop_path = 0.1
    optimizer = sgd(lr = cosine(0.1), momentum = 0.9)
  }
  export { source = "net.py"  weights = "out/w.safetensors" }
}
search compared {
  space = cells  strategy = short
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  retrain { steps = 8  batch = 8  seeds = 2 }
  compare { random = 1  spaces = [per_frame, per_frame(6)] }
}
search trained {
  space = per_frame
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  retrain { steps = 16  batch = 8 }
  export { onnx = "model.onnx" }
}
search posterior {
  space = cells
  strategy = variational { steps = 8  batch = 8  decisions { optimizer = adam(lr = 0.05) }  derive { samples = 4 } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  retrain { steps = 8  batch = 8 }
}
search posterior_staged {
  space = cells
  strategy = variational { steps = 5  batch = 8  decisions { optimizer = adam(lr = 0.05) }  derive { samples = 4 } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  phase { free = "motif.halved[*][*].kind"  hold { "**.inputs" = uniform  "motif.x[2][1].kind" = "skip" } }
  phase { free = ["**.inputs", "motif.x[2][1].kind"] }
  retrain { steps = 8  batch = 8 }
}
search drawn {
  space = cells
  strategy = random { trials = 3  fitness { steps = 6  batch = 8  samples = 16 } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  retrain { steps = 8  batch = 8 }
}
search at_pixels {
  space = maps(outputs = data.outputs)  strategy = short
  data = arrays("pixels.npz", ignore = 255, flip = true, pad = 2)
  loss = dice(cross_entropy = 0.5)
  retrain { steps = 16  batch = 8  holdout = 0.2  snapshot = best }
}
search elsewhere {
  space = other_sizes(data.height, data.classes)  strategy = short
  data = arrays("small.npz", flip = true)
  retrain {
    space = other_sizes(data.height, data.classes)  data = arrays("large.npz", pad = 1)
    steps = 16  batch = 8
  }
  compare { random = 1 }
  evaluate { data = arrays("measured.npz", test = 0.9) }
}
search paths {
  space = other_sizes(data.height, data.classes)
  strategy = sampling { steps = 12  batch = 8  samples = 2  draw = uniform  derive { candidates = 4 } }
  data = arrays("small.npz")
}
search reused {
  space = other_sizes(data.height, data.classes)
  strategy = random { trials = 4  fitness { weights = shared  batch = 8 } }
  data = arrays("small.npz")
  needs = [paths]
  export { onnx = "model.onnx" }
}
search rewarded {
  space = cells
  strategy = sampling {
    steps = 12  batch = 8  samples = 1  estimator = reinforce  reward = metric  derive { candidates = 3 }
    decisions { optimizer = adam(lr = 0.05) }
  }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  export { weights = "out/w.safetensors" }
}
search paths_drawn {
  space = cells
  strategy = gdas { steps = 12  batch = 8 }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  export { weights = "out/w.safetensors" }
}
search tuned {
  space = cells
  strategy = bayes {
    budget { least = 1  most = 4  eta = 2  iterations = 2 }
    fitness {
      samples = 16  batch = choose {8, 16}  dropout = choose real(0.0..0.3)
      optimizer = sgd(lr = cosine(0.1), momentum = 0.9)
    }
  }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  retrain { steps = 8  batch = 8 }
}
search pretrain {
  space = alone
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  retrain { steps = 8  batch = 8 }
}
search fuse {
  space = together  strategy = short
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  needs = [pretrain]
  retrain { steps = 8  batch = 8 }
}
"""

SCHEDULED = "strategy.discretize.count=M * (1 - (1 - t / T) ** 2)"
KINDS: dict[str, tuple[str, ...]] = {
    "first order": ("small",),
    "second order": ("small", "strategy.decisions.order=2"),
    "gumbel": ("small", "strategy.relax.choose=gumbel(tau = 5 - 4 * t / T)"),
    "partial channels": ("small", "strategy.relax.choose=partial(softmax, channels = 1 / 4)"),
    "scheduled": ("small", SCHEDULED),
    "best epoch": ("small", "strategy.derive.snapshot=best"),
    "bfloat16": ("small", "precision=bfloat16"),
    "in phases": ("staged",),
    "exported without retraining": ("exported",),
    "retrained, held out": ("whole",),
    "compared": ("compared",),
    "compared, in processes": ("compared",),
    "trained and exported": ("trained",),
    "with a needed search": ("fuse",),
    "in shared weights": ("reused",),
    "in the weights of a run that is given": ("reused",),
    "variational": ("posterior",),
    "variational, in phases": ("posterior_staged",),
    "random": ("drawn",),
    "random, in processes": ("drawn",),
    "rewarded": ("rewarded",),
    "drawn from a mixture": ("paths_drawn",),
    "tuned, in brackets": ("tuned",),
    "classes of pixels": ("at_pixels",),
    "trained and measured on other data": ("elsewhere",),
}
"""Kind → the search and what is set. One in processes has two hands, others train in their own."""
FRONT = ("--front", "params", "--budget", "60", "--budget", "130", "--budget", "1000", "--candidates", "3")
DERIVED: dict[str, tuple[str, ...]] = {
    "a front": FRONT,
    "derived within budgets": ("--where", "params <= 1000", "--candidates", "2"),
    "derived by its name": ("--arch", '{"y.kind": "full"}'),
}
"""Kind → what `stdsl derive` is asked for, of a finished run of the search `paths`."""
GIVEN = {"in the weights of a run that is given": "paths"}
"""Kind → what its search needs, of which it is given a finished run."""


def write_arrays(folder: Path) -> None:
    """The files that searches of ``TEXT`` name."""
    rng = np.random.default_rng(0)
    pixels = rng.normal(size=(80, 8, 8))
    coarse = np.digitize(pixels[:, ::2, ::2], [-0.5, 0.5]).astype(np.uint8)
    coarse[rng.random(coarse.shape) < 0.2] = 255
    np.savez(folder / "pixels.npz", x=pixels, y=coarse)
    for name, size, count in (("small", 8, 60), ("large", 10, 48), ("measured", 10, 40)):
        labels = np.arange(count) % (3 if name == "small" else 4)
        np.savez(folder / f"{name}.npz", x=rng.normal(size=(count, size, size)) + labels[:, None, None], y=labels)
