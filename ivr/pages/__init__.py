"""The staff's pages, and the application that serves them beside the carrier's webhooks."""
