"""NNI's supernet alone, as JSON: medians of seconds, bytes saved for the backward pass, resident bytes above idle.

python -m nni [--rounds 7]        (in the folder `benchmarks`; makes the environment if it is not there)
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from measuring import interleaved
from process import EndedError

from .beside import Beside
from .environment import UnavailableError, python_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    try:
        with Beside(python_of()) as process:
            steps = {name: _step(process, name) for name in ("forward_backward", "bilevel")}
            seconds = {name: asdict(found) for name, found in interleaved(steps, options.rounds).items()}
            facts = seconds | {"saved_bytes": process.ask("saved"), "peak_bytes": process.peak()}
    except (UnavailableError, EndedError) as error:
        raise SystemExit(f"NNI 3.0 does not run here: {error}") from None
    print(json.dumps({"network": "C=16, 8 cells, 32x32, batch 8, one thread", **facts}, indent=2))


def _step(process: Beside, name: str):  # type: ignore[no-untyped-def]
    return lambda: process.seconds(name)


if __name__ == "__main__":
    main()
