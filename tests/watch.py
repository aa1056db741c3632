"""What a browser complains about while pages are open in it."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Page, Request, Response

# A form that comes back with its errors is a 422 and a stale one a 409: the console calls both a
# failure to load. What could not be loaded is known from the answers, which name it.
NOISE = "Failed to load resource"
REFUSED = {401, 403, 404, 409, 422}
# A request that another one took the place of, or that was left with its page. What fails by itself
# is told by another word, too.
ABORTED = ("htmx:sendAbort", "htmx:afterRequest")
LISTEN = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI}`))"""


def watch(page: Page, complaints: list[str]) -> None:
    """Add to `complaints` what goes wrong on a page from now on."""

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith((NOISE, *ABORTED)):
            complaints.append(f"{page.url}: {message.text}")

    def see(answer: Response) -> None:
        is_answer = answer.request.resource_type in {"document", "xhr", "fetch"}
        if answer.status >= 400 and not (is_answer and answer.status in REFUSED):
            complaints.append(f"{page.url}: {answer.status} for {answer.url}")

    def miss(request: Request) -> None:
        # A page that is left while a part is still on its way, and a file that is saved, say this.
        if request.failure != "net::ERR_ABORTED":
            complaints.append(f"{page.url}: {request.url} failed: {request.failure}")

    page.add_init_script(LISTEN)
    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("response", see)
    page.on("requestfailed", miss)
