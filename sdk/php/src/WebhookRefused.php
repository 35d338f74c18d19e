<?php

declare(strict_types=1);

namespace Visavis;

/** `reason` is `bad_header`, `bad_signature`, `stale` or `bad_body`. */
final class WebhookRefused extends Refused
{
}
