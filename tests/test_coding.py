"""Coded sets: read whole, or refused with the line; samples: as probable as they say."""
from collections import Counter

import pandas as pd
import pytest

from analysis import coding
from conftest import articles_of

UNITS, CODES = "unit_id,text\nu1,One\nu2,\"Two\nlines\"\nu3,Three\n", "unit_id,coder,variable,value\nu1,a,tone,1\nu1,b,tone,-1\nu2,a,tone,0\nu3,gold,tone,1\n"


def folder(tmp_path, units=UNITS, codes=CODES):
    (tmp_path / "units.csv").write_text(units, encoding="utf-8")
    (tmp_path / "codes.csv").write_text(codes, encoding="utf-8")
    return tmp_path


def test_a_coded_set(tmp_path):
    units, codes = coding.read_coded(folder(tmp_path))
    people, reference = coding.judgements(codes, "tone")
    assert list(units["text"]) == ["One", "Two\nlines", "Three"] and set(people["coder"]) == {"a", "b"} and dict(reference) == {"u1": 0, "u2": 0, "u3": 1}, "settled where somebody settled it, else the mean"
    said = pd.DataFrame([("u1", c, "x", v) for c, v in (("a", "1"), ("b", "1"), ("gold", "0"))] + [("u2", c, "x", "1") for c in "ab"], columns=["unit_id", "coder", "variable", "value"])
    assert coding.categories(said, "x").to_dict() == {"u1": 0, "u2": 1} and coding.judgements(said, "x")[1].to_dict() == {"u1": 0, "u2": 1}, "what was settled outweighs any majority"
    _, mean = coding.judgements(codes[codes["coder"] != "gold"], "tone")
    assert dict(mean) == {"u1": 0, "u2": 0}


@pytest.mark.parametrize("units, codes, message", [
    ("unit_id,txt\nu1,One\n", CODES, r"units.csv, line 1: found the columns unit_id, txt; expected also text"),
    (UNITS + "u1,Again\n", CODES, r"units.csv, line 6: found “u1”, a unit_id that stands there before"),
    (UNITS, CODES + "u9,a,tone,1\n", r"codes.csv, line 6: found “u9”, a unit_id that units.csv does not have"),
    (UNITS, CODES + "u1,a,tone,1\n", r"codes.csv, line 6: found “u1”, a second judgement"),
    (UNITS, CODES + "u2,a,,1\n", r"codes.csv, line 6: found “”, no variable"),
    (UNITS, "", r"codes.csv: .*expected a CSV file"),
    ("unit_id,text,target_start,target_end\nu1,One,0,3\nu2,Two,0,9\nu3,Three,0,1\n", CODES, r"units.csv, line 3: found “9”, as target_end"),
])
def test_what_is_wrong_is_named_with_its_line(tmp_path, units, codes, message):
    with pytest.raises(coding.CodedSetError, match=message):
        coding.read_coded(folder(tmp_path, units, codes))


def test_a_target_needs_both_ends(tmp_path):
    with pytest.raises(coding.CodedSetError, match="found target_start alone"):
        coding.read_coded(folder(tmp_path, "unit_id,text,target_start\nu1,One,0\nu2,Two,0\nu3,Three,0\n"))


def test_a_folder_without_files_says_what_a_coded_set_is(tmp_path):
    with pytest.raises(coding.CodedSetError, match="a coded set is a folder with units.csv"):
        coding.read_coded(tmp_path)


def test_repetitions_are_left_out_together():
    text = "The council said on Monday that the old bridge across the river would be closed for a year because its pillars have sunk by a hand and cannot be mended in winter."
    units = pd.DataFrame({"unit_id": ["a", "b", "c", "d"], "text": [text, "Rain fell on the town and nobody came to see the choir sing in the square that night, said the mayor, who had hoped for a better day.", text.replace("a year", "one year"), "Rain."]})
    assert coding.clusters(units).to_dict() == {"a": "a", "b": "b", "c": "a", "d": "d"}
    assert coding.clusters(units.assign(article_id=list("xxyy"))).to_dict() == {"a": "x", "b": "x", "c": "y", "d": "y"}


# ---- a probability sample

def people(**sizes):
    """A population: so many sentences in each article; the outlet is the article's first letter, the stratum the sentence's place modulo 3."""
    rows = [(article, n, article[0], f"{article} {n}.", str(n % 3 == 0)) for article, size in sizes.items() for n in range(size)]
    return pd.DataFrame(rows, columns=["article_id", "sentence_id", "outlet", "text", "stratum"]).assign(article_stratum=lambda t: t["outlet"])


POPULATION = people(a1=7, a2=2, a3=5, a4=4, b1=1, b2=6, c1=9)


@pytest.mark.parametrize("strata, articles, units", [((), 3, 2), (("article_stratum",), 5, 3), (("stratum",), 4, 4), (("article_stratum", "stratum"), 2, 1), ((), 99, 99)])
def test_the_recorded_probability_is_how_often_a_unit_is_drawn(strata, articles, units):
    table = POPULATION.drop(columns=[c for c in ("article_stratum", "stratum") if c not in strata])
    draws, times, said = 500 if articles < 99 else 3, Counter(), {}
    for seed in range(draws):
        drawn = coding.draw(table, articles=articles, units=units, seed=seed)
        keys = list(zip(drawn["article_id"], drawn["sentence_id"]))
        assert len(set(keys)) == len(keys) and drawn["article_id"].nunique() == min(articles, 7)
        times.update(keys)
        for key, p in zip(keys, drawn["probability"]):
            assert said.setdefault(key, p) == pytest.approx(p), "one probability, whichever sample it comes in"
    assert len(said) == len(table), "every unit can be drawn"
    for key, p in said.items():
        assert times[key] / draws == pytest.approx(p, abs=4.5 * (p * (1 - p) / draws) ** 0.5 + 1e-9), key
    assert sum(said.values()) == pytest.approx(sum(times.values()) / draws, rel=0.05)


def test_weighted_by_its_probability_a_stratified_sample_gives_the_population():
    estimates = []
    for seed in range(400):
        drawn = coding.draw(POPULATION, articles=4, units=3, seed=seed)
        estimates.append(((drawn["stratum"] == "True") / drawn["probability"]).sum())
    assert sum(estimates) / 400 == pytest.approx((POPULATION["stratum"] == "True").sum(), rel=0.08)


def test_strata_get_equally_many_as_far_as_they_have_them():
    drawn = coding.draw(POPULATION, articles=5, units=4)
    assert dict(drawn.drop_duplicates("article_id")["outlet"].value_counts()) == {"a": 2, "b": 2, "c": 1}
    within = drawn[drawn["article_id"] == "c1"]["stratum"].value_counts()
    assert within.to_dict() == {"True": 2, "False": 2}
    one = drawn[drawn["article_id"] == "c1"].iloc[0]
    assert one["p_article"] == 1 and one["p_unit"] == 2 / (3 if one["stratum"] == "True" else 6)


def test_a_null_outlet_is_a_stratum_and_the_seed_decides():
    table = POPULATION.assign(article_stratum=[None if o == "a" else o for o in POPULATION["outlet"]])
    first, again, other = (coding.draw(table, articles=3, units=2, seed=s) for s in (1, 1, 2))
    assert first.equals(again) and not first.equals(other) and first["article_stratum"].nunique() == 3


def test_what_is_drawn_from_and_what_is_refused():
    articles = articles_of("A one. A two.", "B one.", "C eins.", outlet=["x", "y", None], language=["en", None, "de"], duplicate_of=[None, None, None])
    sentences = pd.DataFrame({"article_id": list("aaabc"), "sentence_id": [0, 1, 2, 0, 0], "part": ["title", *["body"] * 4], "start": 0, "end": 1, "text": ["T", "A one.", "A two.", "B one.", "C eins."]})
    assert list(coding.population(articles, sentences)["text"]) == ["A one.", "A two.", "B one."]
    with pytest.raises(coding.CodedSetError, match="nothing to draw from"):
        coding.draw(coding.population(articles.assign(duplicate_of="z"), sentences))
    with pytest.raises(coding.CodedSetError, match="UNITS=0: expected a whole number of 1 or more"):
        coding.draw(POPULATION, units=0)


def test_a_sentences_voice_is_the_one_with_most_of_it():
    segments = pd.DataFrame({"article_id": "a", "sentence_id": [0, 0, 0, 1], "start": [0, 4, 20, 0], "end": [4, 20, 30, 5], "voice": ["own", "direct", "own", "indirect"]})
    assert list(coding.main_voice(segments).sort_values("sentence_id")["voice"]) == ["direct", "indirect"]
