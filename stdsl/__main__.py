"""``python -m stdsl`` is ``stdsl``."""

import os
import sys

# Python looks in the current folder first for a program that is started this way; there may be anything in it.
if not sys.flags.safe_path and os.path.realpath(sys.path[0]) == os.path.realpath(os.curdir):
    del sys.path[0]

from stdsl.cli.main import main

main()
