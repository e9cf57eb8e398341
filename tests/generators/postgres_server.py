"""A PostgreSQL server of the tests' own, on loopback, under the user that PostgreSQL has where this is root."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_USER = "postgres"


@dataclass
class Server:
    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"postgresql://trials:{self.password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        self._call(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def stop(self) -> None:
        self._call("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def make(self) -> None:
        login = self.folder / "password"
        login.write_text(self.password)
        own(login)
        data = str(self.folder / "data")
        self._call("initdb", "-D", data, "-U", "trials", "--auth=scram-sha-256", f"--pwfile={login}", "--no-sync")

    def _call(self, program: str, *arguments: str) -> None:
        """As another user where this is root: PostgreSQL refuses that."""
        path = shutil.which(program)
        assert path is not None
        other = ["runuser", "-u", _USER, "--"] if os.geteuid() == 0 else []
        command = [*other, os.path.realpath(path), *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)


def own(path: Path) -> None:
    """Give a file to the user that the server runs under."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(_USER)
        os.chown(path, user.pw_uid, user.pw_gid)


def missing() -> str | None:
    """Why no server can be started here; None where one can."""
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed"
    absent = [program for program in ("initdb", "pg_ctl") if shutil.which(program) is None]
    if absent:
        return f"`{absent[0]}` is not on the PATH"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_USER)
        except KeyError:
            return f"this is root, and there is no user `{_USER}`"
    return None
