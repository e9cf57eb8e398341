"""stdsl: a declarative language for neural-architecture search spaces, and its compiler."""

__version__ = "0.1.0"
