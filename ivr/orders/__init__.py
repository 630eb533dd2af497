"""The life of an order and its money: a step is one function here, shared by turns, the sweep and the pharmacy's staff."""
