<?php

declare(strict_types=1);

namespace Visavis;

/** What the service says about a person; `verify` is the only way to one. */
final class VerifiedResult
{
    private const CLOCK_SKEW_SECONDS = 60; // how far the service's clock may run ahead of ours

    /** @param list<array{string, string}> $parameters every signed pair, in the order of the URL */
    private function __construct(public readonly array $parameters)
    {
    }

    /**
     * Check a URL, path or query string (`$_SERVER['QUERY_STRING']`) and return what it says.
     *
     * `$expectedNonce` is the nonce of this visitor's link (an empty one matches nothing), or null to
     * say that none is checked. `$maxAge` is in seconds; null accepts a result of any age.
     *
     * @param string|list<string> $secrets the live signing secrets, two while rotating
     * @throws ResultRefused nothing is readable before all checks have passed
     */
    public static function verify(
        string $urlOrQuery,
        string $verificationId,
        #[\SensitiveParameter] string|array $secrets,
        ?string $expectedNonce,
        ?int $maxAge = 300,
        ?int $now = null,
    ): self {
        if (!Canonical::isVerificationId($verificationId)) {
            throw new \InvalidArgumentException('verificationId: must be a lower-case dashed GUID');
        }
        $pairs = self::parse(self::queryOf($urlOrQuery));
        self::checkSignature($pairs, $verificationId, Canonical::asSecrets($secrets));
        if ($maxAge !== null) {
            self::checkAge(self::first($pairs, 'reIssuedAt'), $maxAge, $now ?? time());
        }
        if ($expectedNonce !== null && !self::isSameNonce(self::first($pairs, 'reNonce'), $expectedNonce)) {
            throw new ResultRefused('nonce_mismatch', 'the answer to another link');
        }
        $isSigned = static fn (array $pair): bool => $pair[0] !== Canonical::SIGNATURE;
        return new self(array_values(array_filter($pairs, $isSigned)));
    }

    /** The first value of `$name`, or null: the configuration chooses what is included. */
    public function get(string $name): ?string
    {
        return self::first($this->parameters, $name);
    }

    /** True only when the overall result is there and says `passed`. */
    public function passed(): bool
    {
        return $this->get('reVerificationResult') === 'passed';
    }

    public function sessionId(): ?string
    {
        return $this->get('reVerificationSessionId');
    }

    public function externalId(): ?string
    {
        return $this->get('reExternalId');
    }

    public function correlationId(): ?string
    {
        return $this->get('reCorrelationId');
    }

    public function age(): ?int
    {
        $text = $this->get('reAge');
        return $text === null || $text === '' ? null : (int) $text;
    }

    public function gender(): ?string
    {
        return $this->get('reGender');
    }

    public function faceId(): ?string
    {
        return $this->get('reFaceId');
    }

    public function failedReason(): ?string
    {
        return $this->get('reFailedReason');
    }

    public function resultCode(): ?string
    {
        return $this->get('reResultCode');
    }

    /**
     * Pairs that are not the service's: passed through, or part of your target URL.
     *
     * @return list<array{string, string}>
     */
    public function custom(): array
    {
        $isCustom = static fn (array $pair): bool => !Canonical::isReserved($pair[0]);
        return array_values(array_filter($this->parameters, $isCustom));
    }

    /** @internal a copy by `unserialize` would be nobody's result */
    public function __unserialize(array $data): void
    {
        throw new \LogicException('a result is made by verify alone');
    }

    /** @internal */
    public static function isSameNonce(?string $nonce, string $expected): bool
    {
        return $expected !== '' && hash_equals($expected, $nonce ?? '');
    }

    /** @param list<array{string, string}> $pairs */
    private static function first(array $pairs, string $name): ?string
    {
        foreach ($pairs as [$key, $value]) {
            if ($key === $name) {
                return $value;
            }
        }
        return null;
    }

    private static function queryOf(string $urlOrQuery): string
    {
        $text = explode('#', $urlOrQuery, 2)[0];
        $isAddress = preg_match('#\A(?:[A-Za-z][A-Za-z0-9+.-]*://|[/?])#', $text);
        return $isAddress ? explode('?', $text, 2)[1] ?? '' : $text;
    }

    /** @return list<array{string, string}> */
    private static function parse(string $query): array
    {
        try {
            $pairs = Canonical::parse($query);
        } catch (\UnexpectedValueException) {
            throw new ResultRefused('bad_signature', 'malformed query');
        }
        $reserved = array_filter(array_column($pairs, 0), Canonical::isReserved(...));
        if (count(array_unique($reserved, SORT_STRING)) !== count($reserved)) {
            throw new ResultRefused('bad_signature', 'a reserved name is given more than once');
        }
        return $pairs;
    }

    /**
     * @param list<array{string, string}> $pairs
     * @param list<string> $secrets
     */
    private static function checkSignature(array $pairs, string $verificationId, array $secrets): void
    {
        $signedFor = self::first($pairs, 'reVerificationId') ?? $verificationId;
        $given = self::first($pairs, Canonical::SIGNATURE) ?? '';
        $matches = 0;
        foreach ($secrets as $secret) { // every one, so that the time taken does not tell which one matched
            $matches += (int) hash_equals(Canonical::sign($secret, 'result', $signedFor, $pairs), $given);
        }
        if ($matches === 0) {
            throw new ResultRefused('bad_signature', 'missing or wrong signature');
        }
        if ($signedFor !== $verificationId) {
            throw new ResultRefused('wrong_verification', 'the result of another verification');
        }
    }

    private static function checkAge(?string $issuedAt, int $maxAge, int $now): void
    {
        if ($issuedAt === null || !preg_match('/\A[0-9]{1,12}\z/', $issuedAt)) {
            throw new ResultRefused('stale', 'the result does not say when it was issued');
        }
        $age = $now - (int) $issuedAt;
        if ($age < -self::CLOCK_SKEW_SECONDS || $age > $maxAge) {
            throw new ResultRefused('stale', 'the result was not issued just now');
        }
    }
}
