<?php

declare(strict_types=1);

namespace Visavis;

/**
 * The canonical form of a query string and the HMAC over it: one reading, the service's own.
 *
 * A pair is `[name, value]`, both UTF-8.
 */
final class Canonical
{
    public const SIGNATURE = 'reSignature';

    private const VERIFICATION_ID = '/\A[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\z/';

    /** True for names that are the service's own. */
    public static function isReserved(string $name): bool
    {
        return preg_match('/\Are[A-Z]/', $name) === 1;
    }

    public static function isVerificationId(string $text): bool
    {
        return preg_match(self::VERIFICATION_ID, $text) === 1;
    }

    public static function isUtf8(string $text): bool
    {
        return preg_match('//u', $text) === 1; // refuses surrogates and overlong forms too
    }

    /**
     * Read a raw query as the service does: + is a space, blank values are kept, empty segments say nothing.
     *
     * @return list<array{string, string}>
     * @throws \UnexpectedValueException for what no URL may hold, malformed escapes, escapes that are not UTF-8
     */
    public static function parse(string $query): array
    {
        if (preg_match('/[^\x21-\x7e]|%(?![0-9A-Fa-f]{2})/', $query)) {
            throw new \UnexpectedValueException('malformed query');
        }
        $pairs = [];
        foreach (explode('&', $query) as $segment) {
            if ($segment !== '') {
                [$name, $value] = explode('=', $segment, 2) + [1 => ''];
                $pairs[] = [self::decode($name), self::decode($value)];
            }
        }
        return $pairs;
    }

    /** @param list<array{string, string}> $pairs */
    public static function join(array $pairs): string
    {
        return implode('&', array_map(
            static fn (array $pair): string => rawurlencode($pair[0]) . '=' . rawurlencode($pair[1]),
            $pairs,
        ));
    }

    /**
     * The one text for these pairs, in whatever order they came.
     *
     * @param list<array{string, string}> $pairs
     */
    public static function canonical(array $pairs): string
    {
        $signed = array_filter($pairs, static fn (array $pair): bool => $pair[0] !== self::SIGNATURE);
        usort($signed, static fn (array $a, array $b): int => strcmp($a[0], $b[0]) ?: strcmp($a[1], $b[1]));
        return self::join($signed);
    }

    /**
     * @param 'request'|'result' $kind
     * @param list<array{string, string}> $pairs
     * @return string 64 lower-case hexadecimal digits
     */
    public static function sign(string $secret, string $kind, string $verificationId, array $pairs): string
    {
        $message = "visavis-$kind-v1\n$verificationId\n" . self::canonical($pairs);
        return hash_hmac('sha256', $message, $secret);
    }

    /**
     * @param string|list<string> $secrets
     * @return non-empty-list<string>
     */
    public static function asSecrets(string|array $secrets): array
    {
        $listed = array_values((array) $secrets);
        foreach ($listed as $secret) {
            if (!is_string($secret) || $secret === '') {
                throw new \InvalidArgumentException('secrets: none of them may be empty');
            }
        }
        return $listed ?: throw new \InvalidArgumentException('secrets: at least one');
    }

    private static function decode(string $text): string
    {
        $decoded = urldecode($text);
        return self::isUtf8($decoded) ? $decoded : throw new \UnexpectedValueException('not UTF-8');
    }
}
