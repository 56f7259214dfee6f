"""Asking several times: how the vote goes on, and the attempts behind a solution that was voted for."""
