"""The words around going on with a check on a phone."""

from flask_babel import lazy_gettext as _

HANDOVER = {
    "use_phone": _("Use your phone instead"),
    "handover_title": _("Continue on your phone"),
    "handover_hint": _("Point your phone’s camera at this code and open the address that it shows."),
    "handover_picture": _("Code that opens this check on your phone"),
    "handover_waiting": _("Waiting for your phone …"),
    "handover_opened": _("Your phone is connected. Follow the steps there and leave this page open."),
    "handover_capturing": _("The camera of your phone is on. Follow the steps there."),
    "handover_checking": _("Your phone is done. The result will be here shortly."),
    "handover_expired": _("This code is no longer good."),
    "handover_new": _("Show a new code"),
    "handover_stay": _("Stay on this device"),
    "handover_home": _("Please go back to the device where you began: it carries on there."),
    "handover_here": _("Continue on this phone"),
}
