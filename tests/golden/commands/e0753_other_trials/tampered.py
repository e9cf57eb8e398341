import sqlite3
from contextlib import closing
from pathlib import Path

from stdsl.runtime.trials.kept import kept_trials

with closing(sqlite3.connect("run/trials.sqlite")) as store:
    store.execute("UPDATE trials SET parents = 'none'")
    store.commit()
kept_trials(Path("run"))
