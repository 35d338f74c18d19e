"""The application factory: a table of contents."""

import logging
from pathlib import Path

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix

from app import error_pages
from app.api import documentation
from app.api.guards import limit_key
from app.api.sections import SECTIONS
from app.console.sections import install_console
from app.hosted import (
    branding,
    capture_api,
    entry,
    handover,
    health,
    locales,
    metrics_endpoint,
    pages,
    sandbox,
    security_headers,
)
from app.hosted.requests import InMemoryRequest
from app.runtime import Runtime
from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_FORM_PARTS = 32


def create_app(runtime: Runtime) -> Flask:
    """Return the web application around the given parts."""
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.request_class = InMemoryRequest
    app.extensions["visavis"] = runtime
    _configure(app, runtime.settings)
    locales.install(app)
    error_pages.init_error_pages(app)
    security_headers.init_security_headers(app, https=runtime.settings.is_https)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", headers_enabled=True)
    # Every blueprint carries its guard as a before_request of its own; a test holds them to it.
    for blueprint, rate in (
        (entry.blueprint, runtime.settings.rate_limit_open),
        (pages.blueprint, ""),
        (handover.offers, runtime.settings.rate_limit_open),
        (handover.watching, runtime.settings.rate_limit_capture),
        (handover.claims, runtime.settings.rate_limit_open),
        (capture_api.blueprint, runtime.settings.rate_limit_capture),
        (branding.blueprint, ""),
        (health.blueprint, ""),
        (metrics_endpoint.blueprint, ""),
        (sandbox.blueprint, ""),
    ):
        if rate:
            limiter.limit(rate)(blueprint)
        app.register_blueprint(blueprint)
    _register_api(app, limiter, runtime.settings.rate_limit_api)
    install_console(app)
    return app


def _register_api(app: Flask, limiter: Limiter, rate: str) -> None:
    """Add every section of the API; all of them share one budget per key."""
    for section in SECTIONS:
        if rate:
            limiter.shared_limit(rate, scope="api", key_func=limit_key)(section.blueprint)
        app.register_blueprint(section.blueprint)
    app.register_blueprint(documentation.blueprint)


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=512 * 1024,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "app" / "translations"),
        SEND_FILE_MAX_AGE_DEFAULT=300,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    logging.getLogger("app").setLevel(settings.log_level)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
