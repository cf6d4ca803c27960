"""The only source of the current time, so that tests can hold it still."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, with its zone."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place
