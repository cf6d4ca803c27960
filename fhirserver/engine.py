"""The one door: every request, from whatever side it comes, goes through Engine.handle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fhirserver import interactions as interactions_package
from fhirserver import operations as operations_package
from fhirserver.access.compile import Granted
from fhirserver.access.policy import Policy
from fhirserver.access.principal import Principal
from fhirserver.audit.recorder import Recorder
from fhirserver.audit.trail import Trail
from fhirserver.errors import FhirError, MethodNotAllowed
from fhirserver.interactions.context import Context
from fhirserver.interactions.entitlements import Entitlements
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operation import called
from fhirserver.interactions.recording import recorded, recorded_together, refused
from fhirserver.interactions.rights import authorize
from fhirserver.interactions.transaction import transactions
from fhirserver.keys import opening
from fhirserver.model import conformance, definitions
from fhirserver.model.resource import Resource
from fhirserver.prescribing.library import Medicines
from fhirserver.registry import discover
from fhirserver.search.extract import extract
from fhirserver.search.index import IndexValues
from fhirserver.search.parameters import base_parameters
from fhirserver.search.site import site_of
from fhirserver.search.stamp import stamp
from fhirserver.settings import Settings
from fhirserver.storage import epoch
from fhirserver.storage.added_parameters import AddedParameters
from fhirserver.storage.conformance import StoredConformance
from fhirserver.storage.database import Database
from fhirserver.storage.dictionaries import StoredDictionaries
from fhirserver.storage.guard import NOBODY, WHOLE, Guard
from fhirserver.storage.keys import KeyTables
from fhirserver.storage.sealed_content import Sealing
from fhirserver.storage.sizes import TypeSizes
from fhirserver.storage.store import Store
from fhirserver.storage.target_owners import stamped
from fhirserver.storage.texts import TextDictionary
from fhirserver.terminology.content import Dictionaries
from fhirserver.terminology.service import Terminology
from fhirserver.validation.current import Validators

discover(interactions_package)
discover(operations_package)


@dataclass(frozen=True, slots=True)
class Seals:
    """How page links are made unreadable and tamper-proof."""

    seal: Callable[[bytes], str]
    unseal: Callable[[str], bytes]


class Engine:
    """A FHIR server without its wire."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        seals: Seals,
        dictionaries: Sequence[Dictionaries] = (),
        recorder: Recorder | None = None,
        again: Callable[[], Engine] | None = None,
    ) -> None:
        """`dictionaries`: code systems that are held elsewhere, and looked for there first.

        `recorder`: what keeps the AuditEvents; the server's own work makes none.
        `again`: can be pickled, and opens this server in another process (processes.py).
        """
        self._recorder = recorder
        self.again = again
        site = site_of(settings)
        standard = base_parameters()
        added = AddedParameters(database, standard)

        sealing = Sealing(
            opening.keyring(settings, KeyTables(database)),
            standard,
            labels=settings.seal_labels.replace(",", " ").split(),
            binaries=settings.encrypt_binaries,
        )

        def extracted(resource: Resource) -> IndexValues:
            parameters = added.known
            values = extract(sealing.indexed(resource), parameters, site)
            values.generation = parameters.generation
            return values

        store = Store(
            database,
            extract=extracted,
            # Whose a resource is, only the standard's parameters say.
            stamper=lambda resource, see: stamped(
                database, see, resource, stamp(resource, standard, site), site
            ),
            texts=TextDictionary(database),
            sizes=TypeSizes(database),
            guard=NOBODY,
            sealing=sealing,
        )
        definitions_here = StoredConformance(database, conformance.shipped())
        terminology = Terminology(
            definitions_here,
            (*dictionaries, StoredDictionaries(database)),
            most_codes=settings.max_expansion_codes,
            keeps_reports=not dictionaries,
        )
        # Nobody's: each request has one with the rights of its caller.
        self.context = Context(
            settings,
            site,
            definitions.load(),
            added,
            store,
            definitions_here,
            Validators(definitions_here, terminology.codes),
            terminology,
            Medicines(
                definitions_here, lambda url: terminology.shelf().code_system(url, version=None)
            ),
            seals.seal,
            seals.unseal,
            self.handle,
        )
        self._entitlements = Entitlements(database, added, site)

    def handle(self, request: FhirRequest) -> FhirResponse:
        """Answer a request; raises errors.FhirError for everything the client can be told."""
        if self._recorder is None:
            return self._answered(request)
        return recorded(self._recorder, request, self._answered)

    def handle_together(self, requests: Sequence[FhirRequest], also: Callable[[], None]) -> None:
        """Carry out transaction Bundles in one database transaction: all or none.

        They are of one principal, or of parts of the server whose tokens say the same.

        `also` is done in it after the writing; see messages.Hand.
        For the server's own parts, with much to write that nobody waits for an answer to. Raises
        together.Apart for what has to be done one after the other, and errors.FhirError when one of
        them fails; nothing of them is on record then.
        """
        for request in requests:
            authorize(request)
        self.context.added.now()
        principal = requests[0].principal
        others = {r.principal for r in requests} - {principal}
        if not all(p.has_rights_of(principal) for p in others):
            raise ValueError("those who write together have the same rights")
        ctx = self._seen_by(principal.access, None if others else principal)

        def act(trails: Sequence[Trail | None]) -> Sequence[Callable[[], FhirResponse]]:
            return transactions(ctx, requests, trails, also)

        if self._recorder is None:
            act([None] * len(requests))
        else:
            recorded_together(self._recorder, requests, act)

    def refused(self, request: FhirRequest, error: FhirError) -> None:
        """Put a request on record that couldn't even be read, or whose caller isn't known."""
        if self._recorder is not None:
            refused(self._recorder, request, error)

    def _answered(self, request: FhirRequest) -> FhirResponse:
        interaction = interactions.get(request.interaction)
        if interaction is None:
            raise MethodNotAllowed
        authorize(request)
        if _searches(request) and not request.place:
            # Entries of a Bundle go by what was in force when it came.
            self.context.added.now()
        ctx = self._seen_by(request.principal.access, request.principal)
        return interaction(ctx, request)

    @property
    def own_context(self) -> Context:
        """For the server's own work, from which nothing is kept."""
        return self._seen_by(WHOLE)

    def entitled(self, principal: Principal, trying: Policy | None = None) -> Principal:
        """Somebody for whom the server works, with the rights that policies leave them by now.

        Who comes by a token has been given theirs by the web. With the policy `trying`, what they
        would have if it were in force.
        """
        number = epoch.current(self.context.store.database)
        access = self._entitlements.access(principal, number, trying)
        purposes = access.purposes if isinstance(access, Granted) else ()
        return replace(principal, given_access=access, purposes=purposes)

    def seen_by(self, principal: Principal) -> Context:
        """With the rights of somebody for whom the server works."""
        return self._seen_by(principal.access, principal)

    def _seen_by(self, guard: Guard, caller: Principal | None = None) -> Context:
        store = replace(self.context.store, guard=guard)
        return replace(self.context, store=store, caller=caller)


def _searches(request: FhirRequest) -> bool:
    """Whether search parameters may decide about a request; a write is held to them anyway."""
    if request.interaction in _BY_ID:
        return bool(request.query) or request.if_none_exist is not None
    if request.operation is not None:
        made = called(request.type, request.operation)
        return made is None or made.searches
    return request.interaction not in _READS


_READS: Final = frozenset(["read", "vread", "history-instance", "history-type", "history-system"])
_BY_ID: Final = frozenset(["create", "update", "patch", "delete"])
