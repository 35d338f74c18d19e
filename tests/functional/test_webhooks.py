"""Webhooks from the decision to the receiver: signed, at least once, for three days, and nowhere else."""

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from webtest import TestApp

from app import flow, worker
from app.models import WebhookDelivery
from app.runtime import Runtime
from app.sessions import conclusion
from app.vocabulary import Reason
from app.webhooks import deliveries, loop, secrets, sender
from app.webhooks.schedule import MAX_ATTEMPTS
from app.webhooks.sender import Attempt, Sender
from app.wiring import build_runtime
from tests.functional.visit import Visit
from tests.service import FakeClock, RelyingSite

URL = "https://hooks.shop.example/visavis"
HOUR = 3600.0


@dataclass
class Receiver:
    """The shop's endpoint; answers what the test says."""

    status: int | None = 204
    received: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
        self.received.append((url, body, dict(headers)))
        accepted = self.status is not None and self.status < 300
        return Attempt(self.status, None if accepted else "refused", 12.0)

    @property
    def events(self) -> list[str]:
        return [json.loads(body)["event"] for _, body, _ in self.received]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def cancelled_visit(site: RelyingSite, browser: TestApp, clock: FakeClock, **webhook: Any) -> str:
    """Somebody opens the link and leaves; returns the verification's id."""
    verification_id = site.publish(webhookConfig={"eventCallbackUrl": URL} | webhook)
    visit = Visit.open(browser, clock, site.link(verification_id))
    visit.post("exit", {"reason": "cancelled"})
    return verification_id


def deliveries_of(runtime: Runtime) -> list[WebhookDelivery]:
    with runtime.database.reading() as db:
        return list(deliveries.list_deliveries(db))


def test_the_end_of_a_session_is_told_once(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    verification_id = cancelled_visit(site, browser, clock)
    assert loop.run_once(runtime, receiver, clock()) == 1
    assert loop.run_once(runtime, receiver, clock()) == 0
    document = json.loads(receiver.received[0][1])
    assert document["event"] == "VerificationCompleted"
    assert document["verificationId"] == verification_id
    assert set(document) == {"event", "verificationSessionId", "verificationId", "timestamp"}
    assert deliveries_of(runtime)[0].state == "delivered"


def test_only_subscribed_events_are_sent(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    cancelled_visit(site, browser, clock, events=["VerificationCreated", "VerificationExpired"])
    loop.run_once(runtime, receiver, clock())
    assert receiver.events == ["VerificationCreated"]


def test_without_an_address_nothing_is_sent(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    Visit.open(browser, clock, site.link(site.publish()))
    assert loop.run_once(runtime, receiver, clock()) == 0


def test_every_live_secret_signs_and_a_forged_body_does_not_verify(
    site: RelyingSite,
    browser: TestApp,
    clock: FakeClock,
    runtime: Runtime,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verification_id = cancelled_visit(site, browser, clock)
    with runtime.database.transaction() as db:
        old = secrets.add_secret(db, runtime.sealer, verification_id, clock())[1]
        new = secrets.add_secret(db, runtime.sealer, verification_id, clock() + 1)[1]
    loop.run_once(runtime, receiver, clock())
    _, body, headers = receiver.received[0]
    monkeypatch.setattr("standardwebhooks.webhooks.Webhook._Webhook__verify_timestamp", _any_time)
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body.replace(b"Completed", b"Cancelled"), headers)


def _any_time(self: Webhook, header: str) -> Any:
    """The clock of the tests stands at another day than the library's."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(header), UTC)


def test_a_receiver_that_is_down_for_an_hour_misses_nothing(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    cancelled_visit(site, browser, clock)
    receiver.status = None
    for _ in range(120):
        loop.run_once(runtime, receiver, clock())
        clock.pass_seconds(30)
    assert len(receiver.received) == 4
    receiver.status = 200
    clock.pass_seconds(2 * HOUR)
    loop.run_once(runtime, receiver, clock())
    assert deliveries_of(runtime)[0].state == "delivered"
    assert len({headers["webhook-id"] for _, _, headers in receiver.received}) == 1


def test_after_three_days_a_message_is_a_dead_letter_and_can_be_replayed(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    cancelled_visit(site, browser, clock)
    receiver.status = 503
    for _ in range(MAX_ATTEMPTS + 3):
        loop.run_once(runtime, receiver, clock())
        clock.pass_seconds(27 * HOUR)
    dead = deliveries_of(runtime)[0]
    assert (dead.state, dead.attempts) == ("dead", MAX_ATTEMPTS)
    receiver.status = 204
    with runtime.database.transaction() as db:
        assert len(deliveries.attempts_of(db, dead.id)) == MAX_ATTEMPTS
        deliveries.replay(db, dead.id, clock())
    loop.run_once(runtime, receiver, clock())
    assert deliveries_of(runtime)[0].state == "delivered"
    assert receiver.received[-1][1] == receiver.received[0][1]
    assert receiver.received[-1][2]["webhook-id"] == dead.message_id


def test_a_receiver_that_is_gone_is_not_asked_again(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    cancelled_visit(site, browser, clock)
    receiver.status = 410
    loop.run_once(runtime, receiver, clock())
    assert deliveries_of(runtime)[0].state == "dead"


def test_a_test_event_names_no_session(
    site: RelyingSite, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    verification_id = site.publish(webhookConfig={"eventCallbackUrl": URL})
    with runtime.database.transaction() as db:
        deliveries.send_test(db, verification_id, clock())
    loop.run_once(runtime, receiver, clock())
    assert receiver.events == ["WebhookTest"]
    assert json.loads(receiver.received[0][1])["verificationSessionId"] is None


def test_a_worker_killed_between_claim_and_answer_loses_nothing(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    cancelled_visit(site, browser, clock)
    process = get_context("fork").Process(target=_die_while_sending, args=(runtime,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert loop.run_once(runtime, receiver, clock()) == 0
    clock.pass_seconds(deliveries.LEASE_S)
    assert loop.run_once(runtime, receiver, clock()) == 1
    assert deliveries_of(runtime)[0].state == "delivered"


def _die_while_sending(runtime: Runtime) -> None:
    own = build_runtime(runtime.settings, engine=runtime.engine, clock=runtime.clock)

    def send(url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    loop.run_once(own, send, runtime.clock())


def test_a_server_killed_between_decision_and_delivery_loses_nothing(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    verification_id = site.publish(webhookConfig={"eventCallbackUrl": URL})
    visit = Visit.open(browser, clock, site.link(verification_id))
    process = get_context("fork").Process(target=_decide_and_die, args=(runtime, visit.session_id))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    loop.run_once(runtime, receiver, clock())
    assert receiver.events == ["VerificationCompleted"]
    assert json.loads(receiver.received[0][1])["verificationSessionId"] == visit.session_id


def _decide_and_die(runtime: Runtime, session_id: str) -> None:
    own = build_runtime(runtime.settings, engine=runtime.engine, clock=runtime.clock)
    flow.leave(own, session_id, Reason.CANCELLED, runtime.clock())
    os.kill(os.getpid(), signal.SIGKILL)


def test_an_event_outlives_a_session_that_is_not_kept(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    verification_id = site.publish(
        webhookConfig={"eventCallbackUrl": URL}, retentionConfig={"sessionDays": 0}
    )
    Visit.open(browser, clock, site.link(verification_id)).post("exit", {"reason": "cancelled"})
    receiver.status = 503
    loop.run_once(runtime, receiver, clock())
    clock.pass_seconds(conclusion.SHORTEST_RETENTION_SECONDS)
    assert worker.run_once(runtime, clock()).purged == 1
    receiver.status = 204
    loop.run_once(runtime, receiver, clock())
    assert receiver.events == ["VerificationCompleted"] * 2
    assert deliveries_of(runtime)[0].state == "delivered"


def test_a_slow_receiver_holds_up_nobody_else(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime
) -> None:
    """The slow one only answers once the other has been told: in turn they would wait for ever."""
    slow = URL + "/slow"
    cancelled_visit(site, browser, clock, eventCallbackUrl=slow)
    cancelled_visit(site, browser, clock)
    told = threading.Event()

    def send(url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
        if url != slow:
            told.set()
        return Attempt(204 if told.wait(30) else None, None if told.is_set() else "no answer in time", 1.0)

    assert loop.run_once(runtime, send, clock()) == 2
    assert {each.state for each in deliveries_of(runtime)} == {"delivered"}


def test_two_workers_send_a_message_once(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, receiver: Receiver
) -> None:
    for _ in range(5):
        cancelled_visit(site, browser, clock)
    workers = [threading.Thread(target=loop.run_once, args=(runtime, receiver, clock())) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    loop.run_once(runtime, receiver, clock())
    ids = [headers["webhook-id"] for _, _, headers in receiver.received]
    assert len(ids) == len(set(ids)) == 5


# Over a real socket ----------------------------------------------------------------------------------------


@contextmanager
def endpoint(status: int, headers: Mapping[str, str] | None = None, drip: bool = False) -> Iterator[str]:
    """A real HTTP server on loopback; `drip` answers one byte at a time and never ends."""
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            while drip and not stop.wait(0.01):
                self.wfile.write(b".")
                self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_redirect_to_a_private_address_is_not_followed() -> None:
    with endpoint(307, {"Location": "http://169.254.169.254/latest/meta-data/"}) as url:
        attempt = Sender(allow_private=True)(url, b"{}", {})
    assert (attempt.status, attempt.accepted) == (307, False)
    assert "not followed" in (attempt.error or "")


def test_loopback_is_refused_unless_the_operator_develops() -> None:
    with endpoint(204) as url:
        assert Sender(allow_private=True)(url, b"{}", {}).accepted
        refused = Sender()(url.replace("http:", "https:"), b"{}", {})
    assert refused.error == "the receiver's address is not public"


def test_a_receiver_that_answers_for_ever_is_hung_up_on() -> None:
    ticks = iter(range(0, 10_000, 4))
    with endpoint(200, drip=True) as url:
        attempt = Sender(allow_private=True, clock=lambda: float(next(ticks)))(url, b"{}", {})
    assert (attempt.accepted, attempt.error) == (False, "no answer in time")


def test_a_receiver_that_keeps_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "READ_TIMEOUT_S", 0.05)
    with silent_endpoint() as url:
        attempt = Sender(allow_private=True)(url, b"{}", {})
    assert (attempt.status, attempt.error) == (None, "no answer in time")


@contextmanager
def silent_endpoint() -> Iterator[str]:
    """Something that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"


def test_nobody_listening_is_a_failed_try() -> None:
    with endpoint(204) as url:
        pass
    attempt = Sender(allow_private=True)(url, b"{}", {})
    assert attempt.status is None
    assert attempt.error is not None
