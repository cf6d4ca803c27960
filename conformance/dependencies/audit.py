"""Audits the locked requirements: `python -m conformance.dependencies.audit`.

https://github.com/pypa/pip-audit
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from fhirserver import clock

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements" / "dev.txt"
ACCEPTED = Path(__file__).with_name("accepted.json")
SOURCES = ("pypi", "osv")
TIMEOUT_SECONDS = 90
MOST_NAMED = 8

Report = Mapping[str, Any]


def judge(
    report: Report, accepted: Sequence[Mapping[str, str]], today: date
) -> tuple[list[str], bool]:
    """What there is to say of pip-audit's report, and whether it is good enough."""
    lines: list[str] = []
    good = True
    lived_with = {(a["package"], a["id"]): a for a in accepted}
    dependencies = report["dependencies"]
    skipped = sorted(d["name"] for d in dependencies if "skip_reason" in d)
    for dependency in dependencies:
        for hole in dependency.get("vulns", ()):
            name, version = dependency["name"], dependency["version"]
            names = [hole["id"], *hole.get("aliases", ())]
            found = next((lived_with[name, n] for n in names if (name, n) in lived_with), None)
            what = f"{name} {version}: {', '.join(names)}"
            if found is None:
                fixed = ", ".join(hole.get("fix_versions", ())) or "no release"
                lines.append(f"{what}; fixed in {fixed}")
                good = False
            elif date.fromisoformat(found["until"]) < today:
                lines.append(f"{what}; was accepted until {found['until']}: decide again")
                good = False
            else:
                lines.append(f"{what}; accepted until {found['until']}: {found['reason']}")
    if skipped and len(skipped) < len(dependencies):
        named = ", ".join(skipped[:MOST_NAMED]) + (", ..." if len(skipped) > MOST_NAMED else "")
        lines.append(f"{len(skipped)} of {len(dependencies)} not audited: {named}")
    audited = len(dependencies) - len(skipped)
    lines.append(f"{audited} of {len(dependencies)} dependencies audited")
    return lines, good


def asked(source: str) -> Report | None:
    """pip-audit's report by one source of advisories; None when that can't be reached."""
    command = [
        *(sys.executable, "-m", "pip_audit", "--requirement", str(REQUIREMENTS)),
        *("--require-hashes", "--disable-pip", "--progress-spinner", "off"),
        *("--vulnerability-service", source, "--format", "json", "--timeout", "10"),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
        )
        report: Report = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    knows = any("skip_reason" not in d for d in report["dependencies"])
    return report if knows else None


def main() -> int:
    """Print the findings; 1 when there is a hole that nobody has accepted."""
    report = next((r for r in map(asked, SOURCES) if r is not None), None)
    if report is None:
        print("dependencies NOT audited: neither PyPI's advisories nor OSV can be reached")
        return 0
    lines, good = judge(report, json.loads(ACCEPTED.read_text()), clock.now().date())
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
