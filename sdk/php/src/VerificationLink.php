<?php

declare(strict_types=1);

namespace Visavis;

/** Makes signed links to one verification. */
final class VerificationLink
{
    private const MAX_QUERY_BYTES = 8192; // the service refuses longer links
    private const MAX_EXTERNAL_ID_CHARACTERS = 256;
    private const MAX_CUSTOM_PARAMETERS = 32;
    private const SET_BY_ARGUMENT = ['reExternalId', 'reExpiration', 'reNonce', 'reSignature'];

    public function __construct(
        private readonly string $baseUrl,
        private readonly string $verificationId,
        #[\SensitiveParameter] private readonly string $secret,
    ) {
        if (!preg_match('#\Ahttps?://#', $baseUrl)) {
            throw new \InvalidArgumentException('baseUrl: must begin with https://');
        }
        if (!Canonical::isVerificationId($verificationId)) {
            throw new \InvalidArgumentException('verificationId: must be a lower-case dashed GUID');
        }
        if ($secret === '') {
            throw new \InvalidArgumentException('secret: must not be empty');
        }
    }

    /** A fresh nonce: 128 random bits. Keep it in the visitor's session. */
    public static function freshNonce(): string
    {
        return bin2hex(random_bytes(16));
    }

    /**
     * Return a signed link, good for `$expiresIn` seconds (null: for ever).
     *
     * `$nonce` true makes a fresh one; give your own and hand it to `VerifiedResult::verify`: then the
     * answer belongs to this visitor. False makes a link that works more than once.
     *
     * @param array<string, string|int|bool|null|list<string|int|bool>> $parameters
     * @throws \InvalidArgumentException for what the service would refuse anyway
     */
    public function sign(
        ?string $externalId = null,
        ?int $expiresIn = 600,
        bool|string $nonce = true,
        array $parameters = [],
        ?int $now = null,
    ): string {
        $pairs = [...self::externalIdPair($externalId), ...self::parameterPairs($parameters)];
        self::checkPairs($pairs);
        if ($expiresIn !== null) {
            $pairs[] = ['reExpiration', (string) (($now ?? time()) + $expiresIn)];
        }
        if ($nonce !== false) {
            $pairs[] = ['reNonce', self::checkedNonce($nonce, $expiresIn)];
        }
        $pairs[] = [Canonical::SIGNATURE, Canonical::sign($this->secret, 'request', $this->verificationId, $pairs)];
        $query = Canonical::join($pairs);
        if (strlen($query) > self::MAX_QUERY_BYTES) {
            throw new \InvalidArgumentException('parameters: longer than ' . self::MAX_QUERY_BYTES . ' bytes');
        }
        return rtrim($this->baseUrl, '/') . "/verification/$this->verificationId?$query";
    }

    /** Leave the secret out of dumps. */
    public function __debugInfo(): array
    {
        return ['baseUrl' => $this->baseUrl, 'verificationId' => $this->verificationId];
    }

    /** @return list<array{string, string}> */
    private static function externalIdPair(?string $externalId): array
    {
        if ($externalId === null) {
            return [];
        }
        $characters = preg_match_all('/./us', $externalId);
        if ($characters === false || $characters < 1 || $characters > self::MAX_EXTERNAL_ID_CHARACTERS) {
            throw new \InvalidArgumentException(
                'externalId: must have 1 to ' . self::MAX_EXTERNAL_ID_CHARACTERS . ' characters of UTF-8',
            );
        }
        return [['reExternalId', $externalId]];
    }

    /**
     * @param array<string, mixed> $parameters
     * @return list<array{string, string}>
     */
    private static function parameterPairs(array $parameters): array
    {
        $pairs = [];
        foreach ($parameters as $name => $value) {
            if (in_array((string) $name, self::SET_BY_ARGUMENT, true)) {
                throw new \InvalidArgumentException("$name: is set by an argument of sign()");
            }
            foreach (is_array($value) ? $value : [$value] as $one) {
                $one === null || $pairs[] = [(string) $name, self::asText((string) $name, $one)];
            }
        }
        return $pairs;
    }

    private static function asText(string $name, mixed $value): string
    {
        return match (true) {
            is_bool($value) => $value ? 'true' : 'false',
            is_int($value), is_string($value) => (string) $value,
            default => throw new \InvalidArgumentException("$name: must be text, a boolean or a whole number"),
        };
    }

    /** @param list<array{string, string}> $pairs */
    private static function checkPairs(array $pairs): void
    {
        $seen = [];
        $custom = 0;
        foreach ($pairs as [$name, $value]) {
            if (!Canonical::isUtf8($name . $value) || str_contains($name . $value, "\0")) {
                throw new \InvalidArgumentException('parameters: must be UTF-8 without U+0000');
            }
            if (!Canonical::isReserved($name)) {
                $custom++;
            } elseif (isset($seen[$name])) {
                throw new \InvalidArgumentException("$name: can be given once only");
            }
            $seen[$name] = true;
        }
        if ($custom > self::MAX_CUSTOM_PARAMETERS) {
            throw new \InvalidArgumentException('parameters: at most ' . self::MAX_CUSTOM_PARAMETERS . ' of your own');
        }
    }

    private static function checkedNonce(bool|string $nonce, ?int $expiresIn): string
    {
        if ($expiresIn === null) {
            throw new \InvalidArgumentException('nonce: needs an expiration; false makes a link for ever');
        }
        $text = is_string($nonce) ? $nonce : self::freshNonce();
        if (!preg_match('/\A[0-9A-Fa-f]{32,128}\z/', $text)) {
            throw new \InvalidArgumentException('nonce: must be 32 to 128 hexadecimal digits');
        }
        return $text;
    }
}
