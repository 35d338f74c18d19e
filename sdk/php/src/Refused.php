<?php

declare(strict_types=1);

namespace Visavis;

/** Something must not be believed; `reason` is one stable word. */
abstract class Refused extends \RuntimeException
{
    public function __construct(public readonly string $reason, string $detail)
    {
        parent::__construct($detail);
    }
}
