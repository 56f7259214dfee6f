"""The parts of a causal language model, whatever its architecture calls them: blocks, head, what follows the head.

The loss and the generation compute only the logits they need, so they call the parts by themselves. What a model does
between its parts has to be known here; :func:`check` finds out where it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from tutor_app.core.errors import UserFault


def causal(model: Any) -> Any:
    """The causal language model inside, adapters or not."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def backbone(model: Any) -> Any:
    """From token ids to last hidden states."""
    return causal(model).base_model


def head(model: Any) -> Any:
    """From hidden states to logits, but for :func:`finished`."""
    return causal(model).get_output_embeddings()


def blocks(model: Any) -> Any:
    """The layers of the transformer.

    Raises:
        UserFault: If there is no list of them.
    """
    n = causal(model).config.num_hidden_layers
    inner = backbone(model)
    found = next((m for m in inner.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == n), None)
    if found is None:
        raise UserFault(f"The layers of a {type(causal(model)).__name__} are not known.", "Choose another base.")
    return found


def changes_logits(model: Any) -> bool:
    """Whether the model does something to what its head gives."""
    config = causal(model).config
    names = ("final_logit_softcapping", "logit_scale", "logits_scaling")
    return any(getattr(config, name, None) not in (None, 1.0) for name in names)


def finished(model: Any, scores: torch.Tensor) -> torch.Tensor:
    """What the model makes of its head's logits: Gemma caps them, Cohere and Granite scale them."""
    config = causal(model).config
    scores = scores * (getattr(config, "logit_scale", None) or 1.0)
    scores = scores / (getattr(config, "logits_scaling", None) or 1.0)
    cap = getattr(config, "final_logit_softcapping", None)
    return scores if cap is None else torch.tanh(scores / cap) * cap


def seen_by(model: Any, seen: torch.Tensor, positions: torch.Tensor) -> torch.Tensor | dict[str, torch.Tensor]:
    """Which keys a query may see in each kind of layer: those of a window see no further back.

    Args:
        model: The model.
        seen: Keys that are there, bool, shape ``(rows, 1, n, keys)``; a key's place is its position.
        positions: Of the queries, shape ``(rows, n)``.
    """
    config = causal(model).config
    window = getattr(config, "sliding_window", None)
    if window is None:
        return seen
    keys = torch.arange(seen.shape[-1], device=seen.device)
    near = seen & (keys > positions[:, None, :, None] - window)
    kinds: Mapping[str, torch.Tensor] = {"full_attention": seen, "sliding_attention": near}
    named = getattr(config, "layer_types", None)
    # Models with one kind of layers take one mask: Mistral's has the window in all of them.
    return near if not named else dict(kinds)


def check(model: Any, packing: bool) -> None:
    """See that the parts make up the model, and that samples in one row do not see one another.

    For an architecture that no test of this package has been through.

    Args:
        model: On the CPU, its weights in float32.
        packing: Whether rows will hold several samples.

    Raises:
        UserFault: If not.
    """
    name = type(causal(model)).__name__
    ids = torch.arange(3, 15).unsqueeze(0) % causal(model).config.vocab_size
    positions = torch.cat([torch.arange(7), torch.arange(5)]).unsqueeze(0)
    training = model.training
    model.eval()

    def hidden(part: slice) -> torch.Tensor:
        options = {"position_ids": positions[:, part], "attention_mask": None, "use_cache": False}
        found: torch.Tensor = backbone(model)(input_ids=ids[:, part], **options).last_hidden_state
        return found

    first, second = slice(0, 7), slice(7, 12)
    try:
        with torch.no_grad():
            whole = causal(model)(input_ids=ids[:, first], use_cache=False).logits
            mine = finished(model, head(model)(hidden(first)))
            apart = torch.allclose(hidden(slice(0, 12))[:, second], hidden(second), atol=1e-4)
    except (TypeError, AttributeError, NotImplementedError) as e:
        raise UserFault(f"The parts of a {name} are not known ({e}).", "Choose another base.") from None
    finally:
        model.train(training)
    if not torch.allclose(whole, mine, atol=1e-4):
        raise UserFault(f"A {name} changes its logits in a way that is not known.", "Choose another base.")
    if packing and not apart:
        raise UserFault(f"Samples in one row would see one another in a {name}.", "Set packing = false.")
