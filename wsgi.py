"""`gunicorn wsgi:app` and `flask --app wsgi`."""

from app.cli import application

app = application()
