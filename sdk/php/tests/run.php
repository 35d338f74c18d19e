<?php

/** Runs the published vectors and a few cases of its own: `php tests/run.php`. Exit status 1 on failure. */

declare(strict_types=1);

require __DIR__ . '/../autoload.php';

use Visavis\Canonical;
use Visavis\Refused;
use Visavis\ResultCode;
use Visavis\VerificationLink;
use Visavis\VerifiedResult;
use Visavis\Webhook;

const ID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const SECRET = 'the signing secret of the project';

$failures = [];
$count = 0;

function check(string $name, bool $isRight): void
{
    global $failures, $count;
    $count++;
    $isRight || $failures[] = $name;
}

/** @return list<array<string, mixed>> */
function vectors(string $file): array
{
    $text = file_get_contents(__DIR__ . "/../../vectors/$file.json");
    return json_decode($text, true, flags: JSON_THROW_ON_ERROR);
}

/** @param class-string<Throwable> ...$kinds */
function outcome(callable $action, string ...$kinds): string
{
    try {
        $action();
        return 'accepted';
    } catch (Throwable $error) {
        $isExpected = array_filter($kinds, static fn (string $kind): bool => $error instanceof $kind);
        return $isExpected ? ($error instanceof Refused ? $error->reason : 'refused') : $error::class;
    }
}

foreach (vectors('signatures') as $v) {
    $pairs = Canonical::parse($v['query']);
    $signature = Canonical::sign($v['secret'], $v['kind'], $v['verificationId'], $pairs);
    check("signature: {$v['name']}", Canonical::canonical($pairs) === $v['canonical'] && $signature === $v['signature']);
}
foreach (vectors('refusals') as $v) {
    $url = null;
    if ($v['kind'] === 'result') {
        $action = static fn () => VerifiedResult::verify(
            $v['query'], $v['verificationId'], $v['secrets'], $v['expectedNonce'], $v['maxAge'], $v['now'],
        );
    } else {
        $action = static function () use ($v, &$url): void {
            $parameters = [];
            foreach ($v['parameters'] as [$name, $value]) {
                $parameters[$name][] = $value;
            }
            $link = new VerificationLink($v['baseUrl'], $v['verificationId'], $v['secret']);
            $url = $link->sign($v['externalId'], $v['expiresIn'], $v['nonce'] ?? false, $parameters, $v['now']);
        };
    }
    $outcome = outcome($action, Refused::class, InvalidArgumentException::class);
    check("{$v['kind']}: {$v['name']}: $outcome", $outcome === $v['outcome'] && $url === ($v['url'] ?? null));
}
foreach (vectors('webhooks') as $v) {
    $action = static fn () => Webhook::verify($v['headers'], $v['body'], $v['secrets'], $v['tolerance'], $v['now']);
    $outcome = outcome($action, Refused::class);
    check("webhook: {$v['name']}: $outcome", $outcome === $v['outcome']);
}

$isPrivate = (new ReflectionMethod(VerifiedResult::class, '__construct'))->isPrivate();
check('nobody but verify makes a result', $isPrivate);
$forged = 'O:22:"Visavis\VerifiedResult":1:{s:10:"parameters";a:0:{}}';
check('nor does unserialize', outcome(static fn () => unserialize($forged), LogicException::class) === 'refused');
$link = new VerificationLink('https://verify.example', ID, SECRET);
check('every link has its own nonce', $link->sign() !== $link->sign());
check('the secret is not dumped', !str_contains(print_r($link, true), SECRET));
foreach (["\xff", "\xed\xa0\x80", "\xc0\xaf"] as $text) {
    $refusal = InvalidArgumentException::class;
    check('not UTF-8, id', outcome(static fn () => $link->sign($text), $refusal) === 'refused');
    check('not UTF-8, value', outcome(static fn () => $link->sign(parameters: ['a' => $text]), $refusal) === 'refused');
    check('not UTF-8, name', outcome(static fn () => $link->sign(parameters: [$text => 'a']), $refusal) === 'refused');
}
foreach ([[], '', [''], [SECRET, '']] as $secrets) {
    $action = static fn () => VerifiedResult::verify('', ID, $secrets, null);
    check('no secret', outcome($action, InvalidArgumentException::class) === 'refused');
}
$pairs = [['reVerificationSessionId', ID], ['reResultCode', 'q1w2']];
$query = Canonical::join([...$pairs, ['reSignature', Canonical::sign(SECRET, 'result', ID, $pairs)]]);
$code = VerifiedResult::verify($query, ID, SECRET, null, null);
check('a code is no pass', !$code->passed() && $code->resultCode() === 'q1w2');
foreach (['http://verify.example', 'http://localhost.evil.example', 'ftp://a.example'] as $address) {
    $action = static fn () => ResultCode::redeem($address, 'key', $code);
    check("an API key travels over https only: $address", outcome($action, InvalidArgumentException::class) === 'refused');
}
$action = static fn () => ResultCode::redeem('https://verify.example', "key\r\nX: y", $code);
check('an API key is one line', outcome($action, InvalidArgumentException::class) === 'refused');
if (isset($argv[1])) { // address of a service that knows the code q1w2
    $answer = ResultCode::redeem($argv[1], 'key-1', $code);
    check('a code is redeemed', $answer['verificationResult'] === 'passed');
    $nonces = static fn (?string $nonce) => static fn () => ResultCode::redeem($argv[1], 'key-1', $code, $nonce);
    check('the nonce of the answer is compared', outcome($nonces($answer['nonce'])) === 'accepted');
    check('another nonce is refused', outcome($nonces('x'), Refused::class) === 'not_redeemed');
    check('an empty nonce is refused', outcome($nonces(''), Refused::class) === 'not_redeemed');
    $wrong = static fn () => ResultCode::redeem($argv[1], 'wrong', $code);
    check('a wrong key is refused', outcome($wrong, Refused::class) === 'not_redeemed');
}

echo implode("\n  ", ["$count checks, " . count($failures) . ' failed', ...$failures]), "\n";
exit($failures ? 1 : 0);
