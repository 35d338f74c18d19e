"""QR codes as SVG, drawn here and nowhere else; black on white in either scheme: cameras want it so."""

import io

import segno
from markupsafe import Markup

_LIGHT, _DARK, _BORDER = "#fff", "#000", 3


def qr_svg(text: str) -> Markup:
    """Return an inline SVG."""
    buffer = io.BytesIO()
    segno.make(text, micro=False, error="m").save(
        buffer, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=_BORDER, light=_LIGHT, dark=_DARK
    )
    return Markup(buffer.getvalue().decode())  # noqa: S704 -- shapes only, no text of anybody's


def qr_data_uri(text: str) -> str:
    """Return the picture as an address for an `img`."""
    code = segno.make(text, micro=False, error="m")
    return str(code.svg_data_uri(omitsize=True, border=_BORDER, light=_LIGHT, dark=_DARK))
