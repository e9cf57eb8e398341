"""Frames and flow as two searches, fused late: the network of each, and what both tell together, in one ONNX file.

    python benchmarks/evanet_streams.py FOLDER [--seeds 30 31 32 33 34] [--write]

From each seed the search `flow` of ``benchmarks/spaces/evanet_streams.space`` is run, which runs `rgb` first.
``FOLDER`` gets a run directory for each seed: what is over there is not run again, and what was stopped goes on. A seed
decides everything: the clips, the first weights, what is drawn. Of the test clips the file alone is asked as well, by
onnxruntime.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from machine import described
from paired import by_seed
from tables import write

import stdsl
from stdsl.runtime.data.motion_digits import MotionDigitsDataset
from stdsl.runtime.prepare.preparation import load_job

HERE = Path(__file__).parent
SPACE = HERE / "spaces" / "evanet_streams.space"
KEPT = HERE / "tables" / "evanet_streams.json"


def over(folder: Path, seed: int) -> dict[str, Any]:
    """The result of a run from a seed, which is begun, gone on with, or there already."""
    out = folder / str(seed)
    if (out / "run.json").exists():
        return stdsl.run(resume=out, hands=0).document
    return stdsl.run(f"{SPACE}::flow", overrides={"seed": seed}, out=out, device="cpu", hands=0).document


def clips(seed: int) -> tuple[dict[str, np.ndarray[Any, np.dtype[np.float32]]], torch.Tensor]:
    """The test clips as the file takes them, (N, C, T, H, W) by the name of the input, and their classes (N,)."""
    data = load_job(str(SPACE), "flow", [f"seed={seed}"]).config.data
    both = MotionDigitsDataset(data.model_copy(update={"modalities": ("frames", "flow")}), seed)
    batch = both.samples("test", np.arange(both.size("test")), 0)
    return {name: values.numpy() for name, values in zip(both.inputs, batch.inputs, strict=True)}, batch.targets


def accuracy_of_file(model: Path, seed: int) -> float:
    """What onnxruntime alone makes of the test clips."""
    fed, targets = clips(seed)
    (scores,) = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"]).run(None, fed)
    return float((scores.argmax(1) == targets.numpy()).mean())


def row(folder: Path, seed: int) -> dict[str, Any]:
    found = over(folder, seed)
    out = folder / str(seed)
    rgb = json.loads((out / "needs" / "rgb" / "result.json").read_text(encoding="utf-8"))
    by_kind = {network["kind"]: network for network in found["networks"]}
    tested = {"frames": by_kind["side"], "flow": by_kind["derived"], "fused": by_kind["fusion"]}
    return {
        "seed": seed,
        **{name: network["test"]["accuracy"] for name, network in tested.items()},
        "file": accuracy_of_file(out / found["files"]["onnx"], seed),
        "difference": max(found["onnx"]["difference"].values()),
        "found": {"frames": rgb["derived"]["values"], "flow": found["derived"]["values"]},
    }


def section(document: Mapping[str, Any]) -> str:
    rows = document["seeds"]
    reached = {name: [row[name] for row in rows] for name in ("frames", "flow", "fused")}
    reached["fused, by onnxruntime from the file"] = [row["file"] for row in rows]
    differences = {
        "fused, minus frames": [row["fused"] - row["frames"] for row in rows],
        "fused, minus flow": [row["fused"] - row["flow"] for row in rows],
        "fused, minus that of the two which is best on the test clips": [
            row["fused"] - max(row["frames"], row["flow"]) for row in rows
        ],
        "flow, minus frames": [row["flow"] - row["frames"] for row in rows],
    }
    lines = by_seed("evanet_streams.py", document, reached, differences)
    apart = max(row["difference"] for row in rows)
    return "\n".join([*lines, "", f"The files differ from PyTorch by at most {apart:.0e} in what they tell of a clip."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[30, 31, 32, 33, 34])
    parser.add_argument("--write", action="store_true", help="keep what is there, and put the table into RESULTS.md")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in arguments.seeds:
        rows.append(row(arguments.folder, seed))
        print(json.dumps(rows[-1]), flush=True)
    if arguments.write:
        document = {"space": SPACE.name, "measured": described(), "seeds": rows}
        KEPT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        write(section(document), "evanet-streams")


if __name__ == "__main__":
    main()
