"""Signing and checking links for backends that would rather not do it themselves."""

from typing import Annotated, Literal

from pydantic import Field

from app.api import links
from app.api.answering import new_section
from app.api.guards import require_scope
from app.api.scopes import Scope
from app.api.shapes import Answer, Guid, Request, Text
from app.errors import LinkGoneError, NotFoundError, TooLargeError
from app.hosted.guards import runtime

section = new_section("Signatures", "signature", "Sign verification links and check signatures.")
section.blueprint.before_request(require_scope)

QueryString = Annotated[Text, Field(max_length=8192)]


class SecuritySettings(Request):
    """What makes a link expire, and good for one use only."""

    expiration_enabled: bool = True
    expiration_in_seconds: Annotated[int, Field(ge=1, le=links.LONGEST_SECONDS)] = links.DEFAULT_SECONDS
    enable_nonce: bool = False
    """Adds `reNonce`; needs the expiration."""


class CreateSignature(Request):
    """The query string to sign."""

    query_string: QueryString
    """Without `reSignature`; a leading `?` is accepted and kept."""
    verification_id: Guid | None = None
    """The verification that the link is for: the signature is then bound to it (`hmac-sha256`). Without it
    the link is signed as VerifEye signs, for verifications that accept `verifeye-sha256`."""
    security_settings: SecuritySettings = SecuritySettings()


class CreatedSignature(Answer):
    """The signed link."""

    signature: str
    signed_query_string: str
    expiration: int | None
    """Unix seconds."""
    nonce: str | None
    scheme: Literal["hmac-sha256", "verifeye-sha256"]
    url: str | None
    """The whole link, when the verification was named."""


class ValidateSignature(Request):
    """A signed query string: of a link, or of a result."""

    query_string: QueryString
    verification_id: Guid | None = None
    """Needed only when the result carries neither `reVerificationId` nor `reVerificationSessionId`."""


class ValidatedSignature(Answer):
    """Whether the signature is good, and what it was made for."""

    result: Literal["Valid", "Invalid"]
    kind: Literal["Request", "Result"] | None
    """A link's signature never passes for a result's."""
    verification_id: str | None
    """Compare it with the verification you expected."""


@section.operation(
    "create",
    methods=("POST",),
    need=Scope.SIGNATURES,
    request=CreateSignature,
    answer=CreatedSignature,
    errors=(NotFoundError, TooLargeError, LinkGoneError),
)
def create_signature(wish: CreateSignature) -> CreatedSignature:
    """Sign a verification link.

    The query string comes back as it was, with `reExpiration` (600 s ahead unless told otherwise), `reNonce`
    when asked for, and `reSignature` appended. A link that would be refused when opened is refused here.
    """
    parts = runtime()
    settings = wish.security_settings
    lives_for = settings.expiration_in_seconds if settings.expiration_enabled else None
    terms = links.Terms(lives_for, settings.enable_nonce)
    with parts.database.reading() as db:
        signed = links.sign_link(db, parts, wish.query_string, wish.verification_id, terms, parts.clock())
    return CreatedSignature(
        signature=signed.signature,
        signed_query_string=signed.query_string,
        expiration=signed.expiration,
        nonce=signed.nonce,
        scheme=signed.scheme,
        url=signed.url,
    )


@section.operation(
    "validate",
    methods=("POST",),
    need=Scope.SIGNATURES,
    request=ValidateSignature,
    answer=ValidatedSignature,
    errors=(TooLargeError,),
)
def validate_signature(wish: ValidateSignature) -> ValidatedSignature:
    """Check the signature of a link or a result.

    Only the signature: expiration, nonce and what the result says are for you to look at.
    """
    parts = runtime()
    with parts.database.reading() as db:
        found = links.check_signature(db, parts, wish.query_string, wish.verification_id)
    if found is None:
        return ValidatedSignature(result="Invalid", kind=None, verification_id=None)
    return ValidatedSignature(result="Valid", kind=found.kind, verification_id=found.verification_id)
