<?php

declare(strict_types=1);

namespace Visavis;

/** Trades the single-use code of a verified result for the result itself. */
final class ResultCode
{
    private const PATH = '/v1/verification/redeem-result-code';
    private const MAX_ANSWER_BYTES = 1_000_000;

    /**
     * `$result` comes from `VerifiedResult::verify` with `maxAge: null` and `expectedNonce: null`, as
     * a code travels without either; give the visitor's nonce here to have it compared with the answer's.
     *
     * @return array<string, mixed>
     * @throws RedeemRefused
     */
    public static function redeem(
        string $baseUrl,
        #[\SensitiveParameter] string $apiKey,
        VerifiedResult $result,
        ?string $expectedNonce = null,
        int $timeout = 10,
    ): array {
        self::checkAddress($baseUrl, $apiKey);
        if ($result->resultCode() === null || $result->sessionId() === null) {
            throw new \InvalidArgumentException('result: holds no result code');
        }
        $wish = ['verificationSessionId' => $result->sessionId(), 'resultCode' => $result->resultCode()];
        $answer = self::post(rtrim($baseUrl, '/') . self::PATH, $apiKey, $wish, $timeout);
        if (($answer['verificationSessionId'] ?? null) !== $result->sessionId()) {
            throw new RedeemRefused(200, 'the answer is about another session');
        }
        $nonce = $answer['nonce'] ?? null;
        if ($expectedNonce !== null && !VerifiedResult::isSameNonce(is_string($nonce) ? $nonce : '', $expectedNonce)) {
            throw new RedeemRefused(200, 'the answer to another link');
        }
        return $answer;
    }

    private static function checkAddress(string $baseUrl, string $apiKey): void
    {
        if (!preg_match('#\A(?:https://|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?(?:/|\z))#', $baseUrl)) {
            throw new \InvalidArgumentException('baseUrl: must begin with https://, as an API key travels with it');
        }
        if (!preg_match('/\A[\x21-\x7e]+\z/', $apiKey)) {
            throw new \InvalidArgumentException('apiKey: must be visible ASCII');
        }
    }

    /**
     * @param array<string, string> $wish
     * @return array<string, mixed>
     */
    private static function post(string $url, string $apiKey, array $wish, int $timeout): array
    {
        $headers = ["Authorization: ApiKey $apiKey", 'Content-Type: application/json', 'Accept: application/json'];
        $http = ['method' => 'POST', 'header' => $headers, 'content' => json_encode($wish), 'timeout' => $timeout];
        // An API key is not carried to wherever an answer points.
        $context = stream_context_create(['http' => $http + ['follow_location' => 0, 'ignore_errors' => true]]);
        $stream = @fopen($url, 'r', false, $context) ?: throw new RedeemRefused(0, 'no answer');
        $lines = stream_get_meta_data($stream)['wrapper_data'] ?? [];
        $body = stream_get_contents($stream, self::MAX_ANSWER_BYTES);
        fclose($stream);
        $status = preg_match('#\AHTTP/[0-9.]+ ([0-9]{3})#', $lines[0] ?? '', $found) ? (int) $found[1] : 0;
        if ($status < 200 || $status > 299) {
            throw new RedeemRefused($status, 'the service refused');
        }
        $answer = json_decode((string) $body, true);
        return is_array($answer) && !array_is_list($answer) ? $answer : throw new RedeemRefused(0, 'not an object');
    }
}
