"""Where reviewable content and the built apps lie: in a checkout, or inside the wheel."""

from pathlib import Path
from typing import Final

PACKAGE = Path(__file__).parent
APPS: Final = "apps"

# What a checkout keeps elsewhere than beside the packages.
_PLACE: Final = {APPS: "smart_apps/dist"}


def folder(name: str) -> Path:
    """The folder `profiles`, `terminology` or `apps`, in whichever place it is.

    The apps are only there once they are built.
    """
    installed = PACKAGE / "_content" / name
    return installed if installed.is_dir() else PACKAGE.parent / _PLACE.get(name, name)
