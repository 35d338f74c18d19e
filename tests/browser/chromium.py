"""Debian's Chromium, closed off: it talks to loopback and to nobody else."""

import shutil
from collections.abc import Sequence

from playwright.sync_api import Browser, Playwright

ARGUMENTS = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


def launch(playwright: Playwright, arguments: Sequence[str] = ()) -> Browser:
    """Start the browser; without `chromium` on the machine this fails, it never skips."""
    executable = shutil.which("chromium")
    assert executable, "chromium is missing: `make test` installs it"
    return playwright.chromium.launch(executable_path=executable, args=[*ARGUMENTS, *arguments])
