"""Opens a model by what a user calls it: an installed one, a file, a folder of transformers, a server.

Torch, transformers and urllib3 are imported only for a model that needs them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.dialect import DIALECTS, MUMATH
from tutor_app.core.errors import UserFault
from tutor_app.core.settings import Settings
from tutor_app.tutor.paths import folders
from tutor_app.tutor.service import Tutor, load_prompt, open_tutor

STARTER: Final = "starter"
_CORES: Final = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model, and how it is run.

    Attributes:
        model: An id, a role, a GGUF file or a folder; empty takes the starter.
        endpoint: Address of a server, instead of ``model``.
        endpoint_model: Its model; empty takes the only one.
        stream: Ask the server for streams.
        dialect: Wire form of the server's model; empty is MuMath-Code's.
        prompt: A name in ``resources/prompts``, or a JSON file.
        parallel: Generations at once.
        batched: Decode them together.
        n_ctx: Context of one of them, in tokens.
        data_dir: Where the tutor keeps its models.
    """

    model: str = ""
    endpoint: str = ""
    endpoint_model: str = ""
    stream: bool = True
    dialect: str = ""
    prompt: str = ""
    parallel: int = 4
    batched: bool = False
    n_ctx: int = 0
    data_dir: Path | None = None


def open_model(choice: ModelChoice) -> Tutor:
    """The tutor of a GGUF model, as the window's; of a folder, by transformers; or of a model on a server.

    Raises:
        UserFault: If there is no such model, options do not fit together, or a package is not installed.
        HostFault: If a server does not answer.
    """
    if choice.endpoint and (choice.model or choice.batched):
        raise UserFault("--endpoint takes the place of a model and of --batched.", "Leave these out.")
    if not choice.endpoint and (choice.endpoint_model or not choice.stream or choice.dialect):
        raise UserFault("--endpoint-model, --no-stream and --dialect go with --endpoint.", "Give its address, too.")
    if choice.endpoint:
        return _at_endpoint(choice)
    folder = Path(choice.model or STARTER)
    if not folder.is_dir():
        return open_tutor(
            choice.model or STARTER,
            folders(choice.data_dir),
            prompt=choice.prompt,
            n_ctx=choice.n_ctx,
            n_seq=choice.parallel,
            batched=choice.batched,
            check_statements=False,
        )
    if find_spec("torch") is None or find_spec("transformers") is None:
        raise UserFault(
            f"{folder} is a folder, which needs torch and transformers.",
            "Install them with: pip install 'mumath-tutor[trainer]'",
        )
    from trainer.models.hf_folder import open_model as open_folder

    model, dialect = open_folder(folder, n_ctx=choice.n_ctx, n_seq=choice.parallel)
    sandbox = Sandbox(Limits(seconds=float(Settings().code_timeout)), spares=choice.parallel)
    return Tutor(model, sandbox, dialect, load_prompt(choice.prompt, dialect))


def _at_endpoint(choice: ModelChoice) -> Tutor:
    if find_spec("urllib3") is None:
        raise UserFault("--endpoint needs urllib3.", "Install it with: pip install 'mumath-tutor[trainer]'")
    from trainer.teacher.endpoint import Endpoint, EndpointOptions

    options = EndpointOptions(
        choice.endpoint,
        choice.endpoint_model,
        api_key=os.environ.get("OPENAI_API_KEY", ""),
        parallel=choice.parallel,
        stream=choice.stream,
    )
    model = Endpoint(options)
    model.load()
    dialect = DIALECTS[choice.dialect or MUMATH.name]
    sandbox = Sandbox(Limits(seconds=float(Settings().code_timeout)), spares=min(choice.parallel, _CORES))
    return Tutor(model, sandbox, dialect, load_prompt(choice.prompt, dialect))
