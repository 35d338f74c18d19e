"""The light of the screen in a room: how much of it reaches the face, and how much the wall."""

from dataclasses import dataclass

import numpy as np

from app.pipeline.light import linear_rgb
from app.sandbox.render import ScreenLight

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Room:
    """Where somebody sits before a screen."""

    level: float = 1.0
    """Light of the room, 1 = as in the photo."""
    colour: Rgb = (1.0, 1.0, 1.0)
    """Of the room's light, linear, before the camera's white balance."""
    screen_share: float = 0.15
    """Light of a white screen on the face as a share of the room's: 60 lux from a laptop at half a metre are
    0.12 in an office of 500 lux and 0.4 in a living room of 150 lux."""
    wall_share: float = 0.15
    """The screen's light on what surrounds the head, as a share of what its geometry gives."""

    def light(self, colour: str | None) -> ScreenLight | None:
        """Return the light of a screen that shows `#rrggbb`; None for a dark one."""
        if colour is None:
            return None
        screen = np.array(linear_rgb(colour)) * self.screen_share / np.array(self.colour)
        red, green, blue = screen.tolist()
        return ScreenLight((red, green, blue), room=self.wall_share)


DARK_ROOM = Room(level=0.45, colour=(1.25, 1.0, 0.65), screen_share=0.35, wall_share=0.3)
"""An evening under a warm lamp."""
