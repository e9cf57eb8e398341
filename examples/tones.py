"""Sounds as arrays: which tone is in the noise, from spectrograms of one's own.

    python examples/tones.py [FOLDER] [--sounds 600] [--steps 200]

Makes FOLDER/tones.npz, spectrograms (frequency × time) of tones that rise, fall, stay, tremble or are not there, in
noise; FOLDER/tones.space, a search on them; and runs it. Prints the accuracy of the network that was found beside
those of three random ones of about its cost, as it comes out (one seed). A minute on one core.

The noise is so loud that none is right most of the time, where guessing has 0.2. `benchmarks/RESULTS.md` has what came
out: of 120 sounds a share is known to 0.05 or so, and at this size the search finds a network among the random ones.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

import stdsl

KINDS = ("rising", "falling", "steady", "trembling", "none")
BANDS, STEPS, WINDOW, RATE = 24, 32, 64, 4000
SPACE = """stdsl 1
use std.image (relu_conv_bn)

ops candidates(c) = {
  skip: conv(c, 1x1) -> bn,
  point: relu_conv_bn(c, 1x1),
  pitch: relu_conv_bn(c, 5x1),
  time: relu_conv_bn(c, 1x5),
  both: relu_conv_bn(c, 3x3),
}

meta listener(c, bands, steps, classes) on x: image(1, bands, steps) {
  stem = x -> conv(c, 3x3) -> bn
  a = stem -> choose candidates(c) as first -> max_pool(2x2, stride = 2)
  b = a -> choose candidates(2 * c) as second -> choose candidates(2 * c) as third
  return b -> relu -> global_avg_pool -> linear(classes)
}

space listeners(c = 8, bands = 24, steps = 32, classes = 5) = listener(c, bands, steps, classes)

search tones {
  space = listeners(bands = data.height, steps = data.width, classes = data.classes)
  data = arrays("tones.npz")
  strategy = gradient {
    steps = 200
    batch = 32
    weights { optimizer = sgd(lr = cosine(0.1, ramp = 5), momentum = 0.9)  clip = 5 }
    decisions { optimizer = adam(lr = 0.02)  warmup = 0.4 }
  }
  retrain { steps = 200  batch = 32  optimizer = sgd(lr = cosine(0.1, ramp = 5), momentum = 0.9)  clip = 5 }
  compare { random = 3  near = 0.3  above = 0.3 }
}
"""


def sounds(count: int, seed: int = 0) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """So many sounds, (N, samples), and the place of each's kind in ``KINDS``."""
    rng = np.random.default_rng(seed)
    kinds = np.arange(count) % len(KINDS)
    samples = WINDOW // 2 * (STEPS + 1)
    t = np.linspace(0, 1, samples)
    start, slope = rng.uniform(500, 1100, (count, 1)), rng.uniform(250, 450, (count, 1))
    way = np.array([1.0, -1.0, 0.0, 0.0, 0.0])[kinds][:, None]
    trembling = (kinds == KINDS.index("trembling"))[:, None] * 150 * np.sin(2 * np.pi * 4 * t)
    pitch = start + way * slope * (t - 0.5) * 2 + trembling
    phase = 2 * np.pi * np.cumsum(pitch, axis=1) / RATE + rng.uniform(0, 2 * np.pi, (count, 1))
    loud = (kinds != KINDS.index("none"))[:, None] * rng.uniform(0.5, 1.0, (count, 1))
    return loud * np.sin(phase) + rng.normal(0, 2.2, (count, samples)), kinds


def spectrograms(waves: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Logarithms of the power in ``BANDS`` bands and ``STEPS`` overlapping windows: (N, bands, steps)."""
    frames = np.lib.stride_tricks.sliding_window_view(waves, WINDOW, axis=1)[:, :: WINDOW // 2][:, :STEPS]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=2)) ** 2
    return np.log1p(power[:, :, 1 : BANDS + 1]).transpose(0, 2, 1).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where to work (default: a temporary folder)")
    parser.add_argument("--sounds", type=int, default=600, help="how many (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=200, help="of the search, and of each training")
    options = parser.parse_args()
    folder: Path = options.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    waves, kinds = sounds(options.sounds)
    np.savez(folder / "tones.npz", x=spectrograms(waves), y=np.array(KINDS)[kinds])
    (folder / "tones.space").write_text(SPACE, encoding="utf-8")
    steps = {"strategy.steps": options.steps, "retrain.steps": options.steps}
    result = stdsl.run(folder / "tones.space", overrides=steps, out=folder / "run", device="cpu")
    for network in result.document["networks"]:
        print(f"{network['title']}: {network['test']['accuracy']:.3f}")


if __name__ == "__main__":
    main()
