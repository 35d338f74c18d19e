"""`flask worker`: expiry, lost verdicts, retention and webhooks."""

import signal
import threading

import click
from flask.cli import with_appcontext

from app.commands.parts import clear_errors, load_settings
from app.schema import require_current
from app.webhooks import loop as webhooks
from app.webhooks.sender import Sender
from app.wiring import build_runtime
from app.worker import run_forever, run_once

POLL_SECONDS = 2.0


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due and stop.")
@with_appcontext
def worker(once: bool) -> None:
    """Run the worker loop; as many as you like may run beside each other."""
    with clear_errors():
        runtime = build_runtime(load_settings())
        require_current(runtime.database)
    send = Sender(allow_private=runtime.settings.webhook_private_addresses)
    if once:
        tick = run_once(runtime, runtime.clock())
        tries = webhooks.run_once(runtime, send, runtime.clock())
        click.echo(
            f"expired {tick.expired}, decided {tick.decided}, counted {tick.counted}, purged {tick.purged}, "
            f"faces forgotten {tick.faces_forgotten}, webhooks tried {tries}"
        )
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    # A receiver that takes its time must not hold up expiry and retention.
    sending = threading.Thread(target=webhooks.run_forever, args=(runtime, send, stop.wait, POLL_SECONDS))
    sending.start()
    run_forever(runtime, stop.wait, POLL_SECONDS)
    sending.join()
