"""``python -m stdsl`` is ``stdsl``."""

from stdsl.cli.main import main

main()
