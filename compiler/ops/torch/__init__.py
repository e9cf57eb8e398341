"""The torch lowering of the primitives, as expressions: what every backend generates Python from.

Only ``layers.py`` imports torch; :func:`~.lowering.emit` builds expressions over the names ``torch``, ``nn``
(torch.nn), ``F`` (torch.nn.functional) and the classes of ``layers.py``.
"""
