"""The command line: one file a command; ``parser`` lists them."""
