"""What is accepted, kept and told."""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class Content:
    """What is accepted, kept and told."""

    profile_validation: str = setting(
        "warn",
        "What becomes of a write that breaks a profile of its meta.profile: reject; warn, which "
        "tells those who send Prefer: return=OperationOutcome; tag, which marks it; off.",
    )
    check_references: str = setting(
        "off", "Whether a write is refused whose references are to nobody here: reject or off."
    )
    allow_expunge: bool = setting(
        False, "Whether $expunge may remove old versions and deleted resources for good."
    )
    remote_terminology: str = setting(
        "",
        "Code systems that another terminology server answers for: SYSTEM=BASE, with commas "
        "between several.",
    )
    bulk_jobs_at_once: int = setting(
        5, "How many exports and imports of one client may be open at once; 0 is no limit."
    )
    bulk_file_resources: int = setting(
        50_000, "The most resources in one file of an export: the next ones are in another."
    )
    bulk_lifetime_seconds: int = setting(
        86_400, "How long an export's or import's answer and files can be fetched when it is done."
    )
    bulk_import_processes: int = setting(
        0, "How many processes store the lines of an import; 0 is as many as there are cores."
    )
    bulk_import_sources: str = setting(
        "",
        "Where $import may fetch files from: beginnings of https addresses, with spaces between "
        "them. None means that only files stored here as Binary are imported.",
    )
