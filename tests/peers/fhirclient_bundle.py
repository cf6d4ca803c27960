"""The npm package `fhirclient`, the SMART client that most apps use: its built bundle, unmodified.

Only its tarball is fetched, as its 898 dependencies are in the bundle already.
https://github.com/smart-on-fhir/client-js
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

VERSION = "2.6.3"
SHA512 = "CirZixcwWelbkIXxpxlNQx5+ZdJirl6F1s4y4yvA1X7hHAkr9n99aVHaMi0wX+97nATjKQ65X6NB5as/wZoJzg=="
MEMBER = "package/build/fhir-client.pure.min.js"
CACHE = Path(__file__).parents[2] / "var" / "peers"


def bundle() -> bytes:
    """The script; skips the test where there is no npm to fetch it."""
    tarball = CACHE / f"fhirclient-{VERSION}.tgz"
    if not tarball.exists():
        _fetch(tarball)
    digest = hashlib.sha512(tarball.read_bytes()).digest()
    if base64.b64encode(digest).decode() != SHA512:
        tarball.unlink()
        raise AssertionError(f"fhirclient {VERSION} isn't the package whose SHA-512 is known here")
    with tarfile.open(tarball) as archive:
        member = archive.extractfile(MEMBER)
        assert member is not None
        return member.read()


def _fetch(tarball: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm fetches fhirclient, and there is none here (Debian: apt install npm)")
    # Several test processes may fetch it at once: each into a folder of its own.
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        command = [npm, "pack", "--silent", f"fhirclient@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
        Path(folder, tarball.name).replace(tarball)
