"""Tiny runs of every kind."""

from __future__ import annotations

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
space cells(c = 4) = tiny(c)
space per_frame(c = 4) = flat(c)
space alone = single
space together = fused

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
    "compared, with helpers": ("compared",),
    "trained and exported": ("trained",),
    "with a needed search": ("fuse",),
}
"""Kind → the search and what is set. One with helpers uses a second core, the others one."""
