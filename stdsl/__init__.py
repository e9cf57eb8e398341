"""stdsl: a declarative language for neural-architecture search spaces, and its compiler.

    import stdsl

    space = stdsl.load("darts::darts_cifar", c=16)
    space.count()
    arch = space.sample(seed=0)
    space.costs(arch).params
    model = stdsl.compile(space, arch)      # a torch.nn.Module

Importing this imports nothing heavy; what a function needs is imported when it is called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stdsl.compiler.analysis.architecture import Architecture as Architecture
    from stdsl.compiler.analysis.derivation.front import FrontPoint as FrontPoint
    from stdsl.compiler.backends.networks.supernet_text import Relaxation as Relaxation
    from stdsl.compiler.diagnostics.model import ArchitectureError as ArchitectureError
    from stdsl.compiler.diagnostics.model import RunError as RunError
    from stdsl.compiler.diagnostics.model import SpaceError as SpaceError
    from stdsl.compiler.diagnostics.model import StdslError as StdslError
    from stdsl.networks import compile as compile
    from stdsl.networks import export_onnx as export_onnx
    from stdsl.networks import source as source
    from stdsl.networks import stretched as stretched
    from stdsl.runtime.elastic import ElasticFront as ElasticFront
    from stdsl.runtime.report.listener import ProgressEvent as ProgressEvent
    from stdsl.searches import arrays as arrays
    from stdsl.searches import derive as derive
    from stdsl.searches import run as run
    from stdsl.space import Space as Space
    from stdsl.space import SpaceCosts as SpaceCosts
    from stdsl.space import load as load
    from stdsl.space import loads as loads

__version__ = "0.1.0"

__all__ = [
    "Architecture",
    "ArchitectureError",
    "ElasticFront",
    "FrontPoint",
    "ProgressEvent",
    "Relaxation",
    "RunError",
    "Space",
    "SpaceCosts",
    "SpaceError",
    "StdslError",
    "__version__",
    "arrays",
    "compile",
    "derive",
    "export_onnx",
    "load",
    "loads",
    "run",
    "source",
    "stretched",
]

_HOMES = {
    "Architecture": "stdsl.compiler.analysis.architecture",
    "ArchitectureError": "stdsl.compiler.diagnostics.model",
    "ElasticFront": "stdsl.runtime.elastic",
    "FrontPoint": "stdsl.compiler.analysis.derivation.front",
    "ProgressEvent": "stdsl.runtime.report.listener",
    "Relaxation": "stdsl.compiler.backends.networks.supernet_text",
    "RunError": "stdsl.compiler.diagnostics.model",
    "SpaceError": "stdsl.compiler.diagnostics.model",
    "StdslError": "stdsl.compiler.diagnostics.model",
    "Space": "stdsl.space",
    "SpaceCosts": "stdsl.space",
    "compile": "stdsl.networks",
    "export_onnx": "stdsl.networks",
    "load": "stdsl.space",
    "loads": "stdsl.space",
    "arrays": "stdsl.searches",
    "derive": "stdsl.searches",
    "run": "stdsl.searches",
    "source": "stdsl.networks",
    "stretched": "stdsl.networks",
}
"""Where each public name lives."""


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'stdsl' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
