"""Toward whom: several actors of one sentence, agents and patients, places."""
import json

import numpy as np
import pandas as pd
import pytest
from conftest import articles_of

from analysis import agency, coding, lexicons, sentiment, speakers, tables, targets, tokens, voices


def toward(text, *names, way="toward"):
    """Tone toward each name, a word or phrase, where it first stands in the text."""
    places = [text.index(name) for name in names]
    units = pd.DataFrame({"unit_id": [f"u{i}" for i in range(len(names))], "text": text, "start": 0, "target_start": places, "target_end": [p + len(n) for p, n in zip(places, names)]})
    words = coding.tokens_of(units)
    return targets.score_targets(words, targets.spans_of(units, words)).sort_values("unit")[way].tolist()


@pytest.mark.parametrize("better, worse, text", [
    ("minister", "deputy", "The minister was cheered, his deputy jeered."),
    ("villagers", "militia", "The militia attacked the villagers."),
    ("villagers", "militia", "The villagers were attacked by the militia."),
    ("Israel", "Hamas", "Hamas attacked Israel."), ("Hamas", "Israel", "Israel attacked Hamas."), ("Norway", "Peru", "Norway was attacked by Peru."),
    ("Lee", "Kim", "Lee praised the doctors, but Kim betrayed them."),
    ("Lund", "Berg", "Lund accused Berg of fraud."), ("Lund", "Berg", "Berg was accused of fraud by Lund."),
])
def test_several_actors_of_one_sentence_get_different_tones(better, worse, text):
    good, bad = toward(text, better, worse)
    assert good > bad


def test_the_whole_sentence_tells_them_not_apart():
    assert len(set(toward("The militia attacked the villagers.", "militia", "villagers", way="sentence"))) == 1


def test_negation_weakens_an_act():
    did, did_not = (toward(text, "Berg", way="predicate")[0] for text in ("Lund praised Berg.", "Lund did not praise Berg."))
    assert did > 0 > did_not and abs(did_not) < did


def test_agent_and_patient_in_active_and_passive():
    def s(text):
        words = speakers.Words(tokens.split_tokens(pd.DataFrame({"article_id": "a", "sentence_id": [0], "start": 0, "text": text})), [0])
        found, entries = agency.acts(words, words.verb, agency.verb_index())
        act = found.iloc[0]
        span = lambda role: (act[role], act[f"{role}_end"]) if act[role] < act[f"{role}_end"] else None
        return entries[act["entry"]][4], span("agent"), span("patient"), act["passive"], act["negated"]
    for text, agent, patient, passive in (("Rebels shelled the town.", (0, 1), (2, 4), False), ("The town was shelled by rebels.", (5, 6), (0, 2), True), ("The town was shelled on Monday.", None, (0, 2), True)):
        assert s(text) == ("shell", agent, patient, passive, False), text


def test_a_unit_of_one_word_and_units_in_any_order():
    assert toward("Killed", "Killed") == [0.0]
    assert [pair.tolist() for pair in lexicons.pairs(np.array([2, 0, 2, 1]), np.array([2, 5, 0]))] == [[0, 0, 2], [0, 2, 1]]


def test_no_effect_is_written_as_nothing():
    """0.0, whatever else stands in the table: not -0.0, which a negated verb without effect would give."""
    articles = articles_of("Iran did not vote for Israel.")
    sentences = tokens.split_sentences(articles)
    found = targets.code_toward(sentences, tokens.split_tokens(sentences), articles, agency.read_actors()).dropna(subset=["evidence"]).set_index("target")["evidence"]
    assert json.loads(found["Iran"])[-1][::3] == ["agent of vote", 0.0] and "-0.0" not in found["Iran"]


def test_no_list_of_names_decides():
    """Names swapped, and the same values."""
    assert toward("Hamas attacked Israel on Monday.", "Hamas", "Israel") == toward("Norway attacked Peru on Monday.", "Norway", "Peru")


def test_codings_of_actors_stand_where_they_say(home):
    articles = articles_of("“Iran betrayed us,” the Israeli envoy said. Iranian doctors saved the child. It rained.")
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, words)
    found = targets.code_toward(sentences, words, articles, agency.read_actors(), segments)
    whole = found[found["segment_id"].isna() & (found["coder"] == "toward")].set_index(["sentence_id", "target"])
    assert set(whole.index) == {(0, "Iran"), (0, "Israel"), (1, "Iran")} and whole.at[(0, "Iran"), "value"] < 0 < whole.at[(1, "Iran"), "value"]
    assert set(found.loc[found["segment_id"].notna(), "sentence_id"]) == {0}, "a segment that is a whole sentence has the sentence's value"
    text = articles["text"].iloc[0]
    for why in found["evidence"].dropna():
        for term, start, end, _ in json.loads(why):
            assert term.rstrip("*").split(" ")[-1].lower()[:4] in text[start:end].lower()
    assert set(found["coder"]) == {"toward", *(f"toward_{w}" for w in targets.WAYS[1:])} and found["value"].between(-1, 1).all()
    assert (found["value"] == found["value"].round(9)).all() and (found["value"] * 1e4 % 1 > 0).any(), "what processors differ in is not kept"
    tables.check("tone", found)


def test_the_actors_table_says_what_is_missing(tmp_path):
    (tmp_path / "a.csv").write_text("actor,term\nIran,iran\n", encoding="utf-8")
    with pytest.raises(lexicons.DictionaryError, match="expected actor, term, kind, role"):
        agency.read_actors(tmp_path / "a.csv")


def test_labels_by_the_stated_cuts():
    low, high = targets.CUTS
    assert targets.label([low - 0.01, low, 0, high, high + 0.01]).tolist() == [-1, 0, 0, 0, 1]


def test_a_target_that_touches_no_word_is_refused():
    units = pd.DataFrame({"unit_id": ["u1"], "text": "It rained.", "start": 0, "target_start": [2], "target_end": [2]})
    with pytest.raises(ValueError, match="touches no word"):
        targets.spans_of(units, coding.tokens_of(units))


def test_every_verb_effect_is_in_its_range():
    for entries in agency.verb_index().values():
        for _, agent, patient, _, _ in entries:
            assert -2 <= agent <= 2 and -2 <= patient <= 2
    assert {"stabbed", "struck", "was"} & set(agency.verb_index()) == {"stabbed", "struck"}
    assert np.isfinite(sentiment.saturated(1e9))


def test_an_actors_own_name_says_nothing_toward_it():
    assert toward("Reporters wrote about ISIS.", "ISIS") == toward("Rebels visited the town.", "Rebels") == [0]


def test_what_a_speaker_says_weighs_less_than_what_is_said_of_him():
    said, of_him = toward("Hamas said that it was a horrible massacre.", "Hamas") + toward("Officials said Hamas was in a horrible massacre.", "Hamas")
    assert of_him < said < 0


def test_each_weight_does_what_it_says():
    plain, name, clause, far = (toward(t, "Lund")[0] for t in ("Lund was in a horrible storm.", "Lund sat with Berg in a horrible storm.", "Lund sat, slept, and then a horrible storm came.", "Lund sat in the old house by the river in a horrible storm."))
    assert plain < name < 0 and plain < clause < 0 and plain < far < 0
    text = "Lund sat, and then Berg had a horrible day."
    assert toward(text, "Lund", way="clause") == [0] and toward(text, "Lund", way="sentence")[0] < toward(text, "Lund", way="window")[0] < 0
    assert toward("Lund praised Berg.", "Berg", way="predicate")[0] == pytest.approx(float(sentiment.saturated(2 * targets.ROLE * 1.5)))
    assert toward("Lund praised Berg.", "Berg")[0] == pytest.approx(float(sentiment.saturated(targets.ROLE * 1.5))), "the verb counts once, as the act it is"


def test_who_only_speaks_is_touched_less_by_what_is_said():
    weak, whole = (toward("Lund said the terrible attack failed.", "Lund", way=way)[0] for way in ("toward", "window"))
    assert whole < weak < 0
    weak, whole = (toward("Lund saw the terrible attack failed.", "Lund", way=way)[0] for way in ("toward", "window"))
    assert weak == whole


def test_articles_in_other_languages_have_no_tone_toward_anybody():
    articles = articles_of("Iran attacked Israel.", "Iran attacked Israel.").assign(language=["en", "de"])
    sentences = tokens.split_sentences(articles)
    found = targets.code_toward(sentences, tokens.split_tokens(sentences), articles, agency.read_actors())
    assert set(found["article_id"]) == {"a"}
