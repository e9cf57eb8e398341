"""What ``result.json`` holds, as far as it is read again: a file that says something else is damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from annotated_types import Ge, Len
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from stdsl.compiler.schemas.tasks.metrics import METRICS
from stdsl.compiler.schemas.tasks.task import TASKS

_Whole = Annotated[int, Ge(0)]
_Seconds = Annotated[float, Ge(0)]
_Share = float


class _Part(BaseModel):
    """Strategies of other packages may tell more."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", allow_inf_nan=False)


class _Network(_Part):
    title: str
    kind: Literal["derived", "seed", "member", "ensemble", "side", "fusion", "random", "space"]
    params: _Whole | None
    flops: _Whole | None
    test: dict[str, float]
    seconds: _Seconds


class _Layer(_Part):
    path: str
    op: str
    shape: str
    params: _Whole | None
    flops: _Whole | None


class _Derived(_Part):
    values: dict[str, Any]
    hash: str | None = None
    params: _Whole | None = None
    flops: _Whole | None = None
    layers: tuple[_Layer, ...] | None = None


class _Trial(_Part):
    name: str
    hash: str | None = None
    value: float
    params: _Whole | None
    flops: _Whole | None
    seconds: _Seconds
    start: str | None = None
    settings: dict[str, int | float | str] | None = None


class _Drawn(_Part):
    hash: str
    value: float
    times: _Whole
    log_prob: float | None
    architecture: dict[str, Any]


class _Gap(_Part):
    metric: str
    relaxed: float
    discrete: float


class _Lean(_Part):
    weight: _Share
    even: _Share
    likeliest: _Whole
    chooses: _Whole


class _Moment(_Part):
    step: _Whole
    entropy: _Share | None = None
    weightless: _Share | None = None
    remaining: Annotated[str, Field(pattern=r"^[0-9]{1,4000}$")] | None = None


class _Search(_Part):
    steps: _Whole
    seconds: _Seconds
    metric: str | None = None
    trials: tuple[_Trial, ...] | None = None
    drawn: tuple[_Drawn, ...] | None = None
    called: tuple[str, str] | None = None
    fixed: dict[str, Any] | None = None
    entropy: _Share | None = None
    gap: _Gap | None = None
    weightless: _Lean | None = None
    history: tuple[_Moment, ...] = ()


class _Failed(_Part):
    code: str
    message: str


class _Onnx(_Part):
    failed: tuple[_Failed, ...] | None = None
    difference: dict[str, float] | None = None
    relative_difference: dict[str, float] | None = None
    latency_ms: _Seconds | None = None
    bytes: _Whole | None = None
    checksum: str | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.failed is None and (self.difference is None or self.bytes is None):
            raise ValueError("it has neither `failed` nor `difference` and `bytes`")
        return self


class _Random(_Part):
    mean: float
    best: float
    values: Annotated[tuple[float, ...], Len(1)]
    uniform: bool = True


class _Seeds(_Part):
    mean: float
    sd: float
    values: Annotated[tuple[float, ...], Len(1)]


class _Ensemble(_Part):
    members: Annotated[tuple[str, ...], Len(2)]
    best: str


class _Fusion(_Part):
    searches: Annotated[tuple[str, ...], Len(2)]
    best: str


class _Left(_Part):
    """A network beside the found one that came to nothing."""

    title: str
    reason: str


class _Targets(_Part):
    task: str
    kind: str


class ResultDocument(_Part):
    """``id``: what its manifest calls the run; none in those of older versions. ``search``, ``space`` and ``data`` are
    texts; results are finite, and of metrics that there are."""

    id: str | None = None
    search: str
    space: str
    data: str
    seed: int
    metric: str | None = None
    classes: tuple[str, ...] | None = None
    targets: _Targets | None = None
    derived: _Derived
    search_facts: _Search | dict[str, Any] | None = None
    networks: tuple[_Network, ...]
    random: _Random | None = None
    seeds: _Seeds | None = None
    ensemble: _Ensemble | None = None
    fusion: _Fusion | None = None
    onnx: _Onnx | None = None
    failed: tuple[_Left, ...] | None = None
    files: dict[str, str]
    next: tuple[str, ...]

    @model_validator(mode="after")
    def _told_by_metrics(self) -> Self:
        facts = self.search_facts
        if isinstance(facts, dict) and facts:
            raise ValueError("`search_facts` do not tell of a search")
        named = [self.metric]
        if isinstance(facts, _Search):
            named += [facts.metric, facts.gap.metric if facts.gap is not None else None]
            for key, found in (("trials", facts.trials), ("drawn", facts.drawn)):
                if found is not None and facts.metric is None:
                    raise ValueError(f"`search_facts` have {key}, and no `metric`")
        for name in named:
            if name is not None and name not in METRICS:
                raise ValueError(f"{name} is no metric")
        if self.networks:
            own = (self.targets.task, self.targets.kind) if self.targets is not None else None
            task = next((task for task in TASKS if (task.name, task.kind) == own), None)
            if task is None or self.metric is None:
                raise ValueError("`targets` or `metric` does not say what its networks tell")
            for row in self.networks:
                absent = {self.metric, *task.shown} - set(row.test)
                if absent:
                    raise ValueError(f"a network has no {sorted(absent)[0]}")
        return self


def fault_of(document: Any) -> str | None:
    """What is wrong with a document as a result; None where nothing is."""
    if not isinstance(document, Mapping):
        return "it does not hold a result"
    try:
        ResultDocument.model_validate_json(json.dumps(document, allow_nan=False))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if not str(part).startswith("_"))
        return f"it does not hold a result: {place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}"
    except (ValueError, RecursionError):
        return "it does not hold a result"
    return None
