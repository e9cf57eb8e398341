"""Weights of the backbones: the names in a published PyTorch file, by the table of `docs/systems/autodeepfuse.md`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

import stdsl

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "systems" / "autodeepfuse.md"
RULES = ROOT / "spaces" / "std" / "backbones.names.json"

# Blocks of each stage, and the names of convolutions and batch-norms of a block and of the stem in PyTorch.
BLOCKS = {"resnet3d_18": (2, 2, 2, 2), "r2plus1d_50": (3, 4, 6, 3), "resnext3d_101": (3, 4, 23, 3)}
PARTS = {
    "resnet3d_18": ("conv1", "bn1", "conv2", "bn2"),
    "r2plus1d_50": ("conv1", "bn1", "conv2_s", "bn2_s", "conv2_t", "bn2_t", "conv3", "bn3"),
    "resnext3d_101": ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3"),
}
STEM = {
    "resnet3d_18": ("conv1", "bn1"),
    "r2plus1d_50": ("conv1_s", "bn1_s", "conv1_t", "bn1_t"),
    "resnext3d_101": ("conv1", "bn1"),
}
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def table(backbone: str) -> dict[str, str]:
    """PyTorch's name of a module to ours, as the page says for a backbone."""
    rows = re.findall(r"^\| `([^`]+)` \|(.+)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    header = re.search(r"^\| in the file \|(.+)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert header is not None
    column = [cell.strip().strip("`") for cell in header[1].split("|")].index(backbone)
    found = {}
    for name, cells in rows:
        ours = cells.split("|")
        if len(ours) == 3 and "`" in ours[column]:
            found[name] = ours[column].strip().strip("`")
    return found


def published(backbone: str, upto: int) -> set[str]:
    """The names of a PyTorch file's weights, up to a stage."""
    modules = list(STEM[backbone])
    for stage in range(1, upto + 1):
        for block in range(BLOCKS[backbone][stage - 1]):
            start = f"layer{stage}.{block}"
            modules += [f"{start}.{part}" for part in PARTS[backbone]]
            if block == 0 and (stage > 1 or backbone != "resnet3d_18"):
                modules += [f"{start}.downsample.0", f"{start}.downsample.1"]
    norms = {m for m in modules if m.rpartition(".")[2].startswith("bn") or m.endswith("downsample.1")}
    return {f"{m}.{kind}" for m in modules for kind in (BATCH_NORM if m in norms else ("weight",))}


def renamed(backbone: str, name: str) -> str:
    names = table(backbone)
    module, _, kind = name.rpartition(".")
    block = re.fullmatch(r"layer(\d)\.(\d+)\.(.+)", module)
    if block is None:
        return f"{names[module]}.{kind}"
    return f"layer_{block[1]}.block_{int(block[2]) + 1}.{names[f'layerS.B.{block[3]}']}.{kind}"


@pytest.mark.parametrize("upto", [1, 3])
@pytest.mark.parametrize("backbone", BLOCKS)
def test_every_weight_of_a_published_file_has_its_place(tmp_path: Path, backbone: str, upto: int) -> None:
    file = tmp_path / "backbone.space"
    file.write_text(
        f"stdsl 1\nuse std.backbones ({backbone})\n"
        f"meta net on video: clip(3, 8, 32, 32) = video -> {backbone}({upto}, width = 32)\nspace whole = net\n",
        encoding="utf-8",
    )
    space = stdsl.load(file)
    own = {name.removeprefix("part.") for name in stdsl.compile(space, space.architecture({})).state_dict()}
    assert {renamed(backbone, name) for name in published(backbone, upto)} == own


@pytest.mark.parametrize("backbone", BLOCKS)
def test_the_page_shows_the_rules(backbone: str) -> None:
    rules = json.loads(RULES.read_text(encoding="utf-8"))
    assert set(rules) == set(BLOCKS)
    shown = {
        name.replace("S.B.", "{s}.{b}."): f"layer_{{s}}.block_{{b+1}}.{ours}" if "S.B." in name else ours
        for name, ours in table(backbone).items()
    }
    assert rules[backbone] == shown


@pytest.mark.parametrize(("space", "backbone"), [("r18", "resnet3d_18"), ("r2p1d50", "r2plus1d_50")])
def test_a_published_file_loads_as_it_is(tmp_path: Path, space: str, backbone: str) -> None:
    """A checkpoint as it is saved by a training on several devices: with names of its own, more than is needed, and a
    prefix. The backbone up to the first stage takes its weights from it and keeps them."""
    whole = stdsl.load("backbones", space, upto=1, frames=8, size=32, classes=2)
    own = stdsl.compile(whole, whole.architecture({}), seed=1).state_dict()
    state = {"module.fc.weight": torch.zeros(400, 2048)}
    for number, name in enumerate(sorted(published(backbone, 1))):
        (place,) = (key for key in own if key.endswith(f".{renamed(backbone, name)}"))
        state[f"module.{name}"] = torch.full_like(own[place], number)
    file = tmp_path / "published.pth"
    torch.save({"epoch": 200, "state_dict": state}, file)
    options = {"upto": 1, "frames": 8, "size": 32, "classes": 2, "weights": str(file), "still": True}
    loading = stdsl.load("backbones", space, **options)
    model = stdsl.compile(loading, loading.architecture({}), seed=1)
    for number, name in enumerate(sorted(published(backbone, 1))):
        (place,) = (key for key in own if key.endswith(f".{renamed(backbone, name)}"))
        assert (model.state_dict()[place] == number).all(), name
    assert all(p.requires_grad == name.startswith("linear") for name, p in model.named_parameters())


def test_a_renamed_file_loads(tmp_path: Path) -> None:
    """The call takes its weights from the file, frozen, and nothing else does."""
    text = (
        "stdsl 1\nuse std.backbones (resnet3d_18)\n"
        "meta net on video: clip(3, 8, 32, 32) {\n"
        "  return video -> frozen resnet3d_18(1, 8{weights}) -> global_avg_pool -> linear(2)\n"
        "}\n"
        "space whole = net\n"
    )
    file = tmp_path / "backbone.space"
    file.write_text(text.replace("{weights}", ""), encoding="utf-8")
    space = stdsl.load(file)
    model = stdsl.compile(space, space.architecture({}), seed=1)
    own = {k: torch.full_like(v, 2) for k, v in model.state_dict().items() if not k.startswith("linear")}
    prefix = next(iter(own)).partition("stem")[0]
    torch.save({name.removeprefix(prefix): value for name, value in own.items()}, tmp_path / "weights.pt")
    file.write_text(text.replace("{weights}", ', weights = "weights.pt"'), encoding="utf-8")
    space = stdsl.load(file)
    loaded = stdsl.compile(space, space.architecture({}), seed=1)
    for name, value in loaded.named_parameters():
        assert value.requires_grad == name.startswith("linear")
        assert bool((value == 2).all()) != name.startswith("linear")
