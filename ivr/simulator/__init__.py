"""What calls are played on: the line in memory with its clock and rows, and the test members of a line elsewhere."""
