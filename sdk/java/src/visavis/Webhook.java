package visavis;

import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

import static java.nio.charset.StandardCharsets.UTF_8;

/** Checks a webhook as Standard Webhooks 1.0 signs it. */
public final class Webhook {
    /** How far a webhook's time may be from ours, unless said otherwise. */
    public static final Duration TOLERANCE = Duration.ofMinutes(5);

    private static final String SECRET_PREFIX = "whsec_";
    private static final Pattern UNIX_SECONDS = Pattern.compile("[0-9]{1,12}");
    // A full stop separates what is signed, so that an id with one in it could be read in two ways.
    private static final Pattern MESSAGE_ID = Pattern.compile("[\\x21-\\x2d\\x2f-\\x7e]{1,256}");

    private Webhook() {}

    /**
     * Returns the event, once signature and time are right. The body is the raw one, as nothing else is
     * signed; secrets are the endpoint's, each "whsec_" and Base64. A webhook may come twice: remember
     * its webhook-id for as long as the tolerance.
     */
    public static Map<String, Object> verify(Map<String, String> headers, byte[] body, String... secrets)
            throws Refused {
        return verify(headers, body, List.of(secrets), TOLERANCE, Instant.now());
    }

    /** The same with a tolerance and a time of your own. */
    public static Map<String, Object> verify(
            Map<String, String> headers, byte[] body, Collection<String> secrets, Duration tolerance, Instant now)
            throws Refused {
        List<byte[]> keys = Canonical.checkSecrets(secrets).stream().map(Webhook::keyOf).toList();
        Map<String, String> given = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.forEach((name, value) -> given.put(name == null ? "" : name, value));
        String id = given.getOrDefault("webhook-id", "");
        String timestamp = given.getOrDefault("webhook-timestamp", "");
        if (!MESSAGE_ID.matcher(id).matches() || !UNIX_SECONDS.matcher(timestamp).matches()) {
            throw new Refused(Refused.Reason.BAD_HEADER);
        }
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        message.writeBytes((id + "." + timestamp + ".").getBytes(UTF_8));
        message.writeBytes(body);
        if (!isSigned(message.toByteArray(), given.getOrDefault("webhook-signature", ""), keys)) {
            throw new Refused(Refused.Reason.BAD_SIGNATURE);
        }
        if (Math.abs(now.getEpochSecond() - Long.parseLong(timestamp)) > tolerance.toSeconds()) {
            throw new Refused(Refused.Reason.STALE);
        }
        return readEvent(body);
    }

    private static byte[] keyOf(String secret) {
        if (secret.startsWith(SECRET_PREFIX) && secret.length() > SECRET_PREFIX.length()) {
            return Base64.getDecoder().decode(secret.substring(SECRET_PREFIX.length()));
        }
        throw new IllegalArgumentException("secrets: each must be whsec_ followed by Base64");
    }

    private static boolean isSigned(byte[] message, String header, List<byte[]> keys) {
        boolean isMatch = false;
        for (byte[] key : keys) {
            byte[] expected = ("v1," + Base64.getEncoder().encodeToString(Canonical.hmac(key, message))).getBytes(UTF_8);
            for (String part : header.split(" ")) { // all of them: time tells nothing
                isMatch |= MessageDigest.isEqual(expected, part.getBytes(UTF_8));
            }
        }
        return isMatch;
    }

    private static Map<String, Object> readEvent(byte[] body) throws Refused {
        try {
            Map<String, Object> event = Json.readObject(Canonical.text(body));
            if (event.get("event") instanceof String) {
                return event;
            }
        } catch (IllegalArgumentException error) {
            // not JSON, and so no event
        }
        throw new Refused(Refused.Reason.BAD_BODY);
    }
}
