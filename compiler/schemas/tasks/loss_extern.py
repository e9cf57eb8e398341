"""A loss that a text declares: `extern loss`, code of the user's."""

from ..extern_code import ExternCode
from .losses import Loss
from .targets import TargetSignature
from .task import TaskName, named


class ExternLoss(ExternCode, Loss):
    """``tasks``: what it is for; (): any task."""

    tasks: tuple[TaskName, ...] = ()

    def fits(self, targets: TargetSignature) -> bool:
        rows = [row for name in self.tasks for row in named(name)]
        return not rows or any(
            targets.kind in (None, row.kind) and (targets.positions is None or targets.dense == row.dense)
            for row in rows
        )
