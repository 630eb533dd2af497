"""The web pages for staff, and the web application that serves them and the carrier's webhooks."""
