"""axe-core, which finds what shuts people out of a page; fetched by npm once, pinned by hash, kept in var/.

`python -m tests.browser.axe` fetches it; `make test-setup` does.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from app.factory import ROOT

PACKAGE = "axe-core@4.14.1"
SCRIPT_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
SCRIPT = ROOT / "var" / "axe" / "axe.min.js"
# WCAG 2.2, levels A and AA, and what axe's authors call best practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Text that is still fading in has too little contrast for the blink of an eye: axe is asked once all
# that ever ends has ended. Endless animations (a hint that beckons) are looked at as they are.
SETTLED = """async () => {
  const ends = (animation) => animation.effect.getComputedTiming().endTime !== Infinity;
  const running = document.getAnimations().filter(ends);
  await Promise.all(running.map((animation) => animation.finished.catch(() => null)));
}"""


def install() -> None:
    """Fetch the script unless it is there."""
    if SCRIPT.exists() and _is_pinned(SCRIPT.read_bytes()):
        return
    npm = shutil.which("npm") or str(Path(sys.executable).parent / "npm")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", PACKAGE, "--pack-destination", folder, "--ignore-scripts", "--silent"]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            member = archive.extractfile("package/axe.min.js")
            script = member.read() if member else b""
    if not _is_pinned(script):
        raise SystemExit(f"{PACKAGE} is not what was pinned")
    SCRIPT.parent.mkdir(parents=True, exist_ok=True)
    SCRIPT.write_bytes(script)


def violations(page: Page) -> list[str]:
    """Return what axe finds on a page, one line for each kind, with the first culprit."""
    assert SCRIPT.exists(), "axe-core is missing: `make test-setup` fetches it"
    # The page's policy forbids scripts that are not its own; the test looks at it from outside.
    page.evaluate(SCRIPT.read_text(encoding="utf-8"))
    page.evaluate(SETTLED)
    options = {"runOnly": {"type": "tag", "values": TAGS}}
    answer: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{each['id']} ({len(each['nodes'])}×): {each['help']}: {each['nodes'][0]['html'][:160]}"
        for each in answer["violations"]
    ]


def _is_pinned(script: bytes) -> bool:
    return hashlib.sha256(script).hexdigest() == SCRIPT_SHA256


if __name__ == "__main__":
    install()
