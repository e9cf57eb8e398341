"""A table of one's own: what a house costs, and whether it is sold within a month.

    python examples/own_table.py [FOLDER] [--rows 800] [--steps 400]

Makes FOLDER/houses.csv, a made table of numbers and categories with some cells empty; FOLDER/houses.space, a search for
each of two of its columns; and runs both. Prints, of the networks that were found and of up to three random ones each
of half to twice their cost (there are nine networks), the root of the mean squared error of the price beside the
deviation of prices, and the balanced accuracy of the other, as it comes out (one seed). Half a minute on one core.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np

import stdsl

SPACE = """stdsl 1
op wide(c) on x = x -> linear(4 * c) -> relu -> linear(c)

meta mlp(inputs, outputs, c) on row: features(inputs) {
  a = row -> linear(c) -> relu
  b = a + (a -> choose {pass: skip, flat: linear(c), wide: wide(c)} as first) -> relu
  d = b + (b -> choose {pass: skip, flat: linear(c), wide: wide(c)} as second) -> relu
  return d -> linear(outputs)
}

space nets(inputs = 7, outputs = 1, c = 24) = mlp(inputs, outputs, c)

strategy found = gradient {
  steps = 400
  batch = 32
  weights { optimizer = adam(lr = 3e-3) }
  decisions { optimizer = adam(lr = 0.02)  warmup = 0.4 }
}

search price {
  space = nets(data.channels, data.outputs)
  data = table("houses.csv", target = "price", without = ["sold"])
  loss = huber(delta = 1.0)
  strategy = found
  retrain { steps = 400  batch = 32  optimizer = adam(lr = cosine(3e-3)) }
  compare { random = 3  near = 0.5  above = 1.0 }
}

search sold {
  space = nets(data.channels, data.outputs)
  data = table("houses.csv", target = "sold")
  loss = cross_entropy(weights = balanced)
  strategy = found
  retrain { steps = 400  batch = 32  optimizer = adam(lr = cosine(3e-3)) }
  compare { random = 3  near = 0.5  above = 1.0 }
  evaluate { metric = balanced_accuracy }
}
"""


def make_table(path: Path, rows: int) -> None:
    """So many houses; one in thirty has no age. One in five is sold within a month: those that are cheap for what they
    are."""
    rng = np.random.default_rng(0)
    size, rooms, age = rng.uniform(40, 200, rows), rng.integers(1, 7, rows), rng.uniform(0, 90, rows)
    place = np.array(["north", "river", "south", "west"])[rng.integers(0, 4, rows)]
    worth = 2500 * size + 9000 * rooms + 70_000 * (place == "river") - 12 * size * age
    price = worth * rng.normal(1, 0.06, rows)
    cheap = price / worth < np.quantile(price / worth, 0.2)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("size", "rooms", "age", "place", "price", "sold"))
        for i in range(rows):
            years = f"{age[i]:.0f}" if i % 30 else ""
            sold = "yes" if cheap[i] else "no"
            table.writerow((f"{size[i]:.1f}", rooms[i], years, place[i], f"{price[i]:.2f}", sold))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where to work (default: a temporary folder)")
    parser.add_argument("--rows", type=int, default=800, help="how many (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=400, help="of the search, and of each training")
    options = parser.parse_args()
    folder: Path = options.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    make_table(folder / "houses.csv", options.rows)
    (folder / "houses.space").write_text(SPACE, encoding="utf-8")
    steps = {"strategy.steps": options.steps, "retrain.steps": options.steps}
    for search in ("price", "sold"):
        target, out = f"{folder / 'houses.space'}::{search}", folder / search
        result = stdsl.run(target, overrides=steps, out=out, device="cpu")
        metric = result.document["metric"]
        for network in result.document["networks"]:
            print(f"{search}, {network['title']}: {metric} {network['test'][metric]:.3f}")
        if search == "price":
            print(f"price, deviation: {result.document['targets']['std'][0]:.3f}")


if __name__ == "__main__":
    main()
