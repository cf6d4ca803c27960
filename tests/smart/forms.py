"""Forms of our pages as somebody without a screen fills them in: by the words beside the boxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Box:
    """A tick box or a radio button."""

    kind: str
    name: str
    value: str
    words: str = ""
    is_on: bool = False


@dataclass
class Form:
    action: str
    fixed: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)

    def box(self, words: str, *, within: str = "") -> Box:
        """The box with these words; `within` begins the name of its field."""
        found = [b for b in self.boxes if b.words == words and b.name.startswith(within)]
        assert found, f"{words!r} is none of {[b.words for b in self.boxes]}"
        return found[0]

    def untick(self, words: str) -> None:
        self.box(words).is_on = False

    def choose(self, box: Box) -> None:
        """Tick a box, or press a radio button, which lets the others of its name go."""
        for other in self.boxes:
            if box.kind == "radio" and other.name == box.name:
                other.is_on = False
        box.is_on = True

    def values(self, **more: str) -> dict[str, list[str]]:
        """What a browser would send."""
        kept = [(name, value) for name, value in self.fixed if name not in more]
        pairs = [*kept, *((b.name, b.value) for b in self.boxes if b.is_on), *more.items()]
        found: dict[str, list[str]] = {}
        for name, value in pairs:
            found.setdefault(name, []).append(value)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.by_id: dict[str, Box] = {}
        self.labelled: Box | None = None

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input" and given.get("type") in {"checkbox", "radio"}:
            box = Box(given["type"], given["name"], given["value"], is_on="checked" in given)
            self.forms[-1].boxes.append(box)
            self.by_id[given["id"]] = box
        elif tag == "input":
            self.forms[-1].fixed.append((given["name"], given.get("value", "")))
        elif tag == "label":
            self.labelled = self.by_id.get(given.get("for", ""))

    def handle_endtag(self, tag):
        if tag == "label":
            self.labelled = None

    def handle_data(self, data):
        if self.labelled is not None:
            self.labelled.words = (self.labelled.words + data).strip()


def form(page: str, action: str = "") -> Form:
    """The form of a page that is sent to an address; by default, to its own."""
    reader = _Reader()
    reader.feed(page)
    return next(f for f in reader.forms if f.action == action)
