# What is done often. `just` lists it; every line is a command that can be given by hand.

set positional-arguments # so that an option in quotes stays one
set shell := ["bash", "-euc"]

default:
    @just --list

# Start the line with the demo pharmacy
run *options:
    ivr serve "$@"

# All tests, or those that are named
test *options:
    pytest "$@"

# Formatting, lint and types
lint:
    ruff format --check .
    ruff check .
    mypy

# Words, flows and call scripts: no problem, and every transition taken
scripts:
    ivr check
    ivr replay tests/calls --jobs 2 --coverage --fail-under 100
    ivr explore tests/calls --seconds 600

# Faults put in on purpose: no more than these are found by nothing
mutate *options:
    ivr mutate tests/calls --jobs 2 --accept 14 "$@"

# Make the pictures and the parts of documents that the program makes
docs:
    ivr draw --out docs/pictures
    python tests/documents.py

# Measure: the name of a file in bench/, and its options
bench name *options:
    python bench/{{ name }}.py "${@:2}"
