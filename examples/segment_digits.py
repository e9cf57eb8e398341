"""A dense task: which pixels of which frames show the moving digit, among still ones in noise.

    python examples/segment_digits.py [FOLDER] [--clips 600] [--steps 160]

Makes FOLDER/digits.npz, clips and for each pixel of each frame whether it shows what moves; FOLDER/digits.space, a
search on them; and runs it. Prints the intersection over union (averaged over the two classes) of the network that was
found, beside those of three random ones of about its cost, of a network that looks at each frame by itself, and of the
best constant answer, as it comes out (one seed). Two minutes on one core.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

import stdsl
from stdsl.compiler.schemas.data_motion import MotionDigits
from stdsl.runtime.data.motion_digits import MotionDigitsDataset

FRAMES, SIZE = 6, 16
SPACE = """stdsl 1

ops candidates = {
  skip,
  frame: conv(same, 1x3x3) -> bn -> relu,
  time: conv(same, 3x1x1) -> bn -> relu,
  both: conv(same, 3x3x3) -> bn -> relu,
}

# Nothing is pooled: there is an answer at each pixel of each frame.
meta segmenter(c, frames, size, outputs) on x: clip(1, frames, size, size) {
  a = x -> conv(c, 1x3x3) -> bn -> relu
  b = a -> choose candidates as first -> choose candidates as second -> choose candidates as third
  return [a, b] -> concat -> pointwise(c) -> relu -> pointwise(outputs)
}
meta still(c, frames, size, outputs) on x: clip(1, frames, size, size) {
  a = x -> conv(c, 1x3x3) -> bn -> relu
  b = a -> conv(c, 1x3x3) -> bn -> relu -> conv(c, 1x3x3) -> bn -> relu -> conv(c, 1x3x3) -> bn -> relu
  return [a, b] -> concat -> pointwise(c) -> relu -> pointwise(outputs)
}

space segmenters(c = 8, frames = 6, size = 16, outputs = 2) = segmenter(c, frames, size, outputs)
space per_frame(c = 8, frames = 6, size = 16, outputs = 2) = still(c, frames, size, outputs)

search digits {
  space = segmenters(frames = data.frames, size = data.height, outputs = data.outputs)
  data = arrays("digits.npz", axes = "NTHW")
  loss = dice(cross_entropy = 1.0)
  strategy = gradient {
    steps = 160
    batch = 16
    weights { optimizer = sgd(lr = cosine(0.1, ramp = 5), momentum = 0.9)  clip = 5 }
    decisions { optimizer = adam(lr = 0.02)  warmup = 0.3 }
  }
  retrain { steps = 160  batch = 16  optimizer = sgd(lr = cosine(0.1, ramp = 5), momentum = 0.9)  clip = 5 }
  compare { random = 3  near = 0.3  above = 0.3  spaces = [per_frame] }
}
"""


def make_clips(path: Path, count: int) -> None:
    """So many clips (N, T, H, W), and where the moving digit is: the same clips without what is beside it."""
    parts = {"train": count * 4 // 5, "valid": 1, "test": count - count * 4 // 5}
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    seen = {"distractors": 1, "noise": 0.3}
    for split in ("train", "test"):
        for name, beside in (("x", seen), ("y", {"noise": 0.0})):
            settings = MotionDigits(frames=FRAMES, size=SIZE, background=0.0, motions=8, **beside, **parts)
            clips = MotionDigitsDataset(settings, 0).samples(split, np.arange(parts[split]), 0).inputs[0][:, 0].numpy()
            arrays[f"{split}_{name}"] = clips if name == "x" else (clips > 0.5).astype(np.uint8)
    np.savez(path, **arrays)


def constant_answers(path: Path) -> dict[int, float]:
    """The intersection over union of telling the same class everywhere, averaged over the two classes."""
    truth = np.load(path)["test_y"]
    return {told: float((truth == told).mean()) / 2 for told in (0, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where to work (default: a temporary folder)")
    parser.add_argument("--clips", type=int, default=600, help="how many (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=160, help="of the search, and of each training")
    options = parser.parse_args()
    folder: Path = options.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    make_clips(folder / "digits.npz", options.clips)
    (folder / "digits.space").write_text(SPACE, encoding="utf-8")
    steps = {"strategy.steps": options.steps, "retrain.steps": options.steps}
    result = stdsl.run(folder / "digits.space", overrides=steps, out=folder / "run", device="cpu")
    for network in result.document["networks"]:
        print(f"{network['title']}: {network['test']['iou']:.3f}")
    print(f"the best constant answer: {max(constant_answers(folder / 'digits.npz').values()):.3f}")


if __name__ == "__main__":
    main()
