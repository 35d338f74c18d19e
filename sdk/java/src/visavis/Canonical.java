package visavis;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import static java.nio.charset.StandardCharsets.UTF_8;

/** The canonical form of a query string and the HMAC over it: one reading, the service's own. */
final class Canonical {
    static final String SIGNATURE = "reSignature";

    private static final Pattern RESERVED = Pattern.compile("re[A-Z].*", Pattern.DOTALL);
    private static final Pattern VERIFICATION_ID =
            Pattern.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final String UNRESERVED_PUNCTUATION = "-._~";
    private static final HexFormat UPPER_HEX = HexFormat.of().withUpperCase();
    // Java orders strings by UTF-16 units, which is not the order of their UTF-8 bytes.
    private static final Comparator<String> BY_BYTES =
            (one, other) -> Arrays.compareUnsigned(bytes(one), bytes(other));
    private static final Comparator<Param> ORDER =
            Comparator.comparing(Param::name, BY_BYTES).thenComparing(Param::value, BY_BYTES);

    private Canonical() {}

    /** True for names that are the service's own. */
    static boolean isReserved(String name) {
        return RESERVED.matcher(name).matches();
    }

    static void checkVerificationId(String text) {
        if (text == null || !VERIFICATION_ID.matcher(text).matches()) {
            throw new IllegalArgumentException("verificationId: must be a lower-case dashed GUID");
        }
    }

    /**
     * Read a raw query as the service does: + is a space, blank values are kept, empty segments say
     * nothing. Throws IllegalArgumentException for malformed escapes, escapes that are not UTF-8, and
     * what no URL may hold.
     */
    static List<Param> parse(String query) {
        List<Param> pairs = new ArrayList<>();
        for (String segment : query.split("&")) {
            if (!segment.isEmpty()) {
                String[] parts = segment.split("=", 2);
                pairs.add(new Param(decode(parts[0]), parts.length < 2 ? "" : decode(parts[1])));
            }
        }
        return pairs;
    }

    static String join(Collection<Param> pairs) {
        return pairs.stream()
                .map(pair -> encode(pair.name()) + "=" + encode(pair.value()))
                .collect(Collectors.joining("&"));
    }

    /** The one text for these pairs, in whatever order they came. */
    static String canonical(List<Param> pairs) {
        return join(withoutSignature(pairs).stream().sorted(ORDER).toList());
    }

    static List<Param> withoutSignature(List<Param> pairs) {
        return pairs.stream().filter(pair -> !pair.name().equals(SIGNATURE)).toList();
    }

    /** Returns 64 lower-case hexadecimal digits; kind is "request" or "result". */
    static String sign(String secret, String kind, String verificationId, List<Param> pairs) {
        String message = "visavis-" + kind + "-v1\n" + verificationId + "\n" + canonical(pairs);
        return HexFormat.of().formatHex(hmac(bytes(secret), message.getBytes(UTF_8)));
    }

    static byte[] hmac(byte[] key, byte[] message) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(message);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException("every Java platform has HmacSHA256", error);
        }
    }

    /** UTF-8 of a text; throws IllegalArgumentException for half a surrogate pair, which is no character. */
    static byte[] bytes(String text) {
        try {
            ByteBuffer encoded = UTF_8.newEncoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .encode(CharBuffer.wrap(text));
            return Arrays.copyOf(encoded.array(), encoded.limit());
        } catch (CharacterCodingException error) {
            throw new IllegalArgumentException("half a surrogate pair is no character", error);
        }
    }

    static String text(byte[] utf8) {
        try {
            return UTF_8.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException error) {
            throw new IllegalArgumentException("not UTF-8", error);
        }
    }

    static List<String> checkSecrets(Collection<String> secrets) {
        if (secrets.isEmpty() || secrets.stream().anyMatch(secret -> secret == null || secret.isEmpty())) {
            throw new IllegalArgumentException("secrets: at least one, and none of them empty");
        }
        return List.copyOf(secrets);
    }

    private static String decode(String text) {
        ByteArrayOutputStream decoded = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x21 || c > 0x7e) {
                throw new IllegalArgumentException("a raw space, control or non-ASCII character");
            }
            if (c == '%') {
                decoded.write(octet(text, i + 1));
                i += 2;
            } else {
                decoded.write(c == '+' ? ' ' : c);
            }
        }
        return text(decoded.toByteArray());
    }

    private static int octet(String text, int at) {
        if (at + 2 > text.length() || !isHex(text.charAt(at)) || !isHex(text.charAt(at + 1))) {
            throw new IllegalArgumentException("a % without two hexadecimal digits");
        }
        return HexFormat.fromHexDigits(text, at, at + 2);
    }

    private static boolean isHex(char c) {
        return c < 0x80 && HexFormat.isHexDigit(c);
    }

    private static String encode(String text) {
        StringBuilder encoded = new StringBuilder();
        for (byte octet : bytes(text)) {
            if (isUnreserved(octet)) {
                encoded.append((char) octet);
            } else {
                encoded.append('%').append(UPPER_HEX.toHexDigits(octet));
            }
        }
        return encoded.toString();
    }

    private static boolean isUnreserved(byte octet) {
        return octet >= 'a' && octet <= 'z'
                || octet >= 'A' && octet <= 'Z'
                || octet >= '0' && octet <= '9'
                || UNRESERVED_PUNCTUATION.indexOf(octet) >= 0;
    }
}
