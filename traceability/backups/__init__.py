"""One file that holds the register and what belongs to it, made while the service runs, and restored into an empty place."""
