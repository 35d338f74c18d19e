"""Everything `flask …` can do; commands that need no database or models work without them."""

import importlib

from flask import Flask

# Module → the click groups or commands it brings.
COMMANDS = {
    "app.commands.api_keys": ("api_keys_commands",),
    "app.commands.audit": ("audit_commands",),
    "app.commands.bench": ("bench_commands",),
    "app.commands.calibrate": ("calibrate_commands",),
    "app.commands.calibrate_solid_head": ("calibrate_commands",),
    "app.commands.check": ("check",),
    "app.commands.collections": ("collections_commands",),
    "app.commands.database": ("migrate",),
    "app.commands.demo": ("demo",),
    "app.commands.evaluate": ("evaluate_commands",),
    "app.commands.evaluate_challenge": ("evaluate_commands",),
    "app.commands.evaluate_liveness": ("evaluate_commands",),
    "app.commands.evaluate_quality": ("evaluate_commands",),
    "app.commands.faces": ("faces_commands",),
    "app.commands.keys": ("keys_commands",),
    "app.commands.model_change": ("faces_commands",),
    "app.commands.models": ("models_commands",),
    "app.commands.operators": ("operators_commands",),
    "app.commands.sandbox": ("sandbox_commands",),
    "app.commands.secrets": ("secrets_commands",),
    "app.commands.sessions": ("sessions_commands",),
    "app.commands.verifications": ("verifications_commands",),
    "app.commands.webhooks": ("webhook_commands",),
    "app.commands.worker": ("worker",),
}


def register_commands(app: Flask) -> None:
    """Add every command to the application's command line."""
    for module, names in COMMANDS.items():
        for name in names:
            app.cli.add_command(getattr(importlib.import_module(module), name))
