"""What the hosted page is told of going on with its session on a phone."""

from typing import Any

from flask import url_for

from app.flow import SessionView
from app.runtime import Runtime
from app.sessions import handover

URL_ENDPOINTS = {
    "offer": "handover_offers.offer",
    "withdraw": "handover_offers.withdraw",
    "watch": "handover_watching.watch",
    "return": "handover_watching.take_home",
}


def handover_data(runtime: Runtime, view: SessionView) -> dict[str, Any] | None:
    """Return the page's hand-over block; None where sessions stay where they are.

    `arrived`: this is the phone, and whoever holds it goes back to the desktop in the end.
    """
    if not handover.is_offered(view.configuration):
        return None
    with runtime.database.reading() as db:
        row = handover.offer_of_session(db, view.visit.id)
    urls = {name: url_for(end, session_id=view.visit.id) for name, end in URL_ENDPOINTS.items()}
    return {"arrived": handover.has_moved(view.visit, row), "urls": urls}
