"""The sheets of `app.simulation`, by the name under which tests know them."""

from app.simulation.sheets import cut_out, on_screen, photo_sheet, show

__all__ = ["cut_out", "on_screen", "photo_sheet", "show"]
