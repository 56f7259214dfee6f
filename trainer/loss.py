"""The loss of a packed row: a sum over its supervised tokens, with logits only where there is a target.

Prompts and outputs are most of a code-nested sample and have no target, so their logits are never computed; those
that are needed exist a chunk at a time and are computed again in the backward pass.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from trainer.bases import causal
from trainer.data import IGNORED


def chunk_loss(hidden: torch.Tensor, targets: torch.Tensor, head: nn.Module) -> torch.Tensor:
    """Summed cross-entropy in float32.

    Args:
        hidden: Last hidden states, shape ``(n, width)``.
        targets: Token ids, shape ``(n,)``.
        head: Hidden states to logits, shape ``(n, n_vocab)``.
    """
    return functional.cross_entropy(head(hidden).float(), targets, reduction="sum")


class SupervisedLoss(nn.Module):  # type: ignore[misc]  # torch is not there where types are checked
    """A causal language model as a function from a row to its summed loss.

    One module, so that sharding sees one root, and the head is used inside its forward pass.
    """

    def __init__(self, model: Any, chunk: int) -> None:
        super().__init__()
        self.model = model
        self.chunk = chunk

    def hidden(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Last hidden states of a row, shape ``(1, n, width)``.

        transformers makes attention block-diagonal from the positions only if there is neither a mask nor a cache;
        with either, samples of a row would see one another.
        """
        out = causal(self.model).model(
            input_ids=ids, position_ids=positions, attention_mask=None, past_key_values=None, use_cache=False
        )
        hidden: torch.Tensor = out.last_hidden_state
        return hidden

    def forward(self, ids: torch.Tensor, positions: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Summed loss of a row; each argument has shape ``(1, n)``."""
        hidden = self.hidden(ids, positions)[0]
        keep = targets[0] != IGNORED
        hidden, wanted = hidden[keep], targets[0][keep]
        head = causal(self.model).lm_head
        # A row without a target still takes part, so that every rank runs the same collectives.
        total = hidden.sum().float() * 0.0
        for start in range(0, len(wanted), self.chunk):
            part = slice(start, start + self.chunk)
            if torch.is_grad_enabled():
                total = total + checkpoint(chunk_loss, hidden[part], wanted[part], head, use_reentrant=False)
            else:
                total = total + chunk_loss(hidden[part], wanted[part], head)
        return total
