package visavis;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/** Trades the single-use code of a verified result for the result itself. */
public final class ResultCode {
    private static final String PATH = "/v1/verification/redeem-result-code";
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");
    // An API key is not carried to wherever an answer points.
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(TIMEOUT)
            .build();

    private ResultCode() {}

    /**
     * The result comes from a check with `anyNonce()` and `maxAge(null)`, as a code travels without
     * either. Compare the answer's nonce with the visitor's by `isAnswerTo`. Throws IOException for
     * whatever is not a good answer.
     */
    public static Map<String, Object> redeem(String baseUrl, String apiKey, VerifiedResult result)
            throws IOException, InterruptedException {
        URI address = addressOf(baseUrl, apiKey);
        String session = result.sessionId().orElseThrow(ResultCode::noCode);
        String code = result.resultCode().orElseThrow(ResultCode::noCode);
        String wish = "{\"verificationSessionId\":" + quote(session) + ",\"resultCode\":" + quote(code) + "}";
        Map<String, Object> answer = post(address, apiKey, wish);
        if (!session.equals(answer.get("verificationSessionId"))) {
            throw new IOException("the answer is about another session");
        }
        return answer;
    }

    /** True when a redeemed answer belongs to the link that this visitor was given. */
    public static boolean isAnswerTo(String expectedNonce, Map<String, Object> answer) {
        return answer.get("nonce") instanceof String nonce && VerifiedResult.isSameNonce(nonce, expectedNonce);
    }

    private static IllegalArgumentException noCode() {
        return new IllegalArgumentException("result: holds no result code");
    }

    private static URI addressOf(String baseUrl, String apiKey) {
        URI base = URI.create(baseUrl);
        boolean isLoopback = "http".equals(base.getScheme()) && LOOPBACK.contains(String.valueOf(base.getHost()));
        if (!"https".equals(base.getScheme()) && !isLoopback) {
            throw new IllegalArgumentException("baseUrl: must begin with https://, as an API key travels with it");
        }
        if (!apiKey.matches("[\\x21-\\x7e]+")) {
            throw new IllegalArgumentException("apiKey: must be visible ASCII");
        }
        return URI.create(baseUrl.replaceAll("/+$", "") + PATH);
    }

    private static Map<String, Object> post(URI address, String apiKey, String wish)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(address)
                .timeout(TIMEOUT)
                .header("Authorization", "ApiKey " + apiKey)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(wish))
                .build();
        HttpResponse<byte[]> response = CLIENT.send(request, HttpResponse.BodyHandlers.ofByteArray());
        if (response.statusCode() < 200 || response.statusCode() > 299) {
            throw new IOException("the service refused (status " + response.statusCode() + ")");
        }
        try {
            return Json.readObject(Canonical.text(response.body()));
        } catch (IllegalArgumentException error) {
            throw new IOException("no usable answer", error);
        }
    }

    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            boolean isPlain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';
            quoted.append(isPlain ? String.valueOf(c) : String.format("\\u%04x", (int) c));
        }
        return quoted.append('"').toString();
    }
}
