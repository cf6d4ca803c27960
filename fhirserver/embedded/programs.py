"""Programs that come in wheels, made readable for the account that runs them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from fhirserver.embedded.accounts import Account
from fhirserver.embedded.failures import CannotStart, reason

COPIES = Path("/var/lib/fhirserver")


def package_folder(package: str) -> Path:
    """Where the wheel lies whose package this is. Raises CannotStart when it isn't installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(
            f"the package {package} is not installed on this platform: set FHIRSERVER_DATABASE_URL "
            "and FHIRSERVER_BROKER_URL to use servers of your own"
        )
    return Path(spec.submodule_search_locations[0]).resolve()


def usable(program: Path, package: str, account: Account | None) -> tuple[Path, str]:
    """The program at a path the account can run, and what it answers to `--version`.

    A checkout below `/root`, or any folder that is closed to others, is not opened: the
    programs are copied once to `/var/lib/fhirserver`, which everyone may read.
    """
    try:
        return program, _version(program, account)
    except PermissionError:
        copied = _copy(package, account) / program.relative_to(package_folder(package))
    except OSError as error:
        raise CannotStart(f"can't run {program}: {reason(error)}") from error
    try:
        return copied, _version(copied, account)
    except OSError as error:
        raise CannotStart(f"can't run {copied}: {reason(error)}") from error


def _version(program: Path, account: Account | None) -> str:
    done = subprocess.run(  # noqa: S603 - a program of our own wheels
        [program, "--version"],
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise CannotStart(f"{program} doesn't run here: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()


def _copy(package: str, account: Account | None) -> Path:
    """The package and the libraries beside it, copied to a place that everyone may read."""
    source = package_folder(package)
    version = importlib.metadata.version(package.replace("_", "-"))
    target = COPIES / f"{package}-{version}"
    if not target.is_dir():
        try:
            COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=COPIES) as temporary:
                for folder in (source, source.with_name(f"{package}.libs")):
                    if folder.is_dir():
                        shutil.copytree(folder, Path(temporary, "new", folder.name))
                Path(temporary, "new").rename(target)
        except OSError as error:
            if not target.is_dir():  # Another start may have been faster.
                who = account.name if account else "us"
                raise CannotStart(
                    f"the user {who} can't read {source}, nor can it be copied to {COPIES} "
                    f"({reason(error)}): run as an ordinary user"
                ) from error
    return target / package
