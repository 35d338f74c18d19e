<?php

declare(strict_types=1);

namespace Visavis;

/** `reason` is `bad_signature`, `wrong_verification`, `stale` or `nonce_mismatch`. */
final class ResultRefused extends Refused
{
}
