"""How people and systems are told of what has happened."""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class Messages:
    """How people and systems are told of what has happened."""

    smtp_host: str | None = setting(
        None, "The mail server that takes messages; without it no email is sent."
    )
    smtp_port: int = setting(587, "Its port.")
    smtp_tls: str = setting(
        "starttls", "How the connection to it is encrypted: starttls, tls, or off."
    )
    smtp_user: str | None = setting(None, "The user name at the mail server.")
    smtp_password: str | None = setting(None, "The password at the mail server.", secret=True)
    smtp_from: str = setting("fhirserver@localhost", "The address that messages come from.")
    sms_url: str | None = setting(
        None, "The webhook of the SMS gateway; without it no SMS is sent."
    )
    sms_secret: str | None = setting(
        None, "What requests to the SMS gateway are signed with.", secret=True
    )
    allow_local_addresses: bool = setting(
        False,
        "Whether a client's jwks_uri and a Subscription's endpoint may be http on this machine "
        "itself, for trying things out.",
    )
    reachable_inside: str = setting(
        "",
        "Hosts, addresses and networks inside the hospital that notifications of Subscriptions and "
        "HL7 v2 messages may go to, with commas between: hooks.ward.example, 10.1.0.0/16. They may "
        "be http or mllp.",
    )
    subscription_attempts: int = setting(
        12,
        "How often a notification is tried before its Subscription gets the status error; the "
        "pauses double up to an hour, so 12 are about an hour.",
    )
    subscription_timeout_seconds: float = setting(
        10.0, "How long the endpoint of a Subscription has to answer."
    )
    subscription_threads: int = setting(
        8, "To how many subscribers one worker process sends at once."
    )
    subscription_slow_threads: int = setting(
        64, "For how many that take over a second to answer it waits beside those."
    )
    subscription_event_days: float = setting(
        30.0, "How long Subscription/$events can tell of an event again."
    )
