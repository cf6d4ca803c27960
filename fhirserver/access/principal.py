"""Who asks, and what their token allows.

Scopes: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from fhirserver.access.access import Access, Allowed, Right
from fhirserver.access.scopes import Scope, ScopeContext, scopes
from fhirserver.errors import Forbidden

__all__ = ["Principal", "Scope", "User", "scopes"]

_DOING: Final[dict[Right, str]] = {
    "c": "create",
    "r": "read",
    "u": "update",
    "d": "delete",
    "s": "search",
}


@dataclass(frozen=True, slots=True)
class User:
    """A person who has signed in.

    `fhir_user` is who that is here: `Practitioner/1`, `Patient/1`, `RelatedPerson/1` or none.
    `roles` name the policies that hold for them; `clearances` the sensitive labels they may see.
    """

    id: str
    name: str
    fhir_user: str | None = None
    roles: frozenset[str] = frozenset()
    clearances: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as the access token tells.

    `patient` and `encounter` are the ids of the launch context; `session` is the sign-in that the
    token hangs on, `family` what was granted; `purposes` are codes of v3-ActReason that they act
    for, such as BTG of those who broke the glass. `access` is all of that worked out: what decides
    about every row.
    """

    subject: str
    scopes: tuple[Scope, ...]
    user: User | None = None
    client: str | None = None
    patient: str | None = None
    encounter: str | None = None
    session: str | None = None
    family: str | None = field(default=None, compare=False)
    purposes: tuple[str, ...] = ()
    given_access: Access | None = field(default=None, compare=False, repr=False)
    access: Access = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # By the scopes alone where nothing else was given; those that are about some rows only
        # allow nothing then, as `enforcement` knows those rows.
        object.__setattr__(self, "access", self.given_access or Access(self._by_scopes))

    def _by_scopes(self, resource_type: str, right: Right) -> Allowed | None:
        whole = any(
            right in s.rights
            and s.type in {"*", resource_type}
            and s.context != "patient"
            and not s.constraints
            for s in self.scopes
        )
        return Allowed() if whole else None

    @property
    def is_system(self) -> bool:
        """Whether the token speaks for a system, not for a person."""
        return any(s.context == "system" for s in self.scopes)

    def has_rights_of(self, other: Principal) -> bool:
        """Whether both are systems whose tokens say the same, and no policies hold for either."""
        return self.scopes == other.scopes and all(
            p.is_system and p.user is None and p.given_access is None for p in (self, other)
        )

    def may(
        self,
        right: Right,
        resource_type: str | None,
        *,
        context: ScopeContext | None = None,
    ) -> bool:
        """Whether this is allowed on the type, at least for some resources.

        A type of `None` is the whole server, for which some scope must say so; a `context` asks for
        scopes of that kind.
        """
        if resource_type is None or context is not None:
            return self._has_scope(right, resource_type, context)
        return self.access.allowed(resource_type, right) is not None

    def _has_scope(
        self, right: Right, resource_type: str | None, context: ScopeContext | None
    ) -> bool:
        return any(
            right in s.rights and s.type in {"*", resource_type} and context in {None, s.context}
            for s in self.scopes
        )

    def require(self, right: Right, resource_type: str | None) -> None:
        """Raise Forbidden, naming the scope that is missing, or saying that a policy is."""
        if not self.may(right, resource_type):
            what = resource_type or "*"
            if self._has_scope(right, resource_type, None):
                raise Forbidden(
                    f"none of your access policies allows you to {_DOING[right]} {what}"
                )
            raise Forbidden(f"the token doesn't allow to {_DOING[right]} {what}: it needs a scope "
                            f"such as system/{what}.{right}")  # fmt: skip
