"""Work of trials that train nothing, for ``benchmarks/trials.py``: processes do not search the folder of a program."""

from __future__ import annotations

import time

from stdsl.runtime.engines.contract import Doing, Plain, Tell
from stdsl.runtime.training.interruption import Interruption


def prepare() -> Doing:
    def nothing(payload: Plain, tell: Tell, interruption: Interruption) -> Plain:
        tell({"event": "alive", "worker": "one"})
        own = time.process_time()  # since the fork
        measured = [{"split": "valid", "epoch": 1, "step": 1, "metric": "loss", "value": own}]
        return {"values": {"loss": own}, "steps": 1, "seconds": 0.0, "measured": measured}

    return nothing
