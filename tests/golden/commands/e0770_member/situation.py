"""A machine on which there is never enough memory for the second member."""

from stdsl.runtime.trials import training


def prepare(monkeypatch):
    train = training.train_one

    def exhausted(assignment, *rest):
        if assignment.subject.name == "member-2":
            raise MemoryError("the system refused more")
        return train(assignment, *rest)

    monkeypatch.setattr(training, "train_one", exhausted)
