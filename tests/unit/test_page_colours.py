"""The page's colours can be told apart, in light and in dark, as WCAG 2.2 AA asks."""

import re
from pathlib import Path

import pytest

STYLESHEET = Path(__file__).parents[2] / "static" / "hosted" / "page.css"
TEXT = 4.5  # contrast of text, WCAG 2.2 criterion 1.4.3
SHAPE = 3.0  # contrast of controls and of graphics that carry meaning, criterion 1.4.11

PAIRS = [
    ("ink", "paper", TEXT),
    ("ink", "surface", TEXT),
    ("ink", "accent-mist", TEXT),
    ("ink-soft", "paper", TEXT),
    ("ink-soft", "surface", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("accent", "accent-wash", TEXT),
    ("accent", "accent-mist", TEXT),
    ("on-alarm", "alarm", TEXT),
    ("edge", "paper", SHAPE),
    ("edge", "surface", SHAPE),
    ("accent", "paper", SHAPE),
    ("figure-ink", "figure-skin", SHAPE),
]


def _tokens(scheme: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", STYLESHEET.read_text(encoding="utf-8"), re.DOTALL)[:2]
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    return light if scheme == "light" else light | dark


def _luminance(colour: str) -> float:
    """Return relative luminance, 0…1, by WCAG 2.2's definition."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_colours_that_meet_can_be_told_apart(scheme: str, front: str, back: str, least: float) -> None:
    tokens = _tokens(scheme)
    bright, dim = sorted((_luminance(tokens[front]), _luminance(tokens[back])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= least
