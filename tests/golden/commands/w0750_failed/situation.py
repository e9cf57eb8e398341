"""A trial whose training diverges."""

from stdsl.runtime.training.loop import Diverged
from stdsl.runtime.trials import training


def prepare(monkeypatch):
    train = training.train_one

    def diverges(assignment, *rest):
        if assignment.subject.name == "trial-2":
            raise Diverged("the trial", "loss", float("nan"), 17)
        return train(assignment, *rest)

    monkeypatch.setattr(training, "train_one", diverges)
