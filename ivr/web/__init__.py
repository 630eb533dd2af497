"""The carrier's webhooks, and the TwiML they answer with."""
