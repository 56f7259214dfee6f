"""Makes the models the tutor runs: data, two-stage finetuning, evaluation, export."""
