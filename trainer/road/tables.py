"""The tables of a recipe: what each stage can be told, and what it is told where nothing is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from trainer.commands.decontaminate import MAX_CORRECTIONS
from trainer.data.decontaminate import DEFAULT_NGRAM

Benchmark = Literal["samples", "gsm8k", "math", "svamp", "asdiv", "gsm-hard", "mawps", "tabmwp"]
FileType = Literal["f16", "q8_0", "q5_k_m", "q4_k_m"]
RULES: Final = ("fobar", "bf-trans", "expression", "outline", "numbers")
"""Methods of the step augment that need no teacher."""
ASKED: Final = ("rephrase", "reorganise", "fobar", "bf-trans", "expression", "difficulty", "outline", "numbers")
"""Methods of the step augment that a teacher can be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """The problems that everything is made from.

    Attributes:
        files: In the form of GSM8K's training set, with its calculator annotations.
        limit: Only the first so many; 0 takes all.
        source: Name of the source, for provenance.
        licence: Licence of the source, for provenance.
    """

    files: tuple[str, ...] = ()
    limit: int = 0
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeCode:
    """Annotations to code-nested solutions.

    Attributes:
        seed: Another seed gives other wordings.
    """

    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """New problems and solutions by the rules of ``alter``.

    Attributes:
        methods: Each is a stage of its own.
        per_problem: New records of each problem at most.
        seed: Another seed gives other numbers.
    """

    methods: tuple[str, ...] = ()
    per_problem: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """Who is asked by [augment] and [synthesize]: a model of this computer, or one on a server.

    Attributes:
        model: An installed model, a GGUF file, or a folder by transformers.
        endpoint: Address of a server, instead.
        endpoint_model: Its model; empty takes the only one.
        dialect: Wire form of the server's model.
        parallel: Requests under way at once.
        batched: Whether a GGUF file decodes them together: faster, and now and then another word, so that a run that
            was killed may end with other hashes.
        n_ctx: A GGUF file's context, in tokens.
        token_budget: Tokens of a stage in all; 0 sets no limit. A stage whose budget is spent ends the run; with a
            larger one the same command goes on.
        cost_budget: Money of a stage in all, by the prices.
        price_in: Of a million tokens of prompts.
        price_out: Of a million tokens of replies.
        requests_per_minute: 0 sets no limit.
        tokens_per_minute: 0 sets no limit.
    """

    model: str = ""
    endpoint: str = ""
    endpoint_model: str = ""
    dialect: str = ""
    parallel: int = 4
    batched: bool = False
    n_ctx: int = 4096
    token_budget: int = 0
    cost_budget: float = 0.0
    price_in: float = 0.0
    price_out: float = 0.0
    requests_per_minute: float = 0.0
    tokens_per_minute: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Augment:
    """New problems and solutions of MuMath's methods.

    Attributes:
        methods: Those by rules; each is a stage of its own.
        per_problem: New records of each problem at most.
        seed: Another seed gives others.
        asked: Those by the teacher; each is a stage of its own.
        tries: Replies that are asked for until one is good.
        votes: Solutions that vote for an answer that is not known.
        min_votes: Least for such an answer.
        min_share: Least of all votes.
        temperature: Of the teacher, as the next two.
        top_p: See there.
        max_tokens: Of one reply, or of one round of a solution.
    """

    methods: tuple[str, ...] = ()
    per_problem: int = 1
    seed: int = 0
    asked: tuple[str, ...] = ()
    tries: int = 2
    votes: int = 5
    min_votes: int = 3
    min_share: float = 0.5
    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int = 768


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesize:
    """Code-nested solutions: by the teacher, and then by the model itself, which is trained on what it solved.

    Attributes:
        of: Methods of [augment] whose new problems are solved, beside the seeds.
        samples: Solutions tried of each problem.
        keep: Solutions kept of each problem, of all rounds together.
        calls: Blocks that may run in one.
        seconds: Wall time of one.
        code_seconds: Wall time of one block.
        votes: Solutions in words that vote where no answer is known.
        min_votes: Least for such an answer.
        min_share: Least of all votes.
        seed: Another seed gives others.
        temperature: Of the sampling, as the next two.
        top_p: See there.
        max_tokens: Of one round of a solution.
        rounds: Rounds by the model that the one before trained: it solves what is not solved often enough, and stage 2
            is trained anew with its solutions.
        at_once: Problems under way at once in these rounds; with more than one, the last bits of the numbers differ
            now and then, and a run that was killed may end with other hashes.
    """

    of: tuple[str, ...] = ()
    samples: int = 4
    keep: int = 2
    calls: int = 4
    seconds: float = 300.0
    code_seconds: float = 10.0
    votes: int = 0
    min_votes: int = 3
    min_share: float = 0.5
    seed: int = 0
    temperature: float = 0.8
    top_p: float = 1.0
    max_tokens: int = 768
    rounds: int = 0
    at_once: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decontaminate:
    """The test sets that records are compared with.

    Attributes:
        against: Files of the test sets.
        ngram: Words in a row that make an overlap.
        corrections: Largest share of corrected errors in the data of stage 2.
    """

    against: tuple[str, ...] = ()
    ngram: int = DEFAULT_NGRAM
    corrections: float = MAX_CORRECTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The model that is trained.

    Attributes:
        model: A Hugging Face folder or a GGUF file; empty makes a tiny one of random weights.
        vocab: Tokens of the tiny one.
        width: Its hidden size, a multiple of 64.
        layers: Its transformer blocks.
        seed: Of its weights.
    """

    model: str = ""
    vocab: int = 1024
    width: int = 128
    layers: int = 3
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """The shipped solve loop over a benchmark.

    Attributes:
        benchmark: Its name.
        data: Its file, one of those the data is compared with; ``samples`` needs none.
        limit: Only the first so many problems; 0 takes all.
        max_tokens: Tokens the model may write in one round of a solution.
        max_rounds: Rounds of a solution.
    """

    benchmark: Benchmark = "samples"
    data: str = ""
    limit: int = 0
    max_tokens: int = 384
    max_rounds: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The GGUF file.

    Attributes:
        type: Of its weights.
    """

    type: FileType = "q8_0"
