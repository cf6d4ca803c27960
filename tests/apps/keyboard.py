"""A person who has a keyboard and no pointer."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

# The mark may be on what is drawn for a control, as on the track of a switch.
UNMARKED = """() => {
  const at = document.activeElement;
  if (at === null || at === document.body || at === document.documentElement) return "";
  const isShown = (one) => {
    const box = one.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight;
  };
  const isMarked = (one) => {
    const style = getComputedStyle(one);
    const hasOutline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
    return hasOutline && style.opacity !== "0";
  };
  const drawn = [at, at.nextElementSibling, at.parentElement];
  const isSeen = drawn.some((one) => one !== null && isShown(one) && isMarked(one));
  return isSeen ? "" : at.outerHTML.slice(0, 300);
}"""
STOP = """() => {
  const at = document.activeElement;
  return `${at?.tagName} ${at?.getAttribute("aria-label") ?? at?.textContent?.slice(0, 40)}`;
}"""
HAS_FOCUS = "found => found.includes(document.activeElement)"
MOST_STOPS = 250
MOST_CHOICES = 120


class Keyboard:
    """Keys on a page. Wherever Tab stops, the focus has to be seen (WCAG 2.4.7).

    https://www.w3.org/TR/WCAG22/#focus-visible
    """

    def __init__(self, page: Page) -> None:
        self._page = page

    def key(self, name: str) -> None:
        self._page.keyboard.press(name)

    def to(self, target: Locator, *, back: bool = False) -> None:
        """Press Tab, or Shift and Tab, until the target has the focus."""
        expect(target.first).to_be_attached()
        stops: list[str] = []
        for _ in range(MOST_STOPS):
            if target.evaluate_all(HAS_FOCUS):
                self._is_seen()
                return
            self.key("Shift+Tab" if back else "Tab")
            self._is_seen()
            stops.append(self._page.evaluate(STOP))
        raise AssertionError(f"Tab doesn't come to {target}, but to {stops[-40:]}")

    def press(self, target: Locator, key: str = "Enter", *, back: bool = False) -> None:
        self.to(target, back=back)
        self.key(key)

    def write(self, target: Locator, text: str) -> None:
        """Instead of what is there."""
        self.to(target)
        self.key("Control+a")
        self._page.keyboard.type(text)

    def select(self, option: Locator) -> None:
        """An option of a native list, by the arrow keys."""
        self.to(option.locator("xpath=ancestor::select"))
        self.key("Home")
        for _ in range(MOST_CHOICES):
            if option.evaluate("option => option.selected"):
                return
            self.key("ArrowDown")
        raise AssertionError(f"the arrow keys don't come to {option}")

    def choose(self, option: Locator) -> None:
        """An option of a list that has opened below a field, by the arrow keys."""
        expect(option.first).to_be_visible()
        for _ in range(MOST_CHOICES):
            if option.first.get_attribute("data-combobox-selected") is not None:
                self.key("Enter")
                return
            self.key("ArrowDown")
        raise AssertionError(f"the arrow keys don't come to {option}")

    def _is_seen(self) -> None:
        unmarked = self._page.evaluate(UNMARKED)
        assert unmarked == "", f"the focus isn't seen on {unmarked}"
