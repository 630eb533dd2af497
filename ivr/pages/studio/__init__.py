"""The studio: web pages on which staff look at prompts and flows, and publish the edits of their files."""
