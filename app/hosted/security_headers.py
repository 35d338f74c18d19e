"""Headers of every response: no inline code, no third party, no storage in caches."""

from flask import Flask, Response, g, request

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'none'; "
    "base-uri 'none'; form-action 'self'; object-src 'none'; frame-src {frames}; "
    "frame-ancestors {ancestors}"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
# What pages of relying sites load from here; everybody may read it, so that a site can pin its hash.
EMBEDDED_PATH = "/static/embed/"
EMBEDDED_HEADERS = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
# The camera belongs to the page of a verification alone; a site that frames it hands it on by `allow`.
PERMISSIONS_POLICY = "camera=({camera}), microphone=(), geolocation=(), display-capture=(), payment=()"
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"


def allow_frames(ancestors: tuple[str, ...]) -> None:
    """Let these origins frame the response of the current request."""
    g.frame_ancestors = ancestors


def allow_own_frames() -> None:
    """Let the response of the current request show other pages of ours in frames."""
    g.frame_sources = "'self'"


def allow_camera() -> None:
    """Let the page that answers the current request ask for the camera."""
    g.camera = "self"


def init_security_headers(app: Flask, *, https: bool) -> None:
    """Put the headers on every response, errors and static files included."""

    @app.after_request
    def secure(response: Response) -> Response:
        ancestors = " ".join(g.get("frame_ancestors", ())) or "'none'"
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.format(
            ancestors=ancestors, frames=g.get("frame_sources", "'none'")
        )
        response.headers["Permissions-Policy"] = PERMISSIONS_POLICY.format(camera=g.get("camera", ""))
        response.headers.update(HEADERS)
        if request.path.startswith(EMBEDDED_PATH):
            response.headers.update(EMBEDDED_HEADERS)
        if https:
            response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
        response.headers.setdefault("Cache-Control", "no-store")
        return response
