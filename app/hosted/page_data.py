"""Everything the hosted page is given, in one dictionary; the wire names are camelCase."""

from typing import Any

from flask import url_for
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from app.capture.progress import INTERVAL_MS
from app.flow import SessionView
from app.hosted.branding import brand_of
from app.hosted.consent import shown_consent
from app.hosted.guards import page_token
from app.hosted.handover_data import handover_data
from app.hosted.locales import Language, language_choices
from app.hosted.relying_party import relying_party_name, return_host
from app.hosted.texts import guidance_texts, reason_texts, ui_texts
from app.runtime import Runtime
from app.sessions.opening import link_of
from app.verifications.overrides import Overrides, enabled_verifiers
from app.vocabulary import ChallengeType, VerifierName

# At 480 pixels across, a face at arm's length has about 50 pixels between the eyes, twice what the
# detector needs, and a frame stays below 25 KB.
CAPTURE = {"intervalMs": INTERVAL_MS, "framesPerBatch": 2, "width": 480, "quality": 0.8}
URL_ENDPOINTS = {
    "consent": "capture.answer_consent",
    "start": "capture.start",
    "frames": "capture.submit_frames",
    "exit": "capture.leave",
    "status": "capture.show_status",
    "return": "hosted.leave_page",
}


def page_data(runtime: Runtime, view: SessionView, language: Language) -> dict[str, Any]:
    """Return what `templates/hosted/session.html` and its scripts need."""
    visit = view.visit
    running = enabled_verifiers(view.configuration) - Overrides.from_json(visit.overrides).disabled
    has_liveness = VerifierName.LIVENESS in running
    liveness = view.configuration.verifier_configs.liveness
    return {
        "sessionId": visit.id,
        "token": page_token(runtime.sealer, visit.id, visit.page_generation),
        "state": visit.state,
        "status": view.status.to_json(),
        "locale": language.code,
        "dir": language.direction,
        "brand": brand_of(view.configuration.experience_config.theme, relying_party_name(view)).to_json(),
        "relyingParty": return_host(view) or relying_party_name(view),
        "urls": {name: url_for(end, session_id=visit.id) for name, end in URL_ENDPOINTS.items()}
        | {"link": link_of(runtime.sealer, visit)},
        "consent": shown_consent(view),
        "capture": CAPTURE,
        "handover": handover_data(runtime, view),
        "verifiers": sorted(running),
        "challenge": _challenge(liveness.challenge_type) if has_liveness else None,
        "texts": {"guidance": guidance_texts(), "reasons": reason_texts(), "ui": ui_texts()},
        "sandbox": {"assetUrl": url_for("sandbox.head_asset", name="head.json")}
        if runtime.settings.sandbox
        else None,
        "locales": language_choices(),
    }


def script_json(page: dict[str, Any]) -> Markup:
    """Return `page` for a script element, with letters unescaped: an Arabic one takes 2 bytes, not 6."""
    return htmlsafe_json_dumps(page, ensure_ascii=False, separators=(",", ":"))


def _challenge(level: ChallengeType) -> dict[str, Any]:
    """Return what the person is told about the challenge before the camera opens."""
    return {"level": level, "flashing": level is ChallengeType.ADVANCED}
