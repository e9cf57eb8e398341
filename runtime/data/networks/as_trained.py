"""Data that a trained network is measured on: scaled as what it was trained on, and with the same inputs."""

from __future__ import annotations

from dataclasses import replace

from stdsl.compiler.checks.tasks import other_inputs
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.tasks import OtherInputs

from ..batch import Dataset
from ..own.checked import Checked
from ..scale import CannotScale, Scale, scaled_as
from .binding import Reordered


def as_trained(dataset: Checked, trained: Dataset) -> Checked:
    """``dataset`` with its inputs in the order of those of ``trained``, and these and the numbers to tell in the units
    that networks were trained in: statistics of its own would hide how far it is from what they know.

    Raises RunError where its inputs, or the columns of its table, are others, or its samples come in a scale of their
    own.
    """
    fault = other_inputs(trained.inputs, dataset.inputs) or _other_columns(dataset, trained)
    try:
        inner = scaled_as(dataset.dataset, Scale.of(trained)) if fault is None else dataset.dataset
    except CannotScale as error:
        fault = str(error)
    if fault is not None:
        raise RunError([OtherInputs(dataset.place, dataset.name, fault)])
    if len(dataset.inputs) > 1 and dataset.inputs != trained.inputs:
        inner = Reordered(inner, tuple(dataset.inputs.index(name) for name in trained.inputs))
    return replace(dataset, dataset=inner)


def _other_columns(dataset: Dataset, trained: Dataset) -> str | None:
    """How the features of two tables differ; in another order they are the same."""
    own, known = dataset.normalisation.columns, trained.normalisation.columns
    if set(own) == set(known):
        return None
    if not own or not known:
        return f"{'its features' if known else 'those of the training'} have no names, for they are of no table"
    absent, more = (
        [f"`{column}`" if category is None else f"`{column}` = {category!r}" for column, category in found]
        for found in (sorted(set(known) - set(own), key=str), sorted(set(own) - set(known), key=str))
    )
    return f"its table has {_few(more)} in place of {_few(absent)}"


def _few(names: list[str]) -> str:
    return (", ".join(names[:3]) + (", …" if len(names) > 3 else "")) or "nothing"
