"""Every word of the hosted page exists in every language, and says the same."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask

from app.hosted import locales, texts
from app.hosted.interface_texts import INTERFACE
from app.vocabulary import Guidance, Reason

ROOT = Path(__file__).parents[2]
CATALOGS = ROOT / "app" / "translations"
TRANSLATED = [language.code for language in locales.LANGUAGES if language != locales.SOURCE_LANGUAGE]
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.fixture(scope="module")
def written() -> set[str]:
    """Every text in the sources, in English."""
    with (CATALOGS / "babel.cfg").open(encoding="utf-8") as mapping_file:
        mapping, options = parse_mapping_cfg(mapping_file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(ROOT, mapping, options, directory_filter=_is_ours)
    return {_first(message) for _, _, message, _, _ in found}


@pytest.fixture(params=TRANSLATED)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    with (CATALOGS / request.param / "LC_MESSAGES" / "messages.po").open("rb") as po:
        return read_po(po, locale=request.param)


@pytest.fixture
def _in_a_request() -> Iterator[None]:
    app = Flask(__name__)
    locales.install(app)
    with app.test_request_context():
        yield


def _is_ours(directory: str) -> bool:
    return Path(directory).name in {"app", "hosted", "errors", "templates"}


def _first(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def _messages(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def test_every_text_is_translated_and_no_translation_is_left_over(
    catalog: Catalog, written: set[str]
) -> None:
    assert len(written) > 150
    assert {_first(message.id) for message in _messages(catalog)} == written


def test_no_translation_is_empty_or_a_guess(catalog: Catalog) -> None:
    assert [message.id for message in _messages(catalog) if message.fuzzy or not all(_forms(message))] == []
    assert list(catalog.obsolete) == []


def test_a_translation_fills_in_the_same_things(catalog: Catalog) -> None:
    for message in _messages(catalog):
        expected = sorted(PLACEHOLDER.findall(_first(message.id)))
        # Forms for none, one and two may say the number in words; the general form may not.
        assert sorted(PLACEHOLDER.findall(_forms(message)[-1])) == expected, message.id
        assert all(set(PLACEHOLDER.findall(form)) <= set(expected) for form in _forms(message))


def test_lists_of_steps_have_equally_many_steps(catalog: Catalog) -> None:
    for message in _messages(catalog):
        lines = {form.count("\n") for form in _forms(message)}
        assert lines == {_first(message.id).count("\n")}, message.id


def test_a_translation_is_not_the_english_text(catalog: Catalog) -> None:
    assert [message.id for message in _messages(catalog) if message.string == message.id] == []


@pytest.mark.usefixtures("_in_a_request")
def test_every_guidance_and_every_reason_has_words() -> None:
    assert set(texts.guidance_texts()) == {code.value for code in Guidance}
    assert set(texts.reason_texts()) == {code.value for code in Reason}
    assert all(texts.guidance_texts().values())
    assert all(reason["title"] and reason["hint"] for reason in texts.reason_texts().values())


@pytest.mark.usefixtures("_in_a_request")
def test_a_hit_among_known_or_blocked_faces_is_told_in_the_same_neutral_words() -> None:
    reasons = texts.reason_texts()
    assert reasons["duplicate_face"] == reasons["face_blocked"]
    told = " ".join(reasons["face_blocked"].values()).lower()
    assert not re.search(r"duplicat|block|list|already|known|found|another", told)


@pytest.mark.usefixtures("_in_a_request")
def test_the_consent_names_who_asks_and_how_long_the_result_stays() -> None:
    consent = texts.consent_text("library.example", 1)
    assert "library.example asks" in consent["paragraphs"][0]
    assert "1 day and" in consent["paragraphs"][2]
    assert "30 days" in texts.consent_text("library.example", 30)["paragraphs"][2]


def test_every_key_that_the_page_uses_has_words() -> None:
    sources = [*(ROOT / "static" / "hosted").glob("*.js"), *(ROOT / "templates" / "hosted").glob("*.html")]
    used = {
        key for source in sources for key in re.findall(r"\bui\.(\w+)", source.read_text(encoding="utf-8"))
    }
    assert len(used) > 20
    assert used <= set(INTERFACE)


@pytest.mark.parametrize(
    ("wanted", "browser", "spoken"),
    [
        # The link's wish comes first, whatever its spelling.
        (["ar"], "de", "ar"),
        (["de-AT"], "en", "de"),
        (["AR_eg"], "en", "ar"),
        # What nobody speaks is passed over.
        (["tlh"], "de-CH,fr;q=0.5", "de"),
        ([None, "auto", "ar"], "de", "ar"),
        (["', DROP", ""], "", "en"),
        # The browser's order counts, and a language that it refuses does not.
        ([], "fr, de;q=0.8, ar;q=0.9", "ar"),
        ([], "de;q=0, ar;q=0.1", "ar"),
        ([], "fr, *", "en"),
    ],
)
def test_the_language_is_the_first_wish_that_is_spoken(
    wanted: list[str | None], browser: str, spoken: str
) -> None:
    assert locales.negotiate_language(wanted, browser).code == spoken


def test_the_chosen_language_holds_for_the_rest_of_the_request() -> None:
    app = Flask(__name__)
    locales.install(app)
    with app.test_request_context("/?reLocale=de"):
        assert locales.current_language().code == "de"
        assert locales.choose_language("ar").direction == "rtl"
        assert locales.current_language().code == "ar"


def test_every_language_is_offered_under_its_own_name() -> None:
    names = {choice["code"]: choice["name"] for choice in locales.language_choices()}
    assert names == {"en": "English", "ar": "العربية", "de": "Deutsch"}
