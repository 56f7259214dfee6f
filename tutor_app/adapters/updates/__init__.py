"""The signed note about the newest version: fetched from an address that the user has set, verified, never acted on."""
