"""A telephone for people at a terminal, which executes TwiML (the carrier's XML) as the carrier does."""
