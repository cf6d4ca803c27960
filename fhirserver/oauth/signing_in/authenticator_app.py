"""One-time passwords from an app on the user's phone: TOTP, RFC 6238.

https://www.rfc-editor.org/rfc/rfc6238. The seed is stored sealed. Each time step is used once, and
none before one that was used: a code that was looked at over a shoulder is worth nothing.
"""

from __future__ import annotations

import hmac
from typing import Final

import pyotp
import segno

from fhirserver import clock
from fhirserver.keys.sealer import Sealer
from fhirserver.storage import credentials
from fhirserver.storage.credentials import Credential
from fhirserver.storage.database import Database

SECONDS: Final = 30
# A clock may be wrong by a step, or a code typed slowly.
_STEPS: Final = (0, -1, 1)


def new_seed() -> str:
    """A fresh seed of 160 bits, in base 32."""
    return pyotp.random_base32()


def address(seed: str, user: str, site: str) -> str:
    """What the app reads from the picture."""
    return pyotp.TOTP(seed).provisioning_uri(name=user, issuer_name=site)


def picture(uri: str) -> str:
    """The address as a QR code, in SVG without a size."""
    return segno.make(uri, error="m").svg_inline(omitsize=True, border=2)


def step_of(seed: str, code: str) -> int | None:
    """The time step that a code is of, if it is one of those around now."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    now = int(clock.now().timestamp()) // SECONDS
    app = pyotp.TOTP(seed)
    found = None
    for shift in _STEPS:
        if hmac.compare_digest(app.generate_otp(now + shift), digits):
            found = now + shift
    return found


class AuthenticatorApps:
    """The apps that users have connected."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def of(self, user_id: str) -> Credential | None:
        """The app of a user, if there is one."""
        found = credentials.credentials(self._database, user_id, "totp")
        return found[0] if found else None

    def connect(self, user_id: str, seed: str, step: int) -> None:
        """Connect an app, in the place of an earlier one; the step was used to show it works."""
        sealed = self._sealer.seal(_place(user_id), seed.encode())
        credentials.set_single(self._database, user_id, "totp", sealed, counter=step)

    def is_right(self, user_id: str, code: str) -> bool:
        """Whether this is the app's code now; it is used up then."""
        app = self.of(user_id)
        if app is None:
            return False
        seed = self._sealer.unseal(_place(user_id), app.secret).decode()
        step = step_of(seed, code)
        return step is not None and credentials.use(self._database, app.id, step)

    def seal_new(self, seed: str) -> str:
        """A seed that isn't connected yet, to be noted down."""
        return self._sealer.seal(_NEW, seed.encode()).hex()

    def unseal_new(self, sealed: str) -> str:
        """The seed again."""
        return self._sealer.unseal(_NEW, bytes.fromhex(sealed)).decode()


_NEW: Final = "user/new/totp"


def _place(user_id: str) -> str:
    return f"user/{user_id}/totp"
