"""What goes wrong in the work of a run, told at the settings that asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

from stdsl.compiler.checks.formulas import formula_place
from stdsl.compiler.diagnostics.batches import BatchOfOne
from stdsl.compiler.diagnostics.compilation import CompilationImpossible
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import OutOfMemory, TrainingDiverged
from stdsl.compiler.schemas.objectives import KLDropPath
from stdsl.compiler.schemas.search import SearchConfig

from .phases.search import PHASE as SEARCH
from .training.compiled import CompilationFailed
from .training.formulas import NoValue
from .training.loop import Diverged, LoneValue


@contextmanager
def failures(config: SearchConfig) -> Iterator[None]:
    """Inside, what goes wrong is raised as RunError: diagnostics at the settings that asked for it."""
    try:
        yield
    except Diverged as error:
        prior = _searched(error.work) and _wide_prior(config)
        span = config.place("retrain" if not _searched(error.work) else "strategy.objectives" if prior else "strategy")
        found = TrainingDiverged(span, error.work, error.step, str(error.value), error.what, prior)
        raise RunError([found]) from error
    except NoValue as error:
        span = formula_place(config, error.key, error.setting)
        raise RunError([replace(error.wrong, span=span)]) from error
    except LoneValue as error:
        span = config.place("strategy.batch" if _searched(error.work) else "retrain.batch")
        raise RunError([BatchOfOne(span)]) from error
    except CompilationFailed as error:
        raise RunError([CompilationImpossible(config.place("compile"), str(error))]) from error
    except (torch.OutOfMemoryError, MemoryError) as error:
        reason = (str(error).splitlines() or ["the system refused more"])[0]
        raise RunError([OutOfMemory(config.place(""), "this step", reason)]) from error


def _searched(work: str) -> bool:
    """Whether it is the search that failed, or one of its trials."""
    return work == SEARCH or work.startswith("the search's ")


def _wide_prior(config: SearchConfig) -> bool:
    """Whether a term of the loss pulls at the weights with more than their own size."""
    terms = getattr(config.strategy, "objectives", ())
    return any(isinstance(term, KLDropPath) and term.prior_length > 1 for term in terms)
