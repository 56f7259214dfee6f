"""The panel that steps through code that ran: its state, its parts, and the dock that holds them."""
