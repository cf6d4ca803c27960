"""What `fhirserver worker` does with HL7 v2 messages: it converts those that came.

https://www.hl7.org/implement/standards/product_brief.cfm?product_id=185
"""

from __future__ import annotations

import sys
from typing import Final

from fhirserver.engine import Engine
from fhirserver.messages import TOPIC
from fhirserver.reactions import Reaction, Worker, reactions
from hl7v2_gateway.intake import Directory
from hl7v2_gateway.intake.opening import open_messages
from hl7v2_gateway.operating.answering import Answering
from hl7v2_gateway.operating.converting import Converter
from hl7v2_gateway.operating.together import Together

LANES: Final = 128
"""So many messages, of different patients, are written together."""
OF_A_LANE: Final = 8
"""Who takes on more than a turn gets to has to give it back."""
BESIDE: Final = 1
"""So many threads more for what takes its time, like a message of many megabytes."""


@reactions.register("hl7v2")
def reaction(engine: Engine) -> Reaction:
    """Messages that came, patient by patient."""
    settings = engine.context.settings
    messages = open_messages(settings, engine.context.store.database)
    answering = Answering(engine, messages)
    converter = Converter(engine, messages, Directory(messages.partners), answering)
    worker = Worker(
        TOPIC,
        converter.act,
        threads=settings.hl7v2_threads,
        waiting=BESIDE,
        lanes=LANES,
        of_a_lane=OF_A_LANE,
        # The converter itself knows when to give up.
        most_attempts=sys.maxsize,
        together=Together(engine, messages, converter),
    )
    return Reaction(workers=[worker])
