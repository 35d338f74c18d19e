<?php

declare(strict_types=1);

namespace Visavis;

/** The code was not redeemed; `status` is the HTTP status, 0 when there was no usable answer. */
final class RedeemRefused extends Refused
{
    public function __construct(public readonly int $status, string $detail)
    {
        parent::__construct('not_redeemed', "$detail (status $status)");
    }
}
