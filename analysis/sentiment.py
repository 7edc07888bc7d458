"""Coders of tone: sentences and segments → codings. Each gives a value and the words that gave it; none is the truth.

A coder is a function of units (rows with `text` and `start`) and of their tokens (with a column `unit`, the unit's row), and yields
(variable, values, evidence) with one value for each unit and its evidence as it stands in tables, [[term, start, end, score], …] as JSON. `CODERS` names them.
"""
import json
from functools import partial

import numpy as np
import pandas as pd

from analysis import exact, joins, lexicons, tables

LEXICONS = tables.ROOT / "data" / "lexicons"
DEFAULT = "news"  # headline figures; chosen on the open halves of the coded sets before any other half or set was measured: r above VADER's by .08 on both
SIGN_CUTS = {"polarity": 0.0, "compound": 0.05, "tone": 0.15}  # below -cut negative, above cut positive: VADER's own (Hutto & Gilbert 2014); TextBlob has none; ours leaves one slight word (±½, .13) neutral
WINDOWS = ("negation", "intensity", "relief", "loss", "trend")  # what the lexicon coder does beyond counting; each can be left out by name
SATURATES = 15.0  # a sum s becomes s/√(s² + 15), as in VADER: one word of score 4 gives .72, three give .95
TREND, TREND_REACH = 1.5, 5
TREND_BREAKS = frozenset("as after before despite when because since".split())  # “deficit widens as exports fall”: two trends
BREAKS = frozenset(", ; : — – -- ( ) “ ” \" `` '' ... … . ! ? but although though while whereas however".split())  # no modifier reaches across


# ---- the libraries, exactly -----------------------------------------------------------------------------------------------------

def textblob(units, tokens=None):
    """TextBlob (De Smedt & Daelemans 2012): polarity -1…+1, higher is more positive; subjectivity 0…1, higher is more opinion.

    The same values as `TextBlob(text).sentiment`. Weakest of the common instruments on news (r .15–.29 with people). A text without known
    words has polarity 0.0 by the library's convention.
    """
    polarity, subjectivity, found = exact.textblob(units["text"].tolist())
    for variable, values in (("polarity", polarity), ("subjectivity", subjectivity)):
        yield variable, values, _evidence(units, found, found[variable].round(4))


def vader(units, tokens=None):
    """VADER (Hutto & Gilbert 2014), compound -1…+1, higher is more positive; written for single sentences, saturates on articles.

    The same value as `SentimentIntensityAnalyzer().polarity_scores(text)["compound"]`; the evidence gives each word's valence in the
    lexicon, before negation and intensity are reckoned.
    """
    compound, found = exact.vader(units["text"].tolist())
    yield "compound", compound, _evidence(units, found, found["valence"])


def _evidence(units, found, score):
    begins = units["start"].to_numpy("int64")[found["unit"]]
    return lexicons.evidence(found["unit"], len(units), found["term"], found["start"] + begins, found["end"] + begins, score)


# ---- lists of scored terms ------------------------------------------------------------------------------------------------------

def scores_of(path):
    """A list of scored terms, remembered until its file changes."""
    return lexicons.kept(lexicons.read_scores, path)


def toned_words(tokens, scores, windows=WINDOWS):
    """The scored terms of some units: one row per term (unit, row, last, term, start, end, score), the score after all windows.

    `negation` turns and halves what follows in its clause, `intensity` multiplies it, `relief` silences harm that is ended or prevented,
    `loss` good that is lost or endangered; `trend` scores a quantity by its direction (unemployment fell: +1.5) instead of its words.
    Negation after Polanyi & Zaenen (2006) and Taboada et al. (2011), halved and not mirrored: “not good” is less than “bad”.
    """
    modifiers, trends = (lexicons.kept(lexicons.read_dictionary, LEXICONS / f"{name}.csv") for name in ("modifiers", "trends"))
    wanted = pd.concat([table[["category", "term"]] for table in (scores, modifiers, trends)], ignore_index=True)
    row, length, entry = lexicons.found(tokens, wanted)
    unit, among = tokens["unit"].to_numpy(), lexicons.types(tokens).among
    clause = np.cumsum(np.concatenate([[True], unit[1:] != unit[:-1]]) | among(BREAKS)) if len(unit) else unit
    start, end = (tokens[c].to_numpy() for c in ("start", "end"))
    hits = pd.DataFrame({"row": row, "last": row + length - 1, "entry": entry, "start": start[row], "end": end[row + length - 1]})
    which = np.searchsorted(np.cumsum([len(scores), len(modifiers)]), entry, side="right")                  # of the three lists
    found = hits[which == 0].assign(term=lambda t: scores["term"].array.take(t["entry"]), score=lambda t: scores["score"].to_numpy("float64")[t["entry"]], plain=True)
    if "trend" in windows:
        paired, taken = _trends(hits[which == 2].assign(entry=lambda t: t["entry"] - len(scores) - len(modifiers)), trends, clause + np.cumsum(among(TREND_BREAKS)))
        found = pd.concat([found[~found["row"].isin(taken)], paired], ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
    plain = found["plain"].to_numpy(bool)
    row, score = found["row"].to_numpy("int64"), found["score"].to_numpy("float64", copy=True)
    last, entry = hits["last"].to_numpy()[which == 1], entry[which == 1] - len(scores)
    kind, factors, reaches = modifiers["category"].to_numpy()[entry], *(modifiers[c].astype("float64").to_numpy()[entry] for c in ("factor", "reach"))
    for name in ("negation", "intensity", "relief", "loss"):
        if name not in windows:
            continue
        mine, bends = kind == name, np.zeros(len(tokens), "int32")             # which modifier each token ends, if any
        bends[last[mine]] = 1 + np.flatnonzero(mine)
        reach, factor = np.append(0, reaches), np.append(1, factors)
        open_ = plain & {"relief": score < 0, "loss": score > 0}.get(name, True)
        for back in range(1, int(reaches[mine].max(initial=0)) + 1):  # the nearest one counts
            before = np.maximum(row - back, 0)
            bent = bends[before]
            meets = open_ & (row >= back) & (reach[bent] >= back) & (clause[before] == clause[row])
            score[meets] *= factor[bent[meets]]
            open_ = open_ & ~meets
    return found.assign(score=score, unit=unit[row] if len(row) else row)[["unit", "row", "last", "term", "start", "end", "score"]]


def _trends(hits, trends, clause):
    """Quantities with a direction beside them, as rows like those of scored terms, and the token rows they take up."""
    kind, entry, rows = trends["category"].to_numpy(), hits["entry"].to_numpy(), hits["row"].to_numpy()
    turn = np.zeros(len(clause), "int64")
    turn[rows] = (kind == "up").astype("int64")[entry] - (kind == "down")[entry]
    nouns = hits[np.isin(kind, ["good", "bad"])[entry]]
    row, last = nouns["row"].to_numpy(), nouns["last"].to_numpy()
    beside = np.full(len(nouns), -1)
    for away in range(1, TREND_REACH + 1):
        for place in (last + away, row - away):
            inside = (beside < 0) & (place >= 0) & (place < len(clause))
            inside[inside] = (turn[place[inside]] != 0) & (clause[place[inside]] == clause[row[inside]])
            beside[inside] = place[inside]
    nouns, beside = nouns[beside >= 0], beside[beside >= 0]
    way, welcome = turn[beside], np.where(kind == "good", TREND, -TREND)[nouns["entry"]]
    taken = {place for row, last in zip(nouns["row"].tolist(), nouns["last"].tolist()) for place in range(row, last + 1)}.union(beside.tolist())
    term = trends["term"].tolist()
    terms = [f"{term[n]} {'up' if up > 0 else 'down'}" for n, up in zip(nouns["entry"].tolist(), way.tolist())]
    return nouns.assign(term=pd.array(terms, dtype="str"), score=way * welcome, plain=False), taken


def saturated(total):
    """A sum of scores as -1 … +1."""
    total = np.asarray(total, dtype="float64")
    return total / np.sqrt(total * total + SATURATES)


def by_lexicon(path, units, tokens, *, windows=WINDOWS):
    """A coder from a list of scored terms (`lexicons.read_scores`): tone -1…+1, higher is more positive; 0 where no term stands."""
    words = toned_words(tokens, scores_of(path), windows)
    total = np.bincount(words["unit"].to_numpy("int64"), weights=words["score"], minlength=len(units))
    yield "tone", saturated(total), lexicons.evidence(words["unit"], len(units), words["term"], words["start"], words["end"], words["score"].round(4) + 0.0)


CODERS = {"textblob": textblob, "vader": vader, "news": partial(by_lexicon, LEXICONS / "news.csv")}


# ---- from tables to codings -----------------------------------------------------------------------------------------------------

def units_of(sentences, tokens, segments=None):
    """What is coded: sentences, and with `segments` the segments of sentences that have several (a segment that is a whole sentence has the sentence's value).

    Returns (units, tokens): units with article_id, sentence_id, segment_id (null: whole sentence), start, text; tokens (start, end, token, pos) with `unit`, the row of their unit.
    """
    keys = ["article_id", "sentence_id"]
    units = sentences[[*keys, "start", "text"]].assign(segment_id=pd.NA).reset_index(drop=True)
    sentence, heads = lexicons.sentence_of(tokens)
    whose = lambda table: joins.places(table, tokens.iloc[heads[:-1]])
    unit_of, mine = np.full(len(heads), -1), whose(units)           # by sentence; the last place is for what has no tokens
    unit_of[mine] = np.where(mine >= 0, np.arange(len(units)), -1)
    rows, unit = np.arange(len(tokens)), unit_of[sentence]
    rows, unit = rows[unit >= 0], unit[unit >= 0]
    if segments is not None:
        parts = segments[segments.duplicated(keys, keep=False)].merge(sentences[[*keys, "start", "text"]], on=keys, suffixes=("", "_sentence"), validate="m:1")
        parts["text"] = [text[start - first:end - first] for text, start, end, first in zip(*(parts[c].tolist() for c in ("text", "start", "end", "start_sentence")))]
        of, far = whose(parts), int(max(parts["end"].max(), tokens["end"].max())) + 1 if len(parts) and len(tokens) else 1
        inside = np.flatnonzero(np.isin(np.arange(len(heads)), of)[sentence])
        begins = of * far + parts["start"].to_numpy()
        order = np.argsort(begins, kind="stable")
        place = np.searchsorted(begins[order], sentence[inside] * far + tokens["start"].to_numpy()[inside], side="right") - 1
        rows, unit = np.concatenate([rows, inside]), np.concatenate([unit, len(units) + order[place]])
        units = pd.concat([units, parts[[*keys, "start", "text", "segment_id"]]], ignore_index=True)
    return units.assign(segment_id=units["segment_id"].astype("Int64")), lexicons.take(tokens[[c for c in ("start", "end", "token", "pos") if c in tokens]], rows).assign(unit=unit)


def masked(units, tokens, events):
    """The units that hold an event word, and their tokens, with each of these made unreadable (x's of the same length, which no instrument knows), and which units they are.

    `events`: rows of `data/lexicons/events.csv` (a dictionary). Places stay what they were.
    """
    row, length, _ = lexicons.found(tokens, events)
    hidden = np.bincount(row, minlength=len(tokens) + 1) - np.bincount(row + length, minlength=len(tokens) + 1)
    hidden = np.cumsum(hidden)[:-1] > 0
    of, starts = tokens["unit"].to_numpy(), units["start"].to_numpy()
    changed = np.unique(of[hidden])
    texts = dict(zip(changed.tolist(), units["text"].array.take(changed).tolist()))
    for unit, a, b in zip(of[hidden].tolist(), *((tokens[c].to_numpy()[hidden] - starts[of[hidden]]).tolist() for c in ("start", "end"))):
        texts[unit] = texts[unit][:a] + "x" * (b - a) + texts[unit][b:]
    rows = np.flatnonzero(np.isin(of, changed))
    part, hides = lexicons.take(tokens, rows), hidden[rows]
    known = lexicons.types(part)
    codes, number = known.codes.copy(), dict(known.number)
    lengths, which = np.unique(np.array(list(map(len, known.printed)), dtype="int64")[codes[hides]], return_inverse=True)
    codes[hides], xs = len(known.printed) + which, ["x" * n for n in lengths.tolist()]
    printed, fold = [*known.printed, *xs], np.append(known.fold, np.array([number.setdefault(x, len(number)) for x in xs], dtype="int64"))
    part = part.assign(unit=np.searchsorted(changed, of[rows]), token=joins.taken(printed, codes))
    lexicons.types(part, lexicons.Types(codes, printed, fold, list(number), number))
    return units.take(changed).assign(text=list(texts.values())).reset_index(drop=True), part, changed


def score_units(units, tokens, coders, events=None):
    """Units × coders × variables: (coder, variable, values, evidence) for each; with `events` also `<variable>_masked`, event words made unreadable."""
    hidden = masked(units, tokens, events) if events is not None else None
    for name, coder in coders.items():
        given = {variable: (np.asarray(values, dtype="float64"), why) for variable, values, why in coder(units, tokens)}
        for variable, (values, why) in given.items():
            yield name, variable, values, why
        if hidden is None:
            continue
        other_units, other_tokens, changed = hidden
        if not len(changed):
            yield from ((name, f"{variable}_masked", *columns) for variable, columns in given.items() if variable in SIGN_CUTS)
            continue
        place = np.arange(len(units))
        place[changed] = len(units) + np.arange(len(changed))
        for variable, values, why in coder(other_units, other_tokens):
            if variable in SIGN_CUTS:
                yield name, f"{variable}_masked", np.concatenate([given[variable][0], values])[place], pd.concat([pd.Series(given[variable][1]), pd.Series(why)]).array.take(place)


def code_tone(sentences, tokens, articles, segments=None, *, coders=None, events=None, categories=False):
    """Sentences → `tone`: one row per sentence × coder × variable (segment_id null), and with `segments` one per segment as well.

    Value null where the article is not in English. `events`: a dictionary of event words; each variable of tone is then also given without them.
    With `categories` texts that fill many rows come as categories, which is quicker to check and to write.
    """
    foreign = articles.loc[articles["language"].notna() & (articles["language"] != "en"), "article_id"]
    mine = lambda table: table[~table["article_id"].isin(foreign)] if len(foreign) else table
    english = ~sentences["article_id"].isin(foreign).to_numpy()
    sentence, of, unit = np.where(english, np.cumsum(english) - 1, -1), *np.zeros((2, 0), "int64")
    if segments is not None:
        of, divided = joins.places(segments, sentences, all_there=True), segments.duplicated(["article_id", "sentence_id"], keep=False).to_numpy()
        unit = np.where(divided & english[of], english.sum() + np.cumsum(divided & english[of]) - 1, sentence[of])  # a segment that is a whole sentence has the sentence's codes
    units, placed = units_of(mine(sentences), mine(tokens).drop(columns="pos", errors="ignore"), None if segments is None else mine(segments))
    scored = list(score_units(units, placed, coders or CODERS, events))
    value = np.column_stack([np.append(values, np.nan) for _, _, values, _ in scored])               # what is not in English has the last row
    why = np.vstack([np.arange(len(units) * len(scored)).reshape(len(scored), -1).T, np.full(len(scored), -1)])
    texts = pd.concat([pd.Series(evidence, dtype="str") for *_, evidence in scored]).array
    order = np.argsort(np.concatenate([np.arange(len(sentences)), of]), kind="stable")
    unit = np.concatenate([sentence, unit])[order]
    whole = joins.codings(sentences, segments, order, [kind for *kind, _, _ in scored], [(value.take(unit, axis=0), why.take(unit, axis=0), texts)])
    return whole if categories else joins.plain(whole)


# ---- what the codings say -------------------------------------------------------------------------------------------------------

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


def disputed(codings):
    """How far the instruments are apart on each sentence: a column per coder with the sentence's place among all sentences (0 lowest … 1 highest
    by that coder, ties in the middle) and `spread`, the largest difference; most disputed first. Places, since zeros and scales do not compare."""
    values = codings[codings["variable"].isin(SIGN_CUTS)].dropna(subset=["value"]).pivot(index=["article_id", "sentence_id"], columns="coder", values="value")
    places = (values.rank() - 0.5) / len(values)
    return places.assign(spread=places.max(axis=1) - places.min(axis=1)).sort_values("spread", ascending=False, kind="stable")


def saw(codings, *, most=6):
    """What each coder saw, as one readable line per sentence (index article_id, sentence_id; a column per coder)."""
    polar = codings[codings["variable"].isin(SIGN_CUTS)]
    lines = [f"{value:+.2f}: {', '.join(f'{term} {score[0]:+.1f}' for term, _, _, *score in json.loads(why)[:most]) or 'nothing'}" if value == value else ""
             for value, why in zip(polar["value"], polar["evidence"])]
    return polar.assign(line=lines).pivot(index=["article_id", "sentence_id"], columns="coder", values="line")


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
