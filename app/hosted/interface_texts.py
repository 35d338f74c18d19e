"""The words around the camera: headings, buttons, the primer and the coach for camera trouble.

`{site}`, `{app}`, `{step}`, `{steps}`, `{count}` and `{seconds}` are filled in by the page. A text of
several lines is a list of numbered steps, one per line.
"""

from flask_babel import lazy_gettext as _

from app.hosted.handover_texts import HANDOVER

_FRAME = {
    "page_title": _("Face check"),
    "language": _("Language"),
    "exits": _("Ways out"),
    "other_way": _("Verify another way"),
    "cancel": _("Cancel"),
    "sandbox_banner": _("Sandbox: results are worth nothing"),
    "no_script": _(
        "This page needs JavaScript to use the camera. Please allow it for this page and reload, or go "
        "back to the website that sent you here and ask for another way."
    ),
    "connection_lost": _("Connection lost. We keep trying and carry on where you stopped."),
    "connection_retry": _("Retry now"),
    "busy": _("Many people are here right now. We carry on shortly ({seconds} s)."),
}

_STEPS = {
    "consent_accept": _("I agree"),
    "consent_decline": _("I do not agree"),
    "primer_title": _("A quick look into the camera"),
    "primer_time": _("It takes about ten seconds."),
    "primer_not_stored": _("Your picture is not stored."),
    "does_liveness": _("We check that you are really here."),
    "does_movement": _("We check that you are really here: a recording could not follow."),
    "does_recognition": _("We compare your face with the faces that this website knows."),
    "does_age": _("We estimate your age."),
    "does_gender": _("We estimate your gender."),
    "tips_title": _("For a good picture"),
    "tip_light": _("Face a window or a lamp"),
    "tip_height": _("Hold the device at eye level"),
    "tip_uncover": _("Take off sunglasses and mask"),
    "start_camera": _("Start camera"),
    "resume_camera": _("Continue where you stopped"),
    "use_sandbox": _("Use the rendered demo head"),
    "waiting_camera": _("Waiting for the camera …"),
    "waiting_hint": _("Your browser asks for the camera now. Please choose “Allow”."),
    "waiting_long": _("No question in sight? Look for a camera symbol in the address bar."),
    "in_app_hint": _("If the camera does not start inside {app}, open this page in your browser."),
    "capture_title": _("The camera is on"),
    "preview": _("Mirrored camera picture"),
    "progress": _("Progress"),
    "step_of": _("Step {step} of {steps}"),
    "checking_title": _("One moment, please"),
    "checking_hint": _("The camera is off again. The result will be here shortly."),
    "checking_long": _("This takes longer than usual. You need not do anything, we are still at it."),
    "attempts_left": _("Attempts left: {count}"),
    "try_again": _("Try again"),
    "passed_title": _("Thank you, that is all"),
    "passed_hint": _("The check was successful."),
    "returning": _("Taking you back to {site} …"),
    "continue": _("Continue"),
    "continue_to": _("Continue to {site}"),
    "close_page": _("You can close this page now."),
    "superseded_title": _("This check was opened somewhere else"),
    "superseded_hint": _("It goes on in the other window or on the other device. You can close this page."),
    "superseded_here": _("Continue here instead"),
    "lost_title": _("We lost track of your session"),
    "lost_hint": _("Reload the page. If that does not help, open the link again that brought you here."),
    "fault_title": _("That did not work"),
    "fault_hint": _("This was not your fault. Please try again; you carry on where you stopped."),
    "reload": _("Reload the page"),
}

# What the challenge asks for, and the choice of those whom changing light can harm.
_CHALLENGE = {
    "scenes_title": _("What you will do"),
    "scene_turn": _("Follow the arrow with your head"),
    "scene_light": _("Hold still while the screen changes colour"),
    "scene_more": _("Follow a few more arrows"),
    "flash_warning": _(
        "The screen changes colour for three to six seconds. If that can make you unwell, for example "
        "because of epilepsy, leave the colours out."
    ),
    "flash_decline": _("No flashing colours"),
    "flash_declined": _("Good: no flashing colours. You follow a few more arrows instead."),
    "flash_reduced": _(
        "Your device asks for less motion, so there are no flashing colours. You follow a few more "
        "arrows instead."
    ),
    "retry_without_flashing": _("Try again without flashing colours"),
    "sound": _("Sound"),
}

# The camera coach. `<kind>_title` and `<kind>_hint` for each kind of trouble in permission.js.
_COACH = {
    "blocked_title": _("The camera is blocked"),
    "blocked_hint": _("Your browser keeps the camera from this page. You can allow it like this:"),
    "dismissed_title": _("The camera was not allowed yet"),
    "dismissed_hint": _("Press “Try again” and choose “Allow” when your browser asks for the camera."),
    "system_title": _("Your device keeps the camera from the browser"),
    "system_hint": _("You can allow it in the settings of your device:"),
    "none_title": _("No camera was found"),
    "none_hint": _("Connect a camera, or open the link on a phone. A new camera is noticed by itself."),
    "in_use_title": _("The camera is busy"),
    "in_use_hint": _("Another app or tab is using it. Close video calls and camera apps, then try again."),
    "stopped_title": _("The camera stopped"),
    "stopped_hint": _("It was unplugged or taken by another app. Try again; you carry on where you stopped."),
    "insecure_title": _("This page was opened without encryption"),
    "insecure_hint": _("Browsers give the camera only to addresses that begin with https://."),
    "in_app_title": _("Please open this page in your browser"),
    "in_app_trouble": _("{app} does not give pages the camera. Your browser does:"),
    "this_app": _("This app"),
    "embedded_title": _("The surrounding page keeps the camera away"),
    "embedded_hint": _("Open the check in a tab of its own; there it can ask for the camera."),
    "unsupported_title": _("This browser cannot use the camera"),
    "unsupported_hint": _("Open the link in a current Chrome, Safari, Firefox or Edge, perhaps on a phone."),
    "open_browser": _("Open in browser"),
    "open_tab": _("Open in a new tab"),
    "open_secure": _("Open encrypted page"),
    "copy_link": _("Copy link"),
    "link_copied": _("Link copied"),
    "without_camera": _("Return without a camera check"),
}

# How to give the camera back, by browser; menu names are those of the browsers in each language.
_COACH_STEPS = {
    "blocked_chrome_desktop": _(
        "Click the symbol to the left of the address.\n"
        "Switch “Camera” on.\n"
        "Come back here; the page carries on by itself."
    ),
    "blocked_chrome_android": _(
        "Tap the symbol to the left of the address.\n"
        "Tap “Permissions”, then “Camera”, and choose “Allow”.\n"
        "Come back here; the page carries on by itself."
    ),
    "blocked_edge": _(
        "Select the lock to the left of the address.\n"
        "Set “Camera” to “Allow” under “Permissions for this site”.\n"
        "Come back here and press “Try again”."
    ),
    "blocked_firefox_desktop": _(
        "Click the crossed-out camera to the left of the address.\n"
        "Remove “Blocked” next to “Use the camera”.\n"
        "Press “Try again” and choose “Allow”."
    ),
    "blocked_firefox_android": _(
        "Tap the lock to the left of the address.\n"
        "Tap “Camera” so that it says “Allowed”.\n"
        "Press “Try again”."
    ),
    "blocked_samsung": _(
        "Tap the lock to the left of the address, then “Permissions”.\n"
        "Allow “Camera” for this page.\n"
        "Press “Try again”."
    ),
    "blocked_safari_ios": _(
        "Tap the page symbol in the address bar, then “Website Settings” (under “More” or “aA”).\n"
        "Set “Camera” to “Allow”.\n"
        "Press “Try again”."
    ),
    "blocked_other_ios": _(
        "Open the “Settings” app and choose your browser in the list of apps.\n"
        "Switch “Camera” on.\n"
        "Come back here and press “Try again”."
    ),
    "blocked_safari_mac": _(
        "Choose “Safari” in the menu bar, then “Settings for this Website”.\n"
        "Set “Camera” to “Allow”.\n"
        "Press “Try again”."
    ),
    "blocked_other": _(
        "Open the settings of your browser for this page, mostly beside the address.\n"
        "Allow the camera.\n"
        "Come back here and press “Try again”."
    ),
    "system_android": _(
        "Open “Settings”, then “Apps”, and choose your browser.\n"
        "Tap “Permissions”, then “Camera”, and choose “Allow”.\n"
        "Come back here and press “Try again”."
    ),
    "system_ios": _(
        "Open the “Settings” app and choose your browser in the list of apps.\n"
        "Switch “Camera” on.\n"
        "Come back here and press “Try again”."
    ),
    "system_mac": _(
        "Open “System Settings”, then “Privacy & Security”, then “Camera”.\n"
        "Switch your browser on.\n"
        "Come back here and press “Try again”."
    ),
    "system_windows": _(
        "Open “Settings”, then “Privacy & security”, then “Camera”.\n"
        "Switch on camera access for your browser.\n"
        "Come back here and press “Try again”."
    ),
    "system_other": _(
        "Allow your browser to use the camera in the settings of your device.\n"
        "Come back here and press “Try again”."
    ),
    "in_app_ios": _(
        "Tap the three dots or the share symbol at the edge of the screen.\n"
        "Choose “Open in Safari” or “Open in browser”.\n"
        "If there is no such entry: copy the link and paste it into Safari."
    ),
    "in_app_android": _(
        "Tap the three dots at the top of the screen.\n"
        "Choose “Open in browser” or “Open in Chrome”.\n"
        "If there is no such entry: copy the link and paste it into your browser."
    ),
}

INTERFACE = {**_FRAME, **_STEPS, **_CHALLENGE, **_COACH, **_COACH_STEPS, **HANDOVER}
