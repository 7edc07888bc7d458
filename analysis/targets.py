"""Toward whom: the tone of a sentence toward each actor in it, by the part of the sentence that concerns the actor.

Five ways, all reported: the whole `sentence`; its `clause`; a `window` whose weight falls with distance; the `predicate` alone (verbs of which
the actor is agent or patient, `data/lexicons/verbs.csv`); and `toward`, the default, which joins window and predicate.
"""
import numpy as np
import pandas as pd

from analysis import joins, lexicons, sentiment, tables
from analysis.agency import acts, mentions, sayings, verb_index
from analysis.speakers import Words, subjects

WAYS = ("toward", "sentence", "clause", "window", "predicate")
FADES = 15.0     # a word's weight falls to 1/e over so many tokens. This and the next four: chosen on the open half of NewsMTSC's training part, where anything
OTHERS = 0.6     # near them does as well; weight of words beyond another name
CLAUSE = 0.8     # weight for each clause's end between a word and the actor
SPEAKS = 0.6     # weight where the actor only says what stands there
ROLE = 1.5       # weight of being agent or patient, beside a lexicon's -4 … +4
CUTS = (-0.1, 0.05)  # below: negative; above: positive; between: neutral
CLAUSE_ENDS = sentiment.BREAKS | frozenset("who which that because whose where when".split())


def score_targets(tokens, spans):
    """Tone toward each span: `spans` with a column per way (`WAYS`), each -1 … +1, higher is more favourable.

    tokens: with `unit`, in order; spans: unit, row, last (places in `tokens`). 0 where nothing concerns the span.
    """
    return _scored(tokens, spans)[0]


def _scored(tokens, spans):
    """(`score_targets`, what gave the values of `toward`: span, term, start, end, score)."""
    whole = spans = spans.reset_index(drop=True)
    rows = np.flatnonzero(np.isin(tokens["unit"], spans["unit"]))   # nothing else concerns a span
    tokens = lexicons.take(tokens, rows)
    a, b = (np.searchsorted(rows, spans[c]) for c in ("row", "last"))
    words = sentiment.toned_words(tokens, sentiment.scores_of(sentiment.LEXICONS / "news.csv"))
    known, (tags, names) = lexicons.types(tokens), lexicons.tags(tokens)
    clause = np.cumsum(known.as_printed(lambda word: word.lower() in CLAUSE_ENDS))
    names = np.cumsum(np.array([name in ("NNP", "NNPS") for name in names], dtype=bool)[tags] & known.as_printed(lambda word: word[:1].isupper()))
    roles, used, speaks = _roles(tokens, spans["unit"].to_numpy(), a, b)
    span, at = lexicons.pairs(words["unit"].to_numpy(), spans["unit"].to_numpy())
    row, last, score, a, b = words["row"].to_numpy()[at], words["last"].to_numpy()[at], words["score"].to_numpy()[at], a[span], b[span]
    ahead, behind = row < a, row > b
    name = (row <= b) & (last >= a)                                 # a toned word in the actor's own name says nothing toward it
    edge = np.where(ahead, a, b)
    distance = np.where(ahead, a - row, np.where(behind, row - b, 0))
    crossed = np.where(ahead | behind, np.abs(clause[row] - clause[edge]), 0) if len(row) else distance
    between = np.where(ahead, names[np.maximum(a - 1, 0)] - names[row], np.where(behind, names[np.maximum(row - 1, 0)] - names[b], 0)) > 0
    taken = np.isin(span * len(tokens) + row, used)
    fading = np.exp(-distance / FADES)
    weight = np.where(taken | name, 0, fading) * np.where(between, OTHERS, 1) * CLAUSE ** crossed * np.where(speaks[span], SPEAKS, 1)
    add = lambda values: np.bincount(span, weights=values, minlength=len(spans))
    effect = np.bincount(roles["span"], weights=roles["value"], minlength=len(spans))
    given = {"sentence": add(score), "clause": add(score * (crossed == 0) * ~name), "window": add(score * fading * ~name), "predicate": 2 * ROLE * effect, "toward": add(score * weight) + ROLE * effect}
    items = words.iloc[at][["term", "start", "end"]].assign(span=span, score=(score * weight).round(3))
    of_roles = roles[["span", "term"]].assign(**{c: tokens[c].to_numpy()[roles["at"]] for c in ("start", "end")}, score=[round(ROLE * value, 3) for value in roles["value"]])
    return whole.assign(**{way: sentiment.saturated(given[way]) for way in WAYS}), pd.concat([items[items["score"].abs() >= 0.05], of_roles], ignore_index=True)


def _roles(tokens, units, a, b):
    """(verbs of which spans, tokens a … b of units, are agent or patient: span, at (the verb), term, value; span × tokens + token of those verbs and of the other side's words; which spans only speak)."""
    unit, n, index = tokens["unit"].to_numpy(), len(tokens), verb_index()
    words = Words(tokens, np.flatnonzero(np.append(True, unit[1:] != unit[:-1])[:n]))
    found, entries = acts(words, words.verb & words.among(index), index)
    span, at = lexicons.pairs(unit[found["at"]], units)
    found, a_, b_ = found.iloc[at].reset_index(drop=True), a[span], b[span]
    meets = lambda role: ((found[role] < found[f"{role}_end"]) & (found[role] <= b_) & (found[f"{role}_end"] > a_)).to_numpy()
    agent, patient = meets("agent"), meets("patient")
    mine = np.flatnonzero(agent | patient)
    found, span, agent, a_, b_ = found.iloc[mine], span[mine], agent[mine], a_[mine], b_[mine]
    other = [np.where(agent, found["patient" + end], found["agent" + end]) for end in ("", "_end")]
    which, row = lexicons.spread(*other)                            # words that name the other side are about that side (and those of the actor's own name say nothing)
    used = np.concatenate([span * n + found["at"].to_numpy(), span[which] * n + row])
    effects = np.array([(on_agent, on_patient) for _, on_agent, on_patient, _, _ in entries] or [(0, 0)])[found["entry"], np.where(agent, 0, 1)]
    roles = pd.DataFrame({"span": span, "at": found["at"].to_numpy(), "value": effects * np.where(found["negated"], -0.5, 1), "term": pd.array(
        [f"{'agent' if acts_ else 'patient'} of {entries[n][4]}" for acts_, n in zip(agent.tolist(), found["entry"].tolist())], dtype="str")})
    k = np.flatnonzero(words.among(sayings()))
    who, behind = subjects(words, k)[:2]
    span, at = lexicons.pairs(unit[k], units)
    a_, b_, k, who, behind = a[span], b[span] + 1, k[at], who[at], behind[at]
    says = ((a_ - 2 <= k) & (k < a_) | (b_ <= k) & (k < b_ + 12)) & ((k + 1 == a_) | (who < b_) & (behind > a_))
    return roles, used, np.bincount(span[says], minlength=len(a)) > 0


def code_toward(sentences, tokens, articles, actors, segments=None):
    """Sentences that name an actor → codings: variable `tone_toward`, target the actor, coder `toward` (the default) or `toward_<way>`; with
    `segments` one row per segment of a divided sentence as well. Several mentions of one actor in a unit are averaged. Nine decimals: beyond, processors differ. English articles only."""
    foreign = articles.loc[articles["language"].notna() & (articles["language"] != "en"), "article_id"]
    sentence, heads = lexicons.sentence_of(tokens)
    there = np.zeros(len(heads), bool)                              # the last place is for what has no tokens
    there[mentions(tokens.assign(unit=sentence), actors)["unit"]] = True             # no segment names whom its sentence does not name
    some = lambda table: table[there[joins.places(table, tokens.iloc[heads[:-1]])] & ~table["article_id"].isin(foreign).to_numpy()]
    units, placed = sentiment.units_of(some(sentences), lexicons.take(tokens, np.flatnonzero(there[sentence])), None if segments is None else some(segments))
    found, items = _scored(placed, mentions(placed, actors))
    group, times = found.groupby(["unit", "target"], sort=True).ngroup().to_numpy(), found.groupby(["unit", "target"])["row"].transform("size").to_numpy()
    whole = found.groupby(["unit", "target"], as_index=False, sort=True)[list(WAYS)].mean()
    items = items.iloc[np.lexsort([items["span"], items["start"], group[items["span"]]])]
    why = lexicons.evidence(group[items["span"]], len(whole), items["term"], items["start"], items["end"], pd.Series([round(score / n, 3) + 0.0 for score, n in zip(items["score"].tolist(), times[items["span"]].tolist())], dtype="float64"))
    keys = units.loc[whole["unit"], ["article_id", "sentence_id", "segment_id"]].reset_index(drop=True)
    rows = [keys.assign(coder="toward" if way == "toward" else f"toward_{way}", target=whole["target"], value=whole[way].round(9), evidence=why if way == "toward" else pd.Series(pd.NA, keys.index, dtype="str")) for way in WAYS]
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
