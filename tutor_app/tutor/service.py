"""The one path of a problem: normalised, solved, checked where its answer is known, and kept in the library.

Puts a model, its dialect, its prompt and the sandbox together for it. The window, the command line and evaluation
all build their :class:`Tutor` here, so that a problem is solved the same way in each. It owns no widgets and prints
nothing.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.engine.client import Engine, EngineOptions
from tutor_app.adapters.engine.remote import RemoteModel
from tutor_app.adapters.files import read_file
from tutor_app.adapters.models.chat_template import dialect_of
from tutor_app.adapters.models.store import CatalogueEntry
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.builder import Builder
from tutor_app.core.dialect import ALPACA, MUMATH, NUMINA, OPENMATH, Dialect, PromptSet, constant_spans, header
from tutor_app.core.errors import UserFault
from tutor_app.core.events import SolveEvent
from tutor_app.core.ports import Cancel, LanguageModel, ModelInfo, NeverCancelled, Sampling, SolutionLibrary
from tutor_app.core.problem import check_problem, check_question
from tutor_app.core.settings import Settings
from tutor_app.core.solve import solve
from tutor_app.core.solve_settings import SolveSettings, provenance
from tutor_app.core.transcript import Transcript
from tutor_app.resources import resource_names, resource_text
from tutor_app.tutor.checked import StatementChecker, checked
from tutor_app.tutor.models import chosen_model, model_store
from tutor_app.tutor.odds import SolutionVerifier, with_odds
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.recorder import recorded
from tutor_app.tutor.verdict import reply_verdict_of, verdict_of

DEFAULT_PROMPT: Final = "default"
REASONING_PROMPT: Final = "reasoning"
MOST_PROMPT: Final = 10_000_000
"""Bytes of a prompt's file."""

_BESIDE_A_THOUGHT: Final = 2048
"""Tokens of context that the problem, its prompt and the outputs of code need beside a thought."""
TRAINED_ON_THE_FORM: Final = (MUMATH, ALPACA, NUMINA, OPENMATH)
"""Dialects whose models know only their own form: no prompt makes them reason without code."""


def load_prompt(name: str, dialect: Dialect) -> PromptSet:
    """A prompt of ``resources/prompts`` by name, or of a JSON file.

    A model that was trained on the form itself (MuMath-Code's dialect) gets none unless one is named.

    Raises:
        UserFault: If there is none of that name, or the file is not a prompt.
    """
    if not name:
        if dialect in TRAINED_ON_THE_FORM:
            return PromptSet()
        name = DEFAULT_PROMPT
    if name == "none":
        return PromptSet()
    try:
        if name.endswith(".json"):
            text = read_file(Path(name), MOST_PROMPT).decode()
        else:
            known = prompt_names()
            if name not in known:
                raise UserFault(f"There is no prompt {name!r}.", f"Choose one of {', '.join(known)}, none, or a file.")
            text = resource_text(f"prompts/{name}.json")
        return PromptSet.from_dict(json.loads(text))
    except OSError as e:
        raise UserFault(f"The prompt {name} cannot be read: {e.strerror}.") from None
    except RecursionError:
        raise UserFault(f"The prompt {name} is not in the form of a prompt: it is nested too deeply.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise UserFault(f"The prompt {name} is not in the form of a prompt: {e}.") from None


def prompt_names() -> list[str]:
    """The prompts that come with the program."""
    return [Path(name).stem for name in resource_names("prompts", ".json")]


@dataclass(frozen=True, slots=True)
class SolveDefaults:
    """What a model needs beyond the user's settings, as its makers say.

    Attributes:
        max_tokens: Least length of a round that lets it finish, in tokens.
        temperature: Least temperature, for a model that thinks: greedy decoding makes a thought repeat itself for
            ever.
        top_p: Largest nucleus at that temperature.
        thought_tokens: Budget of a thought, in tokens; 0 for a model that does not think.
    """

    max_tokens: int = 0
    temperature: float = 0.0
    top_p: float = 1.0
    thought_tokens: int = 0

    def applied(self, settings: SolveSettings) -> SolveSettings:
        """``settings`` with room enough and, unless the user chose a temperature, the model's own."""
        sampling = settings.sampling
        if sampling.temperature == 0:
            sampling = replace(sampling, temperature=self.temperature, top_p=min(self.top_p, sampling.top_p))
        return replace(
            settings,
            sampling=sampling,
            max_tokens=max(self.max_tokens, settings.max_tokens),
            thought_tokens=settings.thought_tokens or self.thought_tokens,
        )


_THINKING: Final = SolveDefaults(max_tokens=8192, temperature=0.6, top_p=0.95, thought_tokens=6144)


class LoadableModel(LanguageModel, Protocol):
    """A language model that is loaded and let go: the engine, or the trainer's own."""

    def load(self, cancel: Cancel | None = None) -> ModelInfo:
        """Make it ready to generate.

        Raises:
            EngineFault: If it cannot be loaded.
        """
        ...

    def close(self) -> None:
        """Let it go; safe to call twice."""
        ...


class Tutor:
    """A model with everything it needs to solve problems; a context manager.

    Attributes:
        engine: The model, as a rule in its process.
        executor: Runs code.
        dialect: The model's wire form.
        prompt: What stands before every problem.
        defaults: What the model needs beyond the settings of a solution.
        checker: Checks the statements of a solution while it is made; None where nobody asks for that.
    """

    def __init__(
        self,
        engine: LoadableModel,
        executor: Sandbox,
        dialect: Dialect,
        prompt: PromptSet,
        defaults: SolveDefaults | None = None,
        checker: StatementChecker | None = None,
    ) -> None:
        self.engine, self.executor, self.dialect, self.prompt = engine, executor, dialect, prompt
        self.defaults = defaults or SolveDefaults()
        self.checker = checker

    def solve(
        self,
        problem: str,
        *,
        settings: SolveSettings,
        cancel: Cancel | None = None,
        meta: Mapping[str, Any] | None = None,
        library: Callable[[], SolutionLibrary] | None = None,
        verifier: SolutionVerifier | None = None,
    ) -> Iterator[SolveEvent]:
        """Solve one problem, check its answer if the right one is known, and keep it if there is a library.

        Args:
            problem: As typed.
            settings: Budgets of the solution.
            cancel: Raise it to stop; what there is is kept.
            meta: Provenance to keep besides the model's.
            library: Opens the library, or gives the open one. If that fails, the solution goes on, and its last
                event says so.
            verifier: Says how likely the answer is right, where it could not be checked; None where the model has none.

        Yields:
            :class:`Recorded`, if the solution is kept, and then the events of :func:`tutor_app.core.solve.solve`.

        Raises:
            UserFault: If the problem is empty or too long (before anything else happens).
        """
        problem = check_problem(problem)
        settings = self.defaults.applied(settings)
        made = {"created": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **(meta or {})}
        builder = Builder()

        def draft() -> Transcript:
            known = made | provenance(self.engine.info, self.dialect, self.prompt, settings)
            return Transcript.of(problem, meta=known).with_solution(builder.parts())

        with self._judged(problem, builder, settings, cancel, made) as events:
            if verifier is not None:
                events = with_odds(events, problem, verifier, cancel or NeverCancelled())
            yield from events if library is None else recorded(events, library, draft)

    def ask(
        self,
        earlier: Transcript,
        question: str,
        *,
        settings: SolveSettings,
        cancel: Cancel | None = None,
        library: Callable[[], SolutionLibrary] | None = None,
        key: str = "",
    ) -> Generator[SolveEvent, None, None]:
        """Answer what is asked about a solution; the solution goes on with the question and the reply.

        The model is told the conversation as far as its context holds it, names of earlier code are there for the
        reply's code, and statements are checked as those of a solution are.

        Args:
            earlier: The solution, with what was asked about it before.
            question: As typed.
            settings: Budgets of the reply.
            cancel: Raise it to stop; what there is is kept.
            library: Opens the library, or gives the open one, as for :meth:`solve`.
            key: Id of the solution in it; empty if it is not there yet.

        Yields:
            :class:`Recorded`, if the conversation is kept, and then the events of :func:`tutor_app.core.solve.solve`.

        Raises:
            UserFault: If the question is empty or too long, or there is no solution to ask about.
        """
        question = check_question(question)
        if not earlier.solution:
            raise UserFault("There is no solution to ask about.", "Solve the problem first.")
        settings = self.defaults.applied(settings)
        made = {"created": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        builder = Builder(earlier.solution)

        def draft() -> Transcript:
            return earlier.with_solution(builder.parts())

        with self._judged(question, builder, settings, cancel, made, earlier) as events:
            yield from events if library is None else recorded(events, library, draft, key=key)

    @contextlib.contextmanager
    def _judged(
        self,
        asked: str,
        builder: Builder,
        settings: SolveSettings,
        cancel: Cancel | None,
        made: Mapping[str, Any],
        earlier: Transcript | None = None,
    ) -> Iterator[Iterator[SolveEvent]]:
        """The events of the solve loop, with every statement and the answer checked; ``builder`` holds the parts."""
        judging = verdict_of(asked, self.checker) if earlier is None else reply_verdict_of(asked, earlier, self.checker)
        with judging as check:
            events = solve(
                asked,
                model=self.engine,
                executor=self.executor,
                dialect=self.dialect,
                prompt=self.prompt,
                settings=settings,
                cancel=cancel or NeverCancelled(),
                meta=made,
                check=check,
                builder=builder,
                earlier=earlier,
            )
            yield events if self.checker is None else checked(events, builder, self.checker, asked)

    def warm(self, cancel: Cancel | None = None) -> None:
        """Do beforehand what the first problem would have to wait for: both processes, the prompt's beginning.

        Raises:
            EngineFault: If the model cannot be loaded, or that was cancelled.
        """
        cancel = cancel or NeverCancelled()
        with ThreadPoolExecutor(1, "tutor-warm") as beside:
            ready = beside.submit(self.executor.warm)  # the model, whose first word is waited for, does not wait for it
            self.engine.load(cancel)
            spans = header(self.dialect, "1 + 1", self.prompt)
            prefix = constant_spans(self.dialect, spans)
            if prefix:
                for _ in self.engine.generate(spans, sampling=Sampling(), max_tokens=1, prefix=prefix, cancel=cancel):
                    pass
            ready.result()

    def close(self) -> None:
        """End both processes."""
        self.engine.close()
        self.executor.close()
        if self.checker is not None:
            self.checker.close()

    def __enter__(self) -> Tutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_tutor(
    model: str,
    folders: Folders,
    *,
    settings: Settings | None = None,
    prompt: str = "",
    n_ctx: int = 0,
    n_seq: int = 1,
    batched: bool = False,
    check_statements: bool = True,
) -> Tutor:
    """A tutor for an installed model, a GGUF file or the server of the settings; nothing is started here yet.

    Args:
        model: Id, role, name or path; empty means the settings' server or choice, else the best that is installed.
        folders: Of the user.
        settings: Of the user.
        prompt: See :func:`load_prompt`.
        n_ctx: Overrides the settings' context, in tokens.
        n_seq: Problems solved at once.
        batched: Whether they are evaluated together, see :class:`EngineOptions`.
        check_statements: Whether the statements of a solution are checked while it is made.

    Raises:
        UserFault: If the model or prompt is unknown.
        HostFault: If the model's file or the server cannot be used.
    """
    settings = settings or Settings()
    if settings.server and not model:
        remote = connected(settings)
        return open_remote(remote, settings, prompt=prompt, n_seq=n_seq, check_statements=check_statements)
    store = model_store(folders)
    found = chosen_model(store, model, settings.model)
    entry = next((e for e in store.entries() if e.id == found.id), None)
    always = entry is not None and entry.thinking == "always"
    dialect = dialect_of(found, thinking=settings.thinking or always)
    thinks = always or dialect.opens_thought or (settings.thinking and dialect.thinks)
    defaults = _defaults(entry, thinks=thinks)
    room = defaults.max_tokens + _BESIDE_A_THOUGHT if thinks else 0
    options = EngineOptions(
        n_ctx=n_ctx or max(settings.n_ctx, room),
        n_seq=n_seq,
        batched=batched,
        threads=settings.threads,
        gpu_layers=settings.gpu_layers,
        cache_folder=folders.prompts,
    )
    adapter = found.path if found.base is not None else None
    engine = Engine(found.weights, options, name=found.name, sha256=found.sha256, adapter=adapter)
    limits = Limits(seconds=float(settings.code_timeout))
    sandbox = Sandbox(limits, spares=n_seq, require_full=settings.require_full_sandbox)
    own_prompt = entry.prompt if entry is not None else ""
    if settings.reasoning_only and dialect not in TRAINED_ON_THE_FORM:
        own_prompt = REASONING_PROMPT
    checker = Checker() if check_statements and settings.check_statements else None
    return Tutor(engine, sandbox, dialect, load_prompt(prompt or own_prompt, dialect), defaults, checker)


def connected(settings: Settings, cancel: Cancel | None = None) -> RemoteModel:
    """The model of the server in the settings, which has been asked what it serves.

    Raises:
        UserFault: If the address or the key is none, or the key is refused.
        EngineFault: If no tutor's server answers there.
    """
    model = RemoteModel(settings.server, settings.server_key)
    model.describe(cancel)
    return model


def open_remote(
    model: RemoteModel, settings: Settings, *, prompt: str = "", n_seq: int = 1, check_statements: bool = True
) -> Tutor:
    """A tutor over another computer's model: code runs here, with the prompt that the server uses.

    Args:
        model: As :func:`connected` gives it.
        settings: Of the user; how long a context is and whether a thought comes first is the server's choice.
        prompt: See :func:`load_prompt`.
        n_seq: Problems solved at once.
        check_statements: As for :func:`open_tutor`.

    Raises:
        UserFault: If the prompt is unknown.
    """
    served = model.served
    own_prompt = served.prompt if served.prompt in prompt_names() else ""
    if settings.reasoning_only and served.dialect not in TRAINED_ON_THE_FORM:
        own_prompt = REASONING_PROMPT
    told: Mapping[str, float] = served.defaults
    defaults = SolveDefaults(
        int(told.get("max_tokens", 0)),
        told.get("temperature", 0.0),
        told.get("top_p", 1.0),
        int(told.get("thought_tokens", 0)),
    )
    limits = Limits(seconds=float(settings.code_timeout))
    sandbox = Sandbox(limits, spares=n_seq, require_full=settings.require_full_sandbox)
    checker = Checker() if check_statements and settings.check_statements else None
    return Tutor(model, sandbox, served.dialect, load_prompt(prompt or own_prompt, served.dialect), defaults, checker)


def _defaults(entry: CatalogueEntry | None, *, thinks: bool) -> SolveDefaults:
    """What the catalogue says of a model, or, for one that thinks and is not in it, what suits most of them."""
    if entry is None:
        return _THINKING if thinks else SolveDefaults()
    if not thinks:
        return SolveDefaults(0 if entry.thinking == "hybrid" else entry.max_tokens)
    if not entry.temperature:
        return _THINKING
    return replace(_THINKING, max_tokens=entry.max_tokens, temperature=entry.temperature, top_p=entry.top_p)


def solve_settings(settings: Settings) -> SolveSettings:
    """The user's settings as budgets of a solution."""
    return SolveSettings(
        max_rounds=settings.max_rounds,
        max_tokens=settings.max_tokens,
        seconds=float(settings.seconds),
        code_timeout=float(settings.code_timeout),
        run_code=not settings.reasoning_only,
        correct_statements=settings.correct_statements and settings.check_statements,
        sampling=Sampling(settings.temperature, settings.top_p, settings.seed),
    )
