"""Where reviewable content lies: beside the packages in a checkout, or inside the wheel."""

from pathlib import Path

PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder `profiles` or `terminology`, in whichever place it is."""
    installed = PACKAGE / "_content" / name
    return installed if installed.is_dir() else PACKAGE.parent / name
