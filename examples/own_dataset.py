"""A data set class of one's own, `torch.utils.data.Dataset` as everywhere, as the data of a search.

    python examples/own_dataset.py [FOLDER] [--images 600] [--steps 300]

Writes FOLDER/my_pairs.py, a class that gives two digits side by side in an image and whether the right one is the
greater; FOLDER/pairs.space, which declares it with what a sample holds (`extern data`); and runs the search, with leave
to load the class. Prints the accuracy of the network that was found beside those of three random ones of its cost, as
it comes out (one seed). A minute on one core. The same goes without Python:

    stdsl data check pairs.space --allow-extern
    stdsl run pairs.space --allow-extern
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import stdsl

CLASS = '''"""Pairs of digits, and whether the right one is the greater."""

import numpy as np
from torch.utils.data import Dataset

from stdsl.runtime.data.digits import digits


class Pairs(Dataset):
    """Images (1, 8, 16) of two digits side by side; no digit of the test is in a pair to train on."""

    classes = ("not greater", "greater")

    def __init__(self, count: int, split: str) -> None:
        images, labels = digits()
        part = slice(0, 1200) if split == "train" else slice(1200, None)
        self.images, self.labels = images[part].astype(np.float32), labels[part]
        rng = np.random.default_rng(0 if split == "train" else 1)
        self.pairs = rng.integers(0, len(self.labels), (count if split == "train" else count // 4, 2))
        self.targets = [int(self.labels[b] > self.labels[a]) for a, b in self.pairs]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index):
        left, right = self.pairs[index]
        return np.concatenate([self.images[left], self.images[right]], axis=1)[None], self.targets[index]
'''
SPACE = """stdsl 1

extern data pairs(count: int = 600) from "my_pairs:Pairs" {
  inputs = image(1, 8, 16)
  classes = 2
  splits = ["train", "test"]
}

# Nine places each, so that all networks cost the same.
ops candidates(c) = {
  square: conv(c, 3x3) -> bn -> relu,
  sparse: conv(c, 3x3, dilation = 2) -> bn -> relu,
  wide: conv(c, 1x9) -> bn -> relu,
  tall: conv(c, 9x1) -> bn -> relu,
}
meta net(c, height, width, classes) on image: image(1, height, width) {
  a = image -> conv(c, 3x3) -> bn -> relu -> choose candidates(c) as first -> max_pool(2x2, stride = 2)
  b = a -> choose candidates(2 * c) as second -> choose candidates(2 * c) as third
  return b -> flatten -> linear(4 * c) -> relu -> linear(classes)
}
space nets(c = 8, height = 8, width = 16, classes = 2) = net(c, height, width, classes)

search greater {
  space = nets(height = data.height, width = data.width, classes = data.classes)
  data = pairs(count = 600)
  strategy = gradient {
    steps = 300
    batch = 32
    weights { optimizer = sgd(lr = cosine(0.05, ramp = 5), momentum = 0.9)  clip = 5 }
    decisions { optimizer = adam(lr = 0.02)  warmup = 0.4 }
  }
  retrain { steps = 300  batch = 32  optimizer = sgd(lr = cosine(0.05, ramp = 5), momentum = 0.9)  clip = 5 }
  compare { random = 3  near = 0.3  above = 0.3 }
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where to work (default: a temporary folder)")
    parser.add_argument("--images", type=int, default=600, help="how many to train on (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=300, help="of the search, and of each training")
    options = parser.parse_args()
    folder: Path = options.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "my_pairs.py").write_text(CLASS, encoding="utf-8")
    (folder / "pairs.space").write_text(SPACE, encoding="utf-8")
    settings = {"data.count": options.images, "strategy.steps": options.steps, "retrain.steps": options.steps}
    target, out = folder / "pairs.space", folder / "run"
    result = stdsl.run(target, overrides=settings, out=out, device="cpu", allow_extern=True)
    for network in result.document["networks"]:
        print(f"{network['title']}: {network['test']['accuracy']:.3f}")


if __name__ == "__main__":
    main()
