"""Debian's Orthanc as the other side: an archive that queries and retrieves."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.loopback import unused_port

PROGRAM: Final = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
needs_orthanc = pytest.mark.skipif(
    not Path(PROGRAM).exists(), reason="Orthanc (Debian's package orthanc) isn't installed"
)
PLUGIN: Final = next(iter(Path("/usr/lib/orthanc").glob("libOrthancDicomWeb.so*")), None)
needs_orthanc_dicomweb = pytest.mark.skipif(
    PLUGIN is None or not Path(PROGRAM).exists(),
    reason="Orthanc's DICOMweb plugin (Debian's package orthanc-dicomweb) isn't installed",
)


class Orthanc:
    """Its REST API."""

    def __init__(self, http_port: int, dicom_port: int, title: str) -> None:
        self.dicom_port = dicom_port
        self.title = title
        self._base = f"http://127.0.0.1:{http_port}"
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def get(self, path: str) -> Any:
        with self._open(f"{self._base}{path}", timeout=60) as answer:
            return json.load(answer)

    def post(self, path: str, body: Any) -> Any:
        return self._posted(path, json.dumps(body).encode())

    def post_file(self, content: bytes) -> Any:
        """Give it a DICOM file."""
        return self._posted("/instances", content)

    def _posted(self, path: str, content: bytes) -> Any:
        request = urllib.request.Request(self._base + path, content)
        with self._open(request, timeout=120) as answer:
            return json.load(answer)


@contextmanager
def orthanc(
    folder: Path,
    title: str,
    peers: dict[str, tuple[str, int]],
    servers: dict[str, dict[str, Any]] | None = None,
) -> Iterator[Orthanc]:
    """An archive of its own; `peers` are AE titles and ports by the names it knows them by.

    `servers` are those of its DICOMweb plugin, as its configuration has them.
    """
    http_port, dicom_port = unused_port(), unused_port()
    settings = {
        "Name": title,
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "Plugins": [] if servers is None else [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Servers": servers or {}},
        "HttpPort": http_port,
        "DicomPort": dicom_port,
        "DicomAet": title,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomModalities": {n: [aet, "127.0.0.1", port] for n, (aet, port) in peers.items()},
        "StableAge": 1,
    }
    configuration = folder / "orthanc.json"
    configuration.write_text(json.dumps(settings))
    log = (folder / "orthanc.log").open("wb")
    with log, subprocess.Popen([PROGRAM, str(configuration)], stdout=log, stderr=log) as process:
        archive = Orthanc(http_port, dicom_port, title)
        try:
            _await(process, archive)
            yield archive
        finally:
            process.terminate()


def _await(process: subprocess.Popen[bytes], archive: Orthanc) -> None:
    end = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < end:
        try:
            archive.get("/system")
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return
    pytest.fail("Orthanc doesn't answer")
