<?php

declare(strict_types=1);

namespace Visavis;

/** Checks a webhook as Standard Webhooks 1.0 signs it. */
final class Webhook
{
    /**
     * Return the event, once signature and time are right.
     *
     * `$headers` are name => value, as `getallheaders()` returns them; `$body` is the raw body, as
     * `file_get_contents('php://input')` returns it. A webhook may come twice: remember `webhook-id`
     * for as long as `$tolerance` seconds.
     *
     * @param array<string, string> $headers
     * @param string|list<string> $secrets each `whsec_` and Base64, two while rotating
     * @return array<string, mixed>
     * @throws WebhookRefused
     */
    public static function verify(
        array $headers,
        string $body,
        #[\SensitiveParameter] string|array $secrets,
        int $tolerance = 300,
        ?int $now = null,
    ): array {
        $keys = array_map(self::keyOf(...), Canonical::asSecrets($secrets));
        $given = array_change_key_case($headers);
        $id = $given['webhook-id'] ?? '';
        $timestamp = $given['webhook-timestamp'] ?? '';
        // A full stop separates what is signed, so that an id with one in it could be read in two ways.
        if (!preg_match('/\A[\x21-\x2d\x2f-\x7e]{1,256}\z/', $id) || !preg_match('/\A[0-9]{1,12}\z/', $timestamp)) {
            throw new WebhookRefused('bad_header', 'id or timestamp is missing or malformed');
        }
        if (!self::isSigned("$id.$timestamp.$body", $given['webhook-signature'] ?? '', $keys)) {
            throw new WebhookRefused('bad_signature', 'missing or wrong signature');
        }
        if (abs(($now ?? time()) - (int) $timestamp) > $tolerance) {
            throw new WebhookRefused('stale', 'not sent just now');
        }
        return self::readEvent($body);
    }

    private static function keyOf(#[\SensitiveParameter] string $secret): string
    {
        $key = str_starts_with($secret, 'whsec_') ? base64_decode(substr($secret, 6), true) : false;
        if ($key === false || $key === '') {
            throw new \InvalidArgumentException('secrets: each must be whsec_ followed by Base64');
        }
        return $key;
    }

    /** @param list<string> $keys */
    private static function isSigned(string $message, string $header, array $keys): bool
    {
        $matches = 0;
        foreach ($keys as $key) {
            $expected = 'v1,' . base64_encode(hash_hmac('sha256', $message, $key, true));
            foreach (explode(' ', $header) as $part) { // all of them: time tells nothing
                $matches += (int) hash_equals($expected, $part);
            }
        }
        return $matches > 0;
    }

    /** @return array<string, mixed> */
    private static function readEvent(string $body): array
    {
        $event = json_decode($body);
        if (!$event instanceof \stdClass || !is_string($event->event ?? null)) {
            throw new WebhookRefused('bad_body', 'the body is no event');
        }
        return json_decode($body, true);
    }
}
