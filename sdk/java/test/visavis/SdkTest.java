package visavis;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;

import static java.nio.charset.StandardCharsets.UTF_8;

/** Runs the published vectors and a few cases of its own. Argument: the folder of the vectors. */
public final class SdkTest {
    private static final String ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
    private static final String SECRET = "the signing secret of the project";

    private static final List<String> FAILURES = new ArrayList<>();
    private static int count;

    private SdkTest() {}

    public static void main(String[] arguments) throws Exception {
        Path vectors = Path.of(arguments[0]);
        read(vectors, "signatures").forEach(SdkTest::signature);
        read(vectors, "refusals").forEach(v -> {
            if (v.get("kind").equals("result")) {
                result(v);
            } else {
                link(v);
            }
        });
        read(vectors, "webhooks").forEach(SdkTest::webhook);
        behaviour();
        redeeming();
        System.out.println(count + " checks, " + FAILURES.size() + " failed");
        FAILURES.forEach(name -> System.out.println("  " + name));
        System.exit(FAILURES.isEmpty() ? 0 : 1);
    }

    private static void check(String name, boolean isRight) {
        count++;
        if (!isRight) {
            FAILURES.add(name);
        }
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> read(Path folder, String file) throws IOException {
        return (List<Map<String, Object>>) Json.read(Files.readString(folder.resolve(file + ".json")));
    }

    private static String text(Map<String, Object> v, String name) {
        return (String) v.get(name);
    }

    private static Duration seconds(Object number) {
        return number == null ? null : Duration.ofSeconds(((Double) number).longValue());
    }

    private static Instant now(Map<String, Object> v) {
        return Instant.EPOCH.plus(seconds(v.get("now")));
    }

    @SuppressWarnings("unchecked")
    private static List<String> secrets(Map<String, Object> v) {
        return (List<String>) v.get("secrets");
    }

    private static String outcome(Callable<?> action) {
        try {
            action.call();
            return "accepted";
        } catch (Refused refused) {
            return refused.getMessage();
        } catch (IllegalArgumentException error) {
            return "refused";
        } catch (Exception error) {
            return error.toString();
        }
    }

    private static void signature(Map<String, Object> v) {
        List<Param> pairs = Canonical.parse(text(v, "query"));
        String signature = Canonical.sign(text(v, "secret"), text(v, "kind"), text(v, "verificationId"), pairs);
        check("signature: " + v.get("name"),
                Canonical.canonical(pairs).equals(v.get("canonical")) && signature.equals(v.get("signature")));
    }

    private static void result(Map<String, Object> v) {
        String outcome = outcome(() -> {
            var check = VerifiedResult.check(text(v, "verificationId"), secrets(v).toArray(String[]::new))
                    .nonce(text(v, "expectedNonce"))
                    .maxAge(seconds(v.get("maxAge")))
                    .now(now(v));
            return (v.get("expectedNonce") == null ? check.anyNonce() : check).verify(text(v, "query"));
        });
        check("result: " + v.get("name") + ": " + outcome, outcome.equals(v.get("outcome")));
    }

    @SuppressWarnings("unchecked")
    private static void link(Map<String, Object> v) {
        String[] url = new String[1];
        String outcome = outcome(() -> {
            var link = new VerificationLink(text(v, "baseUrl"), text(v, "verificationId"), text(v, "secret")).link();
            link.now(now(v)).expiresIn(seconds(v.get("expiresIn")));
            if (v.get("externalId") != null) {
                link.externalId(text(v, "externalId"));
            }
            for (List<String> pair : (List<List<String>>) v.get("parameters")) {
                link.parameter(pair.get(0), pair.get(1));
            }
            url[0] = (v.get("nonce") == null ? link.reusable() : link.nonce(text(v, "nonce"))).sign();
            return null;
        });
        check("link: " + v.get("name") + ": " + outcome,
                outcome.equals(v.get("outcome")) && Objects.equals(url[0], v.get("url")));
    }

    @SuppressWarnings("unchecked")
    private static void webhook(Map<String, Object> v) {
        String outcome = outcome(() -> Webhook.verify(
                (Map<String, String>) (Map<String, ?>) v.get("headers"),
                text(v, "body").getBytes(UTF_8),
                secrets(v),
                seconds(v.get("tolerance")),
                now(v)));
        check("webhook: " + v.get("name") + ": " + outcome, outcome.equals(v.get("outcome")));
    }

    private static void behaviour() throws Exception {
        boolean isPublic = VerifiedResult.class.getConstructors().length > 0;
        check("nobody but a check makes a result", !isPublic);
        var maker = new VerificationLink("https://verify.example", ID, SECRET);
        check("every link has its own nonce", !maker.link().sign().equals(maker.link().sign()));
        check("the secret is not shown", !maker.toString().contains(SECRET));
        for (String half : List.of("\ud800", "\udc00", "a\ud800b", "\udc00\ud800")) {
            check("half a surrogate pair as id", outcome(() -> maker.link().externalId(half).sign()).equals("refused"));
            check("half a surrogate pair as value",
                    outcome(() -> maker.link().parameter("a", half).sign()).equals("refused"));
            check("half a surrogate pair as name",
                    outcome(() -> maker.link().parameter(half, "a").sign()).equals("refused"));
        }
        for (String[] secrets : new String[][] {{}, {""}, {SECRET, ""}}) {
            check("no secret", outcome(() -> VerifiedResult.check(ID, secrets)).equals("refused"));
        }
        check("a check without a nonce matches nothing",
                outcome(() -> VerifiedResult.check(ID, SECRET).maxAge(null).verify(codeQuery())).equals("nonce_mismatch"));
        check("no query", outcome(() -> VerifiedResult.check(ID, SECRET).verify(null)).equals("bad_signature"));
        check("a code is no pass", !code().passed() && code().resultCode().orElse("").equals("q1w2"));
        check("a result cannot be changed", outcome(() -> code().parameters().remove(0)).contains("Unsupported"));
        for (String document : List.of("", "{", "{} {}", "[1,]", "{\"a\":1,}", "\"\u0001\"", "01", "\"\\x\"", "tru", "\"\\u12\"")) {
            check("no JSON: " + document, outcome(() -> Json.read(document)).equals("refused"));
        }
        check("deep JSON", outcome(() -> Json.read("[".repeat(100_000))).equals("refused"));
    }

    private static String codeQuery() {
        List<Param> pairs = List.of(new Param("reVerificationSessionId", ID), new Param("reResultCode", "q1w2"));
        String signature = Canonical.sign(SECRET, "result", ID, pairs);
        return Canonical.join(pairs) + "&reSignature=" + signature;
    }

    private static VerifiedResult code() throws Refused {
        return VerifiedResult.check(ID, SECRET).anyNonce().maxAge(null).verify(codeQuery());
    }

    private static void redeeming() throws Exception {
        int[] status = {200};
        String[] answer = {"{\"verificationSessionId\":\"" + ID + "\",\"nonce\":\"a\"}"};
        Map<String, String> asked = new HashMap<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            asked.put("path", exchange.getRequestURI().toString());
            asked.put("key", exchange.getRequestHeaders().getFirst("Authorization"));
            asked.put("body", new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            exchange.getResponseHeaders().set("Location", "https://evil.example/");
            byte[] body = answer[0].getBytes(UTF_8);
            exchange.sendResponseHeaders(status[0], body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        String address = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
        Map<String, Object> redeemed = ResultCode.redeem(address, "key-1", code());
        check("a code is redeemed with the API key", asked.equals(Map.of(
                "path", "/v1/verification/redeem-result-code",
                "key", "ApiKey key-1",
                "body", "{\"verificationSessionId\":\"" + ID + "\",\"resultCode\":\"q1w2\"}")));
        check("the nonce is compared", ResultCode.isAnswerTo("a", redeemed)
                && !ResultCode.isAnswerTo("b", redeemed) && !ResultCode.isAnswerTo("", redeemed));
        for (int refused : new int[] {302, 401, 410, 500}) {
            status[0] = refused;
            check("status " + refused, outcome(() -> ResultCode.redeem(address, "key-1", code())).contains("IOException"));
        }
        status[0] = 200;
        for (String bad : List.of("[]", "null", "{", "{\"verificationSessionId\":\"x\"}")) {
            answer[0] = bad;
            check("answer " + bad, outcome(() -> ResultCode.redeem(address, "key-1", code())).contains("IOException"));
        }
        server.stop(0);
        for (String bad : List.of("http://verify.example", "http://localhost.evil.example", "ftp://a.example")) {
            check("an API key travels over https only", outcome(() -> ResultCode.redeem(bad, "key", code())).equals("refused"));
        }
        check("an API key is one line",
                outcome(() -> ResultCode.redeem("https://a.example", "k\r\nX: y", code())).equals("refused"));
    }
}
