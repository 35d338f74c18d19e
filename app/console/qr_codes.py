"""QR codes as SVG, drawn here and nowhere else."""

import io

import segno
from markupsafe import Markup


def qr_svg(text: str) -> Markup:
    """Return an inline SVG, black on white in either scheme of colours: cameras want it so."""
    buffer = io.BytesIO()
    code = segno.make(text, micro=False, error="m")
    code.save(
        buffer, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=3, light="#fff", dark="#000"
    )
    return Markup(buffer.getvalue().decode())  # noqa: S704 -- shapes only, no text of anybody's
