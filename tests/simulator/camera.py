"""The cameras of `app.simulation`, by the name under which tests know them."""

from app.simulation.camera import CAMERAS, Webcam, cheap_webcam, dim_room, laptop, phone

__all__ = ["CAMERAS", "Webcam", "cheap_webcam", "dim_room", "laptop", "phone"]
