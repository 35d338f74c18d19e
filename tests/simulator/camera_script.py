"""Browser tests without a camera: the sandbox's head camera as one self-contained init script."""

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

from app.sandbox.assets import inline_asset
from app.sandbox.head import Head
from app.sandbox.pose import POSE_OF_GUIDANCE
from app.vocabulary import Guidance
from tests.simulator.attacks import cut_out, photo_sheet
from tests.simulator.scenes import empty_room
from tests.simulator.tampering import COLOUR_OVERLAY, FROZEN, LATE_RELAY, OTHER_COLOURS

SOURCES = Path(__file__).resolve().parents[2] / "static" / "sandbox"
# In the order in which they import one another.
MODULES = ("head-motion.js", "head-painter.js", "cooperation.js", "head-camera.js", "install-camera.js")
IMPORT = re.compile(r"^import .*?;\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=class|const|function|async)", re.MULTILINE)
# What a real device is called; nothing about it hints at software.
LABEL = "Integrated Camera (04f2:b6dd)"


class Behaviour(StrEnum):
    """Who or what sits in front of the camera."""

    OBEDIENT = "obedient"
    STILL_PHOTO = "still_photo"
    """A flat photo that never moves; only the sensor's noise tells two frames apart."""
    HAND_MOVED_PHOTO = "hand_moved_photo"
    """A flat photo, tilted and moved by hand as the instructions say."""
    NO_FACE = "no_face"
    TWO_PEOPLE = "two_people"
    """Two heads side by side, both obedient."""
    DISOBEDIENT = "disobedient"
    """Moves at every instruction, but somewhere else."""
    DENIED = "denied"
    """getUserMedia rejects with NotAllowedError."""
    NONE = "none"
    """getUserMedia rejects with NotFoundError."""
    SWAP = "swap"
    """Another head takes over after the first step of the challenge."""
    TALKING_HEAD = "talking_head"
    """A film of a living head that knows nothing of the challenge."""
    REPLAY = "replay"
    """A film of another session: other movements, other colours."""
    OTHER_COLOURS = "other_colours"
    """A film whose movements happen to fit, with the colours of another session."""
    CUT_OUT_PHOTO = "cut_out_photo"
    """A photo cut out around the head, tilted and moved by hand before the real room."""
    PLANAR_WARP = "planar_warp"
    """A flat photo that software shifts, turns in its plane and zooms as the instructions say."""
    COLOUR_OVERLAY = "colour_overlay"
    """An obedient head in no light; software paints the screen's colour over the picture."""
    LATE_RELAY = "late_relay"
    """Somebody obedient elsewhere, whose picture comes late."""
    FROZEN = "frozen"
    """The same few pictures over and over once the challenge has begun."""


OTHERWISE = {
    Guidance.LOOK_LEFT: Guidance.LOOK_DOWN,
    Guidance.LOOK_RIGHT: Guidance.LOOK_UP,
    Guidance.LOOK_UP: Guidance.LOOK_RIGHT,
    Guidance.LOOK_DOWN: Guidance.LOOK_LEFT,
    Guidance.COME_NEARER: Guidance.GO_FARTHER,
    Guidance.GO_FARTHER: Guidance.COME_NEARER,
}
# What zoom and shift can do without depth.
WARPED = {
    Guidance.LOOK_LEFT: {"dx": 0.12, "roll_deg": 4.0},
    Guidance.LOOK_RIGHT: {"dx": -0.12, "roll_deg": -4.0},
    Guidance.LOOK_UP: {"dy": -0.1},
    Guidance.LOOK_DOWN: {"dy": 0.1},
    Guidance.COME_NEARER: {"distance": 0.75},
    Guidance.GO_FARTHER: {"distance": 1.3},
}
TAMPERING = {
    Behaviour.REPLAY: OTHER_COLOURS,
    Behaviour.OTHER_COLOURS: OTHER_COLOURS,
    Behaviour.COLOUR_OVERLAY: COLOUR_OVERLAY,
    Behaviour.LATE_RELAY: LATE_RELAY,
    Behaviour.FROZEN: FROZEN,
}


def init_script(
    head: Head | None,
    behaviour: Behaviour | str = Behaviour.OBEDIENT,
    second: Head | None = None,
    *,
    seed: int = 1,
    fps: float = 18,
    noise: float = 2.0,
) -> str:
    """Return JavaScript for `page.add_init_script` that replaces the cameras of every page.

    `second` is the other person of `two_people` and `swap`; `head` may be None where nobody is
    seen (`no_face`, `denied`, `none`). The camera is `window.headCamera` for tests that look.
    """
    behaviour = Behaviour(behaviour)
    failure = behaviour.value if behaviour in (Behaviour.DENIED, Behaviour.NONE) else None
    options = None if failure else _options(head, behaviour, second)
    settings = {"seed": seed, "fps": fps, "noise": noise}
    return _TEMPLATE % {
        "modules": bundled(),
        "options": json.dumps(None if options is None else options | settings),
        "tampering": TAMPERING.get(behaviour, ""),
        "install": json.dumps({"label": LABEL, "failure": failure}),
    }


def bundled() -> str:
    """Return the modules of static/sandbox as one text without import and export."""
    texts = [(SOURCES / name).read_text(encoding="utf-8") for name in MODULES]
    return "\n".join(EXPORT.sub("", IMPORT.sub("", text)) for text in texts)


def _options(head: Head | None, behaviour: Behaviour, second: Head | None) -> dict[str, Any]:
    if behaviour is Behaviour.NO_FACE:
        return {"asset": inline_asset(empty_room()), "idle": False}
    if head is None:
        raise ValueError(f"{behaviour} needs a head")
    if behaviour is Behaviour.STILL_PHOTO:
        still: dict[str, dict[str, float]] = {guidance.value: {} for guidance in POSE_OF_GUIDANCE}
        return {"asset": inline_asset(photo_sheet(head)), "idle": False, "answers": still}
    if behaviour in (Behaviour.HAND_MOVED_PHOTO, Behaviour.CUT_OUT_PHOTO):
        sheet = photo_sheet(head) if behaviour is Behaviour.HAND_MOVED_PHOTO else cut_out(head)
        return {"asset": inline_asset(sheet)}
    if behaviour is Behaviour.PLANAR_WARP:
        warped = {asked.value: pose for asked, pose in WARPED.items()}
        return {"asset": inline_asset(photo_sheet(head)), "answers": warped}
    options: dict[str, Any] = {"asset": inline_asset(head)}
    if behaviour is Behaviour.TALKING_HEAD:
        options["answers"] = {asked: {} for asked in options["asset"]["poses"]}
    if behaviour in (Behaviour.DISOBEDIENT, Behaviour.REPLAY):
        options["answers"] = {asked: options["asset"]["poses"][done] for asked, done in OTHERWISE.items()}
    if behaviour in (Behaviour.TWO_PEOPLE, Behaviour.SWAP):
        options |= _second(behaviour, second)
    return options


def _second(behaviour: Behaviour, second: Head | None) -> dict[str, Any]:
    if second is None:
        raise ValueError(f"{behaviour} needs a second head")
    appears = "beside" if behaviour is Behaviour.TWO_PEOPLE else "after_first_step"
    return {"second": inline_asset(second), "secondAppears": appears}


_TEMPLATE = """(() => {
'use strict';
%(modules)s
const options = %(options)s;
const camera = options && new HeadCamera(options);
if (camera) camera.obey();
%(tampering)s
installCamera(camera, %(install)s);
window.headCamera = camera;
})();
"""
