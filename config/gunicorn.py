"""Settings of gunicorn for `gunicorn -c config/gunicorn.py wsgi:app`."""

from typing import Any

# Measuring frames is pure computing: more workers than cores only wait for each other.
workers = 2
threads = 4
# Two sessions' frames never wait longer than this; a worker that is stuck is replaced.
timeout = 60
graceful_timeout = 20


def post_worker_init(worker: Any) -> None:  # noqa: ANN401 -- gunicorn's own type is not exported
    """Load the models before the first person comes: the first frame must not wait half a second."""
    worker.app.callable.extensions["visavis"].engine.warm_up()
