"""Folders of images: every kind of file, splits by folders or by names, crops, and what is damaged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.datafiles.class_folders import told_apart
from stdsl.compiler.datafiles.image_folders import FORMATS, image_folders
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.runtime.data.pictures.bounded_cache import BoundedCache
from stdsl.runtime.data.pictures.image_files import decoded, size_of
from stdsl.runtime.data.pictures.image_folder import ImageFolderDataset

Pixels = npt.NDArray[np.uint8]


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def write(path: Path, number: int = 0, height: int = 20, width: int = 24) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(height, width, seed=number)).save(path)


def opened(root: Path, seed: int = 0, **settings: Any) -> ImageFolderDataset:
    return ImageFolderDataset(ImageFolder(root=str(root), **{"size": 16, **settings}), seed, Path(), None)


def whole(dataset: ImageFolderDataset, split: str, epoch: int = 0) -> Any:
    return dataset.samples(split, np.arange(dataset.size(split)), epoch)


RGB = noise(6, 8)


def test_an_image_as_it_is(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png")
    assert np.array_equal(decoded(tmp_path / "a.png", 6, 3), np.moveaxis(RGB, 2, 0))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read_whatever_the_name(form: str, tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png", format=form)
    assert decoded(tmp_path / "a.png", 6, 3).shape == (3, 6, 8)
    assert size_of(tmp_path / "a.png") == (8, 6)


@pytest.mark.parametrize("form", ["EPS", "PCX", "SGI"])
def test_other_formats_are_not_opened_under_the_name_of_one_that_is_read(form: str, tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png", format=form)
    with pytest.raises(ValueError, match="cannot identify image file"):
        decoded(tmp_path / "a.png", 6, 3)
    assert size_of(tmp_path / "a.png") is None


def test_photographs_of_two_pictures_are_jpeg(tmp_path: Path) -> None:
    first, second = Image.fromarray(RGB), Image.fromarray(RGB[::-1])
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[second])
    assert decoded(tmp_path / "a.jpg", 6, 3).shape == (3, 6, 8)


@pytest.mark.parametrize("turn", range(1, 9))
def test_upright_as_exif_says(turn: int, tmp_path: Path) -> None:
    right: dict[int, Callable[[Pixels], Pixels]] = {
        1: lambda x: x,
        2: lambda x: x[:, ::-1],
        3: lambda x: x[::-1, ::-1],
        4: lambda x: x[::-1],
        5: lambda x: x.transpose(1, 0, 2),
        6: lambda x: np.rot90(x, -1),
        7: lambda x: x[::-1, ::-1].transpose(1, 0, 2),
        8: lambda x: np.rot90(x),
    }
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(decoded(tmp_path / "a.png", 6, 3), np.moveaxis(right[turn](RGB), 2, 0))


def test_modes_of_all_kinds(tmp_path: Path) -> None:
    grey = RGB[..., 0]
    alpha = np.dstack([RGB, np.where(grey > 99, 255, 0).astype(np.uint8)])
    flat = np.array([[0, 1], [2, 3]], np.uint8).repeat(3, 0).repeat(4, 1)
    palette = Image.fromarray(flat, "P")
    palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 1, 2, 3])
    colours = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90], [1, 2, 3]], np.uint8)
    images: dict[str, tuple[Image.Image, Pixels]] = {
        "grey": (Image.fromarray(grey), np.dstack([grey] * 3)),
        "alpha": (Image.fromarray(alpha), np.where(grey[..., None] > 99, RGB, 0).astype(np.uint8)),
        "grey with alpha": (Image.fromarray(np.dstack([grey, alpha[..., 3]]), "LA"), None),
        "deep": (Image.fromarray(grey.astype(np.uint16) * 256 + 77), np.dstack([grey] * 3)),
        "palette": (palette, colours[flat]),
        "bits": (Image.fromarray(grey > 99), np.dstack([np.where(grey > 99, 255, 0).astype(np.uint8)] * 3)),
    }  # type: ignore[dict-item]
    images["grey with alpha"] = (images["grey with alpha"][0], np.dstack([np.where(grey > 99, grey, 0)] * 3))
    for name, (image, pixels) in images.items():
        image.save(tmp_path / f"{name}.png")
        assert np.array_equal(decoded(tmp_path / f"{name}.png", 6, 3), np.moveaxis(pixels, 2, 0)), name
    for name in ("grey", "grey with alpha", "deep", "bits"):
        assert np.array_equal(decoded(tmp_path / f"{name}.png", 6, 1)[0], images[name][1][..., 0]), name
    Image.fromarray(RGB).convert("CMYK").save(tmp_path / "print.jpg")
    assert decoded(tmp_path / "print.jpg", 6, 3).shape == (3, 6, 8)
    frames = [Image.fromarray(noise(6, 8, seed=i)) for i in range(3)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert decoded(tmp_path / "moving.gif", 6, 3).shape == (3, 6, 8)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 500), (500, 3), (17, 31), (16, 16), (300, 401)])
@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_every_size(height: int, width: int, ending: str, tmp_path: Path) -> None:
    Image.fromarray(noise(height, width)).save(tmp_path / f"a.{ending}")
    found = decoded(tmp_path / f"a.{ending}", 16, 3)
    assert min(found.shape[1:]) == 16
    assert max(found.shape[1:]) <= 64
    assert (found.shape[1] > found.shape[2]) == (height > width)


def test_a_large_jpeg_looks_the_same_from_its_smaller_scale(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 800, dtype=np.uint8)
    across, down = np.meshgrid(ramp, ramp)
    image = Image.fromarray(np.dstack([across, down, np.full_like(across, 90)]))
    image.save(tmp_path / "a.jpg", quality=95)
    image.save(tmp_path / "a.png")
    apart = decoded(tmp_path / "a.jpg", 40, 3).astype(int) - decoded(tmp_path / "a.png", 40, 3)
    assert abs(apart).max() <= 8


def test_splits_in_folders(tmp_path: Path) -> None:
    for split, count in {"train": 5, "val": 3, "test": 2}.items():
        for number in range(count):
            write(tmp_path / split / "b" / f"{number}.png", number)
            write(tmp_path / split / "a" / "inner" / f"{number}.JPG", number)
    (tmp_path / "train" / "b" / "notes.txt").write_text("no image")
    (tmp_path / "train" / ".cache").mkdir()
    write(tmp_path / "train" / "b" / ".hidden.png")
    dataset = opened(tmp_path)
    assert dataset.classes == ("a", "b")
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [10, 6, 4]
    assert whole(dataset, "test").targets.tolist() == [0, 0, 1, 1]


def test_a_split_that_is_alone_beside_train_is_the_test(tmp_path: Path) -> None:
    for number in range(8):
        write(tmp_path / "train" / "a" / f"{number}.png", number)
    write(tmp_path / "val" / "a" / "0.png")
    dataset = opened(tmp_path, valid=0.25)
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [6, 2, 1]


def test_shares_go_by_the_names_of_files_alone(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for number in range(40):
        write(one / "many" / f"{number}.png", number)
    for number in range(5):
        write(one / "few" / f"{number}.png", 100 + number)
    names = {s: {str(p.relative_to(one)) for p in opened(one)._files[s]} for s in ("train", "valid", "test")}
    assert [len(found) for found in names.values()] == [18, 18, 9]
    assert sum(name.startswith("few") for name in names["test"]) == 1
    shutil.copytree(one, other)  # elsewhere, with further files: what was a test image mostly stays one
    for number in range(40, 44):
        write(other / "many" / f"{number}.png", number)
    again = {str(p.relative_to(other)) for p in opened(other, seed=7)._files["test"]}
    assert len(again & names["test"]) >= 7
    assert {str(p.relative_to(one)) for p in opened(one, seed=7)._files["test"]} == names["test"]


def test_training_is_cropped_and_mirrored_the_test_never(tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path / "a" / f"{number}.png", number, 30, 40)
    dataset = opened(tmp_path, resize=20)
    assert not torch.equal(whole(dataset, "train", 0).inputs[0], whole(dataset, "train", 1).inputs[0])
    assert torch.equal(whole(dataset, "test", 0).inputs[0], whole(dataset, "test", 1).inputs[0])
    scale = dataset.normalisation
    mean, std = np.reshape(scale.mean, (3, 1, 1)), np.reshape(scale.std, (3, 1, 1))
    raw = decoded(dataset._files["test"][0], 20, 3)[:, 2:18, 5:21] / 255
    assert np.allclose(whole(dataset, "test").inputs[0][0], (raw - mean) / std, atol=1e-5)
    still = opened(tmp_path, crop=False, flip=False)
    assert not still.varies("train")
    assert torch.equal(whole(still, "train", 0).inputs[0], whole(still, "train", 1).inputs[0])


def listed(folder: Path, rows: list[str], **settings: Any) -> ImageFolderDataset:
    for number in range(12):
        write(folder / "in" / f"{number}.png", number)
    (folder / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    return opened(folder, list=str(folder / "labels.csv"), **settings)


def test_a_list_of_files_with_their_labels(tmp_path: Path) -> None:
    rows = [f"in/{number}.png,{'größer' if number % 3 else 'klein'}" for number in range(12)]
    dataset = listed(tmp_path, ["path,label", *rows], valid=0.25, test=0.25)
    assert dataset.classes == ("größer", "klein")
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [6, 3, 3]
    for split in ("train", "valid", "test"):
        assert whole(dataset, split).targets.tolist() == [int(p.stem) % 3 == 0 for p in dataset._files[split]]


def test_every_text_of_a_list_but_an_empty_one_is_a_label(tmp_path: Path) -> None:
    labels = ["none", "NA", "nan", "?", "null", "cat"]
    rows = [f"in/{number}.png,{labels[number % 6]}" for number in range(12)]
    assert listed(tmp_path, ["path,label", *rows]).classes == tuple(sorted(labels))
    with pytest.raises(RunError, match="its row 13 has no label"):
        listed(tmp_path, ["path,label", *rows, "in/0.png,"])


LABELLED = [f"in/{number}.png,{number % 2},{int(number % 3 == 0)}" for number in range(12)]


@pytest.mark.parametrize("labels", [("odd", "third"), "tags"])
def test_a_list_of_files_to_which_several_labels_apply(labels: Any, tmp_path: Path) -> None:
    rows = ["path,odd,third", *LABELLED]
    if labels == "tags":
        tags = ["; ".join(["odd"] * (n % 2) + ["third"] * (n % 3 == 0)) for n in range(12)]
        rows = ["path,tags", *(f"in/{n}.png,{own}" for n, own in enumerate(tags))]
    dataset = listed(tmp_path, rows, labels=labels, valid=0.25, test=0.25)
    assert dataset.classes == ("odd", "third")
    assert dataset.targets.signature.kind == "labels"
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [7, 2, 3]
    for split in ("train", "valid", "test"):
        numbers = [int(path.stem) for path in dataset._files[split]]
        assert whole(dataset, split).targets.tolist() == [[n % 2, n % 3 == 0] for n in numbers]
        assert dataset.split_targets(split).tolist() == whole(dataset, split).targets.tolist()


@pytest.mark.parametrize(
    ("rows", "labels", "words"),
    [
        (["path,odd,third", "in/0.png,0,1", "in/1.png,2,1"], ("odd", "third"), "its row 2 has `2` as `odd`.*0 or 1"),
        (["path,odd,third", "in/0.png,0,"], ("odd", "third"), "its row 1 has `` as `third`"),
        (["path,odd", "in/0.png,0"], ("odd", "third"), "no column `third`.*write `path,odd,third`"),
        (["path,tags", "in/0.png,", "in/1.png,;"], "tags", "names no label"),
    ],
)
def test_labels_that_are_wrong(rows: list[str], labels: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=words):
        listed(tmp_path, rows, labels=labels)


@pytest.mark.parametrize(
    ("data", "more", "codes"),
    [
        ('list = "labels.csv", labels = ["odd", "third"]', "", []),
        ('list = "labels.csv", labels = ["odd", "third"]', "task = multi_label", []),
        ('list = "labels.csv", labels = ["odd", "third"]', "task = classification", ["E0561"]),
        ('list = "labels.csv", labels = ["odd"]', "", ["E0516"]),
        ('list = "absent.csv", labels = ["odd", "third"]', "", []),
        ('list = "absent.csv", labels = "tags"', "", ["W0726"]),
        ('list = "labels.csv", labels = ["odd", "odd"]', "", ["E0510"]),
        ('list = "labels.csv", labels = ["odd", "path"]', "", ["E0510"]),
        ('labels = ["odd", "third"]', "", ["E0510"]),
        ("", "task = multi_label", ["E0561"]),
    ],
)
def test_labels_are_held_against_the_space_and_the_task(data: str, more: str, codes: list[str], tmp_path: Path) -> None:
    listed(tmp_path, ["path,odd,third", *LABELLED], labels=("odd", "third"))
    for name in ("a", "b"):
        write(tmp_path / "folders" / name / "0.png")
    root = "folders" if not data else "."
    text = f"""stdsl 1
    meta net on x: image(3, 16, 16) = x -> conv(4, 3x3) -> global_avg_pool -> linear(2)
    space nets = net
    search s {{
      space = nets
      data = image_folder(root = "{root}", size = 16, {data})
      {more}
      retrain {{ steps = 1  batch = 2 }}
    }}"""
    found = check_text(Source("a.space", text, tmp_path / "a.space"))
    assert [d.code for d in found] == codes
    if not data:
        assert "labels = [" in str(found[0].help)


def test_a_list_that_says_the_split(tmp_path: Path) -> None:
    rows = [f"{number % 2};in/{number}.png;{'train' if number < 8 else 'val'}" for number in range(12)]
    dataset = listed(tmp_path, ["label;path;split", *rows], valid=0.25)
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [6, 2, 4]
    assert {path.stem for path in dataset._files["test"]} == {"8", "9", "10", "11"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["file,label", "in/0.png,a"], "no column `path`, but `file`, `label`; write `path,label`"),
        (["path,label", "in/0.png,a", "in/1.png,"], "its row 2 has no label"),
        (["path,label", "in/0.png,a", ",a"], "its row 2 has no path"),
        (["path,label", "in/0.png,a", "/in/1.png,a"], "its row 2 names `/in/1.png`, and paths go on from"),
        (["path,label", "in/0.png,a", "in/../../1.png,a"], "its row 2 names `in/../../1.png`, .* without `..`"),
        (["path,label", "x" * 300 + ",a"], "and those behind it are not in"),
        (["path,label", "0.png,a", "1.png,b"], "`0.png` and those behind it are not in .*, which its paths start from"),
        (["path,label", "in/0.png,a", "./in/0.png,b"], "names `in/0.png` twice"),
        (["path,label,split", "in/0.png,a,left"], "says `left`, and splits are train, valid and test"),
        (["path,label,split", "in/0.png,a,test"], "none of its rows is of the split `train`"),
        (["path,label", "in/0.png"], "row 1 has 1 cells"),
    ],
)
def test_lists_that_are_wrong(rows: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=f"E0703.*{words}"):
        listed(tmp_path, rows)


def test_a_listed_file_that_is_not_there_is_damaged(tmp_path: Path) -> None:
    dataset = listed(tmp_path, ["path,label", *(f"in/{n}.png,{n % 2}" for n in range(14))], damaged=0.2)
    for split in ("train", "valid", "test"):
        whole(dataset, split)
    assert dataset.damaged.keys() == {"in/12.png", "in/13.png"}
    assert "No such file" in dataset.damaged["in/12.png"]
    with pytest.raises(RunError, match=r"E0703.*2 labels, and `classes` is 3"):
        listed(tmp_path, ["path,label", "in/0.png,a", "in/1.png,b"], classes=3)
    with pytest.raises(RunError, match=r"E0702.*absent.csv"):
        opened(tmp_path, list=str(tmp_path / "absent.csv"))
    (tmp_path / "labels.txt").write_text("path,label\nin/0.png,a")
    with pytest.raises(RunError, match=r"E0703.*ends in .csv or .tsv"):
        opened(tmp_path, list=str(tmp_path / "labels.txt"))


def test_a_pipe_among_the_files_is_damaged_and_not_waited_for(tmp_path: Path) -> None:
    for number in range(8):
        write(tmp_path / "ab"[number % 2] / f"{number}.png", number)
    os.mkfifo(tmp_path / "a" / "9.png")
    dataset = opened(tmp_path, damaged=0.2)
    for split in ("train", "valid", "test"):
        whole(dataset, split)
    assert dataset.damaged == {"a/9.png": "it is no regular file"}
    assert size_of(tmp_path / "a" / "9.png") is None


def test_names_that_are_no_text(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    try:
        os.mkdir(folder)
    except OSError:
        pytest.skip("this file system takes texts alone")
    for number in range(6):
        write(Path(os.fsdecode(folder + b"/%d\xff.png" % number)), number)
    dataset = opened(tmp_path)
    assert dataset.classes == ("caf\\xe9",)
    assert sum(map(dataset.size, ("train", "valid", "test"))) == 6
    whole(dataset, "train")


def test_names_of_classes_are_told_apart() -> None:
    given = [b"\xff", b"\xfe", rb"\xfe", "café".encode(), b"caf\xe9", b"caf\xc3", b"\\\\xfe", b""]
    found = told_apart(given)
    assert len(set(found)) == len(given)
    assert found[:5] == ("\\xff", "\\\\\\xfe", "\\xfe", "café", "caf\\xe9")
    assert [name.encode() for name, own in zip(found, given, strict=True) if _text(own)] == [*filter(_text, given)]


def _text(name: bytes) -> bool:
    return name.decode(errors="ignore").encode() == name


def test_one_class_of_one_sample(tmp_path: Path) -> None:
    write(tmp_path / "only" / "one.png")
    dataset = opened(tmp_path)
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [1, 0, 0]
    assert whole(dataset, "train").targets.tolist() == [0]
    assert whole(dataset, "test").inputs[0].shape == (0, 3, 16, 16)


def test_folders_without_an_image_are_no_samples(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    dataset = opened(tmp_path)
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [0, 0, 0]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [_cut, lambda path: path.write_text("<html>"), lambda path: path.write_bytes(b"")])
def test_a_damaged_file_is_left_out_and_another_takes_its_place(damage: Callable[[Path], Any], tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / "ab"[number % 2] / f"{number}.png", number)
    sound = opened(tmp_path, flip=False, crop=False)
    files = sound._files["train"]
    damage(files[0])
    dataset = opened(tmp_path, flip=False, crop=False, damaged=0.05)
    assert np.array_equal(dataset._sample("train", 0, None)[0], sound._sample("train", 1, None)[0])
    batch = whole(dataset, "train")
    assert torch.equal(batch.inputs[0][0], batch.inputs[0][1])
    assert list(dataset.damaged) == [str(files[0].relative_to(tmp_path))]
    damage(files[-1])
    with pytest.raises(RunError, match=r"E0729.*2 of the 20 files") as raised:
        whole(opened(tmp_path, damaged=0.05), "train")
    assert files[0].name in str(raised.value)
    for path in files:
        damage(path)
    with pytest.raises(RunError, match="E0729"):
        whole(opened(tmp_path, damaged=1.0), "train")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: root.mkdir(), "no folders"),
        (lambda root: root.write_text(""), "Not a directory"),
        (
            lambda root: (write(root / "train/a/0.png"), write(root / "test/b/0.png")),
            "the class `b`, and train has not",
        ),
        (lambda root: [write(root / s / "a" / "0.png") for s in ("train", "val", "valid")], "both `val` and `valid`"),
    ],
)
def test_folders_that_are_wrong(make: Callable[[Path], Any], words: str, tmp_path: Path) -> None:
    make(tmp_path / "root")
    with pytest.raises(RunError, match=f"E0703.*{words}"):
        opened(tmp_path / "root")


def test_classes_must_be_as_many_as_the_folders(tmp_path: Path) -> None:
    write(tmp_path / "a" / "0.png")
    with pytest.raises(RunError, match=r"E0703.*1 folders, and `classes` is 2"):
        opened(tmp_path, classes=2)


def test_settings_that_say_all_need_no_files_to_be_checked(tmp_path: Path) -> None:
    text = """stdsl 1
meta net on x: image(3, 16, 16) = x -> global_avg_pool -> linear(2)
space nets = net
search s { space = nets  data = image_folder(root = "photos", size = 16, classes = 2)  retrain { } }
"""

    def codes(text: str) -> list[str]:
        return [d.code for d in check_text(Source("a.space", text, tmp_path / "a.space"))]

    assert codes(text) == []
    assert codes(text.replace(", classes = 2", "")) == ["W0726"]
    for name in ("a", "b", "c"):
        write(tmp_path / "photos" / name / "0.png")
    assert codes(text) == ["E0703"]
    assert codes(text.replace(", classes = 2", "")) == ["E0516"]


def test_many_images_are_not_counted_before_a_run(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / "ab"[number % 2] / f"{number}.png")
    there = image_folders(tmp_path)
    assert there.counts("train", 6) == {0: 3, 1: 3}
    assert there.counts("train", 5) is None


def test_the_cache_is_bounded() -> None:
    made: list[int] = []

    def make(key: int) -> npt.NDArray[Any]:
        made.append(key)
        return np.full(100, key, np.uint8)

    cache: BoundedCache[int, npt.NDArray[Any]] = BoundedCache(250, lambda made: made.nbytes)
    for key in (1, 2, 1, 3, 1, 2):
        assert cache.made(key, make)[0] == key
        assert cache.held <= 250
    assert made == [1, 2, 3, 2], "what was asked for last is kept"
    nothing: BoundedCache[int, npt.NDArray[Any]] = BoundedCache(0, lambda made: made.nbytes)
    assert nothing.made(1, make)[0] == 1
    assert nothing.held == 0
