"""Two inputs from arrays of one's own, frames and flow: fused by a network that is found, and written as ONNX.

    python examples/frames_and_flow.py [FOLDER] [--clips 600] [--steps 400]

Makes FOLDER/clips.npz, clips of moving digits with the flow between their frames, and what moves how as the label;
FOLDER/fused.space, a search for how two streams are looked at and where they meet; and runs it. Prints the accuracy of
the network that was found beside those of three random ones of about its cost, as it comes out (one seed), and what the
exported file alone, with its two inputs, tells of a clip. Two minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

import stdsl
from stdsl.compiler.schemas.data_motion import MotionDigits
from stdsl.runtime.data.motion_digits import MotionDigitsDataset

FRAMES, SIZE = 6, 16
SPACE = """stdsl 1

ops looks(c) = {
  frame: conv(c, 1x3x3) -> bn -> relu,
  time: conv(c, 3x1x1) -> bn -> relu,
  both: conv(c, 3x3x3) -> bn -> relu,
}
op stem(c) on x = x -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu

# The streams meet early or late: `joined` is of both, and so is what comes after.
meta fused(c, length, size, classes) on frames: clip(1, length, size, size), flow: clip(2, length, size, size) {
  a = frames -> stem(c) -> choose looks(c) as seen
  b = flow -> stem(c) -> choose looks(c) as moved
  joined = [a, b] -> concat -> choose looks(2 * c) as joined
  apart = [a -> choose looks(c) as seen_more, b -> choose looks(c) as moved_more] -> concat
  return [joined, apart] -> keep 1 as meeting -> sum -> global_avg_pool -> linear(classes)
}
space nets(c = 6, length = 6, size = 16, classes = 16) = fused(c, length, size, classes)

search fusion {
  space = nets(length = data.flow.frames, size = data.height, classes = data.classes)
  data = arrays("clips.npz", axes = ["NTHW", "NCTHW"])
  strategy = gradient {
    steps = 400
    batch = 32
    weights { optimizer = sgd(lr = cosine(0.1, ramp = 5), momentum = 0.9)  clip = 5 }
    decisions { optimizer = adam(lr = 0.02)  warmup = 0.4 }
  }
  retrain { steps = 400  batch = 32  optimizer = sgd(lr = cosine(0.1, ramp = 5), momentum = 0.9)  clip = 5 }
  compare { random = 3  near = 0.3  above = 0.3 }
  export { onnx = "fused.onnx" }
}
"""


def make_clips(path: Path, count: int) -> None:
    """So many clips (N, T, H, W) with their flow (N, 2, T, H, W), and the motion and the digit of each as a text."""
    parts = {"train": count * 4 // 5, "valid": 1, "test": count - count * 4 // 5}
    seen: dict[str, Any] = {"motions": 4, "digits": 4, "label": "both", "modalities": ("frames", "flow")}
    dataset = MotionDigitsDataset(MotionDigits(frames=FRAMES, size=SIZE, background=0.2, noise=0.2, **seen, **parts), 0)
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for split in ("train", "test"):
        batch = dataset.samples(split, np.arange(parts[split]), 0)
        frames, flow = (values.numpy() for values in batch.inputs)
        arrays |= {f"{split}_frames": frames[:, 0], f"{split}_flow": flow}
        arrays[f"{split}_y"] = np.array(dataset.classes)[batch.targets.numpy()]
    np.savez(path, **arrays)


def told(model: Path, clips: Path) -> tuple[str, str]:
    """What the file tells of the first clip of the test, scaled as the file says, and what that is."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    arrays, scales = np.load(clips), json.loads(facts["normalisation"])["each"]
    raw = {"frames": arrays["test_frames"][:1, None], "flow": arrays["test_flow"][:1]}
    fed = {}
    for name, values in raw.items():
        mean, std = (np.reshape(scales[name][key], (1, -1, 1, 1, 1)) for key in ("mean", "std"))
        fed[name] = ((values - mean) / std).astype(np.float32)
    (scores,) = session.run(None, fed)
    return json.loads(facts["classes"])[int(scores[0].argmax())], str(arrays["test_y"][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where to work (default: a temporary folder)")
    parser.add_argument("--clips", type=int, default=600, help="how many (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=400, help="of the search, and of each training")
    options = parser.parse_args()
    folder: Path = options.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    make_clips(folder / "clips.npz", options.clips)
    (folder / "fused.space").write_text(SPACE, encoding="utf-8")
    steps = {"strategy.steps": options.steps, "retrain.steps": options.steps}
    result = stdsl.run(folder / "fused.space", overrides=steps, out=folder / "run", device="cpu")
    for network in result.document["networks"]:
        print(f"{network['title']}: {network['test']['accuracy']:.3f}")
    found, right = told(folder / "run" / "fused.onnx", folder / "clips.npz")
    print(f"the file alone, of a clip of `{right}`: {found}")


if __name__ == "__main__":
    main()
