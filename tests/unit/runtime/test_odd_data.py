"""Whatever a data set of the user's is, says and gives: it is taken, or a diagnostic says what is the matter."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from odd_data import Items, Splits, odd_arrays, odd_items, odd_splits, with_part

from stdsl.compiler.diagnostics.model import RunError, StdslError
from stdsl.compiler.diagnostics.render import render
from stdsl.runtime.data.batch import Dataset
from stdsl.runtime.data.facts.data_facts import DataFacts
from stdsl.runtime.data.own.checked import Checked
from stdsl.runtime.data.own.given import as_dataset, origin_of, schema_of
from stdsl.runtime.data.targets import targets_of


def read(data: Any) -> Dataset:
    """As a run does: what it is like, and samples of each split. Raises what that raises."""
    dataset = as_dataset(data)
    schema_of(dataset)
    origin_of(dataset)
    DataFacts.of(dataset).model_dump_json()
    names = targets_of(dataset).names
    assert len(set(names)) == len(names)
    checked = Checked(dataset, "the data")
    for split in ("train", "valid", "test"):
        checked.samples(split, np.arange(min(8, checked.size(split))), 0) if checked.size(split) else None
        checked.split_targets(split)
    return checked


def refused(data: Any) -> str:
    """The code of the diagnostic that `data` has; TypeError where the package says so itself; "" where it is taken."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read(data)
    except StdslError as error:
        render(error.diagnostics, "full", color=False)
        return error.diagnostics[0].code
    except TypeError as error:
        # A call that is wrong from its first word on: what it says is this package's, not Python's.
        last = traceback.extract_tb(error.__traceback__)[-1]
        if not last.filename.endswith("data/own/given.py") or not (last.line or "").startswith("raise TypeError"):
            raise
        return "TypeError"
    return ""


@pytest.mark.parametrize("kind", [odd_items, odd_splits, odd_arrays])
def test_anything_is_taken_or_told_of(kind: Callable[[], Iterator[Any]]) -> None:
    codes = [refused(data) for data in kind()]
    assert {"", "E0737", "E0724"} <= set(codes) or kind is odd_arrays
    assert set(codes) <= {"", "E0737", "E0724", "E0703", "TypeError"}
    assert kind is odd_arrays or "TypeError" not in codes


@pytest.mark.parametrize(
    ("part", "value", "words"),
    [
        ("targets", property(lambda self: 1 / 0), "`targets` cannot be had: ZeroDivisionError"),
        ("classes", property(lambda self: 1 / 0), "`classes` cannot be had"),
        ("classes", ["a", "b", "a"], "called 'a'"),
        ("__len__", lambda self: 2**62, "4611686018427387904, and that is a whole number of samples"),
    ],
)
def test_what_samples_by_index_say_wrongly(part: str, value: Any, words: str) -> None:
    with pytest.raises(RunError, match=f"E0737.*{words}"):
        read(with_part(Items, part, value))


@pytest.mark.parametrize(
    ("part", "value", "words"),
    [
        ("classes", 3, "a tuple of names"),
        ("classes", ("a", "b", "a"), "called 'a'"),
        ("classes", (1, "b", "1"), "called '1'"),
        ("inputs", "x", "a tuple of names"),
        ("inputs", ("x", "x"), "a name of its own"),
        ("size", lambda self, split: -1, r"from 0 to 1,000,000,000"),
        ("varies", lambda self, split: None, "True or False"),
        ("normalisation", {"mean": [0]}, "`Normalisation\\(\\)`"),
        ("origin", ("a", {"x": object()}), "arguments that JSON can hold"),
    ],
)
def test_what_a_data_set_says_wrongly(part: str, value: Any, words: str) -> None:
    with pytest.raises(RunError, match=f"E0737.*{words}"):
        read(with_part(Splits, part, value))


class Labelled(Items):
    def __init__(self, label: Any) -> None:
        self.label = label

    def __getitem__(self, index: int) -> Any:
        return np.full(5, float(index)), self.label if index == 7 else self.label * 0


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (-1, "has the label -1, and classes are numbered from 0; write `task = regression` for numbers"),
        (np.int8([[0, -3], [0, 1]]), "has the label -3, .* or `ignore` for positions without a class"),
        (np.uint64(2**64 - 1), "has the label 18,446,744,073,709,551,615, and classes"),
    ],
)
def test_labels_that_number_no_class(label: Any, words: str) -> None:
    with pytest.raises(RunError, match=rf"E0724.*sample 7 .*{words}"):
        read(Labelled(label))


def test_ragged_labels_are_no_labels_at_hand() -> None:
    assert read(with_part(Items, "targets", [[1, 2], [3]] * 15)).classes == ("0", "1", "2")


def test_arrays_and_wider_numbers_of_a_batch_are_the_same_samples() -> None:
    from stdsl.runtime.data.batch import Batch

    plain = as_dataset(Splits())
    given = {
        "arrays": lambda batch: Batch((batch.inputs[0].numpy(),), batch.targets.numpy()),
        "doubles": lambda batch: Batch((batch.inputs[0].double(),), batch.targets.int()),
        "lists": lambda batch: Batch([batch.inputs[0].tolist()], batch.targets.tolist()),
        "columns": lambda batch: Batch((batch.inputs[0].t().contiguous().t(),), batch.targets[:, None]),
    }
    for change in given.values():
        own = as_dataset(
            with_part(Splits, "samples", lambda self, *asked, change=change: change(Splits.samples(self, *asked)))
        )
        a, b = (each.samples("train", np.arange(6), 0) for each in (plain, own))
        assert a.inputs[0].equal(b.inputs[0])
        assert a.inputs[0].dtype == b.inputs[0].dtype
        assert b.inputs[0].is_contiguous()
        assert a.targets.equal(b.targets)
