"""The carrier's webhooks and TwiML."""
