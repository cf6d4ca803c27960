"""What a Subscription asks for, read and checked as far as it tells by itself.

R4's own kind has a search as its criteria; the Backport's has the address of a topic, and what else
R5 says of a Subscription in extensions.
https://hl7.org/fhir/R4/subscription.html
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/components.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from fhirserver.errors import Unprocessable
from fhirserver.model.resource import Resource

Kind = Literal["rest-hook", "websocket", "email", "message"]
Content = Literal["empty", "id-only", "full-resource"]

BACKPORT: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
_FOREIGN: Final = re.compile(
    r"http://hl7\.org/fhir/[0-9.]+/StructureDefinition/extension-Subscription\b"
)
_SEARCH: Final = re.compile(r"[A-Z][A-Za-z]+(\?.*)?", re.DOTALL)
_MEDIA_TYPES: Final = ("application/fhir+json", "application/json")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([\x20-\x7e\t]{0,4000})")
_OURS: Final = frozenset(
    ["host", "content-length", "content-type", "transfer-encoding", "connection", "te", "trailer",
     "upgrade", "expect", "keep-alive", "proxy-authorization", "proxy-connection",
     "x-signature", "x-event-number", "x-subscription"]
)  # fmt: skip
_MOST_HEADERS: Final = 20
_LONGEST: Final = 4_000
_LONGEST_PERIOD: Final = 7 * 86_400
KINDS: Final[tuple[Kind, ...]] = ("rest-hook", "websocket", "email", "message")
CONTENTS: Final[tuple[Content, ...]] = ("empty", "id-only", "full-resource")


@dataclass(frozen=True, slots=True)
class Channel:
    """Where notifications go. `headers` are sent as they are; periods are in seconds."""

    kind: Kind
    endpoint: str
    payload: str | None
    headers: tuple[tuple[str, str], ...] = ()
    content: Content | None = None
    heartbeat: int | None = None
    timeout: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A Subscription: a topic with filters, or (`topic` is None) one search of R4's own kind.

    `filters` are searches: a type and the text behind the question mark.
    """

    topic: str | None
    filters: tuple[tuple[str, str], ...]
    channel: Channel

    @property
    def is_topic_based(self) -> bool:
        return self.topic is not None


def asked(resource: Resource) -> Asked:
    """What a Subscription asks for. Raises Unprocessable with the place of what can't be done."""
    if _FOREIGN.search(_urls(resource)):
        raise _refusal(
            "extensions of R5's Subscription aren't understood: use those of the Subscriptions "
            "Backport for R4",
            "extension",
        )
    criteria = str(resource.get("criteria") or "").strip()
    channel = dict(resource.get("channel") or {})
    if "://" not in criteria.partition("?")[0] and not criteria.startswith("urn:"):
        if not _SEARCH.fullmatch(criteria):
            raise _refusal("a search such as Observation?code=718-7 is needed", "criteria")
        kind, _, query = criteria.partition("?")
        return Asked(None, ((kind, query),), _channel(channel, is_topic_based=False))
    filters = tuple(
        _filter(str(e.get("valueString") or ""))
        for e in dict(resource.get("_criteria") or {}).get("extension", ())
        if e.get("url") == f"{BACKPORT}backport-filter-criteria"
    )
    return Asked(criteria, filters, _channel(channel, is_topic_based=True))


def _filter(text: str) -> tuple[str, str]:
    kind, found, query = text.strip().partition("?")
    if not found or not _SEARCH.fullmatch(text.strip()) or not query:
        raise _refusal("a filter is a search such as Encounter?patient=Patient/1", "criteria")
    return kind, query


def _channel(channel: Resource, *, is_topic_based: bool) -> Channel:
    kind = channel.get("type")
    if kind not in KINDS:
        raise _refusal(f"the channel is none of {', '.join(KINDS)}", "channel.type")
    if _extension(dict(channel.get("_type") or {}), "backport-channel-type") is not None:
        raise _refusal("channels beyond R4's aren't supported", "channel.type")
    payload = channel.get("payload")
    if payload is not None and str(payload).partition(";")[0].strip() not in _MEDIA_TYPES:
        raise _refusal(f"the payload is none of {', '.join(_MEDIA_TYPES)}", "channel.payload")
    content = _extension(dict(channel.get("_payload") or {}), "backport-payload-content")
    if content is not None and content not in CONTENTS:
        raise _refusal(f"the content is none of {', '.join(CONTENTS)}", "channel.payload")
    if is_topic_based:
        if content is None:
            raise _refusal("say how much to send: backport-payload-content", "channel.payload")
        if payload is None and kind != "websocket":
            raise _refusal("a notification has a media type", "channel.payload")
    elif content is not None:
        raise _refusal("how much to send is said only for a topic", "channel.payload")
    if content == "full-resource" and kind == "email":
        raise _refusal("whole resources aren't sent by email: it isn't encrypted", "channel")
    if payload is not None and not is_topic_based and kind == "email":
        raise _refusal("resources aren't sent by email, as it isn't encrypted: leave payload out",
                       "channel.payload")  # fmt: skip
    return Channel(
        cast(Kind, kind),
        _endpoint(channel, kind),
        None if payload is None else str(payload),
        _headers(channel.get("header", ()), kind),
        cast(Content | None, content),
        _period(channel, "backport-heartbeat-period", is_topic_based),
        _period(channel, "backport-timeout", is_topic_based),
        _period(channel, "backport-max-count", is_topic_based),
    )


def _endpoint(channel: Resource, kind: str) -> str:
    endpoint = str(channel.get("endpoint") or "")
    if len(endpoint) > _LONGEST:
        raise _refusal("the endpoint is too long", "channel.endpoint")
    if kind == "websocket":
        if endpoint:
            raise _refusal("who listens connects to us: leave it out", "channel.endpoint")
    elif not endpoint:
        raise _refusal("where shall notifications go?", "channel.endpoint")
    elif kind == "email" and not re.fullmatch(
        r"mailto:[A-Za-z0-9.!#$&'*+/=^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,200}", endpoint
    ):
        raise _refusal("it must be mailto: and one address", "channel.endpoint")
    return endpoint


def _headers(lines: Any, kind: str) -> tuple[tuple[str, str], ...]:
    if len(lines) > _MOST_HEADERS:
        raise _refusal(f"there are more than {_MOST_HEADERS} headers", "channel.header")
    if lines and kind not in {"rest-hook", "message"}:
        raise _refusal(f"{kind} has no headers", "channel.header")
    found = []
    for line in lines:
        made = _HEADER.fullmatch(str(line))
        if made is None:
            raise _refusal("a header is one line such as Authorization: Bearer x", "channel.header")
        if made[1].lower() in _OURS:
            raise _refusal(f"the server itself sets {made[1]}", "channel.header")
        found.append((made[1], made[2]))
    return tuple(found)


def _period(channel: Resource, name: str, is_topic_based: bool) -> int | None:
    value = _extension(channel, name)
    if value is None:
        return None
    if not is_topic_based:
        raise _refusal(f"{name} is only for a topic", "channel")
    if not isinstance(value, int) or not 0 < value <= _LONGEST_PERIOD:
        raise _refusal(f"{name} must be between 1 and {_LONGEST_PERIOD}", "channel")
    return value


def _extension(element: Resource, name: str) -> Any:
    """The value of the Backport's extension of that name."""
    for extension in element.get("extension", ()):
        if extension.get("url") == BACKPORT + name:
            return next((v for k, v in extension.items() if k.startswith("value")), None)
    return None


def _urls(value: Any) -> str:
    """The addresses of all extensions, with line ends between."""
    if isinstance(value, dict):
        own = [str(value.get("url"))] if "url" in value else []
        return "\n".join([*own, *filter(None, map(_urls, value.values()))])
    if isinstance(value, list):
        return "\n".join(filter(None, map(_urls, value)))
    return ""


def _refusal(text: str, place: str) -> Unprocessable:
    return Unprocessable(text, expression=f"Subscription.{place}")
