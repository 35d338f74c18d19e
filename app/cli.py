"""Makes the application for a web server, or a bare one that only carries the commands."""

import os

import click
from flask import Flask

from app.commands import register_commands


def application() -> Flask:
    """Return the web application; under the `flask` command, one that builds its parts when asked.

    Several commands (`models`, `keys`, `evaluate`) must work before there is a key or a database.
    """
    context = click.get_current_context(silent=True)
    is_command = context is not None and context.info_name != "run"
    app = Flask("app") if is_command else _web_application()
    register_commands(app)
    return app


def _web_application() -> Flask:
    from app.console.first_start import announce_setup
    from app.factory import create_app
    from app.schema import require_current
    from app.settings import Settings
    from app.wiring import build_runtime

    runtime = build_runtime(Settings.from_env(os.environ))
    require_current(runtime.database)
    announce_setup(runtime.database, runtime.sealer, runtime.settings.public_url, runtime.clock())
    return create_app(runtime)
