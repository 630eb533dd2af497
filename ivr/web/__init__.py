"""The HTTP edge: carrier webhooks and TwiML."""
