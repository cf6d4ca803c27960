"""What an interaction works with: the parts of the server that outlive a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhirserver.access.principal import Principal
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.model.definitions import Definitions
from fhirserver.prescribing.library import Medicines
from fhirserver.search.parameters import Parameters
from fhirserver.search.site import Site
from fhirserver.settings import Settings
from fhirserver.storage.added_parameters import AddedParameters
from fhirserver.storage.conformance import StoredConformance
from fhirserver.storage.store import Store
from fhirserver.terminology.service import Terminology
from fhirserver.validation.current import Validators


@dataclass(frozen=True, slots=True)
class Context:
    """The server's parts, the same for every request of a process."""

    settings: Settings
    site: Site
    definitions: Definitions
    added: AddedParameters
    store: Store
    conformance: StoredConformance
    """Definitions by canonical address: what is stored here, else what is shipped."""
    validators: Validators
    """The whole validation, by profiles too; writes are held to the base by `checking` first."""
    terminology: Terminology
    """Code systems, value sets and concept maps, and what is asked of them."""
    medicines: Medicines
    """What is known of medicines: ingredients, groups, allergens, interactions."""
    seal: Callable[[bytes], str]
    """Makes a page link's token from what it must remember, so that only we can read it."""
    unseal: Callable[[str], bytes]
    """The reverse; raises errors.Invalid for a token that isn't ours or is too old."""
    handle: Callable[[FhirRequest], FhirResponse]
    """The one door, for the entries of a batch."""
    caller: Principal | None = None
    """Who asks; None where the server works for itself."""

    @property
    def parameters(self) -> Parameters:
        """The search parameters in force when the request came."""
        return self.added.known
