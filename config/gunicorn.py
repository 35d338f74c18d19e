"""Settings of gunicorn for `gunicorn -c config/gunicorn.py wsgi:app`."""

import gc
import os
from typing import Any

# A frame's small matrices never gain from a second thread, and NumPy's idle threads spin while they wait.
# Read here, before a worker imports NumPy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Measuring frames is pure computing: more workers than cores only wait for each other.
workers = 2
threads = 4
# Two sessions' frames never wait longer than this; a worker that is stuck is replaced.
timeout = 60
graceful_timeout = 20


def post_worker_init(worker: Any) -> None:  # noqa: ANN401 -- gunicorn's own type is not exported
    """Load the models before the first person comes: the first frame must not wait half a second."""
    worker.app.callable.extensions["visavis"].engine.warm_up()
    # Each frame makes thousands of short-lived objects; searching everything that was loaded for garbage
    # each time would cost as much as decoding the frame.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
