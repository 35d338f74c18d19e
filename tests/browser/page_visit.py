"""A visit to the hosted page in a real browser, answered by the stand-in for the server."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from tests.browser.page_harness import Json, Refusal, Script, serve

CHROMIUM_OPTIONS = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
QUICK = {"intervalMs": 50, "framesPerBatch": 2, "width": 480, "quality": 0.8}
CONSENT_GIVEN = {"required": True, "accepted": True, "textHash": "a1b2"}


@contextmanager
def visit(
    browser: Browser, script: Script, *, init: str = "", query: str = "", **options: object
) -> Iterator[Page]:
    """Open the page; on leaving, insist that it called nobody else and the browser had no complaint."""
    complaints: list[str] = []
    script.page = {"capture": QUICK} | script.page
    refusals = (isinstance(answer, Refusal) for listed in script.answers.values() for answer in listed)
    expects_failures = script.refuse_shown > 0 or any(refusals)
    with serve(script) as address:
        context = browser.new_context(**{"viewport": {"width": 390, "height": 844}, **options})  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(8000)
        if init:
            page.add_init_script(f"{{{init}}}")
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("request", lambda call: complaints.append(call.url) if _is_foreign(call.url) else None)
        page.goto(address + query)
        yield page
        context.close()
    failures = r"Failed to load resource: (the server responded|net::ERR_(INTERNET_DISCONNECTED|FAILED))"
    assert [text for text in complaints if not (expects_failures and re.match(failures, text))] == []


def _is_foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "data:", "blob:"))


def ready(**answers: list[Json | Refusal]) -> Script:
    """Return a script whose person has agreed already."""
    return Script(page={"consent": CONSENT_GIVEN}, answers=dict(answers))
