"""Checks of the words of prompts, whatever the flows do.

`faults` finds problems, which keep words from being published: characters, voices and languages. `remarks` collects
advice on what could be said better, from `measures`, which looks at the words of one prompt, and `wording`, which
compares all words of a language. `keys` tells which keys a text speaks of. What differs between languages is in
`ivr.languages.language.Speech`.
"""

from ivr.prompts.lint.remarks import RULES, PromptUsage, Remark, lint

__all__ = ["RULES", "PromptUsage", "Remark", "lint"]
