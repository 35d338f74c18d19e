"""`X-API-Key` on webhooks: off, unless somebody wants it and has been told what it is worth."""

from typing import Any

import pytest
from webtest import TestApp

from app.console.configurations.consequences import warnings
from app.errors import InputError, NotFoundError
from app.runtime import Runtime
from app.verifications.store import load_current
from app.webhooks import api_key, loop
from tests.functional.test_webhooks import Receiver, cancelled_visit
from tests.service import FakeClock, RelyingSite

KEY = "the-key-that-the-shop-compares"


def headers_of_an_event(
    site: RelyingSite, browser: TestApp, clock: FakeClock, key: str | None, **webhook: Any
) -> dict[str, str]:
    receiver = Receiver()
    verification_id = cancelled_visit(site, browser, clock, **webhook)
    if key is not None:
        with site.runtime.database.transaction() as db:
            api_key.set_key(db, site.runtime.sealer, verification_id, clock(), key)
    loop.run_once(site.runtime, receiver, clock())
    return receiver.received[0][2]


def test_no_key_is_sent_unless_it_is_switched_on(
    site: RelyingSite, browser: TestApp, clock: FakeClock
) -> None:
    assert "x-api-key" not in headers_of_an_event(site, browser, clock, KEY)


def test_the_key_is_sent_beside_the_signature(site: RelyingSite, browser: TestApp, clock: FakeClock) -> None:
    headers = headers_of_an_event(site, browser, clock, KEY, sendApiKey=True)
    assert headers["x-api-key"] == KEY
    assert headers["webhook-signature"].startswith("v1,")


def test_switched_on_without_a_key_nothing_else_takes_its_place(
    site: RelyingSite, browser: TestApp, clock: FakeClock
) -> None:
    assert "x-api-key" not in headers_of_an_event(site, browser, clock, None, sendApiKey=True)


def test_the_newest_key_counts_and_is_stored_sealed(
    site: RelyingSite, clock: FakeClock, runtime: Runtime
) -> None:
    verification_id = site.publish(webhookConfig={"sendApiKey": True})
    with runtime.database.transaction() as db:
        api_key.set_key(db, runtime.sealer, verification_id, clock(), KEY)
        new = api_key.set_key(db, runtime.sealer, verification_id, clock())
        assert api_key.wanted_key(db, runtime.sealer, verification_id) == new != KEY
    content = b"".join(path.read_bytes() for path in runtime.settings.sandbox_dir.parent.glob("visavis.db*"))
    assert new.encode() not in content


@pytest.mark.parametrize("value", ["short", "with a space in it", "line\r\nX-Evil: 1 aaaaaaaaaa", "é" * 20])
def test_a_key_that_no_header_can_hold_is_refused(
    site: RelyingSite, clock: FakeClock, runtime: Runtime, value: str
) -> None:
    verification_id = site.publish()
    with runtime.database.transaction() as db, pytest.raises(InputError):
        api_key.set_key(db, runtime.sealer, verification_id, clock(), value)


def test_a_key_belongs_to_a_verification_that_is_there(clock: FakeClock, runtime: Runtime) -> None:
    with runtime.database.transaction() as db, pytest.raises(NotFoundError):
        api_key.set_key(db, runtime.sealer, "6f2f2c9e-0000-4b7a-9a59-000000000000", clock())


def test_the_console_says_what_the_key_is_worth(site: RelyingSite, runtime: Runtime) -> None:
    said = {}
    for on in (False, True):
        verification_id = site.publish(webhookConfig={"sendApiKey": on})
        with runtime.database.reading() as db:
            said[on] = [
                text for text in warnings(load_current(db, verification_id).configuration) if "X-API" in text
            ]
    assert (len(said[False]), len(said[True])) == (0, 1)
