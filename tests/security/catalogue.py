"""The attacks that this server must stand, each with a number for life.

A test that tries one has the number in its name: `test_042_...`, or `test_066_067_...` for several.
`later` is the step of the plan that brings the surface: that step picks the attack up, and takes
the word out. `python -m tests.security.catalogue` prints the list with its tests.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]
_NUMBERS: Final = re.compile(r"def (test_(\d{3}(?:_\d{3})*)_\w+)")


@dataclass(frozen=True, slots=True)
class Attack:
    number: int
    what: str
    later: str | None = None


_SECTIONS: Final = {
    "Other people's records": """
1 read another patient by id
2 read another patient's observation; the try is on record
3 search by another patient's id
4 search without any filter
5 another patient's compartment address
6 the other patient as an absolute reference
7 the other patient by identifier in the reference
8 a list of ids of which some are somebody else's
9 Patient.link as a bridge to another patient
10 write a link to another patient into one's own record
11 create a record about somebody else
12 move one's own record to somebody else by update
13 the same by patch, and guess a hidden field by a patch's test
14 create a record without a subject where the rule needs one
15 lists and groups that name others, and $everything through them
16 provenance of one's own and of others' records
17 records with several patients: care team, appointment, message
18 a document that holds somebody else's entries
19 somebody else's data in contained resources and stored bundles
20 a clinician without a relationship reads a patient""",
    "Questions whose answer tells": """
21 _has on hidden records
22 _has inside _has, too deep
23 a chain through hidden records
24 a chain through a forbidden type
25 _include that reaches hidden records
26 _revinclude of types that are ruled otherwise
27 sort by something hidden
28 counts and totals
29 estimated totals
30 filters and modifiers on hidden elements
31 _elements and _summary to get back what is hidden
32 _lastUpdated, _tag and _security as probes
33 a page link of another user, or after the rules changed
34 pages that have gaps where hidden records are
35 newest version and dates of a whole type as a probe
36 halving ranges until a hidden value is found
37 operations that aggregate
38 references resolved in GraphQL
39 vocabulary that everyone sees as a carrier of filters
40 one parameter twice, in address and body""",
    "Older versions and the deleted": """
41 an open version of a record that is closed now
42 a closed version of a record that is open now
43 versions from when a record was somebody else's
44 the history of a type or of everything
45 deleted: gone for some, never there for others
46 versions that can't exist
47 If-Match on a hidden record
48 If-None-Exist on a hidden record
49 delete by condition, with hidden matches
50 references by condition in a transaction
51 create under the id of a hidden record""",
    "Bundles, files, subscriptions": """
52 reads inside a batch, and bundles inside a bundle
53 a bundle of too many entries
54 entries that refer to each other in rings, or move a patient between entries
55 export of everything by a person; another client's export
56 a file of an export after its token was revoked
57 rules that narrow while an export runs
58 an address that leads the server into its own network
59 a redirect into the network from an allowed address
60 an allowed address as the beginning of another one
61 schemes other than https, and userinfo in an address
62 line breaks in the headers of a subscription
63 a subscription of somebody who has lost access
64 a subscription as a probe for hidden records
65 another user's token on the push connection""",
    "Tokens and sign-in": """
66 a token without a signature
67 a token signed with the public key as a secret
68 a key that comes with the token
69 extensions of the token format that nobody knows
70 a token header of a megabyte
71 a key id that is a path or SQL
72 tokens before and after their time
73 an ID token in place of an access token
74 a token for somebody else's server
75 a token of a session that was ended
76 one client assertion twenty times at once
77 a client assertion that lives too long
78 times in a token that are no numbers
79 a key that is too short
80 a code twice, one after the other
81 a code twenty times at once
82 a code of another client, another redirect, or too old
83 PKCE missing, plain, wrong or out of nothing
84 a request for somebody else's FHIR server
85 redirects that almost match
86 line breaks and megabytes in the parameters
87 a parameter twice
88 a refresh token twice
89 a refresh that asks for more
90 a refresh after the patient has withdrawn the app
91 patient scopes without a patient
92 a constrained scope and what lies outside of it
93 a scope that can't be enforced
94 read without search, create without read
95 scopes beyond the user's own rights
96 a launch token twice, or of somebody else
97 registrations of harmful addresses, and thousands of them
98 introspection by others
99 guessing passwords, codes and names; forged forms; sessions that should be over
100 the consent page inside somebody else's page""",
    "Input that breaks parsers": """
101 JSON that is nested too deep
102 numbers beyond reason
103 one key twice
104 text that is no proper Unicode
105 millions of empty objects
106 bombs that unpack
107 XML with entities, depth, attributes
108 scripts in a narrative
109 expressions and patterns that never end
110 SQL and separators inside values
111 HL7 v2 messages that break the grammar | step 5: HL7 v2
112 DICOM objects that break the reader | step 6: DICOM
113 DICOM associations that aren't ours | step 6: DICOM
114 DICOMweb requests that break out or flood | step 6: DICOM
115 formulas in exported tables, markup in reports, odd file names | step 7: screens
116 smuggled requests, forged headers, secrets in addresses, errors that talk""",
}


def _rows(text: str) -> list[Attack]:
    found = []
    for line in text.strip().splitlines():
        number, _, rest = line.partition(" ")
        what, _, later = rest.partition(" | ")
        found.append(Attack(int(number), what, later or None))
    return found


ATTACKS: Final = {a.number: a for text in _SECTIONS.values() for a in _rows(text)}
SECTIONS: Final = {name: _rows(text) for name, text in _SECTIONS.items()}


def tried() -> dict[int, list[str]]:
    """The tests by the numbers that their names have: `security/test_http.py::test_116_...`."""
    found: dict[int, list[str]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for name, numbers in _NUMBERS.findall(file.read_text()):
            for number in map(int, numbers.split("_")):
                if number in ATTACKS:
                    found[number].append(f"{file.relative_to(TESTS)}::{name}")
    return found


if __name__ == "__main__":
    tests = tried()
    for section, attacks in SECTIONS.items():
        print(f"\n{section}")
        for attack in attacks:
            by = f"{len(tests[attack.number])} tests" if tests[attack.number] else attack.later
            print(f"  {attack.number:3} {attack.what}: {by}")
            for test in tests[attack.number]:
                print(f"        {test}")
