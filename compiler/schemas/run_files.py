"""The names that a run directory has for its own files and folders, at its top."""

from __future__ import annotations

from typing import Final

MANIFEST: Final = "run.json"
RESULT: Final = "result.json"
DATA: Final = "data.json"
SEARCH_DATA: Final = "data-search.json"
EVALUATION_DATA: Final = "data-evaluate.json"
JOURNAL: Final = "journal.jsonl"
MODULE: Final = "module.py"
LOCK: Final = ".lock"
STARTING: Final = ".starting"
SPACE: Final = "space"
CHECKPOINTS: Final = "checkpoints"
ARCHITECTURES: Final = "architectures"
DERIVED: Final = "derived.arch.json"
WEIGHTS: Final = "weights"
TRIALS: Final = "trials"
TRIAL_STORE: Final = "trials.sqlite"
NEEDS: Final = "needs"
FEATURES: Final = "features"
EVALUATION: Final = "evaluation"
ASKED: Final = "asked.json"
FRONT: Final = "front.json"

EXPORTS: Final = ("onnx", "source", "weights")
"""The settings of `export` that name files in the run directory."""

_BESIDE_THE_STORE: Final = tuple(f"{TRIAL_STORE}-{what}" for what in ("wal", "shm", "journal"))
"""What SQLite keeps beside its file while that is open."""
FILES: Final = (
    *(MANIFEST, RESULT, DATA, SEARCH_DATA, EVALUATION_DATA, JOURNAL, MODULE, LOCK, STARTING, TRIAL_STORE),
    *_BESIDE_THE_STORE,
)
OF_FRONTS: Final = (ASKED, FRONT, LOCK)
"""What a folder with the run directories of a front has beside them: what was asked for, from the beginning, and what
was found, once all are there."""
FOLDERS: Final = (SPACE, CHECKPOINTS, ARCHITECTURES, WEIGHTS, TRIALS, NEEDS, FEATURES, EVALUATION)
