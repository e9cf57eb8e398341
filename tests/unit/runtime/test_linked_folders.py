"""Folders of classes with links in them: each file is read once, and nothing goes round in circles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stdsl.compiler.datafiles.faults import FileDamaged
from stdsl.compiler.datafiles.image_folders import images_in
from stdsl.compiler.datafiles.linked_folders import walked
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.data_clips import ClipFolder
from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.runtime.data.pictures.clip_folder import ClipFolderDataset
from stdsl.runtime.data.pictures.image_folder import ImageFolderDataset

ODD_IMAGE = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)


def write(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.fromarray(ODD_IMAGE).save(folder / f"{name}.png")


def link(path: Path, target: str | Path) -> None:
    path.symlink_to(target)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "data" / "a", "1", "2")
    write(tmp_path / "data" / "a" / "deep", "3")
    write(tmp_path / "data" / "b", "4", "5")
    write(tmp_path / "pool" / "more", "6")
    write(tmp_path / "pool", "7")
    return tmp_path / "data"


def opened(root: Path, **settings: Any) -> ImageFolderDataset:
    return ImageFolderDataset(ImageFolder(root=str(root), size=8, **settings), 0, Path(), None)


def names(root: Path) -> list[str]:
    found = opened(root)
    return sorted(name for split in ("train", "valid", "test") for name in found.sample_names(split))


def test_a_linked_folder_in_a_class_is_of_the_class(root: Path) -> None:
    link(root / "b" / "more", "../../pool")
    assert names(root)[3:] == ["b/4.png", "b/5.png", "b/more/7.png", "b/more/more/6.png"]
    link(root / "b" / "next", root.parent / "pool" / "more")
    assert len(names(root)) == 7
    (remark,) = opened(root).remarks()[1:]
    assert remark == "1 left out that are links to folders which are read otherwise: b/more/more"


@pytest.mark.parametrize("target", [".", "..", "../a", "deep", "../b", "../..", "/"])
def test_a_link_into_the_data_or_around_it_is_left_out_and_told_of(target: str, root: Path) -> None:
    before = names(root)
    link(root / "a" / "again.png", target)
    assert names(root) == before
    assert "1 left out that are links" in opened(root).remarks()[-1]


def test_circles_outside_of_the_data(root: Path) -> None:
    link(root.parent / "pool" / "more" / "up", "..")
    link(root.parent / "pool" / "self", ".")
    link(root / "b" / "pool", "../../pool")
    assert names(root)[5:] == ["b/pool/7.png", "b/pool/more/6.png"]


def test_a_linked_class(root: Path) -> None:
    link(root / "c", "../pool")
    assert opened(root).classes == ("a", "b", "c")
    assert len(names(root)) == 7


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (".", "a link to a folder that it lies in"),
        ("..", "a link to a folder that it lies in"),
        ("b", "a link into the folder of `b`"),
        ("a/deep", "a link into the folder of `a`"),
        ("c", "a link to `c`: Too many levels of symbolic links"),
        ("nowhere", "a link to `nowhere`: No such file"),
    ],
)
def test_a_class_that_leads_into_another(target: str, words: str, root: Path) -> None:
    link(root / "c", target)
    with pytest.raises(RunError, match=f"E0703.*/c .*{words}"):
        opened(root)


def test_splits_that_link_to_one_pool(root: Path) -> None:
    for split, own in (("train", "a"), ("val", "b")):
        (root.parent / "view" / split).mkdir(parents=True)
        link(root.parent / "view" / split / "one", root / own)
    found = opened(root.parent / "view")
    assert sum(map(found.size, ("train", "valid", "test"))) == 5


def test_clips_that_are_links(tmp_path: Path) -> None:
    write(tmp_path / "pool" / "one", "1", "2")
    write(tmp_path / "clips" / "a" / "two", "1", "2")
    link(tmp_path / "clips" / "a" / "one", "../../pool/one")
    link(tmp_path / "clips" / "a" / "same.png", "two")
    found = ClipFolderDataset(ClipFolder(root=str(tmp_path / "clips"), size=8, frames=2), 0, Path(), None)
    assert sum(map(found.size, ("train", "valid", "test"))) == 2


def test_the_bytes_of_samples_that_are_no_files(tmp_path: Path) -> None:
    write(tmp_path / "clips" / "a" / "one", "1", "2")
    one = tmp_path / "clips" / "a" / "one"
    dataset = ClipFolderDataset(ClipFolder(root=str(tmp_path / "clips"), size=8, frames=2), 0, Path(), None)
    before = dataset.content("train", 0)
    assert before
    os.mkfifo(one / "3.png")
    link(one / "4.png", "/dev/zero")
    link(one / "around", "..")
    link(one / "circle", "circle")
    assert dataset.content("train", 0) == before


def test_files_to_predict_in_linked_folders(root: Path) -> None:
    link(root / "new", "../pool")
    link(root / "old", "a")
    link(root / "new" / "up", root)
    found = [os.path.relpath(path, root) for path, sample in images_in(str(root)) if sample]
    assert found == ["a/1.png", "a/2.png", "a/deep/3.png", "b/4.png", "b/5.png", "new/7.png", "new/more/6.png"]


def test_no_folder_is_walked_twice_whatever_links_there_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for trial in range(40):
        top = tmp_path / str(trial)
        folders = [top]
        top.mkdir()
        for number in range(9):
            folders.append(folders[int(rng.integers(len(folders)))] / f"f{number}")
            folders[-1].mkdir()
            (folders[-1] / f"file{number}").touch()
        for number in range(5):
            place, target = rng.choice(len(folders), 2)
            link(folders[place] / f"l{number}", folders[target])
        root, base = (folders[int(i)] for i in rng.choice(len(folders), 2))
        for around in (None, str(base)):
            found = [os.path.realpath(os.path.join(f, n)) for f, names, _ in walked(str(root), around) for n in names]
            assert len(set(found)) == len(found)
            within = {str(path) for path in root.rglob("file*")}
            assert within <= set(found)


def test_a_folder_that_cannot_be_listed_is_told_of(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refused(path: Any) -> Any:
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(FileDamaged, match="deep: Permission denied"):
        list(walked(str(root)))
