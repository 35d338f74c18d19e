package visavis;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Makes signed links to one verification. */
public final class VerificationLink {
    private static final int MAX_QUERY_BYTES = 8192; // the service refuses longer links
    private static final int MAX_EXTERNAL_ID_CHARACTERS = 256;
    private static final int MAX_CUSTOM_PARAMETERS = 32;
    private static final int NONCE_BYTES = 16; // 128 bits
    private static final Pattern NONCE = Pattern.compile("[0-9A-Fa-f]{32,128}");
    private static final Set<String> SET_BY_METHOD =
            Set.of("reExternalId", "reExpiration", "reNonce", Canonical.SIGNATURE);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String baseUrl;
    private final String verificationId;
    private final String secret;

    /** The secret is the signing secret of the project; it is in no representation of this object. */
    public VerificationLink(String baseUrl, String verificationId, String secret) {
        if (!baseUrl.startsWith("https://") && !baseUrl.startsWith("http://")) {
            throw new IllegalArgumentException("baseUrl: must begin with https://");
        }
        Canonical.checkVerificationId(verificationId);
        if (secret.isEmpty()) {
            throw new IllegalArgumentException("secret: must not be empty");
        }
        this.baseUrl = baseUrl.replaceAll("/+$", "");
        this.verificationId = verificationId;
        this.secret = secret;
    }

    /** A fresh nonce: 128 random bits. Keep it in the visitor's session. */
    public static String freshNonce() {
        byte[] random = new byte[NONCE_BYTES];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    /** Begin a link that is good for ten minutes and works once. */
    public Builder link() {
        return new Builder();
    }

    /** What a link asks for. */
    public final class Builder {
        private final List<Param> pairs = new ArrayList<>();
        private Duration lifetime = Duration.ofMinutes(10);
        private String nonce = freshNonce();
        private Instant now;

        private Builder() {}

        /** Your own id of the person, 1 to 256 characters. */
        public Builder externalId(String id) {
            int characters = id.codePointCount(0, id.length());
            if (characters < 1 || characters > MAX_EXTERNAL_ID_CHARACTERS) {
                throw new IllegalArgumentException(
                        "externalId: must have 1 to " + MAX_EXTERNAL_ID_CHARACTERS + " characters");
            }
            pairs.removeIf(pair -> pair.name().equals("reExternalId"));
            pairs.add(0, new Param("reExternalId", id));
            return this;
        }

        /** From the visitor's session: 32 to 128 hexadecimal digits. */
        public Builder nonce(String text) {
            if (!NONCE.matcher(text).matches()) {
                throw new IllegalArgumentException("nonce: must be 32 to 128 hexadecimal digits");
            }
            nonce = text;
            return this;
        }

        /** The link works until it expires. */
        public Builder reusable() {
            nonce = null;
            return this;
        }

        /** How long the link is good; null for ever, which takes `reusable()` too. */
        public Builder expiresIn(Duration given) {
            lifetime = given;
            return this;
        }

        /** reLocale, reDisableAgeVerifier …, or a name of your own, which may repeat. */
        public Builder parameter(String name, Object value) {
            if (SET_BY_METHOD.contains(name)) {
                throw new IllegalArgumentException(name + ": is set by a method of its own");
            }
            pairs.add(new Param(name, String.valueOf(value)));
            return this;
        }

        /** Pretend that it is this late. */
        public Builder now(Instant instant) {
            now = instant;
            return this;
        }

        /** The signed link; IllegalArgumentException for what the service would refuse anyway. */
        public String sign() {
            checkPairs();
            List<Param> all = new ArrayList<>(pairs);
            addValidity(all);
            all.add(new Param(Canonical.SIGNATURE, Canonical.sign(secret, "request", verificationId, all)));
            String query = Canonical.join(all);
            if (query.length() > MAX_QUERY_BYTES) {
                throw new IllegalArgumentException("parameters: longer than " + MAX_QUERY_BYTES + " bytes");
            }
            return baseUrl + "/verification/" + verificationId + "?" + query;
        }

        private void checkPairs() {
            Set<String> seen = new HashSet<>();
            int custom = 0;
            for (Param pair : pairs) {
                if ((pair.name() + pair.value()).indexOf('\0') >= 0) {
                    throw new IllegalArgumentException("parameters: must not hold U+0000");
                }
                if (!Canonical.isReserved(pair.name())) {
                    custom++;
                } else if (!seen.add(pair.name())) {
                    throw new IllegalArgumentException(pair.name() + ": can be given once only");
                }
            }
            if (custom > MAX_CUSTOM_PARAMETERS) {
                throw new IllegalArgumentException("parameters: at most " + MAX_CUSTOM_PARAMETERS + " of your own");
            }
        }

        private void addValidity(List<Param> all) {
            if (lifetime == null && nonce != null) {
                throw new IllegalArgumentException("nonce: needs an expiration; reusable() makes a link for ever");
            }
            if (lifetime != null) {
                Instant expiration = (now == null ? Instant.now() : now).plus(lifetime);
                all.add(new Param("reExpiration", Long.toString(expiration.getEpochSecond())));
            }
            if (nonce != null) {
                all.add(new Param("reNonce", nonce));
            }
        }
    }
}
