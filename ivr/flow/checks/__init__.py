"""What must hold of flows and prompts before a call may run on them, one module a subject; `flow.checker` runs them.

`prompts`, `values`, `proofs` (with `consent` and `facts`) and `turn_length` are proved of the flows; `key_words` (with
`option_words`, by `wordings`) and `dropped_values` are about what callers are told.
"""
