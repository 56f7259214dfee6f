"""Short ways to ask a language model and to read what it yields."""

from __future__ import annotations

from collections.abc import Sequence

from tutor_app.core.dialect import Span
from tutor_app.core.ports import Cancel, Generation, LanguageModel, NeverCancelled, Piece, Sampling, Stopped


def ask(
    model: LanguageModel,
    prompt: str | Sequence[Span],
    *,
    max_tokens: int = 40,
    stop: Sequence[str] = (),
    sampling: Sampling | None = None,
    prefix: int = 0,
    cancel: Cancel | None = None,
) -> list[Generation]:
    """Everything a generation yields; greedy unless said otherwise."""
    return list(
        model.generate(
            [Span(prompt)] if isinstance(prompt, str) else prompt,
            sampling=sampling or Sampling(),
            max_tokens=max_tokens,
            stop=stop,
            prefix=prefix,
            cancel=cancel or NeverCancelled(),
        )
    )


def text_of(items: Sequence[Generation]) -> str:
    """The generated text."""
    return "".join(i.text for i in items if isinstance(i, Piece))


def stopped(items: Sequence[Generation]) -> Stopped:
    """The last item, which must be the only one of its kind."""
    (end,) = (i for i in items if isinstance(i, Stopped))
    assert end is items[-1]
    return end
