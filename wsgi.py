"""The line for any WSGI server: `granian --interface wsgi wsgi:app`, `gunicorn wsgi:app`."""

from ivr.pages.app import create_app

app = create_app()
