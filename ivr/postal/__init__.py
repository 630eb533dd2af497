"""The words of United States mail addresses, and parsing of streets and units by them.

The lists are those of USPS Publication 28, Postal Addressing Standards (https://pe.usps.com/text/pub28): appendix B for
directions, states and the armed forces, appendix C for suffixes and unit designators, appendix F for county, state and
local highways, chapter 2 for rural routes, highway contracts, boxes and Puerto Rico. They are facts, written here as
tables; `tests/data/publication28-streets.csv` and `publication28-units.csv` hold every entry.
"""
