"""The findings of $validate-code, in the words and with the codes that HL7's tools know.

The texts are those of HL7's own validator, which other software reads; each is an Issue with a
code of http://hl7.org/fhir/tools/CodeSystem/tx-issue-type and the name of its message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fhirserver.errors import Issue, Severity


@dataclass(frozen=True, slots=True)
class Message:
    """A kind of finding. `is_told`: its text is part of the answer's `message` as well."""

    id: str
    severity: Severity
    code: str
    detail: str
    text: str
    is_told: bool = True

    def issue(self, place: str | None, severity: Severity | None = None, **values: object) -> Issue:
        """The finding at a place."""
        return Issue(
            severity or self.severity,
            self.code,
            self.text.format(**values),
            place,
            detail=self.detail,
            message_id=self.id,
        )


NOT_IN_VALUE_SET: Final = Message(
    "None_of_the_provided_codes_are_in_the_value_set_one",
    "error", "code-invalid", "not-in-vs",
    "The provided code '{coding}' was not found in the value set '{value_set}'",
)  # fmt: skip
THIS_NOT_IN_VALUE_SET: Final = Message(
    NOT_IN_VALUE_SET.id, "information", "code-invalid", "this-code-not-in-vs",
    NOT_IN_VALUE_SET.text, is_told=False,
)  # fmt: skip
NO_CODING_IN_VALUE_SET: Final = Message(
    "TX_GENERAL_CC_ERROR_MESSAGE", "error", "code-invalid", "not-in-vs",
    "No valid coding was found for the value set '{value_set}'",
)  # fmt: skip
UNKNOWN_CODE: Final = Message(
    "Unknown_Code_in_Version", "error", "code-invalid", "invalid-code",
    "Unknown code '{code}' in the CodeSystem '{system}' version '{version}'",
)  # fmt: skip
UNKNOWN_CODE_UNVERSIONED: Final = Message(
    "Unknown_Code_in", "error", "code-invalid", "invalid-code",
    "Unknown code '{code}' in the CodeSystem '{system}'",
)  # fmt: skip
UNKNOWN_IN_FRAGMENT: Final = Message(
    "UNKNOWN_CODE_IN_FRAGMENT", "warning", "code-invalid", "invalid-code",
    "Unknown Code '{code}' in the CodeSystem '{system}' version '{version}' - note that the code "
    "system is labeled as a fragment, so the code may be valid in some other fragment",
    is_told=False,
)  # fmt: skip
UNKNOWN_SYSTEM: Final = Message(
    "UNKNOWN_CODESYSTEM", "error", "not-found", "not-found",
    "A definition for CodeSystem '{system}' could not be found, so the code cannot be validated",
)  # fmt: skip
UNKNOWN_VERSION: Final = Message(
    "UNKNOWN_CODESYSTEM_VERSION", "error", "not-found", "not-found",
    "A definition for CodeSystem '{system}' version '{version}' could not be found, so the code "
    "cannot be validated. Valid versions: {known}",
)  # fmt: skip
UNKNOWN_VERSION_NONE: Final = Message(
    "UNKNOWN_CODESYSTEM_VERSION_NONE", "error", "not-found", "not-found",
    "A definition for CodeSystem '{system}' version '{version}' could not be found, so the code "
    "cannot be validated. No versions of this code system are known",
)  # fmt: skip
UNKNOWN_VERSION_EXPANDING: Final = Message(
    "UNKNOWN_CODESYSTEM_VERSION_EXP", "error", "not-found", "not-found",
    "A definition for CodeSystem '{system}' version '{version}' could not be found, so the value "
    "set cannot be expanded. Valid versions: {known}",
)  # fmt: skip
UNKNOWN_SYSTEM_EXPANDING: Final = Message(
    "UNKNOWN_CODESYSTEM_EXP", "error", "not-found", "not-found",
    "A definition for CodeSystem '{system}' could not be found, so the value set cannot be "
    "expanded",
)  # fmt: skip
NO_SYSTEM: Final = Message(
    "Coding_has_no_system__cannot_validate", "warning", "invalid", "invalid-data",
    "Coding has no system. A code with no system has no defined meaning, and it cannot be "
    "validated. A system should be provided",
)  # fmt: skip
CANNOT_INFER: Final = Message(
    "UNABLE_TO_INFER_CODESYSTEM", "error", "not-found", "cannot-infer",
    "The System URI could not be determined for the code '{code}' in the ValueSet '{value_set}': "
    "none of its code systems has it: [{systems}]",
)  # fmt: skip
INFERRED_TWICE: Final = Message(
    "Unable_to_resolve_system__value_set_has_multiple_matches",
    "error", "not-found", "cannot-infer",
    "The System URI could not be determined for the code '{code}' in the ValueSet '{value_set}': "
    "value set expansion has multiple matches: [{systems}]",
)  # fmt: skip
SYSTEM_IS_VALUE_SET: Final = Message(
    "Terminology_TX_System_ValueSet2", "error", "invalid", "invalid-data",
    "The Coding references a value set, not a code system ('{system}')",
)  # fmt: skip
SYSTEM_IS_RELATIVE: Final = Message(
    "Terminology_TX_System_Relative", "error", "invalid", "invalid-data",
    "Coding.system must be an absolute reference, not a local reference",
)  # fmt: skip
SYSTEM_IS_SUPPLEMENT: Final = Message(
    "CODESYSTEM_CS_NO_SUPPLEMENT", "error", "invalid", "invalid-data",
    "CodeSystem {system} is a supplement, so can't be used as a value in Coding.system",
)  # fmt: skip
OTHER_VERSION: Final = Message(
    "VALUESET_VALUE_MISMATCH", "error", "invalid", "vs-invalid",
    "The code system '{system}' version '{used}' in the ValueSet include is different to the one "
    "in the value ('{version}')",
)  # fmt: skip
OTHER_VERSION_CHANGED: Final = Message(
    "VALUESET_VALUE_MISMATCH_CHANGED", "error", "invalid", "vs-invalid",
    "The code system '{system}' version '{used}' resulting from the version '{named}' in the "
    "ValueSet include is different to the one in the value ('{version}')",
)  # fmt: skip
OTHER_VERSION_DEFAULT: Final = Message(
    "VALUESET_VALUE_MISMATCH_DEFAULT", "warning", "invalid", "vs-invalid",
    "The code system '{system}' version '{used}' for the versionless include in the ValueSet "
    "include is different to the one in the value ('{version}')",
    is_told=False,
)  # fmt: skip
VERSION_NOT_ALLOWED: Final = Message(
    "VALUESET_VERSION_CHECK", "error", "exception", "version-error",
    "The version '{version}' is not allowed for system '{system}': required to be '{wanted}' by a "
    "version-check parameter",
)  # fmt: skip
WRONG_DISPLAY: Final = Message(
    "Display_Name_for__should_be_one_of__instead_of", "error", "invalid", "invalid-display",
    "Wrong Display Name '{display}' for {coding}. Valid display is {choices} "
    "(for the language(s) '{languages}')",
)  # fmt: skip
WRONG_WHITE_SPACE: Final = Message(
    "Display_Name_WS_for__should_be_one_of__instead_of", "error", "invalid", "invalid-display",
    "Wrong whitespace in Display Name '{display}' for {coding}. Valid display is {choices} "
    "(for the language(s) '{languages}')",
)  # fmt: skip
OTHER_LANGUAGE: Final = Message(
    "NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_OK", "information", "invalid", "invalid-display",
    "There are no valid display names found for the code {coding} for language(s) '{languages}'. "
    "The display is '{display}' which is a valid display for the default language",
)  # fmt: skip
WRONG_DISPLAY_OTHER_LANGUAGE: Final = Message(
    "NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_ERR", "error", "invalid", "invalid-display",
    "Wrong Display Name '{display}' for {coding}. There are no valid display names found for "
    "language(s) '{languages}'. Default display is '{default}'",
)  # fmt: skip
OUTDATED_DISPLAY: Final = Message(
    "INACTIVE_DISPLAY_FOUND", "warning", "invalid", "display-comment",
    "'{display}' is no longer considered a correct display for code '{code}' "
    "(status = deprecated). The correct display is one of {choices}.",
    is_told=False,
)  # fmt: skip
OTHER_CASE: Final = Message(
    "CODE_CASE_DIFFERENCE", "information", "business-rule", "code-rule",
    "The code '{code}' differs from the correct code '{right}' by case. Although the code system "
    "'{system}' is case insensitive, implementers are strongly encouraged to use the correct case "
    "anyway",
    is_told=False,
)  # fmt: skip
INACTIVE: Final = Message(
    "INACTIVE_CONCEPT_FOUND", "warning", "business-rule", "code-comment",
    "The concept '{code}' has a status of {status} and its use should be reviewed",
)  # fmt: skip
DEPRECATED: Final = Message(
    "DEPRECATED_CONCEPT_FOUND", "warning", "business-rule", "code-comment",
    "The concept '{code}' is deprecated and its use should be reviewed",
)  # fmt: skip
NOT_ACTIVE: Final = Message(
    "STATUS_CODE_WARNING_CODE", "error", "business-rule", "code-rule",
    "The concept '{code}' is valid but is not active",
)  # fmt: skip
ABSTRACT: Final = Message(
    "ABSTRACT_CODE_NOT_ALLOWED", "error", "business-rule", "code-rule",
    "Code '{coding}' is abstract, and not allowed in this context",
)  # fmt: skip
DEPRECATED_IN_VALUE_SET: Final = Message(
    "CONCEPT_DEPRECATED_IN_VALUESET", "warning", "business-rule", "code-comment",
    "The presence of the concept '{code}' in the system '{system}' in the value set {value_set} "
    "is marked with a status of deprecated and its use should be reviewed",
    is_told=False,
)  # fmt: skip
UNCHECKED_SYSTEM: Final = Message(
    "UNKNOWN_CODESYSTEM", "warning", "not-found", "not-found",
    "A definition for CodeSystem '{system}' could not be found: the code is one of those that the "
    "value set lists, and is not checked any further",
)  # fmt: skip


def _standing(word: str) -> Message:
    return Message(
        f"MSG_{word.upper()}", "information", "business-rule", "status-check",
        f"Reference to {word} {{kind}} {{canonical}}", is_told=False,
    )  # fmt: skip


STANDING: Final = {w: _standing(w) for w in ("deprecated", "withdrawn", "experimental", "draft")}
