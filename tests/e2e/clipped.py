"""What of the text on a page is cut off, sticks out of its box or lies on other text."""

from __future__ import annotations

from playwright.sync_api import Page

# What WCAG 1.4.12 lets a reader set, whatever a page has chosen.
SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important; transition: none !important; }
        p { margin-block-end: 2em !important; }`);
    document.adoptedStyleSheets = [sheet];
}"""
# The letters have come, and what is fitted to its room after each frame has been fitted.
SETTLED = """() => document.fonts.ready.then(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"""
FOUND = r"""() => {
    const seen = (element) => {
        const kinds = {opacityProperty: true, visibilityProperty: true};
        if (!element.checkVisibility(kinds)) return false;
        const box = element.getBoundingClientRect();
        return box.width > 2 && box.height > 2
            && !element.closest("svg, select, noscript, .c-skip");
    };
    const cuts = (style) => /hidden|clip/.test(style.overflowX + style.overflowY);
    // Cut with three dots, or after some lines with a way to read on: meant so.
    const isMeant = (element, style) => style.textOverflow === "ellipsis"
        || element.classList.contains("c-note--cut")  // with “Show all” below it
        || !["none", "", undefined].includes(style.webkitLineClamp);
    const scrolls = (style) => /auto|scroll/.test(style.overflowX + style.overflowY);
    const told = (element, text) => `${element.tagName.toLowerCase()}.`
        + `${[...element.classList].join(".")} “${text.trim().slice(0, 40)}”`;

    // The lines of text there are, each with the box that it floats in.
    const lines = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const isHidden = (element) => {
        for (let above = element; above; above = above.parentElement) {
            if (getComputedStyle(above).clipPath.startsWith("inset(50%")) return true;
        }
        return element.closest(".visually-hidden, .c-public__trap");  // a field for robots
    };
    while (walker.nextNode()) {
        const node = walker.currentNode, element = node.parentElement;
        if (!node.data.trim() || !seen(element) || isHidden(element)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const rects = [...range.getClientRects()].filter((r) => r.width > 1 && r.height > 1);
        lines.push({element, text: node.data, rects});
    }
    const wrong = new Set();

    // The layer a text is in: bars and menus lie above others by design. And what cuts it off.
    const layers = new Map();
    const layerOf = (element) => {
        if (!element || element === document.body) return document.body;
        if (!layers.has(element)) {
            const {position, transform} = getComputedStyle(element);
            const isOwn = /fixed|sticky|absolute/.test(position) || transform !== "none";
            layers.set(element, isOwn ? element : layerOf(element.parentElement));
        }
        return layers.get(element);
    };
    for (const line of lines) {
        line.layer = layerOf(line.element);
        let meant = false, cut = null;
        for (let above = line.element; above !== document.body; above = above.parentElement) {
            const style = getComputedStyle(above);
            if (isMeant(above, style)) meant = true;
            if (scrolls(style)) { line.scroller = above; break; }
            if (cuts(style) && style.display !== "inline" && !cut) cut = above;
        }
        if (meant) { line.meant = true; continue; }
        if (cut) {
            const box = cut.getBoundingClientRect();
            for (const r of line.rects) {
                if (r.right > box.right + 1 || r.left < box.left - 1
                    || r.bottom > box.bottom + 3 || r.top < box.top - 3) {
                    wrong.add(`cut off by ${cut.className}: ${told(line.element, line.text)}`);
                }
            }
        }
        // Out of a box that was given a height or width which its text does not keep to.
        let boxed = line.element;
        while (boxed && getComputedStyle(boxed).display === "inline") boxed = boxed.parentElement;
        const box = boxed.getBoundingClientRect();
        for (const r of line.rects) {
            if (r.right > box.right + 2 || r.left < box.left - 2
                || r.bottom > box.bottom + 4 || r.top < box.top - 4) {
                wrong.add(`out of its box: ${told(line.element, line.text)}`);
            }
        }
    }
    // Lines on other lines, in one layer and one region that scrolls.
    const flat = lines.filter((line) => !line.meant)
        .flatMap((line) => line.rects.map((r) => ({...line, r})));
    flat.sort((a, b) => a.r.top - b.r.top);
    for (let i = 0; i < flat.length; i += 1) {
        const a = flat[i];
        for (let j = i + 1; j < flat.length && flat[j].r.top < a.r.bottom - 3; j += 1) {
            const b = flat[j];
            if (a.element === b.element || a.layer !== b.layer) continue;
            if (a.scroller !== b.scroller) continue;
            const across = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left);
            const down = Math.min(a.r.bottom, b.r.bottom) - b.r.top;
            const least = Math.min(a.r.height, b.r.height);
            if (across > 2 && down > least * 0.35) {
                const both = [a, b].map((each) => told(each.element, each.text));
                wrong.add(`on each other: ${both.join(" and ")}`);
            }
        }
    }
    const root = document.documentElement, main = document.getElementById("main");
    for (const wide of [root, main]) {
        if (wide && wide.scrollWidth > wide.clientWidth + 1) {
            const edge = wide.getBoundingClientRect().left + wide.clientWidth;
            const out = [...wide.querySelectorAll("*")]
                .filter((e) => e.getBoundingClientRect().right > edge + 1).slice(0, 2);
            const names = out.map((e) => told(e, e.textContent)).join(", ");
            wrong.add(`${wide.scrollWidth} wide in ${wide.clientWidth}: ${names}`);
        }
    }
    return [...wrong].sort();
}"""


def clipped(page: Page) -> list[str]:
    """Return what is wrong with the text of a page as it stands open, in words."""
    page.evaluate(SETTLED)
    found: list[str] = page.evaluate(FOUND)
    return found
