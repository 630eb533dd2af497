"""Scripts made of calls that were made."""
