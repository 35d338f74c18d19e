"""Signing in five languages, ready to copy, with the configuration's own id and address."""

from dataclasses import dataclass

_SNIPPETS: tuple[tuple[str, str, str], ...] = (
    (
        "Python",
        "sdk/python",
        """import os, secrets
from visavis_client import VerificationLink, verify_result

VERIFICATION, SECRET = "{id}", os.environ["VISAVIS_SIGNING_SECRET"]
link = VerificationLink("{url}", VERIFICATION, SECRET)

session["nonce"] = secrets.token_hex(16)
redirect(link.sign(external_id=user.id, nonce=session["nonce"]))            # there …

result = verify_result(request.url, verification_id=VERIFICATION, secrets=SECRET,
                       expected_nonce=session.pop("nonce", ""))             # … and back
user.verified = result.passed""",
    ),
    (
        "JavaScript",
        "sdk/javascript",
        """import {{ randomBytes }} from "node:crypto";
import {{ VerificationLink, verifyResult }} from "visavis-client";

const verificationId = "{id}", secrets = process.env.VISAVIS_SIGNING_SECRET;
const link = new VerificationLink("{url}", verificationId, secrets);

session.nonce = randomBytes(16).toString("hex");
response.redirect(303, link.sign({{ externalId: user.id, nonce: session.nonce }}));      // there …

const result = verifyResult(request.url, {{ verificationId, secrets, expectedNonce: session.nonce ?? "" }});
delete session.nonce;                                                                    // … and back
user.verified = result.passed;""",
    ),
    (
        "PHP",
        "sdk/php",
        """require 'sdk/php/autoload.php';
use Visavis\\{{VerificationLink, VerifiedResult}};

[$verification, $secret] = ['{id}', getenv('VISAVIS_SIGNING_SECRET')];
$link = new VerificationLink('{url}', $verification, $secret);

$_SESSION['nonce'] = VerificationLink::freshNonce();
header('Location: ' . $link->sign($user->id, nonce: $_SESSION['nonce']), true, 303);    // there …

$nonce = $_SESSION['nonce'] ?? '';
unset($_SESSION['nonce']);
$result = VerifiedResult::verify($_SERVER['QUERY_STRING'] ?? '', $verification, $secret, $nonce);
$user->verified = $result->passed();                                                    // … and back""",
    ),
    (
        "Go",
        "sdk/go",
        """verification, secret := "{id}", os.Getenv("VISAVIS_SIGNING_SECRET")
link, err := visavis.NewLink("{url}", verification, secret)

nonce := visavis.FreshNonce() // keep it in the visitor's session
url, err := link.Sign(visavis.Request{{ExternalID: user.ID, Nonce: nonce}})
http.Redirect(w, r, url, http.StatusSeeOther) // there …

check := visavis.Check{{VerificationID: verification, Secrets: []string{{secret}}, Nonce: nonceOfVisitor}}
result, err := visavis.VerifyResult(r.URL.RawQuery, check)
user.Verified = err == nil && result.Passed() // … and back""",
    ),
    (
        "Java",
        "sdk/java",
        """String verification = "{id}", secret = System.getenv("VISAVIS_SIGNING_SECRET");
var link = new VerificationLink("{url}", verification, secret).link();

String nonce = VerificationLink.freshNonce(); // keep it in the visitor's session
response.sendRedirect(link.externalId(user.id()).nonce(nonce).sign()); // there …

var check = VerifiedResult.check(verification, secret).nonce(nonceOfVisitor);
var result = check.verify(request.getQueryString());
user.setVerified(result.passed()); // … and back""",
    ),
)


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code of one language."""

    language: str
    folder: str
    """Where the client and its README lie."""
    code: str


def snippets(verification_id: str, public_url: str) -> list[Snippet]:
    """Return the five, with the id and the address filled in; the secret stays in the environment."""
    return [
        Snippet(language, folder, code.format(id=verification_id, url=public_url))
        for language, folder, code in _SNIPPETS
    ]
