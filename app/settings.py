"""Settings, read once from the environment into a frozen object; nothing else reads the environment.

Every setting is declared in `SETTINGS`; any of them may come from a file named in `<NAME>_FILE`,
which is the way to hand over a secret.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import SettingsError

PREFIX = "VISAVIS_"
MASTER_KEY_BYTES = 32
MIN_TOKEN_CHARACTERS = 16
# Where `flask keys generate` puts the key unless told otherwise; read when no other source is named.
DEFAULT_MASTER_KEY_FILE = Path("var/master.key")
_LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Setting:
    """One setting as an operator meets it."""

    name: str
    """Environment variable without the `VISAVIS_` prefix."""
    parse: Callable[[str], object]
    default: str | None
    """None = required."""
    help: str


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError("must be true or false")
    return text.lower() == "true"


def _whole_number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _master_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise ValueError("must be 32 random bytes in Base64 (`flask keys generate` makes one)")
    return key


def _optional_key(text: str) -> bytes | None:
    return _master_key(text) if text else None


def _optional_token(text: str) -> str:
    if text and len(text) < MIN_TOKEN_CHARACTERS:
        raise ValueError(f"must have at least {MIN_TOKEN_CHARACTERS} characters")
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    loopback = parts.hostname in _LOOPBACK_HOSTS
    if (
        not parts.hostname
        or parts.scheme not in {"https", "http"}
        or (parts.scheme == "http" and not loopback)
    ):
        raise ValueError("must be an absolute https URL (http only on loopback)")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must have no path, query or fragment")
    return f"{parts.scheme}://{parts.netloc}"


def _landmarker(text: str) -> str:
    if text not in {"mediapipe", "onnx"}:
        raise ValueError("must be mediapipe or onnx")
    return text


def _optional_landmarker(text: str) -> str:
    return _landmarker(text) if text else text


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "MASTER_KEY", _master_key, None, "32 random bytes in Base64; wraps every secret and template key."
    ),
    Setting(
        "PREVIOUS_MASTER_KEY",
        _optional_key,
        "",
        "The key before it, which still opens what it sealed until `flask keys rotate` has run.",
    ),
    Setting("PUBLIC_URL", _public_url, "http://localhost:5000", "Where people reach this service."),
    Setting("DATABASE_URL", str, "sqlite:///var/visavis.db", "SQLAlchemy URL of the database."),
    Setting("MODELS_DIR", Path, "models", "Folder of the installed model pack."),
    Setting("CONFIG_DIR", Path, "config", "Folder of models.toml, policy.toml and calibration/."),
    Setting("LANDMARKER", _landmarker, "mediapipe", "Detection engine: mediapipe or onnx."),
    Setting(
        "NEXT_LANDMARKER",
        _optional_landmarker,
        "",
        "The engine that will replace LANDMARKER; templates of it gather meanwhile.",
    ),
    Setting("INFERENCE_THREADS", _whole_number, "1", "Threads per model call; 1 serves most people at once."),
    Setting(
        "TRUSTED_PROXIES", _whole_number, "0", "Reverse proxies in front whose X-Forwarded-* are believed."
    ),
    Setting("COUNTRY_HEADER", str, "", "Header in which a trusted proxy names the visitor's country."),
    Setting(
        "SANDBOX",
        _boolean,
        "false",
        "Offer a rendered head as camera; only on loopback, never in production.",
    ),
    Setting("SANDBOX_DIR", Path, "var/sandbox", "Folder of the sandbox head's asset."),
    Setting(
        "RATE_LIMIT_OPEN", str, "60 per minute", "Opened links per address; empty switches the limit off."
    ),
    Setting(
        "RATE_LIMIT_CAPTURE", str, "900 per minute", "Capture requests per address; empty switches it off."
    ),
    Setting("RATE_LIMIT_API", str, "600 per minute", "API calls per key; empty switches the limit off."),
    Setting(
        "WEBHOOK_PRIVATE_ADDRESSES",
        _boolean,
        "false",
        "Let webhooks go to http, loopback and private addresses; for development only.",
    ),
    Setting(
        "METRICS_TOKEN", _optional_token, "", "Opens /metrics to Prometheus; without it nothing is there."
    ),
    Setting("LOG_LEVEL", str, "INFO", "Level of the log on standard error."),
)


@dataclass(frozen=True)
class Settings:
    """The parsed settings; field names are those of `SETTINGS` in lower case."""

    master_key: bytes
    public_url: str
    database_url: str
    models_dir: Path
    config_dir: Path
    landmarker: str
    inference_threads: int
    trusted_proxies: int
    country_header: str
    sandbox: bool
    sandbox_dir: Path
    rate_limit_open: str
    rate_limit_capture: str
    rate_limit_api: str
    webhook_private_addresses: bool
    log_level: str
    previous_master_key: bytes | None = None
    metrics_token: str = ""
    next_landmarker: str = ""

    def __post_init__(self) -> None:
        """Refuse combinations that would be dangerous."""
        if self.sandbox and urlsplit(self.public_url).hostname not in _LOOPBACK_HOSTS:
            raise SettingsError(
                "VISAVIS_SANDBOX: a rendered head proves nothing; only a loopback PUBLIC_URL may offer it"
            )

    def __repr__(self) -> str:
        """Never show the master key."""
        return f"Settings(public_url={self.public_url!r}, sandbox={self.sandbox})"

    @property
    def is_https(self) -> bool:
        """True when cookies may be `Secure` and carry the `__Host-` prefix."""
        return self.public_url.startswith("https:")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Parse all of `SETTINGS`; raise `SettingsError` naming the first that makes no sense."""
        return cls(**{setting.name.lower(): _parse(setting, environ) for setting in SETTINGS})  # type: ignore[arg-type]


def _parse(setting: Setting, environ: Mapping[str, str]) -> object:
    variable = PREFIX + setting.name
    text = _text_of(variable, environ)
    if text is None:
        text = setting.default
    if text is None:
        raise SettingsError(f"{variable}: is required. {setting.help}")
    try:
        return setting.parse(text.strip())
    except ValueError as error:
        raise SettingsError(f"{variable}: {error}") from None


def _text_of(variable: str, environ: Mapping[str, str]) -> str | None:
    file_name = environ.get(f"{variable}_FILE")
    if file_name is None and variable == PREFIX + "MASTER_KEY" and variable not in environ:
        file_name = str(DEFAULT_MASTER_KEY_FILE) if DEFAULT_MASTER_KEY_FILE.exists() else None
    if file_name is None:
        return environ.get(variable)
    try:
        return Path(file_name).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{variable}_FILE: cannot be read ({error.strerror})") from None
