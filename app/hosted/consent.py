"""The consent step: which text is shown, and the hash under which the answer is recorded."""

import hashlib
from typing import Any

from flask_babel import force_locale, get_locale

from app.errors import InputError
from app.flow import SessionView
from app.hosted.locales import LANGUAGES
from app.hosted.relying_party import relying_party_name
from app.hosted.texts import consent_text


def shown_consent(view: SessionView) -> dict[str, Any]:
    """Return the page's consent block in the active language."""
    consent = view.configuration.experience_config.consent
    title, paragraphs = _words(view)
    return {
        "required": consent.required,
        "accepted": view.visit.consented_at is not None,
        "title": title,
        "paragraphs": paragraphs,
        "textHash": hash_text(title, paragraphs),
    }


def require_known_text(view: SessionView, text_hash: str) -> str:
    """Return the code of the language whose text has this hash; `InputError` when we show no such text."""
    for language in LANGUAGES:
        with force_locale(language.code):
            if hash_text(*_words(view)) == text_hash:
                return language.code
    raise InputError("textHash", "is not the hash of a text that this verification shows")


def hash_text(title: str, paragraphs: list[str]) -> str:
    """Return the SHA-256 of the text, paragraphs separated by line feeds, as 64 hex digits."""
    return hashlib.sha256("\n".join([title, *paragraphs]).encode()).hexdigest()


def _words(view: SessionView) -> tuple[str, list[str]]:
    configured = view.configuration.experience_config.consent
    translated = configured.translations.in_language(str(get_locale().language))
    days = view.configuration.retention_config.session_days
    default = consent_text(relying_party_name(view), days)
    title = translated.title or configured.title or str(default["title"])
    text = translated.text or configured.text
    if text:
        return title, [part.strip() for part in text.split("\n\n") if part.strip()]
    return title, [str(paragraph) for paragraph in default["paragraphs"]]
