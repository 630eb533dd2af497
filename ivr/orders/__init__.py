"""Orders and their payments, from placing to shipping or cancelling.

Each step is one function, which turns of a call, the sweep and the pharmacy's staff all use.
"""
