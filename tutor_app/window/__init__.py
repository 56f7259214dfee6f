"""The window as a whole: what it is made of, its menus and dialogs, and what happens when something is asked of it."""
