"""A query is answered from what is stored, with the rights of who asks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Unavailable
from hl7v2_gateway.er7 import Place, Problem
from hl7v2_gateway.intake import Question
from hl7v2_gateway.querying.asked import Query, Refused, query_of
from hl7v2_gateway.querying.asking import Asking, asking
from hl7v2_gateway.querying.candidates import candidates, demographics
from hl7v2_gateway.querying.identifiers import allocated, corresponding
from hl7v2_gateway.querying.immunizations import history
from hl7v2_gateway.querying.response import Response, written

log = logging.getLogger(__name__)

ANSWERS: Final[Mapping[str, Callable[[Asking, Query], Response]]] = {
    "Q11": history,
    "Q21": demographics,
    "Q22": candidates,
    "Q23": corresponding,
    "Q24": allocated,
}
_INTERNAL: Final = Problem("207", Place("QPD"), "couldn't be answered; try again or tell us", "E")


class Responder:
    """Answers queries. `open_engine` is called when the first one comes."""

    def __init__(self, open_engine: Callable[[], Engine]) -> None:
        self._open = open_engine

    def answer(self, question: Question) -> bytes | None:
        """The response, if the sender wants one. Raises Unavailable, and then there is none."""
        message = question.message
        try:
            query = query_of(message, question.sender.authorities)
            response = ANSWERS[query.event](asking(self._open(), question.sender), query)
        except Refused as refused:
            response = Response(problems=(refused.problem,))
        except Unavailable:
            raise
        except Exception as error:
            # Whoever asks must not wait for nothing.
            is_ours = isinstance(error, FhirError)
            log.warning("hl7v2_query_failed", exc_info=None if is_ours else error)
            response = Response(problems=(_INTERNAL,))
        return written(message, response, question.mode)
