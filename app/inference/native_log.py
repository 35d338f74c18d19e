"""Keeps the start-up notices of native libraries out of the service's log."""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Lines of severity INFO and WARNING, as abseil ("W0000 00:00:…") and TensorFlow Lite write them.
_NOTICE = re.compile(rb"[IW]\d{4} |INFO: |WARNING: All log messages before absl::InitializeLog")

_one_at_a_time = threading.Lock()


@contextmanager
def without_start_up_notices() -> Iterator[None]:
    """Hold back what native code writes to standard error, then pass on all but the notices.

    Native libraries write to the file descriptor itself and offer no switch. Nothing else is lost:
    errors, and whatever other threads wrote meanwhile, come out at the end of the block.
    """
    with _one_at_a_time, tempfile.TemporaryFile() as held_back:
        sys.stderr.flush()
        original = os.dup(2)
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            os.close(original)
            held_back.seek(0)
            kept = b"".join(line for line in held_back if not _NOTICE.match(line))
            if kept:
                os.write(2, kept)
