"""An image classifier for one's own folder of images: from files to a network found, compared and exported.

    python examples/own_images.py [FOLDER] [--images 600] [--steps 200]

Makes FOLDER/photos, a folder for each class, out of the handwritten digits that come with stdsl; FOLDER/photos.space,
a search on it; and runs it, within a budget of multiply-adds as a microcontroller has. Prints the accuracy of the
network that was found beside those of three random ones of about its cost, as it comes out (one seed), and classifies a
file with the exported network alone, scaled as the file says. Needs Pillow (`pip install "stdsl[image]"`); half a
minute on one core.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

import stdsl
from stdsl.runtime.data.digits import digits

SIZE = 16
SPACE = """stdsl 1
use std.image (relu_conv_bn)

ops candidates(c) = {
  skip: conv(c, 1x1) -> bn,
  flat: relu_conv_bn(c, 1x1),
  conv3: relu_conv_bn(c, 3x3),
  conv5: relu_conv_bn(c, 5x5),
}

meta classifier(c, size, classes) on image: image(1, size, size) {
  stem = image -> conv(c, 3x3, stride = 2) -> bn
  a = stem -> choose candidates(c) as first -> max_pool(3x3, stride = 2)
  b = a -> choose candidates(2 * c) as second -> choose candidates(2 * c) as third
  return b -> relu -> global_avg_pool -> linear(classes)
}

space small(c = 8, size = 16, classes = 10) = classifier(c, size, classes) where flops <= 150K

search photos {
  space = small(size = data.height, classes = data.classes)
  data = image_folder(root = "photos", size = 16, resize = 18, channels = 1, flip = false)
  strategy = gradient {
    steps = 200
    batch = 32
    weights { optimizer = sgd(lr = cosine(0.1, ramp = 5), momentum = 0.9)  clip = 5 }
    decisions { optimizer = adam(lr = 0.02)  warmup = 0.4 }
  }
  retrain { steps = 200  batch = 32  optimizer = sgd(lr = cosine(0.1, ramp = 5), momentum = 0.9)  clip = 5 }
  compare { random = 3  near = 0.3  above = 0.3 }
  export { onnx = "photos.onnx" }
}
"""


def make_photos(folder: Path, count: int) -> None:
    """So many digits as PNGs, in a folder for each."""
    images, labels = digits()
    for number in range(count):
        path = folder / str(labels[number]) / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        large = Image.fromarray((255 * images[number]).astype(np.uint8)).resize((24, 24), Image.Resampling.BICUBIC)
        large.save(path)


def scores(model: Path, file: Path) -> dict[str, float]:
    """The score of each class for an image, by the exported file alone: which is all that a device would have."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    (given,) = session.get_inputs()
    _, channels, height, width = given.shape
    with Image.open(file) as image:
        side = round(height * 18 / SIZE)
        pixels = np.asarray(image.convert("L").resize((side, side), Image.Resampling.BILINEAR), np.float32) / 255
    top, left = (side - height) // 2, (side - width) // 2
    scale = json.loads(facts["normalisation"])
    crop = (pixels[top : top + height, left : left + width] - scale["mean"][0]) / scale["std"][0]
    (found,) = session.run(None, {given.name: crop.reshape(1, channels, height, width).astype(np.float32)})
    return dict(zip(json.loads(facts["classes"]), found[0].tolist(), strict=True))


def accuracies(document: Mapping[str, Any]) -> dict[str, float]:
    """The test accuracy of each network of a run."""
    return {network["title"]: network["test"]["accuracy"] for network in document["networks"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where to work (default: a temporary folder)")
    parser.add_argument("--images", type=int, default=600, help="how many (default: %(default)s, at most 1797)")
    parser.add_argument("--steps", type=int, default=200, help="of the search, and of each training")
    options = parser.parse_args()
    folder: Path = options.folder or Path(tempfile.mkdtemp())
    make_photos(folder / "photos", options.images)
    (folder / "photos.space").write_text(SPACE, encoding="utf-8")
    steps = {"strategy.steps": options.steps, "retrain.steps": options.steps}
    result = stdsl.run(folder / "photos.space", overrides=steps, out=folder / "run", device="cpu")
    for name, accuracy in accuracies(result.document).items():
        print(f"{name}: {accuracy:.3f}")
    file = sorted((folder / "photos" / "7").iterdir())[0]
    found = scores(folder / "run" / "photos.onnx", file)
    print(f"{file.relative_to(folder)}: {max(found, key=lambda name: found[name])}")


if __name__ == "__main__":
    main()
