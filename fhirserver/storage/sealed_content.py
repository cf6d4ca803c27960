"""Content that lies sealed in its row: Binaries, and what the labels of a resource ask for.

    {"": "<sealed members, base64>", "contentType": "application/pdf"}

FHIR has no element without a name, so such a row can't be mistaken. What is sealed can be read by
every way that gives versions: they all put content together in `content.joined`. It is bound to
its place, so that it can't be shown as another resource, or as another version.

The key is the patient's whose the resource is; of what is nobody's, the resource's own. Once it is
destroyed, what is left is what lies in clear, with the label REDACTED.
"""

from __future__ import annotations

import contextlib
import logging
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID
from weakref import WeakSet

from fhirserver.errors import Damaged, FhirError, KeyUnavailable, Unavailable
from fhirserver.keys import aead
from fhirserver.keys.keyring import KeyDestroyed, Keyring
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.search.index import Stamp
from fhirserver.search.parameters import Parameters

log = logging.getLogger(__name__)

PURPOSE: Final = "content"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
REDACTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "REDACTED",
}
# As JSONB writes it; what we write has no space, and a client can't send it.
_MARK: Final = '{"": "'
_FORM: Final = b"\x01"
_ID_BYTES: Final = 16
_BINARY: Final = frozenset({"data", "_data"})
# Identity and links: a feed must find its resource again, and a patient's record be whole.
_ALWAYS_INDEXED: Final = frozenset({"resourceType", "id", "meta", "identifier", "encounter"})

# The keys of this process, for those who only have a row. Ids are random: no two databases share
# one.
_keyrings: WeakSet[Keyring] = WeakSet()


class Sealing:
    """What is sealed here, and with what.

    `labels`: codes of confidentiality; resources that have one are sealed, all but `meta`.
    """

    def __init__(
        self,
        keyring: Keyring,
        parameters: Parameters,
        *,
        labels: Collection[str],
        binaries: bool,
    ) -> None:
        self._keyring = keyring
        self._parameters = parameters
        self._labels = frozenset(labels)
        self._binaries = binaries
        _keyrings.add(keyring)

    def sealed(self, resource: Resource, version: int, stamp: Stamp) -> str | None:
        """What is stored of a resource's content; None when it is stored as it is."""
        is_labelled = self._is_labelled(resource)
        if not is_labelled and not (resource["resourceType"] == "Binary" and self._binaries):
            return None
        content = {k: v for k, v in resource.items() if k not in {"resourceType", "id", "meta"}}
        hidden = content if is_labelled else {k: v for k, v in content.items() if k in _BINARY}
        if not hidden:
            return None
        name = (resource["resourceType"], resource["id"])
        # Asked for anew each time: of a patient who was erased, nothing may come under the old key.
        id_, key = self._keyring.shared(
            PURPOSE, reference_self(*name) if stamp.owner is None else stamp.owner, is_fresh=True
        )
        sealed = aead.seal(key, json.dump(hidden), _place(*name, version))
        text = b64encode(_FORM + id_.bytes + sealed).decode()
        clear = {k: v for k, v in content.items() if k not in hidden}
        return json.dump({"": text, **clear}).decode()

    @property
    def keyring(self) -> Keyring:
        """What it is sealed with."""
        return self._keyring

    def indexed(self, resource: Resource) -> Resource:
        """What the index may know of a resource: all, or who it is and whose."""
        if not self._is_labelled(resource):
            return resource
        resource_type = resource["resourceType"]
        known = self._parameters.for_type(resource_type)
        codes = self._parameters.definitions.compartments["Patient"].get(resource_type, ())
        paths = (p for c in codes if c in known for p in known[c].paths or ())
        kept = _ALWAYS_INDEXED | {p.steps[0].key for p in paths if p.steps}
        return {k: v for k, v in resource.items() if k in kept}

    def forget(self) -> None:
        """Keys were destroyed: hold none of them any longer."""
        self._keyring.forget()

    def _is_labelled(self, resource: Resource) -> bool:
        labels = resource.get("meta", {}).get("security")
        return bool(labels and self._labels) and any(
            label.get("system") == CONFIDENTIALITY and label.get("code") in self._labels
            for label in labels
        )


def is_sealed(rest: str) -> bool:
    """Whether a row's content is sealed."""
    return rest.startswith(_MARK)


def opened(
    resource_type: str, id_: str, version: int, meta: str | None, rest: str
) -> tuple[str | None, str]:
    """The meta and the content of a row whose content is sealed.

    Raises errors.KeyUnavailable, and errors.Damaged when it was changed or moved.
    """
    end = rest.index('"', len(_MARK))
    blob = b64decode(rest[len(_MARK) : end])
    clear = rest[end + 1 : -1].removeprefix(", ")
    try:
        key = _key(UUID(bytes=blob[1 : 1 + _ID_BYTES]))
        text = aead.unseal(key, blob[1 + _ID_BYTES :], _place(resource_type, id_, version))
    except KeyDestroyed:
        return _redacted(meta), f"{{{clear}}}"
    except aead.NotAuthentic as error:
        log.error("sealed_content", extra={"type": resource_type, "id": id_})  # noqa: TRY400
        raise Damaged from error
    return meta, f"{text.decode()[:-1]},{clear}}}" if clear else text.decode()


def fetch_keys(contents: Iterable[str | None]) -> None:
    """Have the keys of these rows at hand, with one statement however many they are.

    Those that can't be had are found out when they are used.
    """
    sealed = [c for c in contents if c is not None and is_sealed(c)]
    if not sealed:
        return
    # The form and the id take 17 bytes, so they lie in the first 24 characters of base64.
    at = len(_MARK)
    wanted = {UUID(bytes=b64decode(c[at : at + 24])[1 : 1 + _ID_BYTES]) for c in sealed}
    keyrings = list(_keyrings)
    wanted = {i for i in wanted if not any(k.is_settled(i) for k in keyrings)}
    for keyring in keyrings:
        if wanted:
            with contextlib.suppress(KeyUnavailable, Unavailable):
                keyring.fetch(wanted)
            wanted = {i for i in wanted if not keyring.is_settled(i)}


def _key(id_: UUID) -> bytes:
    keyrings = list(_keyrings)
    for keyring in keyrings:
        if keyring.is_settled(id_):
            return keyring.key(id_)
    # A process has one, and more only where it works on several databases.
    missing: FhirError = KeyUnavailable(f"the key {id_} isn't known here")
    for keyring in keyrings:
        try:
            return keyring.key(id_)
        except (KeyUnavailable, Unavailable) as error:
            missing = error
    raise missing


def _redacted(meta: str | None) -> str:
    known = json.parse_object((meta or "{}").encode())
    security = [*known.get("security", ()), REDACTED]
    return json.dump({**known, "security": security}).decode()


def _place(resource_type: str, id_: str, version: int) -> bytes:
    return f"content {resource_type}/{id_}/{version}".encode()
