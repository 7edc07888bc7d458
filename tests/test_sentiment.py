"""Tone: exactly the libraries' values, with the words that gave them."""
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from conftest import articles_of
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import coding, corpus, exact, lexicons, sentiment, tables, tokens, voices

SENTENCES = ["The minister did not give a good answer.", "“It is a VERY sad day!!!” he said.", "", "Nobody was killed in the attack.", "Great :) but not so great...",
             "The worst, most horrible war.", "42 % of 1,000"]


VADER = {"vader": sentiment.CODERS["vader"]}


def judged(coder, text):
    """variable → (value, evidence) of one text."""
    return {variable: (values[0], json.loads(why[0])) for variable, values, why in coder(pd.DataFrame({"text": [text], "start": 0}))}


def values(text):
    return {(c, v): x for c, coder in (("textblob", sentiment.textblob), ("vader", sentiment.vader)) for v, (x, _) in judged(coder, text).items()}


def coded(*texts, windows=sentiment.WINDOWS, path=sentiment.LEXICONS / "news.csv"):
    """(tone, {term: score}) of made-up texts by a list of terms, the news lexicon unless another is named."""
    units = pd.DataFrame({"unit_id": [f"u{i}" for i in range(len(texts))], "text": texts, "start": 0})
    (_, tones, why), = sentiment.by_lexicon(path, units, coding.tokens_of(units), windows=windows)
    return list(zip(tones, [{term: score for term, _, _, score in json.loads(items)} for items in why]))


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
    units = pd.DataFrame({"unit_id": ["u"], "text": [text], "start": 100})
    for coder in sentiment.CODERS.values():
        for _, _, (why,) in coder(units, coding.tokens_of(units).assign(start=lambda t: t["start"] + 100, end=lambda t: t["end"] + 100)):
            assert why != "[]"
            for term, start, end, _ in json.loads(why):
                piece = text[start - 100:end - 100].lower()
                assert piece.startswith(term.split()[0].rstrip("*")) and (piece.endswith(term.split()[-1]) or term.endswith("*"))
    killed = [e for e in judged(sentiment.vader, text)["compound"][1] if e[0] == "killed"]
    assert [text[s:e] for _, s, e, _ in killed] == ["killed", "killed"] and killed[0][1] < killed[1][1]


def test_evidence_stands_behind_the_marks_of_its_chunk_and_zero_has_no_sign():
    text = "It was (horrible), and \"sad\"."
    assert [text[a:b] for _, a, b, _ in judged(sentiment.vader, text)["compound"][1]] == ["horrible", "sad"]
    units = pd.DataFrame({"unit_id": ["u"], "text": ["It was not as well as they said."], "start": 0})
    (_, _, why), = sentiment.CODERS["news"](units, coding.tokens_of(units))
    assert ",0.0]" in why[0] and "-0.0" not in why[0]


def test_four_judgements_a_sentence_and_none_for_other_languages():
    articles = articles_of("A good day. A bad day.", "Ein guter Tag.", language=["en", "de"])
    sentences = tokens.split_sentences(articles)
    tone = sentiment.code_tone(sentences, tokens.split_tokens(sentences), articles)
    assert len(tone) == 12 and tone.loc[tone["article_id"] == "b", "value"].isna().all() and tone.loc[tone["article_id"] == "a", "value"].notna().all()
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
    words = tokens.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, words)
    tone = sentiment.code_tone(sentences, words, articles, segments, coders=VADER).set_index(["sentence_id", "segment_id"])["value"]
    spoken, clause, whole = (values(t)["vader", "compound"] for t in ("“It is a horrible, evil ship,” ", "Anna Lund said.", "It is a good day."))
    assert tone[0, 0] == spoken < 0 and tone[0, 1] == clause == 0 and tone[1, 0] == whole > 0


def test_removing_a_quotation_leaves_the_outlets_own_tone():
    def own(text):
        articles = articles_of(text)
        sentences = tokens.split_sentences(articles)
        words = tokens.split_tokens(sentences)
        segments = voices.find_voices(articles, sentences, words)
        tone = sentiment.code_tone(sentences, words, articles, segments, coders=VADER).dropna(subset=["segment_id"]).astype({"segment_id": "int64"})
        return tone.merge(segments[segments["voice"] == "own"], on=["article_id", "sentence_id", "segment_id"])["value"].tolist()
    assert own("A good day began. “It is a horrible, evil ship,” Lund said. It ended.") == own("A good day began. “It is,” Lund said. It ended.")


# ---- lists of scored terms ------------------------------------------------------------------------------------------------------

def test_windows_can_be_switched_off_by_name():
    text = "The plan was not good, it was very bad and ended the attack; unemployment fell."
    every, = coded(text)
    assert every[1]["good"] == -0.75 and every[1]["bad"] == -2.6 and every[1]["attack"] == 0 and every[1]["unemployment down"] == 1.5
    for window, term, plain in (("negation", "good", 1.5), ("intensity", "bad", -2), ("relief", "attack", -2), ("trend", "unemployment down", None)):
        (_, without), = coded(text, windows=[w for w in sentiment.WINDOWS if w != window])
        assert without.get(term) == plain, window
    (bare, terms), = coded(text, windows=())
    assert bare == sentiment.saturated(sum(terms.values())) and "unemployment" in terms


def test_good_that_is_lost_and_harm_that_is_not():
    (_, lost), (_, plain), (_, also) = coded("They undermined the peace.", "They spoke of peace.", "They undermined the attack.")
    assert lost["peace"] == 0 < plain["peace"] and also["attack"] < 0


def test_no_modifier_reaches_across_a_clause():
    (_, apart), (_, near) = coded("He would not go, good friends stayed.", "He was not good.")
    assert apart["good"] == 1.5 and near["good"] == -0.75


def test_two_trends_of_one_sentence():
    (tone, both), = coded("Deficit widens as exports fall.")
    assert both == {"deficit up": -1.5, "exports down": -1.5} and tone < 0


@pytest.mark.parametrize("text", ["afinn\t2\nabandon*\t-3\n", "term,score\nafinn,2\nabandon*,-3\n", "# mine\nscore,word\n2,afinn\n-3,abandon*\n", "afinn,2\nabandon*,-3\n", "Afinn\t2.0\t0.5\t[1, 2]\nabandon*\t-3\t1\t[3]\n:)\t2\t1\t[1]\n"])
def test_ones_own_list_in_any_common_form(tmp_path, text):
    (tmp_path / "mine.txt").write_text(text, encoding="utf-8")
    found = coded("afinn was abandoned", "Nothing.", path=tmp_path / "mine.txt")
    assert found[0][1] == {"afinn": 2, "abandon*": -3} and found[0][0] == pytest.approx(sentiment.saturated(-1)) and found[1] == (0, {})


@pytest.mark.parametrize("text, message", [("term,score\ngood,high\n", "line 2: found “good | high”"), ("good\n", "expected a term and a number"), ("term,score\ng*d,1\n", "only behind a word's letters"), ("", "no scored term")])
def test_a_list_that_cannot_be_used_names_the_line(tmp_path, text, message):
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8")
    with pytest.raises(lexicons.DictionaryError, match=re.escape(message) if "|" in message else message):
        lexicons.read_scores(tmp_path / "mine.csv")


def test_vaders_own_file_is_read_whole():
    from vaderSentiment import vaderSentiment
    path = Path(vaderSentiment.__file__).with_name("vader_lexicon.txt")
    found = lexicons.read_scores(path).set_index("term")["score"]
    lexicon = vaderSentiment.SentimentIntensityAnalyzer().lexicon
    assert len(found) > 7000 and all(found[t] == lexicon[t] for t in ("killed", "good", "war", "abandon"))


def test_the_projects_lists_are_sound():
    news = lexicons.read_scores(sentiment.LEXICONS / "news.csv")
    table = pd.read_csv(sentiment.LEXICONS / "news.csv", comment="#", keep_default_na=False)
    assert len(news) == len(table) and table["score"].between(-4, 4).all() and ((table["score"] * 2) % 1 == 0).all() and not table["term"].duplicated().any()
    assert set(table["class"]) == {"event", "judgement", "emotion", "act", "label", "economy", "neutral"} and (table.loc[table["class"] == "neutral", "score"] == 0).all()
    for name in ("modifiers", "trends", "events"):
        lexicons.read_dictionary(sentiment.LEXICONS / f"{name}.csv")


# ---- event words ----------------------------------------------------------------------------------------------------------------

def test_masked_scores_are_those_of_the_text_without_its_event_words():
    articles = articles_of("The brutal attack killed nine. It was a splendid day.")
    sentences = tokens.split_sentences(articles)
    events = pd.DataFrame({"category": "war", "term": ["attack*", "kill*"]})
    tone = sentiment.code_tone(sentences, tokens.split_tokens(sentences), articles, events=events).set_index(["sentence_id", "coder", "variable"])
    for coder, variable in {"textblob": "polarity", "vader": "compound", "news": "tone"}.items():
        assert tone.at[(1, coder, variable), "value"] == tone.at[(1, coder, f"{variable}_masked"), "value"], "no event word, no change"
    assert tone.at[(0, "vader", "compound_masked"), "value"] == values("The brutal xxxxxx xxxxxx nine.")["vader", "compound"] > tone.at[(0, "vader", "compound"), "value"]
    assert tone.at[(0, "news", "tone"), "value"] < tone.at[(0, "news", "tone_masked"), "value"] < 0
    text = articles["text"].iloc[0]
    for why in tone["evidence"]:
        for term, start, end, _ in json.loads(why):
            assert text[start:end].lower().startswith(term.rstrip("*").split()[0])


def test_the_mask_is_unknown_to_every_instrument():
    from textblob.en import sentiment as pattern
    known = {"x" * n for n in range(1, 30)} & (set(exact.analyzer().lexicon) | set(pattern) | set(lexicons.read_scores(sentiment.LEXICONS / "news.csv")["term"]))
    assert not known


# ---- disagreement ---------------------------------------------------------------------------------------------------------------

def test_disputes_compare_places_and_not_scores():
    both = pd.concat([codings({"a": [0.1, 0.2, 0.3, 0.4]}), codings({"a": [0.9, 0.8, 0.7, 0.6]}, "textblob", "polarity")])
    found = sentiment.disputed(both)
    assert found["spread"].tolist() == [0.75, 0.75, 0.25, 0.25] and set(found.index.get_level_values(1)[:2]) == {0, 3}
    monotone = pd.concat([codings({"a": [0.1, 0.2, 0.3]}), codings({"a": [-0.9, 0.8, 0.85]}, "textblob", "polarity")])
    assert sentiment.disputed(monotone)["spread"].max() == 0


def test_the_nearest_modifier_counts_and_none_beyond_its_reach():
    (_, near), (_, far), (_, two) = coded("It was not such a good day.", "It was not what they all had called a good day.", "It was never very, not good.")
    assert near["good"] == -0.75 and far["good"] == 1.5 and two["good"] == -0.75
    (_, edge), (_, beyond) = coded("not one two three good", "not one two three four good")
    assert edge["good"] == -0.75 and beyond["good"] == 1.5, "a reach of four: four words back, and no fifth"


def test_of_two_directions_equally_near_the_one_behind_counts():
    (_, found), = coded("rose unemployment fell")
    assert list(found) == ["unemployment down"]


def test_a_trend_reaches_five_tokens():
    (_, edge), (_, beyond) = coded("unemployment a b c d fell", "unemployment a b c d e fell")
    assert "unemployment down" in edge and "unemployment down" not in beyond


def test_the_news_lexicon_scores_segments_by_themselves():
    articles = articles_of("“It is a horrible ship,” Anna Lund said on the splendid pier. It rained.")
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, words)
    tone = sentiment.code_tone(sentences, words, articles, segments, coders={"news": sentiment.CODERS["news"]}).set_index(["sentence_id", "segment_id"])
    assert tone.at[(0, 0), "value"] < 0 < tone.at[(0, 1), "value"] and tone.at[(0, pd.NA), "value"] == pytest.approx(sentiment.saturated(sum(s for *_, s in json.loads(tone.at[(0, pd.NA), "evidence"]))))
    text = articles["text"].iloc[0]
    (term, start, end, _), = json.loads(tone.at[(0, 1), "evidence"])
    assert text[start:end] == "splendid" and term == "splendid*" and tone.at[(1, 0), "value"] == tone.at[(1, pd.NA), "value"] == 0


def test_a_list_is_read_again_when_it_changes(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("blim,2\n", encoding="utf-8")
    assert coded("blim", path=path)[0][1] == {"blim": 2}
    path.write_text("blim,-3.5\n", encoding="utf-8")
    assert coded("blim", path=path)[0][1] == {"blim": -3.5}


def test_ones_own_contractions_are_found(tmp_path):
    (tmp_path / "mine.csv").write_text("can't  stand,-2\n", encoding="utf-8")
    assert coded("They can’t stand it.", path=tmp_path / "mine.csv")[0][0] < 0


def test_vaders_evidence_names_only_what_vader_scored():
    for text in ("“Terrible” he said.", "Great :) day", "It is kind of sad."):
        value, words = judged(sentiment.vader, text)["compound"]
        assert bool(words) == (value != 0), (text, words)


def test_textblobs_evidence_stands_at_the_nearer_negation():
    text = "He was not here; the plan was not good. İstanbul saw a terrible day."
    found = {term: text[a:b] for term, a, b, _ in judged(sentiment.textblob, text)["polarity"][1]}
    assert found["not good"] == "not good" and found["terrible"] == "terrible"


def test_every_row_has_its_own_texts_value_and_evidence_in_the_order_of_the_text():
    spoken = "“The bridge is terrible,” the mayor said, and it was a splendid day. Nobody was killed. A good year."
    articles = articles_of(spoken, "“Ein guter Tag,” sagte er, und ging. Es regnete.", spoken.replace("terrible", "awful"), language=["en", "de", "en"])
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, words)
    tone, body = sentiment.code_tone(sentences, words, articles, segments), articles.set_index("article_id")["text"]
    spans = {(s.article_id, s.sentence_id, part): (s.start, s.end) for table in (sentences.assign(segment_id=-1), segments) for s in table.itertuples() for part in (s.segment_id,)}
    keys = list(zip(tone["article_id"], tone["sentence_id"], tone["segment_id"].fillna(-1)))
    assert list(dict.fromkeys(keys)) == sorted(spans) and len(segments) > len(sentences)
    for key, coder, value, why in zip(keys, tone["coder"], tone["value"], tone["evidence"]):
        if key[0] == articles["article_id"][1]:
            assert pd.isna(value) and pd.isna(why)
            continue
        start, end = spans[key]
        if coder == "vader":
            assert value == sentiment.exact.vader([body[key[0]][start:end]])[0][0]
        assert all(start <= a < b <= end and (coder != "vader" or body[key[0]][a:b].lower() == term) for term, a, b, _ in json.loads(why))


def test_what_is_put_between_chunks_is_no_word_of_a_text():
    """TextBlob's tokenizer is given many chunks at once, with a word between them; a text may hold that word, and gets the library's value all the same."""
    from textblob import TextBlob
    texts = ["The +newsprint is not +good today.", "The _newsprint is very _good today.", "The +newsprint rose.", "It is not &good today.", "The ‘newsprint is not _good today.", "NEWSPRINT, newsprint! not *good"]
    for some in (texts, texts[2:4], texts[::-1]):
        exact.BLOB.clear(), exact.BITS.clear(), exact.RUNS.clear()
        assert exact.textblob(some)[0].tolist() == [TextBlob(text).sentiment.polarity for text in some]


def test_masking_knows_no_length_but_that_of_what_is_masked():
    articles = articles_of("They killed nine men in war. It rained " + "x" * 3000 + ".")
    sentences = tokens.split_sentences(articles)
    units, placed = sentiment.units_of(sentences, tokens.split_tokens(sentences))
    hidden, part, changed = sentiment.masked(units, placed, lexicons.read_dictionary(sentiment.LEXICONS / "events.csv"))
    assert hidden["text"].tolist() == ["They xxxxxx nine men in xxx."] and part["token"].tolist() == ["They", "xxxxxx", "nine", "men", "in", "xxx", "."] and changed.tolist() == [0]
    assert [lexicons.types(part).printed[n] for n in lexicons.types(part).codes] == part["token"].tolist() and sum(word.startswith("xx") for word in lexicons.types(part).printed) <= 4


def test_segments_of_a_sentence_that_is_not_there_are_refused():
    articles = articles_of("“It rained,” she said. Nobody left.")
    sentences = tokens.split_sentences(articles)
    words = tokens.split_tokens(sentences)
    with pytest.raises(tables.TableError, match="not there, for example .*'sentence_id': 0"):
        sentiment.code_tone(sentences.iloc[1:], words, articles, voices.find_voices(articles, sentences, words))


def test_a_corpus_of_other_languages_has_nulls_and_not_nothing():
    articles = articles_of("Ein guter Tag.", language=["de"])
    sentences = tokens.split_sentences(articles)
    tone = sentiment.code_tone(sentences, tokens.split_tokens(sentences), articles)
    assert tone["value"].isna().all() and tone["evidence"].isna().all()
    assert tone["variable"].tolist() == sentiment.code_tone(*(t.iloc[:1] for t in (sentences, tokens.split_tokens(sentences))), articles.assign(language="en"))["variable"].tolist()
