"""`extern loss`: code of the user's that networks are trained by, from the text to a run that is gone on with."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from kills.resumed import killed_and_gone_on_with

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.schemas.search import SearchConfig
from stdsl.compiler.schemas.tasks.loss_extern import ExternLoss
from stdsl.compiler.schemas.tasks.losses import Loss
from stdsl.compiler.schemas.tasks.targets import TargetSignature
from stdsl.runtime.data.targets import VOID, Targets
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.tasks.criterion import Criterion
from stdsl.runtime.tasks.extern_loss import OwnLoss, made_up, own_loss

Order = Callable[..., int]

CODE = '''
import torch
from torch import nn
from torch.nn import functional as F


class Focal(nn.Module):
    """Lin et al., ICCV 2017, Eq. 4."""

    def __init__(self, gamma):
        super().__init__()
        self.gamma = gamma
        self.register_buffer("one", torch.ones(()))

    def forward(self, given, targets):
        right = F.cross_entropy(given, targets, reduction="none")
        return ((self.one - torch.exp(-right)) ** self.gamma * right).mean()


def power(gamma):
    return lambda given, targets: F.cross_entropy(given, targets) ** gamma


class Odd(Focal):
    def forward(self, given, targets):
        return self.odd(super().forward(given, targets))


class Noisy(Odd):
    odd = lambda self, loss: loss * torch.rand(())


class Forgetful(Odd):
    odd = lambda self, loss: loss.detach()


class Infinite(Odd):
    odd = lambda self, loss: loss / 0


class Plain(Odd):
    odd = lambda self, loss: loss.item()


class Failing(Odd):
    odd = lambda self, loss: [][0]


class Bounded(Odd):
    odd = lambda self, loss: loss

    def forward(self, given, targets):
        return super().forward(given, targets) + 0 * F.one_hot(targets).sum()


class Exact(Odd):
    def odd(self, loss):
        one = torch.ones(1, 1)
        assert loss.dtype == (one @ one).dtype == torch.float32
        return loss


class Counting(Odd):
    def __init__(self, gamma):
        super().__init__(gamma)
        self.register_buffer("calls", torch.zeros(()))

    odd = lambda self, loss: self.calls.add_(1) * 0 + loss


class Learning(Odd):
    def __init__(self, gamma):
        super().__init__(gamma)
        self.scale = nn.Parameter(torch.ones(()))

    odd = lambda self, loss: loss * self.scale


class Refusing:
    def __init__(self, gamma):
        raise OSError("no table")


class Silent:
    def __init__(self, gamma):
        pass


Number = 3
'''

TEXT = """stdsl 1
extern loss focal(gamma: number = 2) from "losses_of_mine:Focal" { tasks = [classification, dense] }
meta net(c = 2) on x: clip(1, 4, 8, 8) {
  y = x -> conv(c, 3x3x3) -> bn -> relu -> choose {flat: conv(c, 1x3x3), full: conv(c, 3x3x3)} as kind
  return y -> bn -> relu -> global_avg_pool -> linear(3)
}
space nets = net
search first {
  space = nets
  data = motion_digits(frames = 4, size = 8, motions = 3, train = 12, valid = 12, test = 12)
  loss = focal(gamma = 1)
  strategy = gradient { steps = 4  batch = 6 }
  retrain { steps = 4  batch = 6 }
}
"""


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "losses_of_mine", raising=False)
    (tmp_path / "losses_of_mine.py").write_text(CODE)
    path = tmp_path / "mine.space"
    path.write_text(TEXT, encoding="utf-8")
    return path


def codes(text: str) -> list[str]:
    return [d.code for d in check_text(Source("a.space", text))]


def loss_of(space: Path, *overrides: str, text: str = TEXT, targets: str = "classes") -> OwnLoss:
    space.write_text(text, encoding="utf-8")
    config = load_job(str(space), "first", overrides, allow_extern=True).config
    found = own_loss(config, Targets(TargetSignature(targets, 3, None, ())))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_killed_and_resumed_it_is_the_same(space: Path, tmp_path: Path, stdsl: Order) -> None:
    whole = killed_and_gone_on_with(stdsl, space, tmp_path, 2, ("--allow-extern",))
    kept = json.loads((whole / "run.json").read_text())
    assert kept["config"]["loss"]["target"] == "losses_of_mine:Focal"
    assert kept["config"]["loss"]["arguments"] == {"gamma": 1}
    assert stdsl("show", str(whole)) == 0, "showing a run loads no code"


def test_it_is_the_loss_of_a_batch(space: Path) -> None:
    given, targets = torch.randn(5, 3), torch.tensor([0, 1, 2, 1, 0])
    shares = given.softmax(1)[range(5), targets]
    for gamma in (1, 2.5):
        expected = (-((1 - shares) ** gamma) * shares.log()).mean()
        assert loss_of(space, f"loss.gamma={gamma}")(given, targets).item() == pytest.approx(expected.item(), rel=1e-5)


def test_positions_without_a_class_are_those_that_torch_leaves_out(space: Path) -> None:
    criterion = Criterion(Targets(TargetSignature("classes", 3, None, (2, 2)), void=True), own=loss_of(space))
    given, targets = torch.randn(2, 3, 2, 2), torch.tensor([[[0, VOID], [2, 1]], [[VOID, 1], [2, 0]]])
    expected = loss_of(space)(given, torch.where(targets == VOID, -100, targets))
    assert criterion(given, targets).item() == criterion.plain(given, targets).item() == expected.item()
    assert expected.item() > 0
    assert criterion(given, torch.full((2, 2, 2), VOID)).item() == 0


def test_it_is_tried_with_positions_without_a_class_where_there_are_some(space: Path) -> None:
    space.write_text(TEXT.replace("Focal", "Bounded"), encoding="utf-8")
    config = load_job(str(space), "first", allow_extern=True).config
    form = TargetSignature("classes", 3, None, (2, 2))
    assert own_loss(config, Targets(form)) is not None
    with pytest.raises(RunError, match=r"fails on \(3, 3, 2, 2\) and \(3, 2, 2\) with -100 where there is no class"):
        own_loss(config, Targets(form, void=True))


def test_it_computes_in_float32_also_where_networks_do_not(space: Path) -> None:
    loss = loss_of(space, text=TEXT.replace("Focal", "Exact"))
    given, targets = torch.randn(5, 3).bfloat16().requires_grad_(), torch.tensor([0, 1, 2, 1, 0])
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(given, targets)
    assert found.item() == loss(given.detach().float(), targets).item()
    found.backward()
    assert given.grad is not None


def test_it_changes_nothing_that_results_are_told_from(space: Path) -> None:
    """Found by an adversary: one that wrote into its targets moved samples from one class to another."""

    def greedy(given: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        targets[targets == 2] = 1
        loss = torch.nn.functional.cross_entropy(given, targets)
        if not given.requires_grad:
            given.zero_()
        return loss

    given, targets = torch.eye(3), torch.arange(3)
    OwnLoss(loss_of(space).settings, greedy)(given, targets)
    assert torch.equal(given, torch.eye(3))
    assert targets.tolist() == [0, 1, 2]


def test_a_function_that_makes_a_function(space: Path) -> None:
    given, targets = torch.zeros(4, 3), torch.zeros(4, dtype=torch.int64)
    found = loss_of(space, text=TEXT.replace("Focal", "power").replace("gamma = 1", "gamma = 2"))(given, targets)
    assert found.item() == pytest.approx(torch.log(torch.tensor(3.0)).item() ** 2)


def test_what_is_stated_is_checked_without_the_code(space: Path) -> None:
    assert codes(TEXT) == []
    assert codes(TEXT.replace("[classification, dense]", "regression")) == ["E0562"]
    assert codes(TEXT.replace("{ tasks = [classification, dense] }", "{ }")) == []
    assert codes(TEXT.replace("gamma = 1", "gama = 1")) == ["E0501"]
    assert codes(TEXT.replace("retrain {", "retrain { label_smoothing = 0.1 ")) == ["E0562"]
    assert "losses_of_mine" not in sys.modules


@pytest.mark.parametrize("written", ["dice", "dice(gamma = 1)"])
def test_a_name_from_another_file_means_that_alone(written: str, space: Path) -> None:
    version, declared, *rest = TEXT.splitlines(keepends=True)
    (space.parent / "own.space").write_text(version + declared, encoding="utf-8")
    text = version + 'use "own.space" (focal as dice)\n' + "".join(rest)
    space.write_text(text.replace("focal(gamma = 1)", written), encoding="utf-8")
    loss = load_job(str(space), "first").config.loss
    assert isinstance(loss, ExternLoss)
    assert loss.target == "losses_of_mine:Focal"


def test_settings_come_back_from_json(space: Path) -> None:
    config = load_job(str(space), "first").config
    assert SearchConfig.load(config.model_dump(mode="json")).loss == config.loss
    other = load_job(str(space), "first", ["loss=cross_entropy(weights = balanced)"]).config
    again = SearchConfig.load(other.model_dump(mode="json")).loss
    assert again == other.loss
    assert isinstance(again, Loss)
    assert again.kind == "cross_entropy"


def test_without_leave_nothing_is_loaded(space: Path) -> None:
    config = load_job(str(space), "first").config
    with pytest.raises(RunError, match="E0227"):
        own_loss(config, Targets(TargetSignature("classes", 3, None, ())))
    assert "losses_of_mine" not in sys.modules


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("Noisy", "E0235", "another number for the same prediction"),
        ("Forgetful", "E0235", "does not depend on the prediction"),
        ("Infinite", "E0235", "gives inf"),
        ("Plain", "E0235", "gives float, not a tensor"),
        ("Failing", "E0235", r"fails on \(3, 3\) and \(3\): IndexError: list index out of range"),
        ("Counting", "E0235", "changes its buffers"),
        ("Learning", "E0235", "has parameters"),
        ("Refusing", "E0233", "OSError: no table"),
        ("Silent", "E0233", "cannot be called"),
        ("Number", "E0233", "has something else of that name"),
        ("Absent", "E0233", "has no class of that name"),
    ],
)
def test_what_is_wrong_with_a_loss_is_said(name: str, code: str, words: str, space: Path) -> None:
    before = torch.get_rng_state()
    with pytest.raises(RunError) as raised:
        loss_of(space, text=TEXT.replace("Focal", name))
    assert torch.equal(torch.get_rng_state(), before)
    found = raised.value.diagnostics[0]
    assert found.code == code
    assert re.search(words, found.message), found.message


@pytest.mark.parametrize("kind", ["classes", "labels", "numbers"])
@pytest.mark.parametrize("positions", [(), (2, 4)])
def test_a_loss_is_tried_on_what_its_task_has(kind: str, positions: tuple[int, ...]) -> None:
    given, wanted = made_up(Targets(TargetSignature(kind, 5, None, positions)))  # type: ignore[arg-type]
    assert given.shape[1:] == (5, *positions)
    if kind == "classes":
        assert wanted.dtype == torch.int64
        assert wanted.shape[1:] == positions
    else:
        assert wanted.shape == given.shape
        assert kind == "numbers" or set(wanted.unique().tolist()) <= {0, 1}
