"""The stages of a recipe in their order, each by the step function that the command line has for it.

Torch is imported by the stages that need it, when they are made: a run that ends with the data works without it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from trainer.commands.alter import alter_problems
from trainer.commands.decontaminate import clean
from trainer.commands.make_code import make_code
from trainer.commands.seeds import import_seeds
from trainer.config import TrainConfig
from trainer.data.records import Rejects, read_records
from trainer.road import asking, card
from trainer.road.recipe import Recipe
from trainer.road.state import Stage, hashes_of
from trainer.road.tables import Evaluate, Synthesize
from trainer.runs import Run, disk_fault, sha256_of, write_atomically
from trainer.steps import InputFiles
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.errors import UserFault
from tutor_app.text.amounts import size_text

IN_WORDS: Final = ("augment-outline",)
"""Stages by rules whose records are reasoning in words, for stage 1; the others run code, for stage 2."""
IN_CODE: Final = ("asked-fobar", "asked-bf-trans")
"""Stages by a teacher whose records run code."""
LEARNS: Final = ("base", "stage1", "stage2", "evaluate", "export")
"""Stages that need the training stack."""
RESULTS: Final = "evaluation.json"
CARD: Final = "card.md"


def stages_of(recipe: Recipe, folder: Path) -> list[Stage]:
    """Every stage of a recipe, in order.

    Args:
        recipe: A sound one.
        folder: Of the run; each stage works in a folder of its name there.
    """
    made = _Stages(recipe, folder)
    stages = [*made.data(), *made.training()]
    return [*stages, made.card(stages)]


class _Stages:
    """Builds the stages; their functions keep what they need from it."""

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self._recipe, self._folder = recipe, folder
        self._problems = folder / "seeds" / "problems.jsonl"
        self._tests = tuple(recipe.files[n] for n in recipe.decontaminate.against)
        self._code: list[Path] = []  # records for stage 2

    def data(self) -> Iterator[Stage]:
        """From source files to the records of both stages."""
        recipe, folder = self._recipe, self._folder
        seeds = recipe.seeds
        sources = tuple(recipe.files[n] for n in seeds.files)

        problems = InputFiles((self._problems,))

        def take_in() -> str:
            _first_lines(sources, seeds.limit, self._problems)
            run = Run.at(folder / "seeds")
            return import_seeds(run, problems, "gsm8k", source=seeds.source, licence=seeds.licence)

        options = {"limit": seeds.limit, "source": seeds.source, "licence": seeds.licence}
        yield Stage("seeds", options, sources, ("problems.jsonl", "seeds-gsm8k.jsonl"), take_in)

        def code_of() -> str:
            return make_code(Run.at(folder / "make-code"), problems, Sandbox, seed=recipe.make_code.seed)

        made = ("make-code.jsonl",)
        yield Stage("make-code", asdict(recipe.make_code), (self._problems,), made, code_of, resumes=True)
        words = [folder / "seeds" / "seeds-gsm8k.jsonl"]
        code = self._code
        code.append(folder / "make-code" / "make-code.jsonl")
        for stage in (*self._altered(code[0]), *self._augmented(), *self._asked()):
            told = stage.name in IN_WORDS or (stage.name.startswith("asked-") and stage.name not in IN_CODE)
            (words if told else code).append(folder / stage.name / stage.outputs[0])
            yield stage
        if recipe.synthesize is not None and recipe.teacher is not None:
            yield self._synthesized(recipe.synthesize)
        yield self._mix("stage1", words)
        yield self._mix("stage2", code)

    def _altered(self, records: Path) -> Iterator[Stage]:
        changes = self._recipe.alter
        for method in changes.methods:
            name = f"alter-{method}"
            source = records if method == "correct" else self._problems

            def alter(method: Any = method, name: str = name, source: Path = source) -> str:
                return alter_problems(
                    Run.at(self._folder / name),
                    InputFiles((source,)),
                    method,
                    Sandbox,
                    per_problem=changes.per_problem,
                    seed=changes.seed,
                )

            options = {"method": method, "per_problem": changes.per_problem, "seed": changes.seed}
            yield Stage(name, options, (source,), (f"{name}.jsonl",), alter, resumes=True)

    def _augmented(self) -> Iterator[Stage]:
        changes = self._recipe.augment
        for method in changes.methods:
            name = f"augment-{method}"
            options = {"method": method, "per_problem": changes.per_problem, "seed": changes.seed}

            def augment(name: str = name, options: Mapping[str, Any] = options) -> str:
                from trainer.commands import augment as step

                asked = asking.flags(options)
                return asking.run_step(step, [str(self._problems), f"--run={self._folder / name}", *asked])

            yield Stage(name, options, (self._problems,), (f"{name}.jsonl",), augment, resumes=True)

    def _asked(self) -> Iterator[Stage]:
        recipe, augment = self._recipe, self._recipe.augment
        if recipe.teacher is None:
            return
        for method in augment.asked:
            name = f"asked-{method}"
            options = {"method": method, **asking.settings_of(augment)}

            def ask(name: str = name, options: Mapping[str, Any] = options) -> str:
                from trainer.commands import augment as step

                asked = [str(self._problems), *asking.flags(options), *asking.by_teacher(recipe)]
                return asking.ask(step, self._folder / name, name, asked)

            inputs = (self._problems, *asking.teacher_files(recipe))
            settings = {**options, **asking.identity_of(recipe.teacher)}
            yield Stage(name, settings, inputs, (f"{name}.jsonl",), ask, resumes=True)

    def _synthesized(
        self, table: Synthesize, number: int = 1, model: Path | None = None, known: tuple[Path, ...] = ()
    ) -> Stage:
        """Solutions by the teacher or, in a later round, by a model of stage 2, unlike what it was trained on."""
        recipe, folder = self._recipe, self._folder
        name = "synthesize" if number == 1 else f"synthesize-{number}"
        augment = recipe.augment
        made_before = [f"augment-{m}" for m in augment.methods if m in table.of]
        made_before += [f"asked-{m}" for m in augment.asked if m in table.of]
        made = [folder / stage / f"{stage}.jsonl" for stage in made_before]
        options = {"round": number, **asking.settings_of(table)}
        teacher = asking.identity_of(recipe.teacher) if model is None and recipe.teacher is not None else {}

        def solve() -> str:
            from trainer.commands import synthesize as step

            asked = [*map(str, (self._problems, *made)), "--against", *map(str, self._tests), *asking.flags(options)]
            asked += ["--known", *map(str, known)] if known else []
            own = [f"--teacher={model and model.parent}", f"--parallel={table.at_once}"]
            return asking.ask(step, folder / name, name, [*asked, *(own if model else asking.by_teacher(recipe))])

        models = asking.teacher_files(recipe) if model is None else (model,)
        inputs = (self._problems, *made, *self._tests, *known, *models)
        result = folder / name / f"{name}.jsonl"
        self._code.append(result)
        return Stage(name, {**options, **teacher}, inputs, (result.name,), solve, resumes=True)

    def _mix(self, stage: str, files: list[Path], suffix: str = "") -> Stage:
        """Of the records of a stage of training, those that overlap no test set."""
        table, name, files = self._recipe.decontaminate, f"data-{stage}{suffix}", list(files)

        def mix() -> str:
            run = Run.at(self._folder / name)
            mixed = InputFiles(tuple(files))
            return clean(run, mixed, self._tests, stage, n=table.ngram, corrections=table.corrections)

        options = {"ngram": table.ngram, "corrections": table.corrections}
        return Stage(name, options, (*files, *self._tests), (f"{stage}.jsonl", f"{stage}.report.json"), mix)

    def training(self) -> Iterator[Stage]:
        """From the base to the file that the window loads."""
        recipe, folder = self._recipe, self._folder
        mixed = tuple(folder / f"data-{s}" / f"{s}.jsonl" for s in ("stage1", "stage2"))
        if recipe.base.model:
            model = recipe.files[recipe.base.model]
        else:
            model = folder / "base" / "model"
            sizes = {k: v for k, v in asdict(recipe.base).items() if k != "model"}
            yield Stage("base", sizes, mixed, ("model",), lambda: _tiny_base(mixed, folder / "base", sizes))
        yield (one := self._trained("stage1", recipe.stage1, mixed[0], model))
        begun = folder / one.name / one.outputs[0]
        yield (last := self._trained("stage2", recipe.stage2, mixed[1], begun))
        table, data = recipe.synthesize or Synthesize(), mixed[1]
        for number in range(2, 2 + table.rounds):
            before = (folder / last.name, data)
            yield self._synthesized(table, number, before[0] / last.outputs[0], (data,))
            yield (mix := self._mix("stage2", self._code, f"-{number}"))
            data = folder / mix.name / mix.outputs[0]
            yield (last := self._trained(f"stage2-{number}", recipe.stage2, data, begun, before))
        model = folder / last.name / last.outputs[0]
        if recipe.evaluate is not None:
            yield self._evaluated(recipe.evaluate, model)
        if recipe.export is not None:
            yield self._exported(recipe.export.type, model)

    def _trained(
        self, name: str, config: TrainConfig, data: Path, model: Path, before: tuple[Path, Path] | None = None
    ) -> Stage:
        """A stage of training; ``before`` is the folder of an earlier round, and its data."""
        result = "adapter" if config.method == "qlora" else "model"

        def learn() -> str:
            folder = self._folder / name
            if before is not None and sha256_of(before[1]) == sha256_of(data):
                shutil.copytree(before[0], folder, dirs_exist_ok=True)
                return f"{folder / result}: the model of the round before, because nothing was added to its data."
            return _train(folder, config, model, data)

        return Stage(name, config.to_dict(), (data, model), (result,), learn, resumes=True)

    def _evaluated(self, settings: Evaluate, model: Path) -> Stage:
        data = (self._recipe.files[settings.data],) if settings.data else ()

        def evaluate() -> str:
            return _evaluate(self._folder / "evaluate", settings, data, model)

        return Stage("evaluate", asdict(settings), (*data, model), (RESULTS,), evaluate, resumes=True)

    def _exported(self, kind: str, model: Path) -> Stage:
        name = self._recipe.name
        out = self._folder / "export" / f"{name}.gguf"

        def export() -> str:
            from trainer.export import gguf
            from trainer.models.bases import trained_dialect

            gate = gguf.export(model, out, kind, trained_dialect(model, ""), name=name)
            return (
                f"{out}: {size_text(out.stat().st_size)}, {kind}; {gate.prompts} prompts give the same token ids, "
                f"divergence {gate.kl:.2g} nats."
            )

        return Stage("export", {"type": kind, "name": name}, (model,), (out.name,), export)

    def card(self, stages: list[Stage]) -> Stage:
        """The description of what came out."""
        recipe, folder = self._recipe, self._folder
        made = tuple(folder / s.name / o for s in stages for o in s.outputs)
        sources = tuple(recipe.files.values())

        def write() -> str:
            files = {
                f"{s.name}/{p.relative_to(folder / s.name).as_posix()}": h
                for s in stages
                for o in s.outputs
                for p, h in hashes_of(folder / s.name / o).items()
            }
            given = {name: h for name, p in recipe.files.items() for h in hashes_of(p).values()}
            path = folder / "card" / CARD
            write_atomically(path, card.text(recipe, folder, {s.name: s.options for s in stages}, given, files))
            return f"{path}: the model card."

        options = {"name": recipe.name, "stages": {s.name: dict(s.options) for s in stages}}
        return Stage("card", options, (*sources, *made), (CARD,), write)


def _first_lines(sources: tuple[Path, ...], limit: int, out: Path) -> None:
    """The lines of some files that are not blank, ``limit`` at most, in one file."""
    lines: list[bytes] = []
    for path in sources:
        try:
            lines += [line for line in path.read_bytes().splitlines() if line.strip()]
        except OSError as e:
            raise UserFault(f"{path} cannot be read: {e.strerror}.", "Check the path.") from None
    write_atomically(out, b"".join(line + b"\n" for line in lines[: limit or None]))


def _tiny_base(data: Sequence[Path], folder: Path, sizes: Mapping[str, int]) -> str:
    from trainer.train import tiny
    from tutor_app.core.dialect import DIALECTS, render

    records = read_records(data, Rejects())
    texts = ("".join(s.text for s in render(r, DIALECTS["mumath"])) for r in records)
    tokenizer = tiny.train_tokenizer(texts, sizes["vocab"])
    n = tiny.make_base(folder / "model", tokenizer, width=sizes["width"], layers=sizes["layers"], seed=sizes["seed"])
    return f"{folder / 'model'}: {n:,} parameters of random weights."


def _train(folder: Path, config: TrainConfig, model: Path, data: Path) -> str:
    from trainer.train import loop
    from trainer.train.job import Job

    job = Job(config=config, base=model, data=(data,), run=Run.at(folder), stamped=True)
    loop.train(job)  # which says itself what came out
    return ""


def _evaluate(folder: Path, settings: Evaluate, data: tuple[Path, ...], model: Path) -> str:
    """The rates and every answer; what depends on the clock is left in the file of the attempts."""
    from trainer.evaluate import run

    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    # One at a time: beside others the last bits of the logits differ, and a resumed run would end with others.
    asked = [f"--model={model}", "--parallel=1", f"--benchmark={settings.benchmark}", f"--limit={settings.limit}"]
    asked += [f"--max-tokens={settings.max_tokens}", f"--max-rounds={settings.max_rounds}"]
    asked += [f"--out={folder / 'attempts.jsonl'}", *(f"--data={p}" for p in data)]
    report, results = run.evaluate(parser.parse_args(asked))
    timeless = {k: v for k, v in report.items() if not k.startswith("seconds") and k != "device"}
    answers = [
        {"problem": r.index, "gold": r.gold, "answer": r.answer, "strict": r.strict, "paper": r.paper}
        for r in sorted(results, key=lambda r: (r.index, r.sample))
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise disk_fault(folder, e) from None
    value = {**timeless, "answers": answers}
    write_atomically(folder / RESULTS, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    return f"{folder / RESULTS}: {report['strict']} % of {report['problems']:,} problems right."
