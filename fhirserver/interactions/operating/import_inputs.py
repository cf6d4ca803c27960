"""Which stored definition an import is for: the one in the address, or the one of an address."""

from __future__ import annotations

from dataclasses import replace

from fhirserver.errors import Invalid, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.operation import Call
from fhirserver.model.canonicals import age, split
from fhirserver.storage.conformance import with_urls


def on_stored(ctx: Context, call: Call, url: str | None, version: str | None) -> Call:
    """The call as if it were made on the stored resource with a url, in its newest version.

    Raises Invalid when nothing says which, and Unprocessable when there is none.
    """
    if call.id is not None:
        return call
    if url is None:
        raise Invalid("the url of what is imported into is needed, or its address")
    url, own = split(url)
    version = version or own
    assert call.type is not None
    found = with_urls(ctx.store.database, call.type, [url])
    found = [f for f in found if version is None or f.version == version]
    if not found:
        name = f"{url}|{version}" if version else url
        raise Unprocessable(f"there is no {call.type} {name} stored here: store it first, "
                            "as it is to be without what is imported")  # fmt: skip
    newest = max(found, key=lambda f: age(f.version))
    return replace(call, request=replace(call.request, id=newest.id))
