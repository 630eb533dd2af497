"""Call scripts as data: read from YAML, held against the words a script may use, and written."""
