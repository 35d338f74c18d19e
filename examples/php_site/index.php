<?php

/** A relying site in one file: open an account with a face check, sign in again with the same face. */

declare(strict_types=1);

// In your own project: composer require visavis/client.
require getenv('VISAVIS_PHP') ?: __DIR__ . '/../../sdk/php/autoload.php';

use Visavis\{ResultRefused, VerificationLink, VerifiedResult, Webhook, WebhookRefused};

// The first visit runs everything. A return visit only compares the face; the verification has to
// allow that. Leave liveness on where a photo held to the camera would be worth somebody's while.
const SKIPPED = [
    'first' => [],
    'return' => [
        'reDisableLivenessVerifier' => true,
        'reDisableAgeVerifier' => true,
        'reDisableGenderVerifier' => true,
    ],
];
const MAX_NAME_CHARACTERS = 256; // of an external id

function setting(string $name): string
{
    return getenv($name) ?: throw new RuntimeException("Set the environment variable $name first");
}

function page(string $body, int $status = 200): void
{
    http_response_code($status);
    echo '<!doctype html><html lang="en"><meta charset="utf-8"><title>Harbour Library</title><main>', $body;
}

function go(string $address): void
{
    header("Location: $address", true, 303);
}

function visit(): void
{
    [$name, $kind] = [trim((string) ($_POST['name'] ?? '')), (string) ($_POST['kind'] ?? '')];
    $length = preg_match_all('/./us', $name);
    if (!$length || $length > MAX_NAME_CHARACTERS || !isset(SKIPPED[$kind])) {
        go('/');
        return;
    }
    $nonce = VerificationLink::freshNonce();
    $_SESSION['visit'] = ['name' => $name, 'kind' => $kind, 'nonce' => $nonce];
    $link = new VerificationLink(
        setting('VISAVIS_URL'),
        setting('VISAVIS_VERIFICATION_ID'),
        setting('VISAVIS_SIGNING_SECRET'),
    );
    go($link->sign($name, nonce: $nonce, parameters: SKIPPED[$kind]));
}

function callback(): void
{
    // Forgotten before anything is checked: one link, one answer.
    $sent = $_SESSION['visit'] ?? ['name' => '', 'kind' => '', 'nonce' => ''];
    unset($_SESSION['visit']);
    [$query, $verification] = [$_SERVER['QUERY_STRING'] ?? '', setting('VISAVIS_VERIFICATION_ID')];
    try {
        $result = VerifiedResult::verify($query, $verification, setting('VISAVIS_SIGNING_SECRET'), $sent['nonce']);
    } catch (ResultRefused $refused) {
        page("<h1 data-outcome=\"refused\" data-refusal=\"$refused->reason\">Not accepted</h1>", 400);
        return;
    }
    [$name, $reason] = [htmlspecialchars($sent['name']), htmlspecialchars($result->failedReason() ?? '')];
    $words = $sent['kind'] === 'first' ? 'Your account is ready' : 'Welcome back';
    page($result->passed()
        ? "<h1 data-outcome=\"passed\" data-kind=\"{$sent['kind']}\">$words, $name</h1>"
        : "<h1 data-outcome=\"failed\" data-reason=\"$reason\">That did not work</h1><p>$reason</p>");
}

/** Told by the service itself, whatever becomes of the browser. A webhook may come twice. */
function webhook(): void
{
    $secret = getenv('VISAVIS_WEBHOOK_SECRET');
    try {
        $event = $secret ? Webhook::verify(getallheaders(), file_get_contents('php://input'), $secret) : null;
        http_response_code($event ? 204 : 404);
        $event && error_log("{$event['event']} {$event['verificationSessionId']}");
    } catch (WebhookRefused $refused) {
        page($refused->reason, 400);
    }
}

session_name('php_site'); // cookies are shared by all ports of a host
session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'use_strict_mode' => true]);
match ($_SERVER['REQUEST_METHOD'] . ' ' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    'GET /' => page(file_get_contents(__DIR__ . '/welcome.html')),
    'POST /visit' => visit(),
    'GET /callback' => callback(),
    'POST /webhook' => webhook(),
    default => page('<h1>Nothing here</h1>', 404),
};
