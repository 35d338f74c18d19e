"""What there is to see at a moment: plain values that one tier renders and the other looks up."""

from dataclasses import dataclass
from typing import Protocol

from app.sandbox.head import Head
from app.sandbox.pose import NEUTRAL, HeadPose
from app.sandbox.render import ScreenLight
from app.simulation.light import Rgb
from app.vocabulary import Guidance

BLACK: Rgb = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A colour that software lays over the whole picture."""

    colour: Rgb
    """Linear, 0…1."""
    strength: float
    """0 = nothing, 1 = as strong as the picture."""
    veil: bool = False
    """True: the colour covers the picture like a pane; False: it multiplies it like a filter."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One moment before one camera."""

    body: Head
    """A head, or a sheet that is used like one."""
    pose: HeadPose = NEUTRAL
    light: ScreenLight | None = None
    """What the screen throws on the body and on the room."""
    on_display: bool = False
    """True: the camera sees all of it on another display."""
    glare: Rgb = BLACK
    """Linear light that a display's glass mirrors, the same all over the picture."""
    overlay: Overlay | None = None
    still: int | None = None
    """Sights with one number are the very same picture, byte for byte."""


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows at a moment."""

    guidance: Guidance
    step: int = 0
    """Number of the current target."""
    step_count: int = 0
    colour: str | None = None
    """`#rrggbb` all over the screen; None while the page looks as usual."""
    lighting: bool = False
    """True from the first colour of the sequence until the page shows none any more."""


class Screen(Protocol):
    """The page, as whoever sits before it sees it."""

    def view(self, at_ms: float) -> View:
        """Return what was shown at a moment that is not in the future."""
        ...


class Actor(Protocol):
    """A person or an attacker before the camera."""

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return what the camera sees at a moment; moments only go forward."""
        ...
