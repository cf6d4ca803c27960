"""Sending an email by SMTP.

https://www.rfc-editor.org/rfc/rfc5321, https://www.rfc-editor.org/rfc/rfc5322
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from fhirserver import clock
from fhirserver.sending.failures import Never, NotNow
from fhirserver.settings import Settings

TIMEOUT_SECONDS: Final = 15.0
_PERMANENT: Final = 500


@dataclass(frozen=True, slots=True)
class Email:
    """A message of plain text. `id` is the same at every attempt to send it."""

    id: str
    to: str
    subject: str
    text: str


def send(settings: Settings, message: Email) -> None:
    """Hand a message to the mail server; raises NotNow or Never."""
    if not settings.smtp_host:
        raise Never("no mail server is set up (FHIRSERVER_SMTP_HOST)")
    made = _made(settings, message)
    try:
        with _connected(settings) as server:
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password or "")
            server.send_message(made)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        if codes and all(code >= _PERMANENT for code in codes):
            raise Never("the mail server refuses the recipient") from error
        raise NotNow("the mail server doesn't take the recipient now") from error
    except smtplib.SMTPAuthenticationError as error:
        raise NotNow("the mail server refuses the password of this server") from error
    except smtplib.SMTPResponseException as error:
        if error.smtp_code >= _PERMANENT:
            raise Never(f"the mail server refuses the message ({error.smtp_code})") from error
        raise NotNow(f"the mail server is busy ({error.smtp_code})") from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotNow(f"the mail server can't be reached ({type(error).__name__})") from error


def _made(settings: Settings, message: Email) -> EmailMessage:
    made = EmailMessage()
    try:
        made["From"] = settings.smtp_from
        made["To"] = message.to
        made["Subject"] = message.subject
        made["Message-ID"] = f"<{message.id}@{settings.smtp_from.rpartition('@')[2]}>"
    except (ValueError, IndexError) as error:
        raise Never("this is no address of email") from error
    made["Date"] = format_datetime(clock.now())
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(message.text)
    addresses = made["To"].addresses
    if len(addresses) != 1 or "@" not in addresses[0].addr_spec:
        raise Never("this is no address of email")
    return made


def _connected(settings: Settings) -> smtplib.SMTP:
    host, port = settings.smtp_host or "", settings.smtp_port
    if settings.smtp_tls == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    if settings.smtp_tls == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server
