"""The final training by the settings that a search found: ``retrain { settings = found }``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stdsl.compiler.schemas.hyper import Tunable, Value
from stdsl.compiler.schemas.retraining import with_found as trained_by
from stdsl.compiler.schemas.search import SearchConfig
from stdsl.compiler.schemas.separate import SeparateTrainings, with_settings

from .job import Job


def asks_for_found(config: SearchConfig) -> bool:
    """Whether a search is over before it is known how its result is trained."""
    return config.retrain is not None and config.retrain.settings == "found" and isinstance(config.strategy, Tunable)


def found_settings(facts: Mapping[str, Any]) -> dict[str, Value]:
    """The values of open settings that the best trial had. ``facts``: those of the search."""
    best = next(trial for trial in facts["trials"] if trial["name"] == facts["best"])
    return dict(best.get("settings", {}))


def with_found(job: Job, values: Mapping[str, Value]) -> Job:
    """The job whose final training, and all that is trained beside it, has what ``values`` make of the sections of
    `fitness` in which something is open; its length is its own."""
    config = job.config
    strategy = config.strategy
    if not values or not config.taken_over or not isinstance(strategy, SeparateTrainings):
        return job
    recipe = trained_by(config, with_settings(strategy, values).fitness)
    return replace(job, search=replace(job.search, config=config.model_copy(update={"retrain": recipe})))
