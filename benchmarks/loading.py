"""Images and clips a second from files, against a plain loop over Pillow and PyAV that does the same; memory by epochs.

    python benchmarks/loading.py [FOLDER OF VIDEOS]

The files are made: JPEGs of 640 × 480, and videos of 320 × 240 and 150 frames in H.264; videos of one's own are
measured too. Nothing is kept in memory from one batch to the next. Time is that of the processor, the median of rounds
in which the two take turns; with a worker of one epoch, by the clock too, which other work on the machine slows down.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import torch
from machine import described
from measuring import interleaved, resident
from PIL import Image

from stdsl.compiler.schemas.data_clips import ClipFolder
from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.runtime.data.batch import Part
from stdsl.runtime.data.loading.loader import Loader
from stdsl.runtime.data.loading.order import Order
from stdsl.runtime.data.pictures.clip_folder import ClipFolderDataset
from stdsl.runtime.data.pictures.folder import FolderDataset
from stdsl.runtime.data.pictures.image_folder import ImageFolderDataset

ROUNDS = 5
BATCH = 8
IMAGES, VIDEOS, FRAMES = 96, 16, 150
SPLITS = ("train", "valid", "test")


def make_images(root: Path) -> None:
    rng = np.random.default_rng(0)
    (root / "a").mkdir(parents=True)
    for number in range(IMAGES):
        small = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
        large = Image.fromarray(small).resize((640, 480), Image.Resampling.BICUBIC)
        large.save(root / "a" / f"{number}.jpg", quality=90)


def make_videos(root: Path) -> None:
    rng = np.random.default_rng(0)
    (root / "a").mkdir(parents=True)
    for number in range(VIDEOS):
        still = np.kron(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))
        with av.open(str(root / "a" / f"{number}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=25, options={"g": "50"})
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            for time_ in range(FRAMES):
                frame = np.roll(still, (time_, 2 * time_), (0, 1))
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())


def plainly(image: Image.Image, side: int, size: int) -> np.ndarray:
    width, height = image.size
    short = min(width, height)
    image = image.resize((round(width * side / short), round(height * side / short)), Image.Resampling.BILINEAR)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return np.asarray(image.crop((left, top, left + size, top + size)))


def plain_image(path: Path, settings: ImageFolder) -> np.ndarray:
    with Image.open(path) as image:
        return plainly(image.convert("RGB"), settings.side, settings.size).transpose(2, 0, 1)


def plain_clip(path: Path, settings: ClipFolder) -> np.ndarray:
    """The frames from the middle on, decoded one after the other from the beginning."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        first = max(0, (stream.frames - settings.frames) // 2)
        for number, frame in enumerate(container.decode(stream)):
            if number >= first:
                found.append(plainly(frame.to_image(), settings.side, settings.size))
            if len(found) == settings.frames:
                break
    found += [found[-1]] * (settings.frames - len(found))
    return np.stack(found).transpose(3, 0, 1, 2)


def plain_epoch(dataset: FolderDataset, one: Callable[[Path], np.ndarray]) -> None:
    scale = dataset.normalisation
    files = list(dataset.files())
    for first in range(0, len(files), BATCH):
        batch = np.stack([one(path) for path in files[first : first + BATCH]]).astype(np.float32) / 255
        shape = (1, 3, *(1 for _ in range(batch.ndim - 2)))
        values = (batch - np.reshape(scale.mean, shape)) / np.reshape(scale.std, shape)
        torch.from_numpy(np.ascontiguousarray(values, np.float32))


def own_epoch(dataset: FolderDataset, epochs: Iterator[int]) -> None:
    part, epoch = Part(dataset, SPLITS), next(epochs)
    for first in range(0, len(part), BATCH):
        part.samples(np.arange(first, min(first + BATCH, len(part))), epoch)


def with_a_worker(dataset: FolderDataset) -> tuple[float, float]:
    """Samples that one worker makes, a second of the processor and of the clock."""
    order = Order(Part(dataset, SPLITS), BATCH, 0, "weights")
    loader = Loader(order, order.steps_per_epoch, 1)
    processor, clock = time.process_time(), time.perf_counter()
    for step in range(order.steps_per_epoch):
        loader.at(step)
    processor, clock = time.process_time() - processor, time.perf_counter() - clock
    loader.close()
    samples = order.steps_per_epoch * BATCH
    return samples / processor, samples / clock


def report(name: str, dataset: FolderDataset, one: Callable[[Path], np.ndarray]) -> None:
    epochs = iter(range(1000))
    count = len(Part(dataset, SPLITS))
    found = interleaved({"plain": lambda: plain_epoch(dataset, one), "own": lambda: own_epoch(dataset, epochs)}, ROUNDS)
    plain, own = (count / found[key].cpu for key in ("plain", "own"))
    worker, clock = with_a_worker(dataset)
    figures = f"{plain:.1f} | {own:.1f} | {own / plain:.2f} | {worker:.1f} | {worker / plain:.2f} | {clock:.1f}"
    print(f"| {name} | {figures} |", flush=True)


def memory(dataset: FolderDataset) -> str:
    """What is resident after each of four epochs."""
    epochs = iter(range(1000))
    held = []
    for _ in range(4):
        own_epoch(dataset, epochs)
        held.append(f"{resident() / 2**20:.0f}")
    return ", ".join(held)


def main() -> int:
    torch.set_num_threads(1)
    print(described())
    print("\n| data | plain loop, a second | stdsl | ratio | with one worker | ratio | by the clock |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        make_images(Path(folder, "images"))
        make_videos(Path(folder, "videos"))
        images = ImageFolder(root=str(Path(folder, "images")), size=224, cache=0)
        clips = ClipFolder(root=str(Path(folder, "videos")), size=112, frames=16, shift=False, cache=0)
        report("images, 640 × 480", ImageFolderDataset(images, 0, Path(), None), lambda path: plain_image(path, images))
        report("clips, 320 × 240", ClipFolderDataset(clips, 0, Path(), None), lambda path: plain_clip(path, clips))
        if len(sys.argv) > 1:
            Path(folder, "own").mkdir()
            Path(folder, "own", "a").symlink_to(Path(sys.argv[1]).resolve())
            own = clips.model_copy(update={"root": str(Path(folder, "own"))})
            report("videos of one's own", ClipFolderDataset(own, 0, Path(), None), lambda path: plain_clip(path, own))
        print("\nMiB in memory after each of four epochs, 16 MiB of decoded samples kept:")
        for kind, settings in ((ImageFolderDataset, images), (ClipFolderDataset, clips)):
            dataset = kind(settings.model_copy(update={"cache": 16}), 0, Path(), None)
            print(f"- {settings.kind}: {memory(dataset)}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
