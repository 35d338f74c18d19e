"""A service with something on every page of the console, served from this process."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from app.console.accounts import links, sessions
from app.console.accounts.sessions import Stage
from app.console.configurations.drafts import create_draft, load_edited, save_draft
from app.console.configurations.starting_points import STARTING_POINTS
from app.console.cookies import SESSION
from app.console.roles import Role
from app.factory import create_app
from app.inference.engine import OpenPackEngine
from app.models import (
    ConsentRecord,
    FindingRow,
    SessionTransition,
    VerificationSession,
    WebhookAttempt,
    WebhookDelivery,
)
from app.runtime import Runtime
from app.schema import upgrade
from app.vocabulary import Evidence
from app.wiring import build_runtime
from tests.browser.live_service import free_port
from tests.functional.console_desk import add_sessions, register
from tests.service import NOON, FakeClock, RelyingSite, settings_for


class QuietHandler(WSGIRequestHandler):
    """Says nothing about every request."""

    def log_request(self, *_: object) -> None: ...


@dataclass
class House:
    """The service, its address, and what is in it."""

    runtime: Runtime
    url: str
    app: Flask
    verification_id: str
    decided: str
    """A session with everything that one can have."""
    setup_path: str

    def enter(
        self, chromium: Browser, stage: Stage = Stage.FULL, *, protected: bool = True, **options: Any
    ) -> BrowserContext:
        """Open a browser in which an owner is signed in, as far as `stage` says."""
        email = f"{uuid4().hex[:8]}@shop.example"
        account = register(self.runtime, Role.OWNER, email, protected=protected)
        with self.runtime.database.transaction() as db:
            token = sessions.begin_session(db, account, stage, self.runtime.clock(), "127.0.0.1", "Chromium")
        context = chromium.new_context(**options)
        context.add_cookies([{"name": SESSION, "value": token, "url": self.url}])
        return context


@contextmanager
def console_house(folder: Path, engine: OpenPackEngine) -> Iterator[House]:
    """Build the house, serve it, and tear it down."""
    port = free_port()
    url = f"http://localhost:{port}"
    runtime = build_runtime(settings_for(folder, public_url=url), engine=engine, clock=FakeClock())
    upgrade(runtime.database)
    house = furnish(runtime, url)
    server = make_server("127.0.0.1", port, house.app, threaded=True, request_handler=QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield house
    finally:
        server.shutdown()
        server.server_close()
        runtime.database.engine.dispose()


def furnish(runtime: Runtime, url: str) -> House:
    """Put something on every page."""
    site, now = RelyingSite.register(runtime), runtime.clock()
    verification_id = site.publish(name="One account per person", description="For the harbour library.")
    site.publish(id=verification_id, name="One account per person", **STARTING_POINTS[1].document)
    with runtime.database.transaction() as db:
        author = "ben@shop.example"
        create_draft(db, site.project_id, "Age gate", STARTING_POINTS[0].document, author, now)
        edited = load_edited(db, verification_id)
        changed = edited.document | {"description": "Everybody has one account."}
        save_draft(db, verification_id, changed, edited.revision, author, now)
    add_sessions(runtime, verification_id, 60)
    decided = add_sessions(runtime, verification_id, 1, ignored=["reSurprise"], correlation_id="order-17")[0]
    invited = register(runtime, Role.VIEWER, "carla@shop.example", protected=False)
    with runtime.database.transaction() as db:
        tell_story(db, db.get_one(VerificationSession, decided))
        token = links.make_link(db, invited.id, now)
    return House(runtime, url, create_app(runtime), verification_id, decided, f"/console/setup/{token}")


def tell_story(db: Session, visit: VerificationSession) -> None:
    """Give a session moves, consent, findings with and without a score, and webhooks."""
    began = visit.created_at
    visit.verifier_results = {"liveness": "passed", "age": "failed", "faceRecognition": "not_executed"}
    visit.decision_notes = {"face_present": 0.6, "single_person": 0.15, "match_threshold": 0.61}
    visit.challenge_path, visit.challenge_path_reason = "movement", "too_bright"
    visit.age_years, visit.total_face_count, visit.attempt_number = 16, 1, 2
    states = (None, "created", "capturing", "processing", "failed")
    for second, (old, new) in enumerate(itertools.pairwise(states)):
        move = {"old_state": old, "new_state": new, "reason": "underage" if new == "failed" else None}
        db.add(SessionTransition(session_id=visit.id, actor="person", at=began + second, **move))
    consent = {"accepted": True, "text_hash": "ab" * 32, "locale": "de", "at": began + 0.5}
    db.add(ConsentRecord(session_id=visit.id, **consent))
    for attempt, evidence, score in (
        (1, Evidence.HEAD_MOVEMENT, None),
        (2, Evidence.FACE_PRESENCE, 0.98),
        (2, Evidence.FACE_COMPARISON, 0.43),
        (2, Evidence.AGE, 16.4),
    ):
        details = {"multiple_share": 0.2, "collection_size": 12, "word": "text", "none": None}
        finding = {"attempt": attempt, "evidence": evidence, "score": score, "unit": "share of frames"}
        db.add(FindingRow(session_id=visit.id, method="mesh-468", details=details, **finding))
    delivery = WebhookDelivery(
        id="delivery-1",
        message_id="msg_1",
        verification_id=visit.verification_id,
        session_id=visit.id,
        event="VerificationCompleted",
        url="https://shop.example/hook",
        body="{}",
        state="pending",
        attempts=1,
        next_attempt_at=NOON + 60,
        created_at=NOON,
    )
    db.add(delivery)
    db.flush()
    tried = {"at": NOON + 1, "status": 503, "error": "the receiver is not well", "duration_ms": 41.0}
    db.add(WebhookAttempt(delivery_id=delivery.id, **tried))
