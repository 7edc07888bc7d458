"""Validation: the crosswalk, the reference of categorical variables, thresholds learnt on other articles, coders of frames beside people."""
import numpy as np
import pandas as pd
import pytest
from conftest import articles_of

from analysis import agreement, coding, framing, tables, tokens, trained, validation


def codes_of(*rows):
    return pd.DataFrame(rows, columns=["unit_id", "coder", "variable", "value"])


def test_kinds_families_and_references():
    codes = codes_of(*[(u, "gold", f"frame:{name}", v) for u, which in (("u1", "a"), ("u2", "b"), ("u3", "a")) for name in "ab" for v in [str(int(name == which))]],
                     *[("u1", c, "biased", v) for c, v in zip("xyz", "110")], *[("u2", c, "biased", v) for c, v in zip("xyz", "010")], ("u1", "x", "topic", "war"), ("u1", "y", "topic", "tax"), ("u1", "z", "topic", "war"), ("u1", "x", "n", "3"))
    assert [coding.kind_of(codes, v) for v in ("frame:a", "biased", "topic", "n")] == ["binary", "binary", "words", "number"]
    assert coding.families(codes) == {"frame": ["frame:a", "frame:b"]}
    assert coding.categories(codes, "frame").to_dict() == {"u1": "a", "u2": "b", "u3": "a"} and coding.categories(codes, "frame:b").to_dict() == {"u1": 0, "u2": 1, "u3": 0}
    assert coding.categories(codes, "biased").to_dict() == {"u1": 1, "u2": 0} and coding.categories(codes, "topic").to_dict() == {"u1": "war"}
    both = pd.concat([codes, codes_of(("u4", "gold", "frame:a", "1"), ("u4", "gold", "frame:b", "1"))])
    assert coding.families(both) == {}, "where two hold at once it is no variable of words"


def test_the_crosswalk_by_name_and_by_row():
    books = framing.read_codebooks()
    named = {v: book.name for book in validation.crosswalk(["conflict", "generic_frames:economic", "economic", "terrorism", "nothing"], books) for v in book.variables}
    assert named == {"conflict": "generic_frames", "generic_frames:economic": "generic_frames", "terrorism": "conflict_legitimacy"}, "`economic` stands in two codebooks: not evaluated unless the codebook is named"
    narrative = {v: book for book in validation.crosswalk(["frame:resolution", "frame:human_interest", "frame:economic"], books) for v in book.variables}
    assert {book.name for book in narrative.values()} == {"generic_frames"} and set(narrative["frame:resolution"].variables["frame:resolution"].indicators) == {"responsibility.solution", "responsibility.urgent", "responsibility.appeal"}
    policy = {v: book for book in validation.crosswalk(["frame:legality_and_crime", "frame:economic", "frame:public_opinion"], books) for v in book.variables}
    assert {book.name for book in policy.values()} == {"policy_frames"}
    said = framing.code_texts(pd.DataFrame({"unit_id": ["court", "thief", "rain"], "text": ["The Supreme Court struck down the law as unconstitutional.", "Police arrested a thief on suspicion of burglary.", "It rained."]}), [policy["frame:legality_and_crime"]])
    assert said[said["variable"] == "frame:legality_and_crime"].set_index("unit_id")["carried"].to_dict() == {"court": 1, "thief": 1, "rain": 0}, "the union of two frames"


def test_every_row_of_the_crosswalk_names_what_there_is():
    rows = pd.read_csv(framing.CODEBOOKS / "crosswalk.csv", comment="#", keep_default_na=False)
    books = {b.name: b for b in framing.read_codebooks()}
    for row in rows.itertuples():
        specs = [books[row.codebook].variables[name] for name in row.variables.split()]
        assert row.reason and set(row.indicators.split()) <= {name for spec in specs for name in spec.indicators}


def test_a_threshold_is_learnt_on_other_articles_only():
    """A value that names the article: with the article left out it can teach nothing, and the threshold does no better than chance."""
    article = np.repeat(np.arange(40), 5)
    truth = (np.random.default_rng(3).random(40) < 0.5).astype(float)[article]
    good = truth * 2 + np.random.default_rng(4).random(200)
    assert agreement.macro_f1(agreement.tuned(good, truth, article), truth) > 0.98
    noise = np.random.default_rng(5).random(200)
    assert agreement.macro_f1(agreement.tuned(noise, truth, article), truth) < 0.62
    left = agreement.tuned(good, truth, article)
    assert (left == agreement.tuned(good, truth, article)).all(), "the same folds each time"


def test_an_articles_own_answer_never_moves_its_own_threshold():
    """One large article whose answers contradict all others: turned round, they may change everybody's threshold but its own."""
    article = np.array([0] * 400 + [i for i in range(1, 21) for _ in range(5)])
    values = np.concatenate([np.tile([1.0, 2, 3, 4], 100), np.tile([1.0, 2, 3, 4, 4], 20)])
    truth = (values > 2.5).astype(float)
    turned = np.where(article == 0, 1 - truth, truth)
    assert (agreement.tuned(values, truth, article)[:400] == agreement.tuned(values, turned, article)[:400]).all()
    assert (agreement.tuned(values, truth, article) != agreement.tuned(values, turned, article)).any(), "and it does move the others'"


def test_a_scale_of_ones_own_has_no_sign(home):
    units = pd.DataFrame({"unit_id": [f"u{i}" for i in range(80)], "article_id": [f"a{i // 4}" for i in range(80)], "text": [f"Story {i} of rain and wind {i % 9}." for i in range(80)]})
    codes = codes_of(*[(f"u{i}", "x", "quality", str(1 + (i * 7919) % 7)) for i in range(80)])
    folder, = validation.make_from(units, codes, "scale", tell=lambda line: None)
    line = next(line for line in (folder / "CARD.md").read_text(encoding="utf-8").splitlines() if line.startswith("| this coder"))
    assert line.split("|")[4].strip() == line.split("|")[6].strip() == "–", "no macro-F1 and no alpha where categories mean nothing"


def test_a_unit_is_known_again_whatever_its_blanks():
    units = pd.DataFrame({"unit_id": ["a", "b", "c"], "text": ["One text.", "One  text. ", "Another text."]})
    assert len(set(trained.marks(units))) == 2


def test_words_are_compared_as_words():
    row = agreement.alike(["a", "b", "a", "c", "b", "a"], ["a", "b", "b", "c", "b", "a"], np.arange(6))
    assert row["n"] == 6 and row["agreement"] == 5 / 6 and row["macro_f1"] == pytest.approx(np.mean([2 * 2 / 5, 2 * 2 / 5, 1]))
    assert row["alpha"] == pytest.approx(agreement.alpha(np.array([[0, 0], [1, 1], [0, 1], [2, 2], [1, 1], [0, 0]]), level="nominal"))


SENTENCES = {"crime": "Police arrested {n} thieves on suspicion of burglary in town {n}.", "economic": "Prices and taxes rose by {n} per cent and cost shoppers {n} dollars.", "other": "The choir of town {n} sang {n} songs."}


@pytest.fixture(scope="module")
def framed():
    """120 sentences of three kinds, four to an article, coded as a family of 0/1 variables."""
    units = pd.DataFrame([(f"u{i}", f"a{i // 4}", SENTENCES[list(SENTENCES)[i % 3]].format(n=i)) for i in range(120)], columns=["unit_id", "article_id", "text"])
    codes = codes_of(*[(f"u{i}", "gold", f"topic:{name}", str(int(name == list(SENTENCES)[i % 3]))) for i in range(120) for name in SENTENCES])
    return units, codes


def test_frames_are_learnt_kept_and_measured(framed, home):
    units, codes = framed
    told = []
    folder, = validation.make_from(units, codes, "small", tell=told.append)
    coder = trained.load(folder)
    assert coder.about["variable"] == "topic" and coder.about["labels"] == ["crime", "economic", "other"] and len(coder.about["codes"]) == 53
    quality = coder.about["quality"]
    assert quality["curve"][-1][1] > 0.95 and [c[0] for c in quality["classes"]] == ["crime", "economic", "other"] and all(c[4] > 0.9 for c in quality["classes"])
    assert sum(b[2] for b in quality["calibration"]) == 120 and all(0 <= b[3] <= 1 and 0 <= b[4] <= 1 for b in quality["calibration"])
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    assert "| crime | 40 |" in card and "stop coding" in card and "Calibration" in card and "nan" not in card.lower()
    new = pd.DataFrame({"unit_id": ["n1", "n2"], "text": ["Police arrested 2 robbers in town.", "The choir sang 3 songs."]})
    new_codes = codes_of(*[(u, "gold", f"topic:{name}", str(int(name == which))) for u, which in (("n1", "crime"), ("n2", "other")) for name in SENTENCES])
    found = tables.check("reliability", validation.reliability(new, new_codes, {"mine": coder})).set_index(["variable", "coder"])
    assert found.at[("topic", "mine"), "macro_f1"] == 1 and found.at[("topic:crime", "mine"), "recall"] == 1
    assert validation.reliability(units, codes, {"mine": coder}).query("coder == 'mine'").empty, "never on the units that it was trained on"


def test_a_trained_coder_leaves_foreign_articles_uncoded(framed, home):
    units, codes = framed
    validation.make_from(units, codes, "small", tell=lambda line: None)
    articles = articles_of("Police arrested 2 robbers in town. The choir sang 3 songs.", "Die Polizei verhaftete 2 Diebe.", language=["en", "de"])
    sentences = tokens.split_sentences(articles)
    found = tables.check("frames", trained.code_frames("small", sentences, tokens.split_tokens(sentences), articles)).set_index(["article_id", "sentence_id"])
    assert found.loc["a", "label"].tolist() == ["crime", "other"] and found.loc["a", "value"].between(0, 1).all() and found.loc["b", ["value", "label", "evidence"]].isna().all(axis=None)


def test_a_coder_is_refused_when_the_codebooks_have_changed(framed, home, monkeypatch):
    units, codes = framed
    folder, = validation.make_from(units, codes, "small", tell=lambda line: None)
    monkeypatch.setattr(trained, "codebooks_hash", lambda: "another")
    with pytest.raises(trained.TrainedError, match="train it again"):
        next(iter(trained.load(folder)(units.assign(start=0), coding.tokens_of(units))))
    usable, lost = trained.on_the_shelf()
    assert not usable and "train it again" in lost["small"]


def test_calibration_is_the_share_that_is_right():
    chances = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.45, 0.55]])
    assert trained.calibration(chances, np.array([0, 1, 0, 1]), bins=2) == [[0.5, 0.75, 2, pytest.approx(0.575), 1.0], [0.75, 1.0, 2, pytest.approx(0.9), 0.5]]
    assert trained.per_class(np.array([0.0, 0, 1, 1]), np.array([0.0, 1, 1, 1]), ["a", "b"]) == [["a", 1, 0.5, 1.0, pytest.approx(2 / 3)], ["b", 3, 1.0, pytest.approx(2 / 3), 0.8]]


def test_what_has_no_counterpart_is_named():
    units = pd.DataFrame({"unit_id": ["u1", "u2"], "text": ["They clashed and accused each other of lies.", "It rained."]})
    codes = codes_of(*[(u, "gold", v, x) for u, x in (("u1", "1"), ("u2", "0")) for v in ("conflict", "sarcasm")])
    result = validation.reliability(units, codes)
    assert validation.not_evaluated(codes, result) == ["sarcasm"] and result.set_index("variable").at["conflict", "f1"] == 1


def test_confusion_counts_every_unit_once_with_what_fired():
    units = pd.DataFrame({"unit_id": list("abcd"), "text": ["The two parties clashed over the budget.", "Rain fell on the harbour.", "The rivals clashed again.", "A dreadful, cruel defeat."]})
    codes = codes_of(*[(u, "gold", "conflict", v) for u, v in zip("abc", "110")], *[(u, "x", "tone", v) for u, v in zip("abd", ("-1", "1", "-1"))])
    table = validation.beside(units, codes, validation.frames_said(units, validation.binary(codes), framing.read_codebooks()))
    frames = table[table["variable"] == "conflict"].set_index("unit_id")
    assert frames["reference"].to_dict() == {"a": "carried", "b": "carried", "c": "not carried"} and frames["machine"].to_dict() == {"a": "carried", "b": "not carried", "c": "carried"}
    assert "clash" in frames.at["a", "evidence"] and pd.isna(frames.at["b", "evidence"])
    tone = table[table["variable"] == "tone"].set_index("unit_id")
    assert tone["reference"].to_dict() == {"a": "negative", "b": "positive", "d": "negative"} and tone.at["d", "machine"] == "negative" and "cruel" in tone.at["d", "evidence"]
    cells = validation.confusion(table).set_index(["variable", "reference", "machine"]).sort_index()
    assert cells.loc["conflict", "units"].to_dict() == {("not carried", "not carried"): 0, ("not carried", "carried"): 1, ("carried", "not carried"): 1, ("carried", "carried"): 1}
    assert cells.at[("conflict", "carried", "carried"), "share"] == 0.5 and cells.loc["tone", "units"].sum() == 3


def test_a_language_model_is_judged_by_people_and_is_none_of_them():
    units = pd.DataFrame({"unit_id": [f"u{i}" for i in range(20)], "text": "It rained."})
    people = [(f"u{i}", who, "biased", str(int(i < 8))) for i in range(20) for who in ("ann", "ben")]
    model = [(f"u{i}", "model_x", "biased", "1") for i in range(20)]  # says yes to everything
    both, alone = codes_of(*people, *model), codes_of(*model, *[(u, "model_y", v, x) for u, _, v, x in model])
    assert coding.categories(both, "biased").equals(coding.categories(codes_of(*people), "biased")) and coding.judgements(both, "biased")[1].equals(coding.judgements(codes_of(*people), "biased")[1])
    rows = validation.reliability(units, both).set_index("coder")
    assert rows.at["people", "alpha"] == 1 and rows.at["model_x", "n"] == 20 and rows.at["model_x", "precision"] == 8 / 20 and rows.at["model_x", "recall"] == 1
    assert set(validation.reliability(units, alone)["coder"]) == {"models"} and coding.categories(alone, "biased").eq(1).all(), "of what no person coded, models are all there is"
    tone = [(f"u{i}", who, "tone", str(i % 5 - 2)) for i in range(20) for who in ("ann", "ben")]
    found = validation.reliability(units, codes_of(*tone, *[(f"u{i}", "model_x", "tone", str(2 - i % 5)) for i in range(20)]))
    found = found[found["variable"] == "tone"].set_index("coder")
    assert found.at["model_x", "pearson"] == pytest.approx(-1) and found.at["model_x", "agreement"] == 4 / 20 and found.at["people", "alpha"] == 1, "a model that turns the scale round agrees on zero alone"
