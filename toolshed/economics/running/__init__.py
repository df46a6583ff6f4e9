"""How a step is run, booked and settled."""
