"""Where the operator of the interfaces is served: those with the power `operate-interfaces`, and
administrators. Everything is on record.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from fhirserver.errors import NotFound
from fhirserver.messages import Message, Messages
from fhirserver.sent_messages import SentMessages
from fhirserver.web.administration.admission import OPERATES, Act, Desk
from hl7v2_gateway.intake import Directory, Intake
from hl7v2_gateway.operating.converting import Converter
from hl7v2_gateway.operating.overlays import Overlays
from hl7v2_gateway.operating.replaying import Replaying
from hl7v2_gateway.querying import Responder


@dataclass(frozen=True, slots=True)
class Operator:
    """What the addresses work with; `desk` admits and records."""

    desk: Desk
    messages: Messages
    directory: Directory
    intake: Intake
    responder: Responder
    replaying: Replaying
    converter: Converter
    overlays: Overlays
    sent: SentMessages

    def serve(self, name: str, act: Act, about: str | None = None) -> Response:
        """Carry out a request of somebody who looks after interfaces, or of an administrator.

        `about` is the kind of what it is about, whose id is in the address.
        """
        return self.desk.serve(name, act, also=OPERATES, about=about)

    def message(self, number: int) -> Message:
        """A message of the record. Raises NotFound."""
        found = self.messages.find(number)
        if found is None:
            raise NotFound("there is no message with this number")
        return found
