"""Steps of the command line that have a file of their own: the arguments, and what is done with them."""
