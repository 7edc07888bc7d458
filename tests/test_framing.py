"""Frames: zeros kept, evidence exact, rates as arithmetic."""
import pandas as pd
from conftest import articles_of

from analysis import framing, tables, tokens, voices

DICTIONARY = pd.DataFrame([("economic", "tax"), ("economic", "jobs"), ("economic", "pric*"), ("conflict", "clash*")], columns=["category", "term"])


def coded(*texts, **columns):
    articles = articles_of(*texts, **columns)
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    return articles, words, framing.code_frames(sentences, words, articles, DICTIONARY, coder="test")


def test_rate_is_matches_per_thousand_tokens():
    _, words, frames = coded("Tax cuts cost jobs.")                           # 5 tokens with the full stop
    rates = framing.frame_rates(frames, words).set_index(["article_id", "variable"])["value"]
    assert rates["a", "economic"] == 1000 * 2 / 5 and rates["a", "conflict"] == 0


def test_every_sentence_has_a_row_for_every_frame():
    _, _, frames = coded("Tax rose. Nothing else.", "Calm.")
    assert len(frames) == 3 * 2 and frames["value"].sum() == 1
    tables.check("frames", frames)


def test_articles_without_a_match_stay_in_the_mean():
    _, words, frames = coded("Tax.", "Calm.")
    assert framing.frame_rates(frames, words).groupby("variable")["value"].mean()["economic"] == (1000 * 1 / 2 + 0) / 2


def test_articles_in_another_language_are_not_coded():
    _, words, frames = coded("Tax.", "Die Tax.", language=["en", "de"])
    assert frames.loc[frames["article_id"] == "b", ["value", "evidence"]].isna().all(axis=None)
    assert set(framing.frame_rates(frames, words)["article_id"]) == {"a"}


def test_a_match_belongs_to_the_voice_it_stands_in():
    articles = articles_of("“Tax, tax,” Anna Lund said about prices.")
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, words)
    frames = framing.code_frames(sentences, words, articles, DICTIONARY, segments, coder="test")
    economic = frames[frames["variable"] == "economic"].merge(segments, on=["article_id", "sentence_id", "segment_id"], how="left")
    assert economic.groupby(economic["voice"].fillna("whole"))["value"].sum().to_dict() == {"direct": 2, "own": 1, "whole": 3}
    tables.check("frames", frames)


def test_rates_of_long_articles_are_not_cut():
    _, words, frames = coded("Calm. " * 600 + "Tax.")
    assert framing.frame_rates(frames, words).set_index("variable").at["economic", "value"] == 1000 / 1202


def test_the_evidence_is_every_match():
    articles, _, frames = coded("Prices rose, tax rose. Police clashed.")
    found = framing.matches(frames)
    assert [(m.variable, m.term, articles["text"][0][m.start:m.end]) for m in found.itertuples()] == [
        ("economic", "pric*", "Prices"), ("economic", "tax", "tax"), ("conflict", "clash*", "clashed")]
    assert len(found) == frames["value"].sum()


def test_terms_that_never_match_are_listed_with_zero():
    _, _, frames = coded("Tax, tax.", "Tax.")
    counts = framing.term_counts(frames, DICTIONARY).set_index("term")
    assert counts.at["tax", "matches"] == 3 and counts.at["tax", "articles"] == 2 and counts.at["jobs", "matches"] == 0 and len(counts) == 4
