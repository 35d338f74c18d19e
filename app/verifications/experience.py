"""What the person sees of a verification: looks, consent, languages, limits of time."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.verifications.document import Block
from app.verifications.field_types import Colour, Flag, LogoId, LongText, ShortText

MAX_SESSION_SECONDS = 24 * 3600


class Theme(Block):
    """Looks of the hosted page."""

    brand_name: ShortText | None = None
    accent_color: Colour | None = None
    """`#rrggbb`; moved where it could not be read on the page's light or dark ground."""
    logo: LogoId | None = None
    """Id of an uploaded logo."""


class ConsentText(Block):
    """Title and text in one language."""

    title: ShortText | None = None
    text: LongText | None = None


class ConsentTranslations(Block):
    """Own text by language; in these it comes before the one for all languages."""

    ar: ConsentText = ConsentText()
    de: ConsentText = ConsentText()
    en: ConsentText = ConsentText()

    def in_language(self, code: str) -> ConsentText:
        """Return what was written for a language; empty for one that is not listed."""
        found: ConsentText = getattr(self, code) if code in type(self).model_fields else ConsentText()
        return found


class Consent(Block):
    """Consent step; own text replaces the built-in one in every language, or in one."""

    required: Flag = True
    title: ShortText | None = None
    text: LongText | None = None
    translations: ConsentTranslations = ConsentTranslations()


class Timeouts(Block):
    """Limits of one visit, seconds."""

    session_seconds: Annotated[int, Field(ge=30, le=MAX_SESSION_SECONDS)] = 600
    challenge_seconds: Annotated[int, Field(ge=5, le=600)] = 180


class ExperienceConfig(Block):
    """What the person sees."""

    locale: Annotated[str, StringConstraints(min_length=2, max_length=35)] = "auto"
    theme: Theme = Theme()
    consent: Consent = Consent()
    timeouts: Timeouts = Timeouts()
    device_handoff: Flag = True
