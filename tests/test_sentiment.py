"""Tone: exactly the libraries' values, with the words that gave them."""
import json

import pandas as pd
import pytest
from conftest import articles_of
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import corpus, sentiment, tables, tokens, voices

SENTENCES = ["The minister did not give a good answer.", "“It is a VERY sad day!!!” he said.", "", "Nobody was killed in the attack.", "Great :) but not so great...",
             "The worst, most horrible war.", "42 % of 1,000"]


def values(text):
    return {(c, v): x for c, coder in sentiment.CODERS.items() for v, x, _ in coder(text, 0)}


@pytest.mark.parametrize("text", SENTENCES)
def test_the_libraries_values(text):
    _same_as_the_libraries(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from("not very good bad war killed happy the a peace , . ! ' but NEVER terribly kind of".split()), max_size=12).map(" ".join) | st.text(max_size=80))
def test_the_libraries_values_on_any_text(text):
    _same_as_the_libraries(text)


def _same_as_the_libraries(text):
    from textblob import TextBlob
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    blob, seen = TextBlob(text).sentiment, values(text)
    assert seen["textblob", "polarity"] == blob.polarity and seen["textblob", "subjectivity"] == blob.subjectivity
    assert seen["vader", "compound"] == SentimentIntensityAnalyzer().polarity_scores(text)["compound"]


def test_the_libraries_values_on_the_retellings():
    articles, _ = corpus.clean(corpus.read(tables.ROOT / "data" / "retellings")[0])
    for text in tokens.split_sentences(articles)["text"]:
        _same_as_the_libraries(text)


def test_evidence_stands_where_it_says():
    text = "It was not a good day; many were killed, and the killed were mourned."
    for _, coder in sentiment.CODERS.items():
        for _, _, why in coder(text, 100):
            for term, start, end, _ in json.loads(why):
                piece = text[start - 100:end - 100].lower()
                assert piece.startswith(term.split()[0]) and piece.endswith(term.split()[-1])
    killed = [e for e in json.loads(next(iter(sentiment.vader(text, 0)))[2]) if e[0] == "killed"]
    assert [text[s:e] for _, s, e, _ in killed] == ["killed", "killed"] and killed[0][1] < killed[1][1]


def test_three_judgements_a_sentence_and_none_for_other_languages():
    articles = articles_of("A good day. A bad day.", "Ein guter Tag.", language=["en", "de"])
    tone = sentiment.code_tone(tokens.split_sentences(articles), articles)
    assert len(tone) == 9 and tone.loc[tone["article_id"] == "b", "value"].isna().all() and tone.loc[tone["article_id"] == "a", "value"].notna().all()
    tables.check("tone", tone)


def codings(values, coder="vader", variable="compound"):
    return pd.DataFrame([(a, i, coder, variable, v) for a, vs in values.items() for i, v in enumerate(vs)], columns=["article_id", "sentence_id", "coder", "variable", "value"])


def test_an_articles_tone_is_the_mean_of_its_sentences():
    means = sentiment.article_means(codings({"a": [1, 0, -0.5], "b": [None, 0.5]})).set_index("article_id")
    assert means.at["a", "value"] == (1 + 0 - 0.5) / 3 and means.at["b", "value"] == 0.5 and means.at["b", "n_sentences"] == 1


def test_signs_use_each_instruments_cut():
    both = pd.concat([codings({"a": [0.05, 0.06, -0.06, 0]}), codings({"a": [0.05, 0.0, -0.01, 0]}, "textblob", "polarity")])
    assert sentiment.signs(both).to_dict("list") == {"textblob": [1, 0, -1, 0], "vader": [0, 1, -1, 0]}


def test_position_cuts_an_article_into_equal_parts():
    sentences = tokens.split_sentences(articles_of("One. Two. Three. Four.", "Too. Short."))
    means = sentiment.by_position(codings({"a": [1, 3, 5, 7], "b": [9, 9]}), sentences, parts=4)
    assert list(means["part"]) == [1, 2, 3, 4] and list(means["value"]) == [1, 3, 5, 7]
    assert list(sentiment.by_position(codings({"a": [1, 3, 5, 7]}), sentences, parts=2)["value"])[:2] == [2, 6]


def test_headlines_have_no_place_in_the_body():
    sentences = tokens.split_sentences(articles_of("One. Two.", title=["A headline."]))
    assert list(sentiment.by_position(codings({"a": [9, 1, 3]}), sentences, parts=2)["value"]) == [1, 3]


def test_segments_are_scored_by_themselves():
    articles = articles_of("“It is a horrible, evil ship,” Anna Lund said. It is a good day.")
    sentences = tokens.split_sentences(articles)
    segments = voices.find_voices(articles, sentences, tokens.split_tokens(sentences))
    tone = sentiment.code_tone(sentences, articles, segments, coders=("vader",)).set_index(["sentence_id", "segment_id"])["value"]
    spoken, clause, whole = (values(t)["vader", "compound"] for t in ("“It is a horrible, evil ship,” ", "Anna Lund said.", "It is a good day."))
    assert tone[0, 0] == spoken < 0 and tone[0, 1] == clause == 0 and tone[1, 0] == whole > 0


def test_removing_a_quotation_leaves_the_outlets_own_tone():
    def own(text):
        articles = articles_of(text)
        sentences = tokens.split_sentences(articles)
        segments = voices.find_voices(articles, sentences, tokens.split_tokens(sentences))
        tone = sentiment.code_tone(sentences, articles, segments, coders=("vader",)).dropna(subset=["segment_id"]).astype({"segment_id": "int64"})
        return tone.merge(segments[segments["voice"] == "own"], on=["article_id", "sentence_id", "segment_id"])["value"].tolist()
    assert own("A good day began. “It is a horrible, evil ship,” Lund said. It ended.") == own("A good day began. “It is,” Lund said. It ended.")
