"""Toward whom: the tone of a sentence toward each actor in it, by the part of the sentence that concerns the actor.

Five ways, all reported: the whole `sentence`; its `clause`; a `window` whose weight falls with distance; the `predicate` alone (verbs of which
the actor is agent or patient, `data/lexicons/verbs.csv`); and `toward`, the default, which joins window and predicate.
"""
import json

import numpy as np
import pandas as pd

from analysis import lexicons, sentiment, tables
from analysis.agency import acts, mentions, sayings, verb_index
from analysis.speakers import Sentence, Words, bounds_of, places_of, subject

WAYS = ("toward", "sentence", "clause", "window", "predicate")
FADES = 15.0     # a word's weight falls to 1/e over so many tokens. This and the next four: chosen on the open half of NewsMTSC's training part, where anything
OTHERS = 0.6     # near them does as well; weight of words beyond another name
CLAUSE = 0.8     # weight for each clause's end between a word and the actor
SPEAKS = 0.6     # weight where the actor only says what stands there
ROLE = 1.5       # weight of being agent or patient, beside a lexicon's -4 … +4
CUTS = (-0.1, 0.05)  # below: negative; above: positive; between: neutral
CLAUSE_ENDS = sentiment.BREAKS | frozenset("who which that because whose where when".split())


def score_targets(tokens, spans):
    """Tone toward each span: `spans` with a column per way (`WAYS`), each -1 … +1, higher is more favourable, and `evidence` of `toward`.

    tokens: with `unit`, in order; spans: unit, row, last (places in `tokens`). 0 where nothing concerns the span.
    """
    spans = spans.reset_index(drop=True)
    kept = np.isin(tokens["unit"], spans["unit"])                   # nothing else concerns a span
    tokens, whole, place = tokens[kept], spans, np.cumsum(kept) - 1
    spans = spans.assign(row=place[spans["row"]], last=place[spans["last"]])
    words = sentiment.toned_words(tokens, sentiment.scores_of(sentiment.LEXICONS / "news.csv"))
    unit, low = tokens["unit"].to_numpy(), tokens["token"].str.lower()
    clause = np.cumsum(low.isin(CLAUSE_ENDS).to_numpy())
    names = np.cumsum((tokens["pos"].isin(["NNP", "NNPS"]) & tokens["token"].str[:1].str.isupper()).to_numpy())
    roles, used, speaks = _roles(tokens, spans)
    pairs = spans[["unit", "row", "last"]].rename(columns={"row": "a", "last": "b"}).rename_axis("span").reset_index().merge(words, on="unit")
    row, a, b, score = (pairs[c].to_numpy() for c in ("row", "a", "b", "score"))
    ahead, behind = row < a, row > b
    name = (row <= b) & (pairs["last"].to_numpy() >= a)             # a toned word in the actor's own name says nothing toward it
    edge = np.where(ahead, a, b)
    distance = np.where(ahead, a - row, np.where(behind, row - b, 0))
    crossed = np.where(ahead | behind, np.abs(clause[row] - clause[edge]), 0) if len(row) else distance
    between = np.where(ahead, names[np.maximum(a - 1, 0)] - names[row], np.where(behind, names[np.maximum(row - 1, 0)] - names[b], 0)) > 0
    taken = np.array([(s, r) in used for s, r in zip(pairs["span"].tolist(), row.tolist())], dtype=bool)
    fading = np.exp(-distance / FADES)
    weight = np.where(taken | name, 0, fading) * np.where(between, OTHERS, 1) * CLAUSE ** crossed * np.where(speaks[pairs["span"]], SPEAKS, 1)
    add = lambda values: np.bincount(pairs["span"], weights=values, minlength=len(spans))
    effect = np.zeros(len(spans))
    evidence = [[] for _ in range(len(spans))]
    for span, term, start, end, value in zip(*(pairs[c].tolist() for c in ("span", "term", "start", "end")), (score * weight).round(3).tolist()):
        if abs(value) >= 0.05:
            evidence[span].append([term, start, end, value])
    starts, ends = (tokens[c].to_numpy()[[at for _, _, at, _, _ in roles]].tolist() if roles else [] for c in ("start", "end"))
    for (span, verb, _, part, value), start, end in zip(roles, starts, ends):
        effect[span] += value
        evidence[span].append([f"{part} of {verb}", start, end, round(ROLE * value, 3)])
    given = {"sentence": add(score), "clause": add(score * (crossed == 0) * ~name), "window": add(score * fading * ~name), "predicate": 2 * ROLE * effect, "toward": add(score * weight) + ROLE * effect}
    return whole.assign(**{way: sentiment.saturated(given[way]) for way in WAYS}, evidence=evidence)


def _roles(tokens, spans):
    """(verbs of which spans are agent or patient: (span, verb, token row, role, effect); (span, token row) of those verbs and of the other side's words; which spans only speak)."""
    unit = tokens["unit"].to_numpy()
    says, index = sayings(), verb_index()
    roles, used, speaks = [], set(), np.zeros(len(spans), bool)
    heads = np.append(np.flatnonzero(np.append(True, unit[1:] != unit[:-1])[:len(unit)]), len(unit))
    words = Words(tokens, heads[:-1])
    verbs, sayers = places_of(words.verb & words.among(index), heads), places_of(words.among(says), heads)
    at, done = np.searchsorted(unit[heads[:-1]], spans["unit"]), None
    for span, (n, row, last) in enumerate(zip(at.tolist(), spans["row"].tolist(), spans["last"].tolist())):
        if n != done:
            begin, end = heads[n:n + 2].tolist()
            s, done = Sentence(words, begin, end), n
            found = acts(s, verbs[n], index)
        a, b = row - begin, last - begin + 1
        speaks[span] = any((a - 2 <= k < a or b <= k < b + 12) and (k + 1 == a or (who := subject(s, k)).a < b and who.b > a) for k in sayers[n])
        for verb, k, agent, patient, _, negated, (_, on_agent, on_patient, _, _) in found:
            part = next((name for name, place in (("agent", agent), ("patient", patient)) if place and place[0] < b and place[1] > a), None)
            if part:
                used.add((span, begin + k))
                other = patient if part == "agent" else agent
                used.update((span, begin + i) for i in range(*(other or (0, 0))) if not a <= i < b)   # words that name the other side are about that side
                roles.append((span, verb, begin + k, part, (on_agent if part == "agent" else on_patient) * (-0.5 if negated else 1)))
    return roles, used, speaks


def code_toward(sentences, tokens, articles, actors, segments=None):
    """Sentences that name an actor → codings: variable `tone_toward`, target the actor, coder `toward` (the default) or `toward_<way>`; with
    `segments` one row per segment of a divided sentence as well. Several mentions of one actor in a unit are averaged. Nine decimals: beyond, processors differ. English articles only."""
    english = set(articles.loc[articles["language"].isna() | (articles["language"] == "en"), "article_id"])
    heads, number_of = bounds_of(tokens)
    sentence = np.repeat(np.arange(len(heads) - 1), np.diff(heads))
    some = set(mentions(tokens.assign(unit=sentence), actors)["unit"].tolist())          # no segment names whom its sentence does not name
    some = {n: key for key, n in number_of.items() if n in some and key[0] in english}
    named, of_keys = set(some.values()), lambda table: np.array([key in named for key in zip(table["article_id"].tolist(), table["sentence_id"].tolist())], dtype=bool)
    units, placed = sentiment.units_of(sentences[of_keys(sentences)], tokens[np.isin(sentence, list(some))], None if segments is None else segments[of_keys(segments)])
    found = score_targets(placed, mentions(placed, actors))
    times = found.groupby(["unit", "target"])["row"].transform("size")
    found["evidence"] = [[[term, start, end, round(score / n, 3)] for term, start, end, score in items] for items, n in zip(found["evidence"], times)]
    whole = found.groupby(["unit", "target"], as_index=False, sort=True).agg({**{way: "mean" for way in WAYS}, "evidence": "sum"})
    keys = units.loc[whole["unit"], ["article_id", "sentence_id", "segment_id"]].reset_index(drop=True)
    rows = [keys.assign(coder="toward" if way == "toward" else f"toward_{way}", target=whole["target"], value=whole[way].round(9),
                        evidence=[json.dumps(sorted(e, key=lambda item: item[1]), ensure_ascii=False, separators=(",", ":")) for e in whole["evidence"]] if way == "toward" else None) for way in WAYS]
    whole = pd.concat(rows, ignore_index=True)
    return whole.assign(variable="tone_toward", label=pd.Series(index=whole.index, dtype="str"))[list(tables.CODINGS)]


def label(values):
    """-1, 0 or +1 of tone toward a target, by `CUTS`."""
    values = np.asarray(values, dtype="float64")
    return (values > CUTS[1]).astype(float) - (values < CUTS[0])


def spans_of(units, tokens):
    """The spans of a coded set whose units have target_start and target_end: unit, row, last; a target between tokens takes the token it touches."""
    unit = tokens["unit"].to_numpy()
    first, last = (units[c].to_numpy()[unit] for c in ("target_start", "target_end"))
    inside = np.flatnonzero((tokens["start"].to_numpy() < last) & (tokens["end"].to_numpy() > first))
    by = pd.Series(inside).groupby(unit[inside])
    spans = pd.DataFrame({"row": by.min(), "last": by.max()}).rename_axis("unit").reset_index()
    lost = np.setdiff1d(np.arange(len(units)), spans["unit"])
    if len(lost):
        raise ValueError(f"Unit {units['unit_id'].iloc[lost[0]]}: its target ({units['target_start'].iloc[lost[0]]} to {units['target_end'].iloc[lost[0]]}) touches no word of its text.")
    return spans
