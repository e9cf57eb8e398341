"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine is tells nothing of the laws: on a busy one drawing an example may take seconds.
settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch on one thread: results do not depend on what else the machine does, and small tensors are done sooner."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
