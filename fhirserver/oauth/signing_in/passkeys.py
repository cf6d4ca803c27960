"""Passkeys: registering one, and signing in with one. Web Authentication, level 3.

https://www.w3.org/TR/webauthn-3/. The user is verified by the device each time, by a finger, a face
or a PIN: so a passkey is two factors in one, and needs no name.
"""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from fhirserver.errors import Invalid, NotSupported
from fhirserver.oauth.signing_in.devices import described
from fhirserver.oauth.signing_in.service import Service
from fhirserver.storage import begun, credentials, users
from fhirserver.storage.users import Account

_ADDING: Final = "passkey"
_SIGNING_IN: Final = "passkey-sign-in"
_REFUSED: Final = "That passkey is not known here, or its answer is not right."

# Not all that a browser can send wrong is an error of the library's own.
_UNREADABLE: Final = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)

Json = dict[str, Any]


def options_to_add(service: Service, account: Account) -> Json:
    """What the browser is asked, to make a passkey."""
    known = credentials.credentials(service.database, account.id, "passkey")
    made = webauthn.generate_registration_options(
        rp_id=_host(service),
        rp_name=service.settings.site_name,
        user_id=UUID(account.id).bytes,
        user_name=account.name,
        user_display_name=account.display,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(c.external or "")) for c in known
        ],
    )
    state = _noted(service, _ADDING, made.challenge, account.id)
    return {"state": state, "options": json.loads(webauthn.options_to_json(made))}


def add(service: Service, account: Account, state: str, credential: Json, agent: str) -> None:
    """Store the passkey that the browser has made. Raises Invalid for any other answer."""
    noted = begun.take(service.database, state, _ADDING)
    if noted is None or noted.user_id != account.id:
        raise Invalid("That took too long: try again.")
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=bytes.fromhex(noted.content["challenge"]),
            expected_rp_id=_host(service),
            expected_origin=_origin(service),
            require_user_verification=True,
        )
    except _UNREADABLE as error:
        raise Invalid(_REFUSED) from error
    credentials.add(
        service.database,
        account.id,
        "passkey",
        secret=made.credential_public_key,
        external=bytes_to_base64url(made.credential_id),
        counter=made.sign_count,
        label=described(agent),
    )


def options_to_sign_in(service: Service) -> Json:
    """What the browser is asked, to sign in with whichever passkey it has for this host."""
    made = webauthn.generate_authentication_options(
        rp_id=_host(service), user_verification=UserVerificationRequirement.REQUIRED
    )
    state = _noted(service, _SIGNING_IN, made.challenge, None)
    return {"state": state, "options": json.loads(webauthn.options_to_json(made))}


def signed_in_user(service: Service, state: str, credential: Json) -> Account:
    """The user whose passkey has answered. Raises Invalid for any other answer."""
    noted = begun.take(service.database, state, _SIGNING_IN)
    passkey = credentials.by_external(service.database, "passkey", str(credential.get("id")))
    account = users.user_by_id(service.database, passkey.user_id) if passkey else None
    if noted is None or passkey is None or account is None:
        raise _refused(service, account)
    try:
        answer = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=bytes.fromhex(noted.content["challenge"]),
            expected_rp_id=_host(service),
            expected_origin=_origin(service),
            credential_public_key=passkey.secret,
            credential_current_sign_count=passkey.counter,
            require_user_verification=True,
        )
    except _UNREADABLE as error:
        raise _refused(service, account) from error
    # A counter that stands still is that of a copy, unless this passkey doesn't count.
    counts = bool(passkey.counter or answer.new_sign_count)
    is_used = credentials.use(
        service.database, passkey.id, answer.new_sign_count, is_growing=counts
    )
    if not is_used or not account.is_active:
        raise _refused(service, account)
    return account


def _refused(service: Service, account: Account | None) -> Invalid:
    service.record.failed(account)
    return Invalid(_REFUSED)


def _noted(service: Service, purpose: str, challenge: bytes, user_id: str | None) -> str:
    return begun.begin(
        service.database, purpose, user_id=user_id, content={"challenge": challenge.hex()}
    )


def _host(service: Service) -> str:
    host = service.passkey_host
    if host is None:
        raise NotSupported("Passkeys need an address with a name, not with a number.")
    return host


def _origin(service: Service) -> str:
    base = urlsplit(service.settings.fhir_base)
    return f"{base.scheme}://{base.netloc}"
