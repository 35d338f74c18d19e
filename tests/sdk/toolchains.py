"""Which languages' toolchains are on this machine, and how each client's own tests are run.

Python and JavaScript must be there: the first runs these tests, the second checks the hosted page. Go,
PHP and Java (17 or newer) run when they are; the last lines of a test run say which did.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

SDK = Path(__file__).parents[2] / "sdk"
TIMEOUT = 120.0
# Loopback servers of their own must not be sent through a proxy, and nothing may be fetched.
OFFLINE = {"NO_PROXY": "*", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-count=1"}


@dataclass(frozen=True)
class Toolchain:
    """One language: what must be on the machine, and what runs the client's tests."""

    language: str
    programs: tuple[str, ...]
    version: tuple[str, ...]
    test: Callable[[Path], None]
    is_required: bool = False

    @property
    def is_here(self) -> bool:
        return all(shutil.which(program) for program in self.programs)

    def describe(self) -> str:
        """Return the version in the toolchain's own words."""
        return run(self.version, SDK).splitlines()[0].strip()


def run(command: tuple[str, ...], folder: Path, **environment: str) -> str:
    """Run a command and return what it printed; a failure shows it."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **OFFLINE, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def _python(_: Path) -> None:
    # Its tests are pytest's own: test_python_vectors.py and tests/unit/test_sdk_python.py.
    run((sys.executable, "-c", "import visavis_backend, visavis_client"), SDK / "python")


def _javascript(_: Path) -> None:
    tests = sorted(str(path) for path in (SDK / "javascript" / "test").glob("*.test.js"))
    run(("node", "--test", *tests), SDK / "javascript")


def _go(_: Path) -> None:
    run(("go", "vet", "./..."), SDK / "go")
    run(("go", "test", "./..."), SDK / "go")


class _Redeeming(BaseHTTPRequestHandler):
    """The service as PHP's tests need it: one code, one key. The others bring a server of their own."""

    def do_POST(self) -> None:
        wish = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_right = self.headers["Authorization"] == "ApiKey key-1" and wish["resultCode"] == "q1w2"
        answer = {"verificationSessionId": wish["verificationSessionId"], "nonce": "a"}
        self.send_response(200 if is_right and self.path.endswith("/redeem-result-code") else 302)
        self.send_header("Location", "https://evil.example/")
        self.end_headers()
        self.wfile.write(json.dumps(answer | {"verificationResult": "passed"}).encode())

    def log_message(self, *_: object) -> None:
        """Leave the output to the tests."""


def _php(_: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), _Redeeming) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        run(("php", "tests/run.php", f"http://127.0.0.1:{server.server_port}/"), SDK / "php")
        server.shutdown()
        thread.join()


def _java(scratch: Path) -> None:
    sources = [str(path) for path in sorted((SDK / "java").rglob("*.java"))]
    run(("javac", "-Xlint:all", "-Werror", "-d", str(scratch / "java"), *sources), SDK / "java")
    classes = ("java", "-Xshare:auto", "-cp", str(scratch / "java"))
    run((*classes, "visavis.SdkTest", "../vectors"), SDK / "java")


TOOLCHAINS = (
    Toolchain("Python", (sys.executable,), (sys.executable, "--version"), _python, is_required=True),
    Toolchain("JavaScript", ("node",), ("node", "--version"), _javascript, is_required=True),
    Toolchain("PHP", ("php",), ("php", "--version"), _php),
    Toolchain("Go", ("go",), ("go", "version"), _go),
    Toolchain("Java", ("javac", "java"), ("javac", "-version"), _java),
)


def present() -> list[Toolchain]:
    """Return the toolchains on this machine, the required ones in any case."""
    return [toolchain for toolchain in TOOLCHAINS if toolchain.is_required or toolchain.is_here]


def absent() -> list[Toolchain]:
    """Return the toolchains that are not on this machine."""
    return [toolchain for toolchain in TOOLCHAINS if toolchain not in present()]
