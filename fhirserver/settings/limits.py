"""How much one caller, one request or one process may ask."""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class Limits:
    """How much one caller, one request or one process may ask."""

    max_body_bytes: int = setting(64_000_000, "The largest request body, after decompression.")
    max_bytes_in_flight: int = setting(
        128_000_000,
        "How many bytes of request bodies one web process works on at once; more is told to come "
        "back (503). A single body is always let in. 0 is no limit.",
    )
    min_free_mbytes: int = setting(
        100,
        "Below so much free memory of the machine or container, large bodies, searches and other "
        "heavy requests are told to come back (503). 0 is never.",
    )
    requests_per_minute: int = setting(
        6000, "How many requests one user may send through one client in a minute; 0 is no limit."
    )
    heavy_seconds_per_minute: int = setting(
        240,
        "How many seconds the searches, operations, histories and bundles of one user may take "
        "in a minute, all in all; 0 is no limit.",
    )
    slow_requests_at_once: int = setting(
        3,
        "How many heavy requests of one user that take longer than a second may be under way in "
        "one web process; 0 is no limit.",
    )
    system_requests_per_minute: int = setting(
        0, "The same as requests_per_minute for a client that acts for itself; 0 is no limit."
    )
    system_heavy_seconds_per_minute: int = setting(
        0, "The same as heavy_seconds_per_minute for a client that acts for itself."
    )
    system_slow_requests_at_once: int = setting(
        0, "The same as slow_requests_at_once for a client that acts for itself."
    )
    address_requests_per_minute: int = setting(
        6000,
        "How many requests without a valid token may come from one address in a minute; 0 is no "
        "limit. Behind a proxy, set trusted_proxies, too.",
    )
    sign_ins_per_minute: int = setting(
        600, "How many sign-ins one address may try in a minute; 0 is no limit."
    )
    max_bundle_entries: int = setting(
        20_000, "The most entries of a batch or transaction; 0 is no limit."
    )
    max_depth: int = setting(64, "The deepest nesting of a JSON body.")
    default_count: int = setting(20, "Matches on a search page when _count is not given.")
    max_count: int = setting(1000, "The most matches on a search page.")
    max_includes: int = setting(5000, "The most included resources on a search page.")
    max_expansion_codes: int = setting(
        20_000, "The most codes of a value set that $expand gives at once."
    )
    graphql_max_depth: int = setting(20, "The most levels of fields in a GraphQL query.")
    graphql_max_cost: int = setting(
        100_000,
        "What a GraphQL query may cost: a point for each of its fields and each value in the "
        "answer, 10 for each resource, 500 for each search.",
    )
    fhirpath_timeout_seconds: float = setting(
        2.0, "How long the FHIRPath expressions of one request may take; see $fhirpath."
    )
    fhirpath_max_steps: int = setting(
        1_000_000, "The most items that the loops of one FHIRPath expression may look at."
    )
    search_timeout_seconds: float = setting(20.0, "When a search is given up as too costly.")
    request_timeout_seconds: float = setting(
        300.0,
        "When a request of many parts, such as a batch, is given up: nothing more is begun after "
        "that. 0 is never.",
    )
    write_timeout_seconds: float = setting(120.0, "When a write or transaction is given up.")
    page_link_lifetime_seconds: int = setting(3600, "How long the links of a search page work.")
