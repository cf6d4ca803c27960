"""What came in, by whatever way, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fhirserver.messages import Head
from hl7v2_gateway.acknowledging import Mode
from hl7v2_gateway.er7 import Message
from hl7v2_gateway.partners import Sender

Source = Literal["mllp", "http", "file", "copy"]


@dataclass(frozen=True, slots=True)
class Received:
    """The bytes of a message and who brought them.

    `certificate` is the fingerprint that was shown, `client` the OAuth client of the token.
    `is_cut`: the message is longer than is taken, and these are its first bytes.
    """

    raw: bytes
    source: Source = "mllp"
    address: str | None = None
    certificate: str | None = None
    is_cut: bool = False
    client: str | None = None
    copy_of: Head | None = None
    """The message that this is an edited copy of: it is of the same sender."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query that is taken and is to be answered at once, and how (see acknowledging.modes)."""

    message: Message
    sender: Sender
    mode: Mode


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back, if anything; the number in the record; and MSA-1.

    `owes_more`: an application acknowledgement follows, when the message has been dealt with.
    """

    id: int | None
    ack: bytes | None
    code: str
    sender: str | None = None
    owes_more: bool = False
    question: Question | None = None
    """What is to be answered besides, as a message of its own."""
