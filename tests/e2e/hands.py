"""Three ways to work a page: by keyboard alone, by taps on a phone, and with no script running.

Each knows the same few deeds, so that one course of steps can be walked with any of them.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

MOST_TABS = 250

# Where `wanted` is, seen from what has the focus. Of radios a group has one place among the stops.
WHERE = """(wanted) => {
    const now = document.activeElement;
    const isGroup = now.type === "radio" && wanted.type === "radio" && now.name === wanted.name;
    if (now === wanted || (isGroup && now.form === wanted.form)) return "here";
    const before = now.compareDocumentPosition(wanted) & Node.DOCUMENT_POSITION_PRECEDING;
    return before && now !== document.body ? "before" : "after";
}"""

# Whoever has no pointer must see where he is: the focus is in the window, and nothing covers it.
IS_SEEN = """() => {
    const now = document.activeElement;
    const shown = now.labels?.[0] && now.matches("[type='checkbox'], [type='radio'], [type='file']")
        ? [now, now.labels[0]] : [now];
    return shown.some((element) => [...element.getClientRects()].some((box) => {
        const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
        const top = document.elementFromPoint(x, y);
        return top && (element.contains(top) || top.contains(element));
    }));
}"""


class Hand:
    """Somebody with a mouse and no scripts; the others do the same in their way."""

    has_scripts = False
    is_on_phone = False

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, what: Locator) -> None:
        what.click()

    def shortcut(self, _keys: str, what: Locator) -> None:
        """Do what a key does for those who have a keyboard in hand, by its button."""
        self.press(what)

    def write(self, field: Locator, text: str) -> None:
        field.fill(text)

    def choose(self, field: Locator, label: str) -> None:
        field.select_option(label=label)

    def tick(self, box: Locator) -> None:
        box.check()

    def bring(self, field: Locator, file: Path) -> None:
        """Choose a file in the browser's own window."""
        with self.page.expect_file_chooser() as opened:
            self.press(field)
        opened.value.set_files(file)


class NoScripts(Hand):
    pass


class Finger(Hand):
    """Taps on a phone; what is typed comes from the keyboard on its screen."""

    has_scripts = True
    is_on_phone = True

    def press(self, what: Locator) -> None:
        what.tap()

    def write(self, field: Locator, text: str) -> None:
        field.tap()
        expect(field).to_be_focused()
        field.fill(text)

    def choose(self, field: Locator, label: str) -> None:
        field.tap()
        field.select_option(label=label)  # the phone's own list

    def tick(self, box: Locator) -> None:
        box.tap()
        expect(box).to_be_checked()


class Keyboard(Hand):
    """Tab, arrows, letters and Enter; the pointer is never moved."""

    has_scripts = True

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def reach(self, what: Locator) -> None:
        """Go there by Tab, or back by Shift+Tab, and see that one has arrived."""
        expect(what).to_be_visible()
        for _step in range(MOST_TABS):
            where = what.evaluate(WHERE)  # found anew each time, as a swap may replace it
            if where == "here":
                assert self.page.evaluate(IS_SEEN), f"the focus cannot be seen on {what}"
                return
            self.keys("Shift+Tab" if where == "before" else "Tab")
        raise AssertionError(f"Tab does not reach {what}")

    def press(self, what: Locator) -> None:
        self.reach(what)
        self.keys("Enter")

    def shortcut(self, keys: str, what: Locator) -> None:
        self.keys(*keys.split())

    def write(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.keys("Control+a")
        self.page.keyboard.type(text)

    def choose(self, field: Locator, label: str) -> None:
        self.reach(field)
        self.page.keyboard.type(label)
        expect(field.locator("option:checked")).to_have_text(label)

    def tick(self, box: Locator) -> None:
        self.reach(box)
        for _step in range(30):
            if box.is_checked():
                return
            is_there = box.evaluate("(box) => box === document.activeElement")
            self.keys("Space" if is_there else "ArrowDown")
        raise AssertionError(f"no key ticks {box}")
