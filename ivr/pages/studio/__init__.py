"""The studio: pages on which staff look at the flows, change the words and publish them."""
