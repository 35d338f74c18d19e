"""Which language a person reads: chosen on the page, asked for by the link, or set in the browser."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from flask import Flask, g, has_request_context, request
from flask_babel import Babel, refresh
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header


@dataclass(frozen=True, slots=True)
class Language:
    """A language that every page text exists in."""

    code: str
    """BCP 47 primary subtag, as in the `lang` attribute."""
    name: str
    """The language's name in itself, so that those who need it can find it."""
    direction: Literal["ltr", "rtl"]


SOURCE_LANGUAGE = Language("en", "English", "ltr")
LANGUAGES = (
    SOURCE_LANGUAGE,
    Language("ar", "العربية", "rtl"),
    Language("de", "Deutsch", "ltr"),
)
_BY_CODE = {language.code: language for language in LANGUAGES}


def negotiate_language(wanted: Iterable[str | None], accept_language: str = "") -> Language:
    """Return the first of `wanted` that we speak, else the browser's favourite, else English.

    `wanted` holds BCP 47 tags in falling order of authority; a region or script is ignored
    (`de-AT` is German) and an unknown or malformed tag is passed over, never an error.
    """
    for tag in wanted:
        language = _BY_CODE.get(_primary_subtag(tag or ""))
        if language:
            return language
    accepted = parse_accept_header(accept_language, LanguageAccept)
    for tag in accepted.values():
        language = _BY_CODE.get(_primary_subtag(tag))
        if language and accepted.quality(tag) > 0:
            return language
    return SOURCE_LANGUAGE


def choose_language(*wanted: str | None) -> Language:
    """Settle the language of this request, the browser's wish coming after `wanted`, and return it."""
    language = negotiate_language(wanted, request.headers.get("Accept-Language", ""))
    g.language = language
    refresh()
    return language


def current_language() -> Language:
    """Return what `choose_language` settled, or what the address and the browser ask for."""
    if not has_request_context():
        return SOURCE_LANGUAGE
    settled: Language | None = g.get("language")
    return settled or choose_language(request.args.get("locale"), request.args.get("reLocale"))


def language_choices() -> list[dict[str, str]]:
    """Return `page.locales`: code, own name and the address of the same page in that language."""
    return [
        {"code": language.code, "name": language.name, "url": f"?locale={language.code}"}
        for language in LANGUAGES
    ]


def install(app: Flask) -> None:
    """Let gettext and the templates (variable `language`) follow the request's language."""
    Babel(app, default_locale=SOURCE_LANGUAGE.code, locale_selector=lambda: current_language().code)
    app.context_processor(lambda: {"language": current_language()})


def _primary_subtag(tag: str) -> str:
    return tag.strip().replace("_", "-").split("-")[0].lower()
