"""What the parts of a job work with, and with whose rights they do.

A job may take longer than a token lives, so it goes by who asked and with which scopes. What they
may do is worked out anew for every part: a policy that changes, a client that is switched off or
has lost a scope, holds from the next part on.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from fhirserver.access.principal import Principal
from fhirserver.access.scopes import covered, scopes, words
from fhirserver.blobs import Blobs
from fhirserver.bulk.helpers import Helpers
from fhirserver.engine import Engine
from fhirserver.errors import Forbidden
from fhirserver.interactions.context import Context
from fhirserver.interactions.entitlements import Entitlements
from fhirserver.storage import epoch
from fhirserver.storage.clients import client_by_id
from fhirserver.storage.database import Database
from fhirserver.storage.jobs import Job

FETCHES_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked for a job, with the rights of now; `epoch` is the number of these rights."""

    principal: Principal
    ctx: Context
    epoch: int


@dataclass(frozen=True, slots=True)
class Hands:
    """A server's engine and its objects; who fetches files, and who stores what is in them."""

    engine: Engine
    blobs: Blobs
    helpers: Helpers
    threads: Executor = field(
        default_factory=lambda: ThreadPoolExecutor(FETCHES_AT_ONCE, thread_name_prefix="fetch"),
        compare=False,
    )

    @property
    def database(self) -> Database:
        return self.engine.context.store.database

    @property
    def lifetime_seconds(self) -> int:
        return self.engine.context.settings.bulk_lifetime_seconds

    def caller(self, job: Job) -> Caller:
        """Who asked for a job; raises Forbidden when they may do nothing any more."""
        return caller_of(self.engine, job)


def caller_of(engine: Engine, job: Job) -> Caller:
    """Who asked for a job; raises Forbidden when they may do nothing any more."""
    ctx = engine.context
    database = ctx.store.database
    if job.client is not None:
        client = client_by_id(database, job.client)
        if client is None or not client.is_active:
            raise Forbidden("the client that asked for it isn't registered any more")
        if covered(words(client.scope), words(job.scope)):
            raise Forbidden("the client that asked for it has lost a scope")
    now = epoch.current(database)
    ctx.added.now()
    principal = Principal(job.subject, scopes(job.scope), client=job.client)
    access = Entitlements(database, ctx.added, ctx.site).access(principal, now)
    principal = replace(principal, given_access=access)
    return Caller(principal, engine.seen_by(principal), now)
