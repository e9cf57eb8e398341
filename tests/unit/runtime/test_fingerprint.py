"""A run knows its data again: what it kept is held against what is there, within the last digits of other machines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.runtime.data.batch import Dataset
from stdsl.runtime.data.facts.data_facts import DataFacts, keep_facts
from stdsl.runtime.data.facts.fingerprint import Fingerprint
from stdsl.runtime.data.own.given import as_dataset, given_arrays
from stdsl.runtime.data.registry import open_dataset
from stdsl.runtime.tracking.files import write_json

RNG = np.random.default_rng(0)
X, Y = RNG.normal(3, 2, (60, 5)), np.arange(60) % 3


def changed(path: Path, before: Dataset, after: Dataset) -> str | None:
    """What a run that was started with one is told of the other."""
    path.unlink(missing_ok=True)
    keep_facts(path, before, "the data", None)
    keep_facts(path, before, "the data", None)
    try:
        keep_facts(path, after, "the data", None)
    except RunError as error:
        return f"{error.diagnostics[0].code}: {error.diagnostics[0].message}"
    return None


class Rows:
    """Samples by index; all labels at hand, where ``told``."""

    def __init__(self, labels: Any, told: bool = True, values: Any = X) -> None:
        self.labels_, self.values = labels, values
        if told:
            self.targets = labels

    def __len__(self) -> int:
        return len(self.labels_)

    def __getitem__(self, index: int) -> Any:
        return self.values[index], int(self.labels_[index])


@pytest.mark.parametrize(
    "made", [lambda x, y: given_arrays({"x": x, "y": y}, {}), lambda x, y: as_dataset(Rows(y, True, x))]
)
def test_permuted_labels_and_other_values_are_seen(made: Callable[[Any, Any], Dataset], tmp_path: Path) -> None:
    path, first = tmp_path / "data.json", made(X, Y)
    assert changed(path, first, made(X, Y)) is None
    swapped = Y.copy()
    swapped[[20, 21]] = swapped[[21, 20]]
    assert "labels of its split" in str(changed(path, first, made(X, swapped)))
    assert changed(path, first, made(X[::-1].copy(), Y)) is not None
    for share in (1.5, 1.01, 1.0001):
        assert changed(path, first, made(X * share, Y)) is not None
    assert changed(path, first, made(X * (1 + 1e-9), Y)) is None


def test_a_change_of_the_values_alone_is_seen_of_a_data_set_without_statistics(tmp_path: Path) -> None:
    """Of arrays the statistics tell; the values of a `Dataset` are not scaled, and its few samples have to."""
    path, first = tmp_path / "data.json", as_dataset(Rows(Y, True, X))
    for share in (1.01, 1.0001):
        assert "its samples hold something else" in str(changed(path, first, as_dataset(Rows(Y, True, X * share))))
    one = X.copy()
    one[59] *= 1.001
    assert changed(path, first, as_dataset(Rows(Y, True, one))) is not None


def test_what_an_older_version_kept_is_compared_as_it_did(tmp_path: Path) -> None:
    path, first = tmp_path / "data.json", as_dataset(Rows(Y, True, X))
    older = DataFacts.of(first).model_copy(update={"fingerprint": Fingerprint.of(first, older=True)})
    document = older.model_dump(mode="json")
    del document["fingerprint"]["files"], document["fingerprint"]["decoded"]
    write_json(path, document)
    keep_facts(path, first, "the data", None)
    keep_facts(path, as_dataset(Rows(Y, True, X * 1.01)), "the data", None)
    with pytest.raises(RunError, match="E0727"):
        keep_facts(path, as_dataset(Rows(Y, True, X * 1.5)), "the data", None)


def test_labels_that_are_not_at_hand_are_known_by_a_few_samples(tmp_path: Path) -> None:
    """Reading all of them is reading all samples: another order is seen, two that are swapped may not be."""

    class Named(Rows):
        """Nothing has to be read to know how many classes there are."""

        classes = ("ash", "elm", "oak")

    path, first = tmp_path / "data.json", as_dataset(Named(Y, told=False))
    assert changed(path, first, as_dataset(Named(Y, told=False))) is None
    for seed in range(20):
        permuted = np.random.default_rng(seed).permutation(Y)
        assert "its samples hold something else" in str(changed(path, first, as_dataset(Named(permuted, told=False))))


def test_statistics_are_compared_in_their_own_units(tmp_path: Path) -> None:
    def rows(values: Any, y: Any = Y) -> Dataset:
        return given_arrays({"x": values, "y": y}, {})

    path = tmp_path / "data.json"
    for unit in (1e-12, 1.0, 1e12):
        assert "statistics" in str(changed(path, rows(unit * X), rows(unit * X * [1, 1, 1, 1, 1.001])))
        assert changed(path, rows(unit * X), rows(unit * X * (1 + 1e-8))) is None
    centred = X - X.mean(0)
    assert changed(path, rows(centred), rows(centred + 1e-9)) is None
    told = np.linspace(0, 1e-9, 60)
    assert "what is to be told" in str(changed(path, rows(X, told), rows(X, told * 1.01)))


def test_files_that_were_renamed_or_replaced_are_seen(tmp_path: Path) -> None:
    def write(name: str, light: int) -> None:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(light).integers(0, 256, (9, 9, 3), dtype=np.uint8)).save(path)

    for number in range(12):
        write(f"{'ab'[number % 2]}/{number}.png", number)
    settings = ImageFolder(root="photos", size=8)
    before = open_dataset(settings, 0, tmp_path)
    path = tmp_path / "data.json"
    assert changed(path, before, open_dataset(settings, 0, tmp_path)) is None
    kept = path.read_text()
    for number in range(12):
        write(f"{'ab'[number % 2]}/{number}.png", 100 + number)
    with pytest.raises(RunError, match="E0727"):
        keep_facts(path, open_dataset(settings, 0, tmp_path), "photos", None)
    for number in range(12):
        write(f"{'ab'[number % 2]}/{number}.png", number)
    path.write_text(kept)
    keep_facts(path, open_dataset(settings, 0, tmp_path), "photos", None)
    with Image.open(tmp_path / "photos" / "a" / "0.png") as image:
        image.load()
        image.save(tmp_path / "photos" / "a" / "0.png", compress_level=0)  # the same pixels in other bytes
    with pytest.raises(RunError, match=r"E0727.*the files of its split `[a-z]+` hold something else"):
        keep_facts(path, open_dataset(settings, 0, tmp_path), "photos", None)
    write("a/0.png", 0)
    keep_facts(path, open_dataset(settings, 0, tmp_path), "photos", None)
    (tmp_path / "photos" / "a" / "0.png").rename(tmp_path / "photos" / "a" / "zero.png")
    with pytest.raises(RunError, match=r"E0727"):
        keep_facts(path, open_dataset(settings, 0, tmp_path), "photos", None)


def test_runs_of_older_versions_have_none(tmp_path: Path) -> None:
    path, first = tmp_path / "data.json", given_arrays({"x": X, "y": Y}, {})
    older = DataFacts.of(first).model_dump(mode="json")
    del older["fingerprint"], older["of_bytes"]
    write_json(path, older)
    keep_facts(path, first, "the data", None)
