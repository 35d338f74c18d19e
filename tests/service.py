"""The service as tests run it, and the relying site that sends people to it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from visavis_client import VerificationLink, VerifiedResult, verify_result
from webtest import TestApp

from app import projects
from app.factory import ROOT, create_app
from app.runtime import Runtime
from app.settings import Settings
from app.signing.request_link import request_signature
from app.verifications.store import publish

PUBLIC_URL = "http://localhost:5000"
TARGET = "https://shop.example/back"
MASTER_KEY = bytes(range(32))
NOON = 1_790_000_000.0


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds


def settings_for(folder: Path, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "master_key": MASTER_KEY,
        "public_url": PUBLIC_URL,
        "database_url": f"sqlite:///{folder / 'visavis.db'}",
        "models_dir": ROOT / "models",
        "config_dir": ROOT / "config",
        "landmarker": "mediapipe",
        "inference_threads": 1,
        "trusted_proxies": 0,
        "country_header": "",
        "sandbox": False,
        "sandbox_dir": folder / "sandbox",
        "rate_limit_open": "",
        "rate_limit_capture": "",
        "rate_limit_api": "",
        "webhook_private_addresses": False,
        "log_level": "INFO",
    }
    return Settings(**{**values, **changes})


def new_browser(runtime: Runtime) -> TestApp:
    """A browser without a past."""
    return TestApp(create_app(runtime), extra_environ={"HTTP_HOST": PUBLIC_URL.split("//")[1]})


@dataclass
class RelyingSite:
    """Alice's shop: publishes verifications, signs links, checks results."""

    runtime: Runtime
    secret: str
    project_id: str

    @classmethod
    def register(cls, runtime: Runtime, name: str = "shop") -> "RelyingSite":
        with runtime.database.transaction() as db:
            project = projects.get_or_create_project(db, runtime.sealer, name, runtime.clock())
            secret = projects.load_keyring(db, runtime.sealer, project.id).newest.value
        return cls(runtime, secret, project.id)

    def publish(self, **changes: Any) -> str:
        """Publish a verification; keyword arguments replace whole blocks of the configuration."""
        document: dict[str, Any] = {
            "name": "Face check",
            "verifierConfigs": {"liveness": {"type": "Verification", "challengeType": "Balanced"}},
            "redirectConfig": {"passedUrl": TARGET, "failedUrl": TARGET},
        }
        with self.runtime.database.transaction() as db:
            published = publish(db, self.project_id, document | changes, self.runtime.clock())
        return published.configuration.id

    def link(self, verification_id: str, **parameters: Any) -> str:
        """Sign a link; the path that a browser opens."""
        signer = VerificationLink(PUBLIC_URL, verification_id, self.secret)
        return signer.sign(now=int(self.runtime.clock()), **parameters).removeprefix(PUBLIC_URL)

    def link_with(self, verification_id: str, **parameters: str) -> str:
        """Sign whatever is given, also what the client would not."""
        query = urlencode(parameters)
        with self.runtime.database.reading() as db:
            keyring = projects.load_keyring(db, self.runtime.sealer, self.project_id)
        signature = request_signature(verification_id, query, keyring)
        return f"/verification/{verification_id}?{query}&reSignature={signature}"

    def check(self, verification_id: str, url: str, **options: Any) -> VerifiedResult:
        """Verify a result as the shop's backend does."""
        assert UUID(verification_id)
        return verify_result(
            url,
            verification_id=verification_id,
            secrets=self.secret,
            now=int(self.runtime.clock()),
            **options,
        )
