"""Dictionaries of frames → codings. A dictionary finds evidence of a frame; whether it measures the frame, only hand coding can tell."""
import json

import pandas as pd

from analysis import lexicons, tables


def code_frames(sentences, tokens, articles, dictionary, segments=None, *, coder):
    """Sentences → `frames`: one row per sentence × frame, value = number of matches (0 where none), evidence = [[term, start, end], …].

    With `segments` one row per segment × frame as well; a match belongs to the segment it begins in. Value null where the article is not
    in English. `dictionary` as `lexicons.read_dictionary` gives it. Entman 1993 for the concept.
    """
    hits = lexicons.match(tokens, dictionary)
    hits["item"] = [[term, start, end] for term, start, end in zip(hits["term"], hits["start"].tolist(), hits["end"].tolist())]
    parts = [_coded(sentences[KEYS].assign(segment_id=pd.NA), hits.assign(segment_id=pd.NA), dictionary)]
    if segments is not None:
        within = hits.merge(segments[[*KEYS, "segment_id", "start", "end"]], on=KEYS, suffixes=("", "_segment"))
        within = within[(within["start"] >= within["start_segment"]) & (within["start"] < within["end_segment"])]
        parts.append(_coded(segments[[*KEYS, "segment_id"]], within, dictionary))
    whole = pd.concat(parts, ignore_index=True)
    foreign = whole["article_id"].isin(articles.loc[articles["language"].notna() & (articles["language"] != "en"), "article_id"])
    whole.loc[foreign, ["value", "evidence"]] = None
    return whole.assign(coder=coder, target=None, label=None)[list(tables.CODINGS)]


KEYS = ["article_id", "sentence_id"]


def _coded(units, hits, dictionary):
    """Units × frames with the number of matches and their evidence."""
    keys = [*KEYS, "segment_id"]
    units, hits = (t.assign(segment_id=t["segment_id"].astype("Int64")) for t in (units, hits))
    found = hits.groupby([*keys, "category"], as_index=False, dropna=False).agg(value=("item", "size"), evidence=("item", list))
    found["evidence"] = [lexicons.evidence(items) for items in found["evidence"]]
    whole = units.merge(pd.DataFrame({"category": dictionary["category"].unique()}), how="cross").merge(found, on=[*keys, "category"], how="left", validate="1:1")
    return whole.assign(value=whole["value"].fillna(0.0).astype("float64"), evidence=whole["evidence"].astype("object").fillna("[]")).rename(columns={"category": "variable"})


def matches(frames):
    """The evidence as a table: one row per match (article_id, sentence_id, variable, term, start, end)."""
    some = frames[frames["value"] > 0]
    rows = [(article, number, frame, *item) for article, number, frame, why in
            zip(some["article_id"], some["sentence_id"], some["variable"], some["evidence"]) for item in json.loads(why)]
    return pd.DataFrame(rows, columns=["article_id", "sentence_id", "variable", "term", "start", "end"])


def frame_rates(frames, tokens, *, per=1000):
    """Matches per `per` tokens, one row per article × frame (article_id, variable, matches, n_tokens, value); 0 where a frame has no match.

    Higher: more of the article's words are terms of the frame. Not a probability, and not comparable across articles under 100 tokens.
    Articles that were not coded (not in English) are left out. Both tables must cover the same sentences.
    """
    lengths = tokens.groupby("article_id").size().rename("n_tokens")
    coded = frames.dropna(subset=["value"])
    rates = coded.groupby(["article_id", "variable"], as_index=False)["value"].sum().rename(columns={"value": "matches"})
    rates = rates.merge(lengths, on="article_id", validate="m:1")
    return rates.assign(value=rates["matches"] / rates["n_tokens"] * per)


def term_counts(frames, dictionary):
    """How often each term matched and in how many articles, one row per term of the dictionary (variable, term, matches, articles); 0 kept."""
    found = matches(frames).groupby(["variable", "term"]).agg(matches=("start", "size"), articles=("article_id", "nunique"))
    whole = dictionary.rename(columns={"category": "variable"})[["variable", "term"]].merge(found.reset_index(), how="left", on=["variable", "term"], validate="1:1")
    return whole.fillna({"matches": 0, "articles": 0}).astype({"matches": "int64", "articles": "int64"})
