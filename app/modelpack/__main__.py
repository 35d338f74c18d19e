"""`python -m app.modelpack install --models-dir models`: the commands without a Flask application."""

from app.commands.models import models_commands

if __name__ == "__main__":
    models_commands(prog_name="python -m app.modelpack")
