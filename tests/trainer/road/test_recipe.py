from pathlib import Path
from typing import get_args

import pytest

from tests.trainer.road.recipes import ASKING, RECIPE, write_recipe
from trainer.__main__ import main
from trainer.augment.bf_trans import bf_trans_by_rules
from trainer.commands.augment import BY_RULES, BY_TEACHER
from trainer.data.benchmarks import READERS, SAMPLES
from trainer.road.recipe import read_recipe
from trainer.road.stages import stages_of
from trainer.road.tables import ASKED, RULES, Benchmark
from tutor_app.core.errors import UserFault


def test_a_sound_recipe(tmp_path: Path) -> None:
    recipe = read_recipe(write_recipe(tmp_path))
    assert recipe.name == "small"
    assert recipe.files == {"train.jsonl": tmp_path / "train.jsonl", "test.jsonl": tmp_path / "test.jsonl"}
    assert (recipe.seeds.limit, recipe.alter.methods, recipe.make_code.seed) == (16, ("correct",), 0)
    assert (recipe.stage1.stage, recipe.stage2.stage, recipe.stage2.max_length) == (1, 2, 768)


def test_stages_that_are_not_in_the_recipe_are_left_out(tmp_path: Path) -> None:
    text = RECIPE[: RECIPE.index("[evaluate]")].replace('[alter]\nmethods = ["correct"]\n', "")
    recipe = read_recipe(write_recipe(tmp_path, text))
    assert (recipe.evaluate, recipe.export, recipe.alter.methods) == (None, None, ())


def test_the_files_may_be_in_another_folder(tmp_path: Path) -> None:
    write_recipe(tmp_path / "data")
    recipe = tmp_path / "elsewhere.toml"
    recipe.write_text(RECIPE)
    assert read_recipe(recipe, tmp_path / "data").files["test.jsonl"] == tmp_path / "data" / "test.jsonl"
    with pytest.raises(UserFault, match=r"files in \[seeds\] names train\.jsonl, which is not in"):
        read_recipe(recipe)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[export]", "[exprot]", "exprot is no stage; did you mean export?"),
        ("[export]", "[publish-it-all]", "publish-it-all is no stage; there are seeds, make-code"),
        ("limit = 16", 'limit = "all"', "limit in [seeds] must be a whole number, not 'all'"),
        ("limit = 16", "limit = true", "limit in [seeds] must be a whole number, not True"),
        ("limit = 16", "limit = -1", "limit in [seeds] must be 0 or more"),
        ("limit = 16", "limits = 16", "limits in [seeds] is not a setting; did you mean limit?"),
        ('files = ["train.jsonl"]', 'files = "train.jsonl"', "files in [seeds] must be a list of texts"),
        ('files = ["train.jsonl"]', 'files = ["gone.jsonl"]', "files in [seeds] names gone.jsonl, which is not in"),
        ('files = ["train.jsonl"]', "files = []", "files in [seeds] must name at least one file"),
        ('files = ["train.jsonl"]', 'files = ["test.jsonl"]', "test.jsonl in [seeds] is a test set"),
        ('methods = ["correct"]', 'methods = ["rephrase"]', "methods in [alter] has 'rephrase'; by rules there are"),
        ('methods = ["fobar"]', 'methods = ["fobar", "fobar"]', "methods in [augment] has one twice"),
        ("corrections = 0.5", "corrections = 5", "corrections in [decontaminate] must be a share from 0 to 1"),
        ("width = 64", "width = 65", "width in [base] must be a multiple of 64"),
        ("vocab = 512", "vocab = 12", "vocab in [base] must be 300 or more"),
        ("vocab = 512", 'model = "gone.gguf"', "model in [base] names gone.gguf, which is not in"),
        ("[stage2]", "[stage2]\nstage = 1", "stage in [stage2] must be 2 or left out"),
        ("lr = 3e-3", "lr = -1", "in [stage1] lr must be more than 0"),
        ("lr = 3e-3", "epoch = 1", "in [stage1] epoch is not a setting; did you mean epochs?"),
        ('type = "f16"', 'type = "q2"', "type in [export] must be one of f16, q8_0, q5_k_m, q4_k_m, not 'q2'"),
        ('benchmark = "gsm8k"', 'benchmark = "samples"', "data in [evaluate] has no use with the benchmark samples"),
        ('data = "test.jsonl"', 'data = "train.jsonl"', "data in [evaluate] must be one of the files in [decontam"),
        ('data = "test.jsonl"', "", "data in [evaluate] must name the file of gsm8k"),
        ('name = "small"', 'name = "a/b"', "name must be a text that can be a file's name"),
        ('name = "small"', "name = 3", "name must be a text that can be a file's name"),
        ('name = "small"', "seeds = 3", None),
    ],
)
def test_a_mistake_is_one_sentence(
    tmp_path: Path, old: str, new: str, said: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_recipe(tmp_path, RECIPE.replace(old, new, 1))
    assert main(["road", str(path), "--run", str(tmp_path / "run")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert (said or "is not TOML") in err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('asked = ["rephrase"]', 'asked = ["rephrased"]', "asked in [augment] has 'rephrased'; by a teacher there are"),
        ('asked = ["rephrase"]', 'asked = ["rephrase", "rephrase"]', "asked in [augment] has one twice"),
        ('endpoint = "URL"', "", "[teacher] must name a model or an endpoint, and not both"),
        ('endpoint = "URL"', 'endpoint = "URL"\nmodel = "starter"', "must name a model or an endpoint, and not both"),
        ('endpoint = "URL"', 'model = "gone.gguf"', "model in [teacher] names gone.gguf, which is not in"),
        ('endpoint = "URL"', 'model = "runs/gone"', "model in [teacher] names runs/gone, which is not in"),
        ('endpoint = "URL"', 'model = "starter"', "dialect and endpoint_model in [teacher] go with endpoint"),
        ('endpoint = "URL"', 'endpoint = "URL"\nbatched = true', "batched in [teacher] goes with model"),
        ('endpoint = "URL"', 'endpoint = "URL"\ncost_budget = 3', "cost_budget in [teacher] needs price_in"),
        ('dialect = "chatml"', 'dialect = "klingon"', "dialect in [teacher] must be one of"),
        ("parallel = 2", "parallel = 0", "parallel in [teacher] must be 1 or more"),
        ("samples = 1", "samples = 0", "samples in [synthesize] must be 1 or more"),
        ("rounds = 1", "rounds = -1", "rounds in [synthesize] must be 0 or more"),
        ("keep = 1", "keep = 1\nmin_share = 2", "min_share in [synthesize] must be a share from 0 to 1"),
        ("tries = 1", "tries = 1\nvotes = 0", "votes in [augment] must be 1 or more"),
        ('of = ["rephrase"]', 'of = ["numbers"]', "of in [synthesize] has 'numbers', which is no method in [augment]"),
        ("[teacher]\n", "[teachers]\n", "teachers is no stage; did you mean teacher?"),
    ],
)
def test_a_mistake_about_the_teacher_is_one_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(UserFault) as e:
        read_recipe(write_recipe(tmp_path, ASKING.replace(old, new, 1)))
    assert said in str(e.value)


def test_who_is_asked_must_be_named_and_be_asked_something(tmp_path: Path) -> None:
    whole = read_recipe(write_recipe(tmp_path, ASKING))
    assert whole.synthesize is not None
    assert (whole.augment.asked, whole.synthesize.of, whole.synthesize.rounds) == (("rephrase",), ("rephrase",), 1)
    teacher = ASKING[ASKING.index("[teacher]") : ASKING.index("[synthesize]")]
    solving = ASKING[ASKING.index("[synthesize]") : ASKING.index("[decontaminate]")]
    for text, said in (
        (ASKING.replace(teacher, ""), "asked in [augment] needs the table [teacher]"),
        (ASKING.replace(teacher, "").replace("rounds = 1", "rounds = 0"), "[synthesize] needs the table [teacher], or"),
        (ASKING.replace(solving, "").replace('asked = ["rephrase"]\n', ""), "[teacher] is asked nothing"),
    ):
        with pytest.raises(UserFault) as e:
            read_recipe(write_recipe(tmp_path, text))
        assert said in str(e.value)
    alone = ASKING.replace(teacher, "").replace('asked = ["rephrase"]\n', "").replace('of = ["rephrase"]\n', "")
    assert read_recipe(write_recipe(tmp_path, alone)).teacher is None  # rounds by the model itself need none


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = RECIPE.replace("limit = 16", "limit = -1").replace("width = 64", "width = 1").replace("[stage2]", "[stag2]")
    with pytest.raises(UserFault) as e:
        read_recipe(write_recipe(tmp_path, text))
    for part in ("limit in [seeds]", "width in [base]", "did you mean stage2?", "the stage [stage2] is missing"):
        assert part in str(e.value)


def test_a_file_that_is_no_recipe(tmp_path: Path) -> None:
    for content, said in ((b"name = ", "is not TOML"), (b"\xff\xfe", "is not TOML"), (b"", "the stage [seeds] is")):
        path = tmp_path / "r.toml"
        path.write_bytes(content)
        with pytest.raises(UserFault) as e:
            read_recipe(path)
        assert said in str(e.value)
    with pytest.raises(UserFault, match="cannot be read"):
        read_recipe(tmp_path / "gone.toml")
    with pytest.raises(UserFault, match="is no folder"):
        read_recipe(write_recipe(tmp_path), tmp_path / "gone")


def test_a_table_that_is_none(tmp_path: Path) -> None:
    text = "alter = 3\n" + RECIPE.replace('[alter]\nmethods = ["correct"]\n', "")
    with pytest.raises(UserFault, match=r"alter must be a table, written \[alter\]"):
        read_recipe(write_recipe(tmp_path, text))


def test_the_names_are_those_of_the_steps() -> None:
    assert BY_RULES["bf-trans"] is bf_trans_by_rules
    assert set(RULES) == set(BY_RULES)
    assert set(ASKED) == set(BY_TEACHER)
    assert set(get_args(Benchmark)) == {SAMPLES, *READERS}


@pytest.mark.parametrize("name", ["tiny", "teacher"])
def test_the_recipes_that_come_along_are_sound(tmp_path: Path, name: str) -> None:
    write_recipe(tmp_path)
    for split in ("train", "test"):
        (tmp_path / f"{split}.jsonl").rename(tmp_path / f"gsm8k.{split}.jsonl")
    (tmp_path / "starter.gguf").touch()
    shipped = Path(__file__).parents[3] / "trainer" / "configs" / f"road-{name}.toml"
    recipe = read_recipe(shipped, tmp_path)
    assert recipe.name == {"tiny": "tiny", "teacher": "taught"}[name]
    stages = [s.name for s in stages_of(recipe, tmp_path / "run")]
    assert len(stages) == len(set(stages))
    rounds = [s for s in stages if s.startswith(("synthesize", "data-stage2", "stage2"))]
    again = [f"{s}-{n}" for n in (2, 3) for s in ("synthesize", "data-stage2", "stage2")]
    taught = ["synthesize", "data-stage2", "stage2", *again]
    assert rounds == {"tiny": ["data-stage2", "stage2"], "teacher": taught}[name]
