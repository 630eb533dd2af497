"""Call scripts as data: reading them from YAML, checking the names they use, and writing them."""
