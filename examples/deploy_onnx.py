"""Classify clips (or images) with a network that stdsl exported, where neither PyTorch nor stdsl is installed.

    python deploy_onnx.py model.onnx clip.npy          one file per input of the network
    python deploy_onnx.py model.onnx --demo            a made-up clip: a bright square that moves to the right

Needs numpy and onnxruntime alone. The file itself says what it takes: names and shapes of its inputs, how to
normalise them, and the names of the classes (see `python deploy_onnx.py model.onnx --info`). A .npy file holds one
sample, such as (C, T, H, W), or a batch of them; bytes from 0 to 255 are scaled to 0…1 before they are normalised.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

Array = npt.NDArray[np.float32]


class Classifier:
    """An exported network with what its file says about itself."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.metadata: dict[str, str] = self.session.get_modelmeta().custom_metadata_map
        self.classes: list[str] = json.loads(self.metadata.get("classes", "[]"))
        self.normalisation: dict[str, Any] = json.loads(self.metadata.get("normalisation", "{}"))
        self.shapes: dict[str, tuple[int, ...]] = {i.name: tuple(i.shape[1:]) for i in self.session.get_inputs()}
        modalities: list[str] = json.loads(self.metadata.get("modalities", "[]"))
        self.modalities = dict(zip(self.shapes, modalities or self.shapes, strict=True))

    def normalise(self, name: str, batch: Array) -> Array:
        """(N, C, …) of an input as the network was trained: each sample to mean 0 and deviation 1, or each channel by
        given numbers; inputs that this is not about (flow, a mask) as they are."""
        how = self.normalisation.get("each", {}).get(self.modalities[name], self.normalisation)
        if how.get("only") and self.modalities[name] not in how["only"]:
            return batch
        if how.get("per_sample"):
            axes = tuple(range(1, batch.ndim))
            centred = batch - batch.mean(axes, keepdims=True)
            return np.asarray(centred / np.maximum(batch.std(axes, keepdims=True), 1e-6), np.float32)
        if how.get("mean"):
            per_channel = (1, -1, *[1] * (batch.ndim - 2)) if batch.ndim != 3 else (1, 1, -1)  # tokens (N, L, C)
            mean = np.reshape(how["mean"], per_channel)
            std = np.reshape(how["std"], per_channel)
            return np.asarray((batch - mean) / std, np.float32)
        return batch

    def probabilities(self, inputs: dict[str, Array]) -> Array:
        """(N, classes) for batches of raw inputs by name."""
        feed = {name: self.normalise(name, batch) for name, batch in inputs.items()}
        (logits,) = self.session.run(None, feed)
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(powers / powers.sum(1, keepdims=True), np.float32)


def read(path: Path, shape: tuple[int, ...]) -> Array:
    """The batch in a .npy file; raises ValueError if its samples have another shape."""
    raw = np.load(path, allow_pickle=False)
    batch = np.asarray(raw, np.float32) / (255 if raw.dtype == np.uint8 else 1)
    if batch.ndim == len(shape):
        batch = batch[None]
    if batch.shape[1:] != shape:
        raise ValueError(f"{path} holds samples of shape {batch.shape[1:]}, the network takes {shape}")
    return batch


def demo(shape: tuple[int, ...]) -> Array:
    """A batch of one: a bright square on a dark ground that moves to the right from frame to frame (it stands still
    in an image)."""
    clip = shape if len(shape) == 4 else (shape[0], 1, *shape[1:])
    _, frames, height, width = clip
    sample = np.zeros(clip, np.float32)
    side = max(height // 4, 1)
    top = (height - side) // 2
    for t in range(frames):
        left = t * max(width - side, 0) // max(frames - 1, 1)
        sample[:, t, top : top + side, left : left + side] = 1
    return sample.reshape(1, *shape)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="the .onnx file")
    parser.add_argument("inputs", type=Path, nargs="*", help="a .npy file for each input of the network, in its order")
    parser.add_argument("--demo", action="store_true", help="classify a made-up clip")
    parser.add_argument("--info", action="store_true", help="print what the file says about itself")
    parser.add_argument("--top", type=int, default=3, help="how many classes to print (default: %(default)s)")
    options = parser.parse_args()
    classifier = Classifier(options.model)
    if options.info:
        for key, value in sorted(classifier.metadata.items()):
            print(f"{key}: {value}")
        return 0
    if options.demo:
        batches = {name: demo(shape) for name, shape in classifier.shapes.items()}
    elif len(options.inputs) == len(classifier.shapes):
        try:
            pairs = zip(classifier.shapes.items(), options.inputs, strict=True)
            batches = {name: read(path, shape) for (name, shape), path in pairs}
        except (OSError, ValueError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    else:
        parser.error(f"the network takes {len(classifier.shapes)} inputs: {', '.join(classifier.shapes)}")
    for i, row in enumerate(classifier.probabilities(batches)):
        best = np.argsort(row)[::-1][: options.top]
        names = [classifier.classes[k] if k < len(classifier.classes) else f"class {k}" for k in best]
        shown = ", ".join(f"{name} {row[k]:.1%}" for name, k in zip(names, best, strict=True))
        print(f"sample {i}: {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
