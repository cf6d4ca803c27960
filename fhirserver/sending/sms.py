"""Sending an SMS through the webhook of a gateway.

It gets a POST of `{"id", "to", "text"}`, with `Idempotency-Key: ID` and, where a secret is set,
`X-Signature: sha256=HEX`, the HMAC of the body. An answer of 2xx means that it took the message.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Final

from fhirserver.model import json
from fhirserver.sending.failures import Never, NotNow
from fhirserver.settings import Settings

TIMEOUT_SECONDS: Final = 15.0
_NUMBER: Final = re.compile(r"\+?[0-9]{4,15}")
_LATER: Final = frozenset({408, 425, 429})
_REFUSED: Final = range(400, 500)


@dataclass(frozen=True, slots=True)
class SMS:
    """A short message. `id` is the same at every attempt to send it."""

    id: str
    to: str
    text: str


def send(settings: Settings, message: SMS) -> None:
    """Hand a message to the gateway; raises NotNow or Never."""
    import httpx  # noqa: PLC0415 - a tenth of a start, and only workers send

    if not settings.sms_url:
        raise Never("no SMS gateway is set up (FHIRSERVER_SMS_URL)")
    number = re.sub(r"[\s()./\-]", "", message.to)
    if not _NUMBER.fullmatch(number):
        raise Never("this is no telephone number")
    body = json.dump({"id": message.id, "to": number, "text": message.text})
    headers = {"Content-Type": "application/json", "Idempotency-Key": message.id}
    if settings.sms_secret:
        digest = hmac.new(settings.sms_secret.encode(), body, "sha256").hexdigest()
        headers["X-Signature"] = f"sha256={digest}"
    try:
        answer = httpx.post(
            settings.sms_url,
            content=body,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise NotNow(f"the SMS gateway can't be reached ({type(error).__name__})") from error
    if answer.is_success:
        return
    if answer.status_code in _REFUSED and answer.status_code not in _LATER:
        raise Never(f"the SMS gateway refuses the message ({answer.status_code})")
    raise NotNow(f"the SMS gateway doesn't take the message now ({answer.status_code})")
