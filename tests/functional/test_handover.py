"""A visit begun on a desktop goes on on a phone, once, and the result goes back to the desktop."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from webtest import TestApp

from app.api.scopes import Scope
from app.api.tokens import make_token
from app.inference.engine import OpenPackEngine
from app.models import Handover
from app.runtime import Runtime
from app.sessions.handover import OFFER_SECONDS
from tests.databases import on_both_databases
from tests.functional.people import Cast
from tests.functional.visit import Person, Visit
from tests.sdk.published_vectors import signed
from tests.service import PUBLIC_URL, FakeClock, RelyingSite, new_browser


@dataclass
class Desk:
    """Somebody at a desktop with a phone beside it."""

    site: RelyingSite
    desktop: TestApp
    phone: TestApp
    clock: FakeClock
    verification_id: str
    visit: Visit

    def offer(self, **options: Any) -> Any:
        headers = {"X-Visavis-Page": self.visit.page["token"]}
        return self.desktop.post(self.urls["offer"], headers=headers, **options)

    def code(self) -> str:
        """Make an offer and return the path that the phone reads."""
        return str(self.offer().json["address"]).removeprefix(PUBLIC_URL)

    @property
    def urls(self) -> dict[str, str]:
        return dict(self.visit.page["handover"]["urls"])

    def progress(self) -> str:
        return str(self.desktop.get(self.urls["watch"]).json["state"])

    def continue_on_phone(self, code: str) -> Visit:
        self.phone.get(code, status=200)
        page = self.phone.post(code, status=303).follow()
        return Visit(self.phone, self.clock, *_page_of(page))


def _page_of(response: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    page = json.loads(response.html.find(id="page-data").string)
    return page, page["status"]


@pytest.fixture
def desk(site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime) -> Desk:
    verification_id = site.publish()
    visit = Visit.open(browser, clock, site.link(verification_id))
    return Desk(site, browser, new_browser(runtime), clock, verification_id, visit)


def test_the_whole_way_to_the_phone_and_back(desk: Desk, engine: OpenPackEngine) -> None:
    code = desk.code()
    assert desk.progress() == "waiting"
    on_phone = desk.continue_on_phone(code)
    assert on_phone.page["handover"]["arrived"]
    assert desk.progress() == "opened"
    on_phone.go_through(Person(Cast(engine).alice))
    assert desk.progress() == "finished"
    answer = desk.desktop.get(desk.urls["return"], status=303)
    result = desk.site.check(desk.verification_id, answer.headers["Location"])
    assert result.passed, result.failed_reason


def test_the_desktop_sees_the_camera_of_the_phone_go_on(desk: Desk) -> None:
    on_phone = desk.continue_on_phone(desk.code())
    on_phone.consent()
    on_phone.start()
    assert desk.progress() == "capturing"


def test_the_desktop_takes_no_part_any_more(desk: Desk) -> None:
    desk.continue_on_phone(desk.code())
    desk.visit.post("consent", {"accepted": True, "textHash": "x"}, status=409)
    desk.desktop.get(desk.visit.page["urls"]["return"], status=403)
    desk.desktop.get(f"/session/{desk.visit.session_id}", status=403)
    desk.desktop.get(desk.urls["return"], status=403)


@on_both_databases
def test_a_code_is_good_once(desk: Desk, runtime: Runtime) -> None:
    code = desk.code()
    desk.continue_on_phone(code)
    thief = new_browser(runtime)
    thief.get(code, status=410)
    thief.post(code, status=410)
    assert desk.progress() == "opened"


def test_a_code_ends_after_three_minutes(desk: Desk) -> None:
    code = desk.code()
    desk.clock.pass_seconds(OFFER_SECONDS)
    assert desk.progress() == "expired"
    desk.phone.post(code, status=410)
    desk.continue_on_phone(desk.code())


def test_a_new_code_ends_the_one_before(desk: Desk) -> None:
    first, second = desk.code(), desk.code()
    desk.phone.post(first, status=410)
    desk.continue_on_phone(second)


def test_a_code_is_withdrawn_by_whoever_stays(desk: Desk) -> None:
    code = desk.code()
    headers = {"X-Visavis-Page": desk.visit.page["token"]}
    desk.desktop.post(desk.urls["withdraw"], headers=headers, status=200)
    desk.phone.post(code, status=410)
    desk.visit.consent()


def test_opening_the_link_again_ends_the_code(desk: Desk, runtime: Runtime) -> None:
    code = desk.code()
    link = desk.visit.page["urls"]["link"]
    Visit.open(new_browser(runtime), desk.clock, link)
    desk.phone.post(code, status=410)


def test_opening_the_link_again_takes_the_session_back_from_the_phone(desk: Desk) -> None:
    desk.continue_on_phone(desk.code())
    again = Visit.open(desk.desktop, desk.clock, desk.visit.page["urls"]["link"])
    assert not again.page["handover"]["arrived"]
    again.consent()
    desk.visit = again
    desk.continue_on_phone(desk.code())


def test_a_session_does_not_move_on_from_the_phone(desk: Desk) -> None:
    on_phone = desk.continue_on_phone(desk.code())
    headers = {"X-Visavis-Page": on_phone.page["token"]}
    desk.phone.post(on_phone.page["handover"]["urls"]["offer"], headers=headers, status=409)


def test_looking_at_the_code_takes_nothing(desk: Desk) -> None:
    code = desk.code()
    desk.phone.get(code, headers={"User-Agent": "WhatsApp/2.0"}, status=200)
    desk.phone.head(code, status=200)
    desk.phone.get(code, status=200)
    assert desk.progress() == "waiting"
    desk.continue_on_phone(code)


def test_a_concluded_session_goes_nowhere(desk: Desk) -> None:
    code = desk.code()
    desk.visit.post("exit", {"reason": "cancelled"})
    desk.phone.post(code, status=410)
    desk.offer(status=409)
    assert desk.progress() == "finished"


def test_a_strangers_browser_watches_nothing(desk: Desk, runtime: Runtime) -> None:
    desk.continue_on_phone(desk.code())
    for path in (desk.urls["watch"], desk.urls["return"]):
        new_browser(runtime).get(path, status=403)
        desk.phone.get(path, status=403)


def test_where_it_is_switched_off_the_page_offers_no_code(
    site: RelyingSite, browser: TestApp, clock: FakeClock
) -> None:
    verification_id = site.publish(experienceConfig={"deviceHandoff": False})
    visit = Visit.open(browser, clock, site.link(verification_id))
    assert visit.page["handover"] is None
    path = f"/session/{visit.session_id}/handover"
    browser.post(path, headers={"X-Visavis-Page": visit.page["token"]}, status=409)


def test_no_other_token_is_a_code_and_a_code_is_no_other_token(desk: Desk, runtime: Runtime) -> None:
    sealer, visit = runtime.sealer, desk.visit
    others = [
        visit.page["token"],
        desk.desktop.cookies[f"visavis-{visit.session_id}"],
        make_token(sealer, "key-1", [Scope.SESSIONS_READ], 900, desk.clock.now),
        signed("a=1", "request", desk.verification_id, desk.site.secret).rpartition("=")[2],
        signed("a=1", "result", desk.verification_id, desk.site.secret).rpartition("=")[2],
        visit.session_id,
    ]
    code = desk.code()
    for other in others:
        desk.phone.post(f"/handover/{other}", status=410)
    token = urlsplit(code).path.rpartition("/")[2]
    desk.phone.set_cookie(f"visavis-{visit.session_id}", token)
    desk.phone.get(f"/session/{visit.session_id}", status=403)
    visit.page["token"] = token
    visit.post("consent", {"accepted": True, "textHash": "x"}, status=409)
    desk.phone.get("/v1/datetime/utc-now", headers={"Authorization": f"Bearer {token}"}, status=401)
    desk.phone.reset()
    desk.continue_on_phone(code)


def test_what_is_stored_of_a_code_opens_nothing(desk: Desk, runtime: Runtime) -> None:
    desk.code()
    with runtime.database.reading() as db:
        stored = db.get_one(Handover, desk.visit.session_id).token_hash
    desk.phone.post(f"/handover/{stored}", status=410)
