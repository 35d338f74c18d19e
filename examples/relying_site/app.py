"""A relying site in one file: open an account with a face check, sign in again with the same face."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from secrets import token_bytes, token_hex

from flask import Flask, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

# In your own project: pip install visavis-client.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "sdk" / "python"))

from visavis_backend import WebhookRefused, verify_webhook
from visavis_client import ResultRefused, VerificationLink, VerifiedResult, verify_result

SETTINGS = {
    "VISAVIS_URL": "where the service is, for example http://localhost:5000",
    "VISAVIS_VERIFICATION_ID": "the id of the verification to use, a dashed GUID",
    "VISAVIS_SIGNING_SECRET": "the signing secret of its project",
}
MAX_NAME_CHARACTERS = 256  # of an external id

# The first visit runs everything. A return visit only compares the face; the verification has to
# allow that. Leave liveness on where a photo held to the camera would be worth somebody's while.
OVERRIDES = ("reDisableLivenessVerifier", "reDisableAgeVerifier", "reDisableGenderVerifier")
SKIPPED = {"first": {}, "return": dict.fromkeys(OVERRIDES, True)}
CHECKS = {
    "reLivenessResult": "A live person, not a picture",
    "reFaceRecognitionResult": "Your face",
    "reAgeVerificationResult": "Age",
    "reGenderVerificationResult": "Gender",
}


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """Build the site from `environ`; exits with a sentence when something is missing."""
    settings = read_settings(environ)
    app = Flask(__name__)
    app.secret_key = token_bytes(32)  # a restart forgets visits under way; a real site keeps its key
    # Cookies are shared by all ports of a host, and the service has a cookie of its own.
    app.config.update(SESSION_COOKIE_NAME="relying_site", SESSION_COOKIE_SAMESITE="Lax")
    verification_id, secret = settings["VISAVIS_VERIFICATION_ID"], settings["VISAVIS_SIGNING_SECRET"]
    link = VerificationLink(settings["VISAVIS_URL"], verification_id, secret)

    @app.get("/")
    def index() -> str:
        return render_template("index.html", name=session.get("name", ""), limit=MAX_NAME_CHARACTERS)

    @app.post("/visit")
    def visit() -> Response:
        name, kind = request.form.get("name", "").strip(), request.form.get("kind", "")
        if not 1 <= len(name) <= MAX_NAME_CHARACTERS or kind not in SKIPPED:
            return redirect(url_for("index"), 303)
        nonce = token_hex(16)
        session.update(name=name, visit={"name": name, "kind": kind, "nonce": nonce})
        return redirect(link.sign(external_id=name, nonce=nonce, **SKIPPED[kind]), 303)

    @app.get("/callback")
    def callback() -> str | tuple[str, int]:
        # Taken out of the session before anything is checked: one link, one answer.
        sent = session.pop("visit", {"nonce": ""})
        try:
            result = verify_result(
                request.url, verification_id=verification_id, secrets=secret, expected_nonce=sent["nonce"]
            )
        except ResultRefused as refused:
            return render_template("refused.html", refusal=type(refused).__name__, why=refused), 400
        return render_template("result.html", result=result, sent=sent, checks=list_checks(result))

    @app.post("/webhook")
    def webhook() -> tuple[str, int]:
        try:  # without a secret in the settings, everything is refused
            secrets = environ.get("VISAVIS_WEBHOOK_SECRET") or "whsec_" + token_hex(32)
            event = verify_webhook(request.headers, request.get_data(), secrets=secrets)
        except WebhookRefused as refused:
            return refused.reason, 400
        app.logger.warning("%s %s", event["event"], event["verificationSessionId"])
        return "", 204

    return app


def read_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the three settings, or exit and name the ones that are missing."""
    missing = [f"  {name}: {meaning}" for name, meaning in SETTINGS.items() if not environ.get(name)]
    if missing:
        raise SystemExit("Set these environment variables first:\n" + "\n".join(missing))
    return {name: environ[name] for name in SETTINGS}


def list_checks(result: VerifiedResult) -> list[tuple[str, str]]:
    """Return (what was checked, its result) for every verifier that the result speaks of."""
    return [(label, outcome) for name, label in CHECKS.items() if (outcome := result.get(name))]


if __name__ == "__main__":
    create_app().run(host="localhost", port=int(os.environ.get("PORT", "5001")))
