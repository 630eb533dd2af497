"""Checks of flows and prompts before calls may run on them, a module for each subject; `flow.checker` runs them.

`prompts` looks for missing prompts and values of the wrong kind, `answers` for answers that are not kept secret.
`values`, `proofs` (with `consent` and `facts`) and `turn_length` prove something of every path through the graph of
states. `key_words` (with `option_words` and `wordings`) and `dropped_values` hold the words of the prompts against the
flows.
"""
