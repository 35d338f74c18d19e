"""The sites of the READMEs and the examples, started as whoever copied them would."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

from tests.browser.live_service import free_port
from tests.sdk.published_vectors import ID, KEY, SECRET, whsec
from tests.sdk.toolchains import OFFLINE, SDK, run

EXAMPLES = SDK.parent / "examples"
START_TIMEOUT = 60.0
SERVICE = "http://localhost:5000"

Command = tuple[str, ...]


@dataclass(frozen=True)
class SiteRecipe:
    """How one site is made in an empty folder, and the command that starts it on a port."""

    name: str
    language: str
    prepare: Callable[[Path, int], Command]
    is_example: bool = False


def readme_block(language: str) -> str:
    """Return the first code block of a client's README, which is a whole site."""
    text = (SDK / language / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```\w+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def _python_readme(folder: Path, port: int) -> Command:
    (folder / "shop.py").write_text(readme_block("python"), encoding="utf-8")
    return (sys.executable, "-m", "flask", "--app", "shop", "run", "--port", str(port))


def _javascript_readme(folder: Path, _: int) -> Command:
    (folder / "site.mjs").write_text(readme_block("javascript"), encoding="utf-8")
    _link_packages(folder)
    return ("node", "site.mjs")


def _php_readme(folder: Path, port: int) -> Command:
    (folder / "site.php").write_text(readme_block("php"), encoding="utf-8")
    return ("php", "-S", f"localhost:{port}", "site.php")


def _go_readme(folder: Path, _: int) -> Command:
    (folder / "main.go").write_text(readme_block("go"), encoding="utf-8")
    module = "visavis.example/client"
    lines = ["module site", "go 1.19", f"require {module} v1.1.0", f"replace {module} => {SDK / 'go'}"]
    (folder / "go.mod").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run(("go", "build", "-o", "site", "."), folder)
    return ("./site",)


def _java_readme(folder: Path, port: int) -> Command:
    (folder / "Site.java").write_text(readme_block("java"), encoding="utf-8")
    sources = [str(path) for path in sorted((SDK / "java" / "src").rglob("*.java"))]
    run(("javac", "-d", "classes", *sources), folder)
    return ("java", f"-Dport={port}", "-cp", "classes", "Site.java")


def _flask_example(_: Path, __: int) -> Command:
    return (sys.executable, str(EXAMPLES / "relying_site" / "app.py"))


def _express_example(folder: Path, _: int) -> Command:
    source = EXAMPLES / "express_site"
    for name in ("app.js", "package.json"):
        (folder / name).write_bytes((source / name).read_bytes())
    _link_packages(folder)
    return ("node", "app.js")


def _php_example(_: Path, port: int) -> Command:
    return ("php", "-S", f"localhost:{port}", str(EXAMPLES / "php_site" / "index.php"))


def _link_packages(folder: Path) -> None:
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "visavis-client").symlink_to(SDK / "javascript")
    (folder / "node_modules" / "express").symlink_to(Path(__file__).parent / "express")


RECIPES = (
    SiteRecipe("README of Python", "Python", _python_readme),
    SiteRecipe("README of JavaScript", "JavaScript", _javascript_readme),
    SiteRecipe("README of PHP", "PHP", _php_readme),
    SiteRecipe("README of Go", "Go", _go_readme),
    SiteRecipe("README of Java", "Java", _java_readme),
    SiteRecipe("Flask example", "Python", _flask_example, is_example=True),
    SiteRecipe("Express example", "JavaScript", _express_example, is_example=True),
    SiteRecipe("PHP example", "PHP", _php_example, is_example=True),
)


@dataclass(frozen=True)
class Answer:
    """What a site answered."""

    status: int
    location: str
    text: str


class Visitor:
    """A browser with cookies, as far as these sites need one."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = HTTPConnection("localhost", self.port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        self._keep_cookies(response)
        answer = Answer(response.status, response.headers.get("Location", ""), response.read().decode())
        connection.close()
        return answer

    def _keep_cookies(self, response: HTTPResponse) -> None:
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value


@dataclass(frozen=True)
class Site:
    """A running site."""

    recipe: SiteRecipe
    port: int

    def visit(self, kind: str = "first", name: str = "user-17") -> tuple[Visitor, str]:
        """Let somebody start a verification; return them and the link that they are sent to."""
        visitor = Visitor(self.port)
        if not self.recipe.is_example:
            return visitor, visitor.get("/").location
        form = urlencode({"name": name, "kind": kind}).encode()
        answer = visitor.send("POST", "/visit", form, Content_Type="application/x-www-form-urlencoded")
        return visitor, answer.location


@contextmanager
def running(recipe: SiteRecipe, folder: Path) -> Iterator[Site]:
    port = free_port()
    environment = (
        os.environ
        | OFFLINE
        | {
            "VISAVIS_URL": SERVICE,
            "VISAVIS_VERIFICATION_ID": ID,
            "VISAVIS_SIGNING_SECRET": SECRET,
            "VISAVIS_WEBHOOK_SECRET": whsec(KEY),
            "VISAVIS_PHP": str(SDK / "php" / "autoload.php"),
            "PYTHONPATH": str(SDK / "python"),
            "PORT": str(port),
        }
    )
    command = recipe.prepare(folder, port)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_it_answers(process, port, folder / "log")
        yield Site(recipe, port)
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline, pause = time.monotonic() + START_TIMEOUT, threading.Event()
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            Visitor(port).get("/")
        except OSError:
            pause.wait(0.05)
        else:
            return
    raise AssertionError(f"the site did not start: {log.read_text()}")
