"""As whom the embedded servers run: as ourselves, or as a system user when we are root.

PostgreSQL refuses to run as root. Its files then belong to the system user `fhirserver`, which
is made when missing, or to `nobody` where no user can be made, as in a read-only container.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fhirserver.embedded.failures import CannotStart

NAME = "fhirserver"


@dataclass(frozen=True, slots=True)
class Account:
    """A system user that is not root."""

    name: str
    uid: int
    gid: int


def owner_for(folder: Path) -> Account | None:
    """The account whose files are in `folder`, or will be; None when that is ourselves.

    Raises CannotStart when the folder belongs to somebody else and we are not root.
    """
    me = os.geteuid()
    if folder.exists():
        owner = folder.stat().st_uid
        if owner == me and me != 0:
            return None
        if me != 0:
            raise CannotStart(
                f"{folder} belongs to another user: run as the user who made it, "
                "or choose another --data-dir"
            )
        if owner != 0:
            return _by_uid(owner)
    return None if me else _system_user()


def give(path: Path, account: Account | None) -> None:
    """Make the account the owner of one file or folder."""
    if account:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _by_uid(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, uid)
    return Account(entry.pw_name, uid, entry.pw_gid)


def _system_user() -> Account:
    for name in (NAME, "nobody"):
        entry = _named(name)
        if entry is None and name == NAME:
            _make(name)
            entry = _named(name)
        if entry is not None and entry.uid != 0:
            return entry
    raise CannotStart("PostgreSQL refuses to run as root: run as an ordinary user")


def _named(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid)


def _make(name: str) -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    try:
        # Two starts at the same time may both get here; the slower one fails and finds the user.
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return
