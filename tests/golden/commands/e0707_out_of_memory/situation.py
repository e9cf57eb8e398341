"""A machine whose memory is used up as soon as the search begins."""

from stdsl.runtime import run


def prepare(monkeypatch):
    def full(*arguments, **options):
        raise MemoryError("cannot allocate 8 GiB")

    monkeypatch.setattr(run, "search", full)
