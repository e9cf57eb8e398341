"""Whether a plan fits into memory, and what a refused allocation looks like."""

from __future__ import annotations

import os
from collections.abc import Iterator

import torch

from stdsl.compiler.diagnostics.run import OutOfMemory
from stdsl.compiler.schemas.retraining import batch_place
from stdsl.compiler.schemas.search import SearchConfig

from .plan import Plan

_PLAINLY = 2.0
"""Estimates are rough, and systems swap: a run is refused where it would take so many times the memory there is."""


def total_memory(device: torch.device) -> int:
    """Bytes of memory of a device; of the machine for the CPU."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def oversized(plan: Plan, config: SearchConfig, memory: int) -> Iterator[OutOfMemory]:
    """An error for every kind of stage that plainly takes more than ``memory`` bytes."""
    seen: set[str] = set()
    for stage in plan.stages:
        key = "strategy" if stage.name.startswith("search") else "retrain.batch"
        place = config.place(key) if key == "strategy" else batch_place(config)
        if stage.bytes > _PLAINLY * memory and key not in seen:
            seen.add(key)
            reason = f"a step takes about {stage.bytes / 1e9:,.0f} GB, and {plan.device} has {memory / 1e9:,.0f} GB"
            yield OutOfMemory(place, f"`{stage.name}`", reason)
