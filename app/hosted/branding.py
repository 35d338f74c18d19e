"""Logos and colours of relying sites: files of our own, named by their content."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, url_for

from app.errors import NotFoundError
from app.hosted.colours import stylesheet
from app.hosted.guards import public_route, runtime
from app.models import BrandLogo
from app.verifications.experience import Theme

FOR_EVER = "public, max-age=31536000, immutable"
# The page shows logos this large at most, in CSS pixels: beside them the language has to fit on a phone.
SHOWN_HEIGHT, SHOWN_WIDTH = 36, 200

blueprint = Blueprint("branding", __name__, url_prefix="/brand")
blueprint.before_request(public_route)


@dataclass(frozen=True, slots=True)
class Brand:
    """What the page's head shows."""

    name: str
    logo: dict[str, Any] | None = None
    """`url`, and `width` and `height` in CSS pixels."""
    stylesheet: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return `page.brand`."""
        return {"name": self.name, "logo": self.logo, "stylesheet": self.stylesheet}


def brand_of(theme: Theme, name: str) -> Brand:
    """Return name, logo and colours; a logo that is no longer there is left out."""
    colour = theme.accent_color
    sheet = None if colour is None else url_for("branding.colours", colour=colour.removeprefix("#"))
    with runtime().database.reading() as db:
        logo = None if theme.logo is None else db.get(BrandLogo, theme.logo)
    if logo is None:
        return Brand(name, stylesheet=sheet)
    url = url_for("branding.logo", logo_id=logo.id)
    return Brand(name, {"url": url, **shown_size(logo.width, logo.height)}, sheet)


def shown_size(width: int, height: int) -> dict[str, int]:
    """Return how large a logo of so many pixels is shown."""
    scale = min(1.0, SHOWN_HEIGHT / height, SHOWN_WIDTH / width)
    return {"width": max(1, round(width * scale)), "height": max(1, round(height * scale))}


@blueprint.get("/<logo_id>.png")
def logo(logo_id: str) -> Response:
    """Send a logo."""
    with runtime().database.reading() as db:
        row = db.get(BrandLogo, logo_id)
    if row is None:
        raise NotFoundError("there is no such logo")
    return Response(row.content, mimetype="image/png", headers={"Cache-Control": FOR_EVER})


@blueprint.get("/colours-<colour>.css")
def colours(colour: str) -> Response:
    """Send the stylesheet of a colour, six hexadecimal digits."""
    if len(colour) != 6 or not set(colour) <= set("0123456789abcdef"):
        raise NotFoundError("this is not a colour")
    return Response(stylesheet(f"#{colour}"), mimetype="text/css", headers={"Cache-Control": FOR_EVER})
