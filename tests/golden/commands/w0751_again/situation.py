"""A trial that runs out of memory the first time."""

from stdsl.runtime.trials import training


def prepare(monkeypatch):
    train, tried = training.train_one, []

    def exhausted(assignment, *rest):
        tried.append(assignment)
        if len(tried) == 1:
            raise MemoryError("the system refused more")
        return train(assignment, *rest)

    monkeypatch.setattr(training, "train_one", exhausted)
