"""Recorded messages: the fixed words of prompts in a person's voice, in the place of the carrier's.

`prompts/<language>/audio/` holds a WAV for each, and beside it a text file with the words that it says. A recording
is heard wherever exactly those words are spoken; once the words of a prompt change it is stale, and not heard any
more. `fragments` says what there is to record, `sound` what the files must sound like, `folder` what there is.
"""
