<?php

/** For sites without Composer: `require 'sdk/php/autoload.php';`. */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    if (preg_match('/\AVisavis\\\\([A-Za-z]+)\z/', $class, $found)) {
        $file = __DIR__ . "/src/{$found[1]}.php";
        is_file($file) && require $file;
    }
});
