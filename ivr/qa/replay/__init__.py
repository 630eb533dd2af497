"""Playing scripts: a caller who does what a script says, on a telephone, and what came of it."""
