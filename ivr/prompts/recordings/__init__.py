"""Recordings: the fixed words of prompts in a person's voice, played instead of the carrier's voice.

`prompts/<language>/audio/` holds a WAV file for each, and beside it a text file with the words that it says. A
recording is played wherever exactly those words are spoken; once the words of a prompt change it is stale, and is
played no more.

`fragments` tells what there is to record, `sheet` makes the script for the voice talent, `add` takes new files, `sound`
and `wav` convert and judge them, `check` finds what is missing or wrong, `folder` keeps what can be played, and
`playlist` chooses what a caller hears.
"""
