"""The generators of texts and the reference interpreter are modules and a package beside the tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "generators"))
sys.path.insert(0, str(Path(__file__).parents[1]))
