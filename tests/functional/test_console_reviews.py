"""Reviews in the console: the queue, the numbers, the verdict."""

import pytest

from app.console.roles import Role
from app.models import Face, ReviewVote
from app.runtime import Runtime
from tests.functional.console_desk import Desk, sit_down
from tests.functional.review_scenes import ReviewScene, face, session_of
from tests.service import RelyingSite

ALICE = 1


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return sit_down(runtime, Role.REVIEWER)


@pytest.fixture
def scene(site: RelyingSite) -> ReviewScene:
    made = ReviewScene(site)
    made.enrol(face(ALICE), "alice")
    return made


def votes(runtime: Runtime) -> int:
    with runtime.database.reading() as db:
        return db.query(ReviewVote).count()


def test_an_empty_queue_says_so(desk: Desk) -> None:
    assert "Nobody waits for you" in desk.open("/console/reviews")


def test_a_case_is_approved_from_the_queue(desk: Desk, scene: ReviewScene) -> None:
    visit = scene.visit(face(ALICE, 0.9))
    case = desk.open("/console/reviews").click(visit.session_id)
    assert "0.900" in case
    assert case.html.select("svg.picture")
    form = next(each for each in case.forms.values() if "reason" in each.fields)
    form["reason"] = "They are sisters."
    done = form.submit("verdict", value="passed").follow()
    assert "Approved." in done
    assert session_of(scene.runtime, visit).state == "passed"
    with scene.runtime.database.reading() as db:
        assert db.query(Face).count() == 2
    assert "They are sisters." in desk.open(f"/console/reviews/{visit.session_id}")


def test_a_case_is_declined(desk: Desk, scene: ReviewScene) -> None:
    visit = scene.visit(face(ALICE, 0.9))
    desk.send(f"/console/reviews/{visit.session_id}", status=303, verdict="failed", reason="the same person")
    assert session_of(scene.runtime, visit).reason == "duplicate_face"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"verdict": "passed"}, "reason"),
        ({"verdict": "passed", "reason": "  "}, "reason"),
        ({"verdict": "passed", "reason": "x" * 2001}, "reason"),
        ({"verdict": "passed", "reason": "a\x00b"}, "reason"),
        ({"verdict": "perhaps", "reason": "why not"}, "verdict"),
        ({"reason": "why not"}, "verdict"),
    ],
)
def test_an_answer_that_is_not_whole_changes_nothing(
    desk: Desk, scene: ReviewScene, values: dict[str, str], field: str
) -> None:
    visit = scene.visit(face(ALICE, 0.9))
    page = desk.send(f"/console/reviews/{visit.session_id}", status=422, **values)
    assert page.html.select_one(f".notice.bad a[href='#field-{field}']")
    assert session_of(scene.runtime, visit).state == "review"
    assert votes(scene.runtime) == 0


def test_whoever_comes_second_is_told(desk: Desk, scene: ReviewScene) -> None:
    visit = scene.visit(face(ALICE, 0.9))
    scene.answer(visit)
    page = desk.send(f"/console/reviews/{visit.session_id}", status=422, verdict="failed", reason="no")
    assert "this session is passed" in page
    assert votes(scene.runtime) == 1


def test_the_second_operator_does_not_see_the_reason_of_the_first(
    runtime: Runtime, site: RelyingSite, desk: Desk
) -> None:
    scene = ReviewScene(site, review_config={"secondOpinion": True})
    scene.enrol(face(ALICE))
    visit = scene.visit(face(ALICE, 0.9))
    path = f"/console/reviews/{visit.session_id}"
    said = desk.send(path, status=303, verdict="passed", reason="sisters").follow()
    assert "A second operator has to agree" in said
    second = sit_down(runtime, Role.OWNER, "carl@shop.example")
    assert "sisters" not in second.open(path)
    second.send(path, status=303, verdict="passed", reason="I think so too")
    assert session_of(scene.runtime, visit).state == "passed"


def test_a_session_that_was_never_reviewed_is_no_case(desk: Desk) -> None:
    desk.open("/console/reviews/00000000-0000-4000-8000-000000000000", status=404)
