"""The loss of a packed row: a sum over its supervised tokens, with logits only where there is a target.

Prompts and outputs are most of a code-nested sample and have no target, so their logits are never computed; those
that are needed exist a chunk at a time, and become their own gradient where they stand: nothing is kept for the
backward pass and nothing computed twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from trainer.data.packing import IGNORED
from trainer.models.attention import bounds, use_packed
from trainer.models.parts import backbone, causal, changes_logits, finished, head


class _HeadLoss(torch.autograd.Function):  # type: ignore[misc]  # torch is not there where types are checked
    """Summed cross-entropy of ``hidden @ weight.T`` with its gradients, computed in the forward pass.

    They are those of the sum; the backward pass scales them by what the sum is multiplied with.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, chunk: int, learning: bool
    ) -> Any:
        device = hidden.device.type
        half = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden.dtype
        wide = weight.to(half)
        to_hidden, to_weight = (learning and needed for needed in ctx.needs_input_grad[:2])
        grad_hidden = torch.empty_like(hidden) if to_hidden else None
        grad_weight = torch.zeros_like(weight, dtype=torch.float32) if to_weight else None
        total = torch.zeros((), device=hidden.device)
        for start in range(0, len(targets), chunk):
            part = slice(start, start + chunk)
            narrow, wanted = hidden[part].to(half), targets[part].unsqueeze(1)
            scores = functional.log_softmax((narrow @ wide.T).float(), dim=-1)
            total -= scores.gather(1, wanted).sum()
            if grad_hidden is None and grad_weight is None:
                continue
            # Probabilities, less one at the target: the gradient of the logits.
            slopes = scores.exp_()
            slopes.scatter_add_(1, wanted, slopes.new_full((1, 1), -1.0).expand_as(wanted))
            slopes = slopes.to(half)
            if grad_hidden is not None:
                grad_hidden[part] = slopes @ wide
            if grad_weight is not None and half == torch.float32:
                grad_weight.addmm_(slopes.T, narrow)
            elif grad_weight is not None:
                grad_weight += slopes.T @ narrow
        ctx.save_for_backward(grad_hidden, grad_weight)
        ctx.weight_dtype = weight.dtype
        return total

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]  # torch is not there where types are checked
    def backward(ctx: Any, scale: torch.Tensor) -> Any:
        grad_hidden, grad_weight = ctx.saved_tensors
        if grad_hidden is not None:
            grad_hidden = grad_hidden * scale.to(grad_hidden.dtype)
        if grad_weight is not None:
            grad_weight = grad_weight.mul_(scale).to(ctx.weight_dtype)
        return grad_hidden, grad_weight, None, None, None


def chunk_loss(
    hidden: torch.Tensor, targets: torch.Tensor, head: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Summed cross-entropy in float32, for a head that is more than a matrix.

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
        use_packed(causal(model))

    def hidden(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Last hidden states of a row, shape ``(1, n, width)``.

        Where the attention is the library's, it becomes block-diagonal from the positions only if there is neither
        a mask nor a cache; with either, samples of a row would see one another.
        """
        edges, longest = bounds(positions)
        out = backbone(self.model)(
            input_ids=ids,
            position_ids=positions,
            attention_mask=None,
            past_key_values=None,
            use_cache=False,
            cu_seq_lens_q=edges,
            cu_seq_lens_k=edges,
            max_length_q=longest,
            max_length_k=longest,
        )
        hidden: torch.Tensor = out.last_hidden_state
        return hidden

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """The logits of last hidden states, shape ``(..., n_vocab)``."""
        return finished(self.model, head(self.model)(hidden))

    def forward(self, ids: torch.Tensor, positions: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Summed loss of a row; each argument has shape ``(1, n)``."""
        hidden = self.hidden(ids, positions)[0]
        keep = targets[0] != IGNORED
        hidden, wanted = hidden[keep], targets[0][keep]
        # A row without a target still takes part, so that every rank runs the same collectives.
        total = hidden.sum().float() * 0.0
        last = head(self.model)
        if type(last) is nn.Linear and last.bias is None and not changes_logits(self.model):
            return total + _HeadLoss.apply(hidden, last.weight, wanted, self.chunk, torch.is_grad_enabled())
        # Without a target once, so that every weight takes part on every rank.
        for start in range(0, max(1, len(wanted)), self.chunk):
            part = slice(start, start + self.chunk)
            if torch.is_grad_enabled():
                total = total + checkpoint(chunk_loss, hidden[part], wanted[part], self.logits, use_reentrant=False)
            else:
                total = total + chunk_loss(hidden[part], wanted[part], self.logits)
        return total
