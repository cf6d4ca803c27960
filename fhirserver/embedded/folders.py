"""The folders of the embedded servers, and the paths of sockets, which must be short."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from fhirserver.embedded.accounts import Account, give
from fhirserver.embedded.failures import CannotStart, reason

SOCKET_PATH_BYTES = 103  # sun_path holds 108 on Linux and 104 on macOS, with the closing NUL.
NEEDED_BYTES = 200_000_000


def prepare(data_dir: Path) -> Path:
    """The data directory as an absolute path, existing, private when new, writable, with room.

    Raises CannotStart, naming the trouble.
    """
    path = data_dir.expanduser().absolute()
    choose = "choose another with --data-dir"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"\0" * 4096)
        free = shutil.disk_usage(path).free
    except OSError as error:
        why = f"can't write to the data directory {path}: {reason(error)}; {choose}"
        raise CannotStart(why) from error
    if free < NEEDED_BYTES:
        raise CannotStart(
            f"the disk is full: {path} has {free // 1_000_000} MB left and "
            f"{NEEDED_BYTES // 1_000_000} MB are needed; {choose}"
        )
    return path.resolve()


def private(path: Path, account: Account | None) -> Path:
    """A folder of the data directory that only the account may enter, made when missing."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        give(path, account)
    except OSError as error:
        raise CannotStart(f"can't make the folder {path}: {reason(error)}") from error
    return path


def socket_folder(home: Path, name: str, account: Account | None) -> Path:
    """The folder for the socket `name`: `home`, or a private one with a short path."""
    if len(os.fsencode(home / name)) <= SOCKET_PATH_BYTES:
        return home
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    short = Path("/tmp") / f"fhirserver-{digest}"  # noqa: S108 - what others put there is refused
    with contextlib.suppress(FileExistsError):
        short.mkdir(mode=0o700)
        give(short, account)
    found = short.lstat()
    if (
        not stat.S_ISDIR(found.st_mode)
        or found.st_uid != (account.uid if account else os.geteuid())
        or stat.S_IMODE(found.st_mode) != 0o700
    ):
        raise CannotStart(f"{short} is not our private folder: remove it")
    return short
