"""What could be said better: remarks on prompts that are right, but hard to listen to or to keep up.

A remark is no problem; whoever checks may make it one. `measures` are about one prompt's words, `keys` about the keys
they speak, `wording` about all words of a language together, `speech` knows what differs between languages.
"""

from ivr.prompts.lint.remarks import RULES, Lint, Remark, Use, lint

__all__ = ["RULES", "Lint", "Remark", "Use", "lint"]
