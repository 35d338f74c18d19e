"""A stand-in for the server that shows the hosted page any answer, so that every step can be seen.

It speaks the page's protocol with answers written beforehand; no models, no database. To look at a
step by hand: `python -m tests.browser.page_harness` and open one of the addresses that it prints.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.serving import WSGIRequestHandler, make_server

from app.hosted import locales
from app.hosted.page_data import script_json
from app.hosted.security_headers import allow_camera, init_security_headers
from app.hosted.texts import consent_text, guidance_texts, reason_texts, ui_texts
from app.pipeline.light import BASE

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]


def status(**changes: object) -> Json:
    """Return a Status as the server sends it while somebody is in front of the camera."""
    usual = {
        "state": "capturing",
        "attempt": 1,
        "attemptsLeft": 2,
        "nextFrame": 0,
        "phase": "positioning",
        "guidance": "look_straight",
        "step": 0,
        "steps": 3,
        "progress": 0.0,
        "intervalMs": 100,
        "light": None,
        "outcome": None,
    }
    return usual | changes


def outcome(result: str, reason: str | None = None, **changes: object) -> Json:
    """Return the Status that ends an attempt or the session."""
    state = {"retry": "capturing", "review": "review"}.get(result, result)
    ended = {"result": result, "reason": reason, "next": None}
    return status(**{"state": state, "phase": "done", "guidance": "checking", "outcome": ended} | changes)


@dataclass(frozen=True)
class Refusal:
    """A problem document instead of a Status."""

    status: int
    slug: str = "problem"
    headers: Mapping[str, str] = field(default_factory=dict)


def challenge(step: int, guidance: str, progress: float) -> Json:
    """Return the Status in the middle of a movement challenge."""
    return status(phase="challenge", step=step, guidance=guidance, progress=progress)


def shine(*colours: str, ms: int, last: bool) -> Json:
    """Return the Status in the light part of a challenge that has released these colours so far."""
    steps = [{"number": number, "colour": colour, "ms": ms} for number, colour in enumerate(colours)]
    light = {"base": BASE, "steps": steps, "last": last}
    return status(phase="light", step=3, guidance="watch_light", progress=0.6, light=light)


def usual_answers() -> dict[str, list[Json | Refusal]]:
    """Return what the server answers when all goes well; the last answer of each list repeats."""
    return {
        "consent": [status(state="created", phase="ready")],
        "start": [status(state="created")],
        "frames": [
            status(guidance="move_closer"),
            challenge(1, "look_left", 0.1),
            challenge(2, "look_right", 0.5),
            status(phase="collecting", guidance="hold_still", step=3, progress=0.9),
            outcome("passed"),
        ],
        "status": [status()],
        "exit": [outcome("failed", "cancelled", state="cancelled")],
    }


@dataclass
class Script:
    """What the stand-in shows and answers, and what it was sent."""

    page: Json = field(default_factory=dict)
    answers: dict[str, list[Json | Refusal]] = field(default_factory=dict)
    sent: list[tuple[str, Json]] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    next_frame: int = 0
    seconds_per_batch: float = 0.0
    """How long an answer to frames takes, for a slow way up."""
    refuse_shown: int = 0
    """How many batches that report a colour of the screen are refused before one is taken."""
    refused: list[Json] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    def answer(self, name: str) -> Json | Refusal:
        """Return the next scripted answer for an endpoint."""
        waiting = self.answers.get(name) or usual_answers()[name]
        self.answers[name] = waiting[1:] or waiting
        return waiting[0]

    def bodies(self, name: str) -> list[Json]:
        """Return what was posted to an endpoint, in order."""
        return [body for endpoint, body in self.sent if endpoint == name]


def page_data(script: Script, language: locales.Language) -> Json:
    """Return `page` with everything that the hosted page expects."""
    urls = {name: f"/session/1/{name}" for name in ("consent", "start", "frames", "exit", "status", "return")}
    usual = {
        "sessionId": "1",
        "token": "page-token",
        "state": "created",
        "locale": language.code,
        "dir": language.direction,
        "brand": {"name": "Northwind Library"},
        "relyingParty": "library.example",
        "urls": urls,
        "consent": {"required": True, "accepted": False, "textHash": "a1b2"}
        | consent_text("library.example", 30),
        "capture": {"intervalMs": 100, "framesPerBatch": 4, "width": 480, "quality": 0.8},
        "verifiers": ["liveness", "faceRecognition"],
        "challenge": {"level": "Balanced", "flashing": False},
        "texts": {"guidance": guidance_texts(), "reasons": reason_texts(), "ui": ui_texts()},
        "handover": None,
        "sandbox": None,
        "locales": locales.language_choices(),
    }
    return usual | script.page


def make_stub(script: Script, translations: Path) -> Flask:
    """Return the stand-in as a Flask application with the product's templates, texts and headers."""
    stub = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    stub.config["BABEL_TRANSLATION_DIRECTORIES"] = str(translations)
    locales.install(stub)
    init_security_headers(stub, https=False)

    @stub.get("/session/1")
    def show() -> str:
        page = page_data(script, locales.current_language())
        allow_camera()
        return render_template("hosted/session.html", page=page, page_json=script_json(page))

    @stub.get("/session/1/return")
    def leave() -> str:
        return "<!doctype html><title>Back at the website</title><link rel=icon href=data:,>"

    @stub.get("/error")
    def error() -> str:
        return render_template("errors/error.html", **{"retry_url": None, **request.args})

    @stub.get("/finished")
    def finished() -> str:
        reason = reason_texts().get(request.args.get("reason", ""))
        return render_template("hosted/finished.html", result=request.args["result"], reason=reason)

    @stub.route("/session/1/<any(consent, start, frames, exit, status):name>", methods=["GET", "POST"])
    def answer(name: str) -> Response:
        if request.headers.get("X-Visavis-Page") != "page-token":
            return _respond(Refusal(409, "page-superseded"))
        _record(script, name)
        if _refuses(script, name):
            return _respond(Refusal(400))
        return _respond(_numbered(script, script.answer(name)))

    return stub


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Leave the output to the tests."""


@contextmanager
def serve(script: Script) -> Iterator[str]:
    """Serve the stand-in on a free port of this machine; yields the address of its page."""
    with TemporaryDirectory() as directory:
        compile_catalogs(Path(directory))
        server = make_server("127.0.0.1", 0, make_stub(script, Path(directory)), True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/session/1"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def compile_catalogs(target: Path) -> None:
    """Compile every committed catalog below `target`, so that nothing depends on files built before."""
    for source in (ROOT / "app" / "translations").glob("*/LC_MESSAGES/messages.po"):
        compiled = target / source.relative_to(ROOT / "app" / "translations").with_suffix(".mo")
        compiled.parent.mkdir(parents=True)
        with source.open("rb") as po, compiled.open("wb") as mo:
            write_mo(mo, read_po(po))


def _record(script: Script, name: str) -> None:
    if name != "frames":
        script.sent.append((name, request.get_json(silent=True) or {}))
        return
    script.under_way += 1
    script.most_under_way = max(script.most_under_way, script.under_way)
    threading.Event().wait(script.seconds_per_batch)
    script.under_way -= 1
    meta = json.loads(request.form["meta"])
    pictures = [item.read() for item in request.files.getlist("frame")]
    script.pictures.extend(pictures)
    script.next_frame = meta["first"] + len(pictures)
    script.sent.append((name, meta))


def _refuses(script: Script, name: str) -> bool:
    if name != "frames" or script.refuse_shown <= 0 or "shown" not in script.sent[-1][1]:
        return False
    script.refuse_shown -= 1
    script.refused.append(script.sent[-1][1])
    return True


def _numbered(script: Script, answer: Json | Refusal) -> Json | Refusal:
    return answer if isinstance(answer, Refusal) else {**answer, "nextFrame": script.next_frame}


def _respond(answer: Json | Refusal) -> Response:
    if not isinstance(answer, Refusal):
        return jsonify(answer)
    problem = {"type": f"https://visavis.example/problems/{answer.slug}", "status": answer.status}
    response = make_response(problem, answer.status, dict(answer.headers))
    response.mimetype = "application/problem+json"
    return response


if __name__ == "__main__":
    with serve(Script()) as address:
        print(address)  # noqa: T201 - this is what a person reads
        threading.Event().wait()
