"""What is looked for in words: faults, which keep them from being published, and remarks on what could be said better.

`faults` are about characters, voices and languages, `keys` tells which keys words speak of; `remarks` are of `measures`,
about one prompt's words, and of `wording`, about all words of a language. `speech` knows what differs between languages.
"""

from ivr.prompts.lint.remarks import RULES, Lint, Remark, lint

__all__ = ["RULES", "Lint", "Remark", "lint"]
