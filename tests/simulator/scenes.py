"""The scenes of `app.simulation`, by the name under which tests know them."""

from app.simulation.scenes import empty_room, room_corners, room_picture, two_people

__all__ = ["empty_room", "room_corners", "room_picture", "two_people"]
