"""The sheets of `app.simulation`, by the name under which tests know them."""

from app.simulation.sheets import on_screen, photo_sheet, show

__all__ = ["on_screen", "photo_sheet", "show"]
