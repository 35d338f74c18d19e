"""The attack kit: one module per species of attack. `SPECIES` has all that come before a camera."""

from app.simulation.attacks import (
    colour_overlay,
    cut_out_photo,
    delayed_relay,
    face_swap,
    frozen_frames,
    moved_photo,
    planar_warp,
    screen_replay,
    shuffled_colours,
    still_photo,
    talking_head,
)
from app.simulation.attacks.species import Species

SPECIES: dict[str, Species] = {
    species.name: species
    for module in (
        still_photo,
        moved_photo,
        cut_out_photo,
        planar_warp,
        screen_replay,
        shuffled_colours,
        delayed_relay,
        colour_overlay,
        face_swap,
        frozen_frames,
        talking_head,
    )
    for species in module.SPECIES
}
