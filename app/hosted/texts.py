"""What the hosted page says to the person: guidance, reasons, consent and error pages.

Everything here is gettext and is looked up in the language of the request at the moment it is asked
for. Words on buttons and in the camera coach are in `app.hosted.interface_texts`.
"""

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from app.hosted.interface_texts import INTERFACE
from app.vocabulary import Guidance, Reason

# Said while the camera runs: read at a glance and spoken by screen readers, so a few words each.
_GUIDANCE = {
    Guidance.NO_FACE: _("Bring your face into the oval"),
    Guidance.ONE_PERSON_ONLY: _("Only one person in view, please"),
    Guidance.MOVE_CLOSER: _("Move a little closer"),
    Guidance.MOVE_BACK: _("Move back a little"),
    Guidance.CENTER_FACE: _("Move your face to the middle"),
    Guidance.TOO_DARK: _("Too dark: face a lamp or a window"),
    Guidance.TOO_BRIGHT: _("Too bright: turn away from the light"),
    Guidance.HOLD_STILL: _("Hold still for a moment"),
    Guidance.LOOK_STRAIGHT: _("Look straight at the screen"),
    Guidance.FACE_OBSCURED: _("Keep your whole face visible"),
    Guidance.LOOK_LEFT: _("Turn your head to the left"),
    Guidance.LOOK_RIGHT: _("Turn your head to the right"),
    Guidance.LOOK_UP: _("Tilt your head up"),
    Guidance.LOOK_DOWN: _("Tilt your head down"),
    Guidance.COME_NEARER: _("Slowly come closer"),
    Guidance.GO_FARTHER: _("Slowly move back"),
    Guidance.WATCH_LIGHT: _("Look at the screen and hold still"),
    Guidance.GOOD: _("Good, stay like this"),
    Guidance.CHECKING: _("Thank you, checking now"),
}

# A hit among known faces or on a block list is told in the same neutral words: saying which one it
# was would tell an impostor who is enrolled here, and would accuse an honest person of something.
_NEUTRAL_REFUSAL = (
    _("We could not complete this verification"),
    _("The website that sent you here can tell you what to do next."),
)
_ASK_THE_WEBSITE = _("If you think this is a mistake, please contact the website that sent you here.")

_REASONS = {
    Reason.NO_FACE: (
        _("We could not see your face"),
        _("Hold the device at eye level and keep your face inside the oval."),
    ),
    Reason.MULTIPLE_FACES: (
        _("More than one person was in view"),
        _("Please make sure that nobody else can be seen, not even in the background."),
    ),
    Reason.LOW_QUALITY: (
        _("The picture was not clear enough"),
        _("Wipe the camera lens, find even light and move calmly."),
    ),
    Reason.FACE_OBSCURED: (
        _("Part of your face was covered"),
        _("Please take off sunglasses or a mask and keep hair and hands away from your face."),
    ),
    Reason.LIVENESS_FAILED: (
        _("We could not confirm that you are here in person"),
        _("Follow the directions calmly, in even light and without a screen behind you."),
    ),
    Reason.INJECTION_SUSPECTED: (
        _("We could not rely on this camera"),
        _("Please use the camera of your device directly, without effects or virtual camera software."),
    ),
    Reason.FACE_INCONSISTENT: (
        _("We lost sight of you along the way"),
        _("Please stay in view, alone, from the beginning to the end."),
    ),
    Reason.FACE_MISMATCH: (_("We could not confirm that it is you"), _ASK_THE_WEBSITE),
    Reason.FACE_UNRECOGNIZED: (_("We did not recognise you"), _ASK_THE_WEBSITE),
    Reason.DUPLICATE_FACE: _NEUTRAL_REFUSAL,
    Reason.FACE_BLOCKED: _NEUTRAL_REFUSAL,
    Reason.UNDERAGE: (
        _("The age check was not passed"),
        _("Ages are estimated and estimates can be wrong. The website can offer you another way."),
    ),
    Reason.AGE_OUT_OF_RANGE: (
        _("The age check was not passed"),
        _("Ages are estimated and estimates can be wrong. The website can offer you another way."),
    ),
    Reason.AGE_UNCERTAIN: (
        _("Your age could not be estimated closely enough"),
        _("This happens near the limit and says nothing against you. The website can offer you another way."),
    ),
    Reason.PIN_WRONG: (_("The PIN was not right"), _("Please check the PIN that you were given.")),
    Reason.CONSENT_REFUSED: (_("You did not agree"), _("No picture was taken.")),
    Reason.ALTERNATIVE_REQUESTED: (
        _("You asked for another way"),
        _("The website that sent you here will show you what else is possible."),
    ),
    Reason.CAMERA_DENIED: (
        _("The camera was not allowed"),
        _("No picture was taken. The website can offer you another way."),
    ),
    Reason.CAMERA_UNAVAILABLE: (
        _("No camera could be used"),
        _("You can open the link again on a device with a camera, for example a phone."),
    ),
    Reason.TIMEOUT: (
        _("The time for this check ran out"),
        _("The website that sent you here can start it again."),
    ),
    Reason.SESSION_EXPIRED: (
        _("This session has expired"),
        _("The website that sent you here can start it again."),
    ),
    Reason.CANCELLED: (_("You cancelled the check"), _("No picture was kept.")),
    Reason.ATTEMPTS_EXHAUSTED: (
        _("There are no attempts left"),
        _("The website that sent you here can offer you another way."),
    ),
    Reason.RATE_LIMITED: (
        _("There were too many attempts"),
        _("Please wait a while before you start again."),
    ),
    Reason.COUNTRY_FORBIDDEN: (_("This check is not available in your country"), _ASK_THE_WEBSITE),
    Reason.ORIGIN_FORBIDDEN: (_("This check may not be shown on this website"), _ASK_THE_WEBSITE),
    Reason.REVIEW_PENDING: (
        _("Thank you, a person will have a look"),
        _("You need not do anything now. The website will tell you the result."),
    ),
    Reason.INTERNAL_ERROR: (
        _("Something went wrong on our side"),
        _("This was not your fault. The website that sent you here can start it again."),
    ),
}


# Error pages by status; any other is answered with the words of 400 or 500.
_ERRORS = {
    400: (
        _("This link is not complete"),
        _("Please open it again from the website or message where you found it."),
    ),
    403: (
        _("This link cannot be used"),
        _("It may have been changed on its way. Please start again on the website that sent you here."),
    ),
    404: (
        _("There is nothing at this address"),
        _("Please open the link again from the website or message where you found it."),
    ),
    409: (
        _("This check was opened somewhere else"),
        _("It goes on in the other window or on the other device. You can close this page."),
    ),
    410: (
        _("This link is no longer valid"),
        _("It has been used already or its time has run out. The website that sent you can make a new one."),
    ),
    429: (_("There were too many attempts"), _("Please wait a while before you start again.")),
    500: (
        _("Something went wrong on our side"),
        _("This was not your fault. Please try again in a moment."),
    ),
}


def guidance_texts() -> dict[str, str]:
    """Return one short instruction for every `Guidance` value, in the active language."""
    return {code.value: str(text) for code, text in _GUIDANCE.items()}


def reason_texts() -> dict[str, dict[str, str]]:
    """Return `{"title", "hint"}` for every `Reason` value, in the active language."""
    return {code.value: {"title": str(title), "hint": str(hint)} for code, (title, hint) in _REASONS.items()}


def ui_texts() -> dict[str, str]:
    """Return every other text of the page by key; `{site}` and the like are filled in by the page."""
    return {key: str(text) for key, text in INTERFACE.items()}


def error_texts(status: int) -> dict[str, str]:
    """Return `{"title", "detail"}` of the error page for an HTTP status, in the active language."""
    title, detail = _ERRORS.get(status, _ERRORS[500 if status >= 500 else 400])
    return {"title": str(title), "detail": str(detail)}


def consent_text(relying_party: str, retention_days: int) -> dict[str, str | list[str]]:
    """Return the default consent, `{"title", "paragraphs"}`: who asks, and how many days the result stays."""
    site = {"site": relying_party}
    kept = ngettext(
        "The result is kept for %(num)s day and then deleted.",
        "The result is kept for %(num)s days and then deleted.",
        retention_days,
    )
    described = gettext(
        "If %(site)s recognises people who return, a list of numbers that describes your face is kept too.",
        **site,
    )
    return {
        "title": gettext("May we take a look at your face?"),
        "paragraphs": [
            gettext("%(site)s asks you to show your face to the camera. This needs your consent.", **site),
            gettext(
                "For a few seconds, small pictures travel from your camera to this service. They are looked "
                "at at once and never stored."
            ),
            f"{kept} {described}",
            gettext("You are free to say no, and you can stop or ask for another way at any time."),
        ],
    }
