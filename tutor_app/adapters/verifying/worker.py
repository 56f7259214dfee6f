"""The judging process: the model with a verifier's soft tokens and head, one solution after the other.

Run by path as a child of :mod:`tutor_app.adapters.verifying.verifier`. A request has ``verifier`` and ``model``, which
are paths, ``processor``, that of what is known of this one, ``threads``, ``text`` and ``traits``, which are numbers; an
answer has ``probability``, or ``fault``, a sentence.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run by its path: the package is found from here

from tutor_app.adapters.wire import serve_requests
from tutor_app.core.errors import UserFault


@cache
def _loaded(verifier: str, model: str, threads: int, processor: str) -> tuple[Any, dict[str, Any]]:
    """The model and the verifier's values, loaded once."""
    from tutor_app.adapters.engine.processor import Memory
    from tutor_app.adapters.verifying.judge import Judge

    memory = Memory(Path(processor) if processor else None)
    return Judge(model, threads, None, memory), json.loads(Path(verifier).read_text(encoding="utf-8"))


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Judge one solution."""
    import numpy as np

    try:
        judge, values = _loaded(request["verifier"], request["model"], int(request["threads"]), request["processor"])
        judge.clear()
        reading = judge.read(request["text"])
        if not reading.tokens:
            return {"fault": "it is too long"}
        prompts = np.array([values["prompt"]], dtype=np.float32)
        margins, hidden = judge.judge(prompts, np.array([0]))
        state = hidden[0, 0].astype(np.float64)
        weights, extras, low, high = (np.array(values[name]) for name in ("weights", "extras", "low", "high"))
        scores = np.concatenate([reading.scores, request["traits"]])
        if weights.shape != state.shape or extras.shape != scores.shape:
            return {"fault": "the verifier is for another model"}
    except (UserFault, OSError, ValueError, KeyError) as e:
        return {"fault": str(e)}
    logit = values["gain"] * float(margins[0, 0]) + values["bias"]
    logit += float(np.clip(scores, low, high) @ extras) + float(state @ weights / np.linalg.norm(state))
    return {"probability": 0.5 * (1 + math.tanh(0.5 * logit))}


def main() -> int:
    """Serve until the input ends."""
    serve_requests(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
