"""What goes into the wheel besides what lies in the packages: the apps, once they are built.

https://hatch.pypa.io/latest/plugins/build-hook/custom/
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Apps(BuildHookInterface):  # type: ignore[type-arg]
    """Puts `smart_apps/dist` where `fhirserver/content.py` looks for it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises RuntimeError where the apps aren't built."""
        source = Path(self.root) / "smart_apps"
        # An editable install finds them in the checkout, whenever they are built.
        if version == "editable" or not (source / "package.json").is_file():
            return
        built = source / "dist"
        if not (built / "apps.json").is_file():
            raise RuntimeError(
                "smart_apps/dist isn't there: run `make apps` first, or `make wheel`, which does"
            )
        build_data["force_include"][str(built)] = "fhirserver/_content/apps"
