"""Coders of tone: sentences → codings. Each gives exactly its library's value for the sentence, and the words that gave it."""
import re

import pandas as pd

from analysis import tables
from analysis.lexicons import evidence

SIGN_CUTS = {"polarity": 0.0, "compound": 0.05}  # below -cut negative, above cut positive; VADER's own cut (Hutto & Gilbert 2014), TextBlob has none


def textblob(text, start):
    """TextBlob (De Smedt & Daelemans 2012): polarity -1…+1, higher is more positive; subjectivity 0…1, higher is more opinion.

    Yields (variable, value, evidence). The same values as `TextBlob(text).sentiment`. Weakest of the common instruments on news
    (r .15–.29 with people). A text without known words has polarity 0.0 by the library's convention.
    """
    from textblob.en import sentiment
    result = sentiment(text)
    low, cursor, words, opinions = text.lower(), 0, [], []
    for chunk, polarity, subjectivity, _ in result.assessments:
        at = low.find(chunk[0], cursor)
        end = max(at, 0)
        for word in chunk:
            end = max(low.find(word, end), end) + len(word)
        if at >= 0:
            cursor = end
            place = [" ".join(chunk), start + at, start + min(end, len(text))]
            words.append([*place, round(polarity, 4)])
            opinions.append([*place, round(subjectivity, 4)])
    yield "polarity", result[0], evidence(words)
    yield "subjectivity", result[1], evidence(opinions)


_vader = None


def vader(text, start):
    """VADER (Hutto & Gilbert 2014), compound -1…+1, higher is more positive; written for single sentences, saturates on articles.

    Yields (variable, value, evidence). The same value as `SentimentIntensityAnalyzer().polarity_scores(text)["compound"]`; the evidence
    gives each word's valence in the lexicon, before negation and intensity are reckoned.
    """
    global _vader
    if _vader is None:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
        _vader = SentimentIntensityAnalyzer()
    words = []
    for found in re.finditer(r"\S+", text):
        word = found.group().strip("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”‘’").lower()
        if word in _vader.lexicon:
            at = start + found.start() + found.group().lower().find(word)
            words.append([word, at, at + len(word), _vader.lexicon[word]])
    yield "compound", _vader.polarity_scores(text)["compound"], evidence(words)


CODERS = {"textblob": textblob, "vader": vader}


def code_tone(sentences, articles, segments=None, *, coders=tuple(CODERS)):
    """Sentences → `tone`: one row per sentence × coder × variable (segment_id null), and with `segments` one per segment as well.

    Value null where the article is not in English. A segment that is a whole sentence has the sentence's value.
    """
    from tqdm import tqdm
    foreign = set(articles.loc[articles["language"].notna() & (articles["language"] != "en"), "article_id"])
    stretches = {}
    if segments is not None:
        for article, number, segment, start, end in zip(*(segments[c] for c in ("article_id", "sentence_id", "segment_id", "start", "end"))):
            stretches.setdefault((article, number), []).append((segment, start, end))
    rows = []
    place = zip(sentences["article_id"], sentences["sentence_id"], sentences["start"], sentences["text"])
    for article, number, start, text in tqdm(place, "tone", total=len(sentences), disable=None, leave=False):
        parts = stretches.get((article, number), [])
        for coder in coders:
            whole = [(v, None, None) if article in foreign else (v, value, why) for v, value, why in CODERS[coder](text, start)]
            rows += [(article, number, None, coder, *judged) for judged in whole]
            for segment, first, last in parts:
                judged = whole if len(parts) == 1 or article in foreign else CODERS[coder](text[first - start:last - start], first)
                rows += [(article, number, segment, coder, *each) for each in judged]
    found = pd.DataFrame(rows, columns=["article_id", "sentence_id", "segment_id", "coder", "variable", "value", "evidence"])
    return found.assign(segment_id=found["segment_id"].astype("Int64"), target=None, label=None)[list(tables.CODINGS)]


def article_means(codings):
    """Mean over an article's coded sentences (article_id, coder, variable, value, n_sentences): sentences are scored, never articles."""
    groups = codings.dropna(subset=["value"]).groupby(["article_id", "coder", "variable"], as_index=False, sort=True)
    return groups.agg(value=("value", "mean"), n_sentences=("value", "size"))


def signs(codings, *, cuts=SIGN_CUTS):
    """One row per sentence, one column per instrument of polarity: -1 negative, 0 neutral, +1 positive, by the stated cuts."""
    polar = codings[codings["variable"].isin(cuts)].dropna(subset=["value"])
    cut = polar["variable"].map(cuts)
    sign = (polar["value"] > cut).astype(int) - (polar["value"] < -cut).astype(int)
    return polar.assign(sign=sign).pivot(index=["article_id", "sentence_id"], columns="coder", values="sign")


def by_position(codings, sentences, *, parts=10):
    """Mean tone by the sentence's place in its article's body (article_id, coder, variable, part 1…`parts`, value).

    Only articles of at least `parts` sentences: in shorter ones a place has no sentence.
    """
    body = sentences[sentences["part"] == "body"]
    rank = body.groupby("article_id").cumcount()
    size = body.groupby("article_id")["sentence_id"].transform("size")
    place = body.assign(part=(rank * parts // size) + 1)[["article_id", "sentence_id", "part"]][size >= parts]
    joined = codings.dropna(subset=["value"]).merge(place, on=["article_id", "sentence_id"], validate="m:1")
    return joined.groupby(["article_id", "coder", "variable", "part"], as_index=False)["value"].mean()
