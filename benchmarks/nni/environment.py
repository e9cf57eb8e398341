"""The environment that NNI runs in: made once, with the torch of this one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parent / ".nni-venv"
DONE = "ready.txt"


class UnavailableError(Exception):
    """NNI cannot run here; the message says why, on one line."""


def python_of(folder: Path = FOLDER) -> Path:
    """The interpreter of the environment in ``folder``, which is made if it is not there or does not fit.

    Takes minutes and 1.5 GB the first time. Raises UnavailableError.
    """
    folder = folder.resolve()
    python = folder / "bin" / "python"
    torch = version("torch").partition("+")[0]
    wanted = f"torch=={torch}\n{(HERE / 'requirements.txt').read_text(encoding='utf-8')}"
    mark = folder / DONE
    if not mark.is_file() or mark.read_text(encoding="utf-8") != wanted:
        if folder.exists() and not (folder / "pyvenv.cfg").is_file():
            raise UnavailableError(f"{folder.name} is there and is no virtual environment")
        shutil.rmtree(folder, ignore_errors=True)
        print(f"setting up NNI 3.0 in {folder.name}: some minutes", file=sys.stderr, flush=True)
        _call(sys.executable, "-m", "venv", str(folder))
        install = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _call(*install, f"torch=={torch}", "-r", str(HERE / "requirements.txt"))
        mark.write_text(wanted, encoding="utf-8")
    return python


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines or ["no message"]
        raise UnavailableError(f"setting it up failed: {errors[-1].removeprefix('ERROR: ')}")
