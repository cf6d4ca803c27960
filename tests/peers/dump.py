"""What somebody has who has a dump of the database."""

from __future__ import annotations

import subprocess
from base64 import b64encode

from fhirserver.embedded.postgresql import PACKAGE
from fhirserver.embedded.programs import package_folder

_PROGRAM = package_folder(PACKAGE) / "pginstall/bin/pg_dump"


def dump(url: str, *schemas: str) -> str:
    """The rows of these schemas (all when none is given), as `pg_dump` writes them."""
    chosen = [f"--schema={s}" for s in schemas]
    done = subprocess.run(
        [_PROGRAM, "--data-only", *chosen, url], capture_output=True, text=True, check=True
    )
    return done.stdout


def holds(text: str, secret: bytes | str) -> bool:
    """Whether a dump has a secret: as it is, in base64 or in hexadecimal."""
    data = secret.encode() if isinstance(secret, str) else secret
    forms = [data.decode(errors="ignore"), data.hex(), b64encode(data).decode().rstrip("=")]
    return any(form in text for form in forms if len(form) > 3)
