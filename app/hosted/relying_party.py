"""Who the person is told they are being checked for."""

from urllib.parse import urlsplit

from app.delivery.return_redirect import target_url
from app.flow import SessionView


def relying_party_name(view: SessionView) -> str:
    """Return the configured brand, else the host the person returns to, else the verification's name."""
    brand = view.configuration.experience_config.theme.brand_name
    return brand or return_host(view) or view.configuration.name


def return_host(view: SessionView) -> str:
    """Return the host that the person returns to; empty when the result page is the end."""
    return urlsplit(target_url(view.visit, view.configuration) or "").hostname or ""
