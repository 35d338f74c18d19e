"""The page's colours out of one colour that an operator chose, readable in light and in dark.

Contrast is that of WCAG 2.2: text on its ground at least 4.5 to 1, shapes that carry meaning 3 to 1. A
colour that is too light or too dark for a ground is moved towards black or white until it is enough.
"""

from dataclasses import dataclass

TEXT_CONTRAST = 4.5
STEPS = 100

# Grounds of the page, as in static/hosted/page.css.
LIGHT_PAPER, DARK_PAPER = "#f3f1ec", "#101615"
BLACK, WHITE = "#000000", "#ffffff"
# Not while the screen shines colours: then the page has inks of its own.
GROUND = ":root:not([data-light])"
# Shares of the accent in what it washes over, and of black or white in what it becomes under the pointer.
WASH, MIST, STRONGER = 0.13, 0.06, 0.18
# Dark enough, and light enough, to write on any colour: one of the two always has 4.5 to 1.
DARK_INK, LIGHT_INK = "#0a0f0d", "#ffffff"


@dataclass(frozen=True, slots=True)
class Scheme:
    """The tokens that the accent decides, each `#rrggbb`."""

    accent: str
    accent_strong: str
    on_accent: str
    accent_wash: str
    accent_mist: str

    def tokens(self) -> str:
        """Return the declarations of a stylesheet."""
        return "".join(
            f"--{name.replace('_', '-')}:{getattr(self, name)};"
            for name in ("accent", "accent_strong", "on_accent", "accent_wash", "accent_mist")
        )


def scheme_of(colour: str, *, dark: bool) -> Scheme:
    """Return the accent of one scheme, changed no more than contrast needs."""
    paper, towards = (DARK_PAPER, WHITE) if dark else (LIGHT_PAPER, BLACK)
    for step in range(STEPS + 1):
        accent = mixed(colour, towards, step / STEPS)
        wash = mixed(paper, accent, WASH)
        if contrast(accent, wash) >= TEXT_CONTRAST and contrast(accent, paper) >= TEXT_CONTRAST:
            break
    strong = mixed(accent, towards, STRONGER)
    ink = max((DARK_INK, LIGHT_INK), key=lambda each: min(contrast(each, accent), contrast(each, strong)))
    return Scheme(accent, strong, ink, wash, mixed(paper, accent, MIST))


def stylesheet(colour: str) -> str:
    """Return the stylesheet that puts the accent in place of the page's own."""
    light, dark = scheme_of(colour, dark=False), scheme_of(colour, dark=True)
    return (
        f"{GROUND}{{{light.tokens()}--figure-cloth:{light.accent}}}\n"
        f"@media (prefers-color-scheme: dark){{{GROUND}{{{dark.tokens()}--figure-cloth:{dark.accent}}}}}\n"
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1…21, by WCAG 2.2."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """Return the colour between two, `share` of the way to the other."""
    channels = (
        round(first + (second - first) * share)
        for first, second in zip(_channels(one), _channels(other), strict=True)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    shares = [channel / 255 for channel in _channels(colour)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
