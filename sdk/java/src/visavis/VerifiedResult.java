package visavis;

import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

import static java.nio.charset.StandardCharsets.UTF_8;

/** What the service says about a person; only a check makes one. */
public final class VerifiedResult {
    private static final long CLOCK_SKEW_SECONDS = 60; // how far the service's clock may run ahead of ours
    private static final Pattern URL_START = Pattern.compile("(?:[A-Za-z][A-Za-z0-9+.-]*://|[/?])");
    private static final Pattern UNIX_SECONDS = Pattern.compile("[0-9]{1,12}");

    private final List<Param> parameters;

    private VerifiedResult(List<Param> parameters) {
        this.parameters = parameters;
    }

    /** Begin a check: name the nonce of this visitor's link, or say `anyNonce()`. */
    public static Check check(String verificationId, String... secrets) {
        Canonical.checkVerificationId(verificationId);
        return new Check(verificationId, Canonical.checkSecrets(List.of(secrets)));
    }

    /** What a result must answer to. */
    public static final class Check {
        private final String verificationId;
        private final List<String> secrets;
        private String nonce;
        private boolean anyNonce;
        private Duration maxAge = Duration.ofMinutes(5);
        private Instant now;

        private Check(String verificationId, List<String> secrets) {
            this.verificationId = verificationId;
            this.secrets = secrets;
        }

        /** Out of the visitor's session; null and empty match nothing. */
        public Check nonce(String expected) {
            nonce = expected;
            anyNonce = false;
            return this;
        }

        /** Do not compare the nonce. */
        public Check anyNonce() {
            anyNonce = true;
            return this;
        }

        /** Five minutes unless said; null accepts a result of any age. */
        public Check maxAge(Duration limit) {
            maxAge = limit;
            return this;
        }

        /** Pretend that it is this late. */
        public Check now(Instant instant) {
            now = instant;
            return this;
        }

        /** Check a URL, path or query string; nothing of it can be read before all checks have passed. */
        public VerifiedResult verify(String urlOrQuery) throws Refused {
            List<Param> pairs = parseStrictly(queryOf(urlOrQuery == null ? "" : urlOrQuery));
            checkSignature(pairs);
            if (maxAge != null) {
                checkAge(first(pairs, "reIssuedAt").orElse(""));
            }
            if (!anyNonce && !isSameNonce(first(pairs, "reNonce").orElse(""), nonce)) {
                throw new Refused(Refused.Reason.NONCE_MISMATCH);
            }
            return new VerifiedResult(Canonical.withoutSignature(pairs));
        }

        private void checkSignature(List<Param> pairs) throws Refused {
            String signedFor = first(pairs, "reVerificationId").orElse(verificationId);
            byte[] given = first(pairs, Canonical.SIGNATURE).orElse("").getBytes(UTF_8);
            boolean isMatch = false;
            for (String secret : secrets) { // every one: time does not tell which one matched
                byte[] expected = Canonical.sign(secret, "result", signedFor, pairs).getBytes(UTF_8);
                isMatch |= MessageDigest.isEqual(expected, given);
            }
            if (!isMatch) {
                throw new Refused(Refused.Reason.BAD_SIGNATURE);
            }
            if (!signedFor.equals(verificationId)) {
                throw new Refused(Refused.Reason.WRONG_VERIFICATION);
            }
        }

        private void checkAge(String issuedAt) throws Refused {
            if (!UNIX_SECONDS.matcher(issuedAt).matches()) {
                throw new Refused(Refused.Reason.STALE);
            }
            long age = (now == null ? Instant.now() : now).getEpochSecond() - Long.parseLong(issuedAt);
            if (age < -CLOCK_SKEW_SECONDS || age > maxAge.toSeconds()) {
                throw new Refused(Refused.Reason.STALE);
            }
        }
    }

    /** The first value of a name; the configuration chooses what is included. */
    public Optional<String> get(String name) {
        return first(parameters, name);
    }

    /** True only when the overall result is there and says passed. */
    public boolean passed() {
        return get("reVerificationResult").filter("passed"::equals).isPresent();
    }

    public Optional<String> sessionId() {
        return get("reVerificationSessionId");
    }

    public Optional<String> externalId() {
        return get("reExternalId");
    }

    public Optional<String> correlationId() {
        return get("reCorrelationId");
    }

    /** Whole years. */
    public OptionalInt age() {
        return get("reAge").map(Integer::parseInt).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    public Optional<String> gender() {
        return get("reGender");
    }

    public Optional<String> faceId() {
        return get("reFaceId");
    }

    public Optional<String> failedReason() {
        return get("reFailedReason");
    }

    public Optional<String> resultCode() {
        return get("reResultCode");
    }

    /** Every signed pair, in the order of the URL. */
    public List<Param> parameters() {
        return parameters;
    }

    /** Pairs that are not the service's: passed through, or part of your target URL. */
    public List<Param> custom() {
        return parameters.stream().filter(pair -> !Canonical.isReserved(pair.name())).toList();
    }

    static boolean isSameNonce(String nonce, String expected) {
        return expected != null && !expected.isEmpty()
                && MessageDigest.isEqual(expected.getBytes(UTF_8), nonce.getBytes(UTF_8));
    }

    private static Optional<String> first(List<Param> pairs, String name) {
        return pairs.stream().filter(pair -> pair.name().equals(name)).map(Param::value).findFirst();
    }

    private static String queryOf(String urlOrQuery) {
        int fragment = urlOrQuery.indexOf('#');
        String text = fragment < 0 ? urlOrQuery : urlOrQuery.substring(0, fragment);
        if (!URL_START.matcher(text).lookingAt()) {
            return text;
        }
        int mark = text.indexOf('?');
        return mark < 0 ? "" : text.substring(mark + 1);
    }

    private static List<Param> parseStrictly(String query) throws Refused {
        List<Param> pairs;
        try {
            pairs = Canonical.parse(query);
        } catch (IllegalArgumentException error) {
            throw new Refused(Refused.Reason.BAD_SIGNATURE);
        }
        Set<String> seen = new HashSet<>();
        for (Param pair : pairs) {
            if (Canonical.isReserved(pair.name()) && !seen.add(pair.name())) {
                throw new Refused(Refused.Reason.BAD_SIGNATURE);
            }
        }
        return pairs;
    }
}
