"""A count that may remember next to nothing."""

import stdsl
from stdsl.compiler.analysis.circuits import compilation

compilation.STATE_LIMIT, before = 1, compilation.STATE_LIMIT
try:
    stdsl.load("shared.space").unrank(0)
finally:
    compilation.STATE_LIMIT = before
