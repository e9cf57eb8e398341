"""What trains the trials of a run, and where they are kept."""

from __future__ import annotations

import os
from typing import Final

import torch

from stdsl.compiler.diagnostics.model import RunError, SpaceError
from stdsl.compiler.diagnostics.trials import ClusterRefused

from ..engines.contract import Engine, Fault, Hear, Plain, Work, class_name, words_of
from ..engines.here import HereEngine
from ..engines.processes import ProcessEngine, most_hands
from ..phases.context import Context
from ..training.compiled import CompilationFailed
from ..training.loop import LoneValue
from .database import file_database, server_database
from .store import TrialStore
from .training import training

PREPARE: Final = "stdsl.runtime.trials.work:prepare"
SHIPPED: Final = "stdsl.runtime.trials.shipped:prepare_shipped"
FATAL: Final = tuple(map(class_name, (RunError, SpaceError, LoneValue, CompilationFailed)))
"""Errors that are none of a trial's own: wrong settings, damaged data, a full disk. They end the run."""


def open_store(run: Context) -> TrialStore:
    """The store of the trials of a run."""
    database = server_database(run.store) if run.store else file_database(run.directory.trial_store)
    return TrialStore(database, run.manifest.id).alone()


def engine_of(run: Context, hear: Hear, beside: bool = False) -> Engine:
    """Processes of this machine or of a cluster, or none but this one. ``beside``: they train beside this process,
    which keeps the first GPU."""
    cpu, leave = run.placement.device.type == "cpu", run.job.allow_extern
    hands, devices = run.hands, run.placement.devices
    if beside and not cpu and hands and run.manifest.engine == "local":
        hands, devices = hands - 1, devices[1:]
    if hands == 0:
        return HereEngine(None, hear, run.interruption, training(run.workshop, run.job))
    # Code of the user's may open files that processes must not share, and a device must not be opened before a fork.
    shared = cpu and not leave
    if run.manifest.engine == "ray":
        from ..engines.ray_cluster import RayEngine
        from .shipped import archive

        work = Work(SHIPPED, {"content": archive(run), "allow_extern": leave}, shared)
        address = os.environ.get("RAY_ADDRESS")
        try:
            return RayEngine(work, hear, address, hands, gpus=0.0 if cpu else 1.0)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise RunError([ClusterRefused(None, address or "of this machine", words_of(error))]) from error
    work = Work(PREPARE, {"folder": str(run.directory.path.absolute()), "allow_extern": leave}, shared)
    assert hands is not None
    if hands > (most := most_hands()):
        run.reporter.say(f"{most} processes at a time, for {hands} take more files than this one may open")
        hands = most
    return ProcessEngine(work, hands, hear, devices, leave)


def met_again(run: Context, payload: Plain, fault: Fault) -> Plain:
    """Meet an error that ends the run as what it is: a trial met it in another process, so it is trained in this one.
    What it comes to, where it does not meet the error here."""
    if fault.raised is not None:
        raise fault.raised
    torch.set_num_threads(run.manifest.training_threads)
    return training(run.workshop, run.job)(payload, lambda message: None, run.interruption)
