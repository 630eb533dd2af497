"""The words of United States mail, and how an address is put together from them.

The lists are those of USPS Publication 28, Postal Addressing Standards (October 2024, https://pe.usps.com/text/pub28):
appendix B for directions, states and the armed forces, appendix C for suffixes and unit designators, appendix D for
county, state and local highways, chapters 2 and 29 for rural routes, boxes and Puerto Rico. They are facts, written
here as tables; `tests/data/publication28.csv` holds every entry.
"""
