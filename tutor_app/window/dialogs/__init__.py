"""What is asked or offered in a dialog or on a page of its own."""
