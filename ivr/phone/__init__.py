"""A telephone for people: executes TwiML the way the carrier does."""
