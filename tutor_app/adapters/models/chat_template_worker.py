"""Child process: renders a chat template (Jinja2 of unknown origin) on given messages.

Reads one JSON object from standard input, writes a JSON list of texts (null where the template failed) to standard
output. Jinja2's sandbox keeps the template from reaching Python; that it may loop for ever or ask for all memory is
why this is a process of its own, with limits, which its parent kills. Imports nothing of the application.
"""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEXT = 2**18
"""Characters of one rendering."""
CPU_SECONDS = 5
MEMORY = 2**30


def _limit() -> None:
    if sys.platform == "win32":  # the parent's deadline is what there is
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


class GenerationTag(Extension):
    """The block ``{% generation %}``, which marks the model's own words in training; here it changes nothing."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja's base class declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The block's contents."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _raise(message: object) -> NoReturn:
    raise TemplateError(str(message))


def _date(_: object) -> str:
    # The text must be the same every day: a kept prompt prefix would be worthless tomorrow otherwise.
    return "26 Jul 2024"


def _render(request: dict[str, Any]) -> list[str | None]:
    # The environment and the names are those that chat templates are written for (transformers' convention).
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", GenerationTag]
    )
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = _date
    environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
    template = environment.from_string(request["template"])
    texts: list[str | None] = []
    for case in request["cases"]:
        try:
            text, length = [], 0
            for piece in template.generate(
                messages=case["messages"],
                add_generation_prompt=case["generate"],
                bos_token=request["bos"],
                eos_token=request["eos"],
                enable_thinking=request["thinking"],
                tools=None,
                documents=None,
            ):
                text.append(piece)
                length += len(piece)
                if length > MAX_TEXT:
                    raise ValueError("too long")
            texts.append("".join(text))
        except Exception:  # noqa: BLE001 - a template may raise anything; the case simply has no text
            texts.append(None)
    return texts


def main() -> None:
    """Render what standard input asks for."""
    _limit()
    request = json.load(sys.stdin.buffer)
    try:
        texts = _render(request)
    except (TemplateError, RecursionError, MemoryError, ValueError):
        texts = [None] * len(request["cases"])
    sys.stdout.buffer.write(json.dumps(texts).encode())


if __name__ == "__main__":
    main()
