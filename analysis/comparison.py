"""Groups compared on the same events: articles → events → matched articles → differences, with what was dropped, what holds in which specification, and change over time.

A difference is one of a regression with a fixed effect for each event: inside every event the group's mean less the others', averaged over the events that both covered,
weighted by n·m / (n + m) of their articles there (Angrist 1998); topic and days are then the same on both sides. It says nothing of events that only one side covered.
"""
import re
from math import factorial, prod

import numpy as np
import pandas as pd

from analysis import estimates, framing, lexicons, sentiment, tables, voices
from analysis import tokens as tokens_room
from analysis.correction import t_quantile

OTHERS = "the others"
COPIED, RUN = 0.3, 5  # share of the shorter article's runs of five words that make it one text with an earlier one; `duplicate_of` has .6 over the whole corpus
CLUSTERS = 10  # events (as if equally weighted) from which intervals are over events; below, over articles, and about these events alone
FATES = ["matched", "repetition or shared copy", "not in English", "group not known", "no date", "event covered by no other group", "no counterpart of like length"]
UNITS = {"tone": "units of polarity (-1…+1)", "voices": "points of share: % of words", "frames": "points of share: % of sentences", "agency": "points of share: % of acts", "naming": "words per 100"}


# ---- the same events ------------------------------------------------------------------------------------------------------------

def events(articles, tokens, *, days=3, alike=0.2, names=2):
    """Which articles are about one event: article_id, event (its first article; null: not in English, or undated where others are dated), likeness (to the event as it stood).

    Single-pass clustering (Allan, Papka & Lavrenko 1998): in order of date, an article joins the event it is most like, if no article of it is more than `days` days away
    (null, or a corpus without dates: no window), the cosine with the event's mean is at least `alike`, and `names` names or more are in both. Content: nouns, verbs,
    adjectives and names of title and body, (1 + ln tf) · idf. Measured against means, so that no chain of likeness forms.
    """
    english = articles[articles["language"].isna() | (articles["language"] == "en")].reset_index(drop=True)
    windowed = days is not None and english["date"].notna().any()
    said = tokens[tokens["pos"].str.startswith(("NN", "VB", "JJ")) & tokens_room.is_word(tokens)]
    said = said.assign(term=said["token"].str.lower().str.replace("’", "'"), name=said["pos"].str.startswith("NNP"))
    cells = said.groupby(["article_id", "term"], as_index=False).agg(times=("name", "size"), name=("name", "any"))
    number, terms = pd.factorize(cells["term"])
    weight = (1 + np.log(cells["times"])) * (1 + np.log((1 + len(english)) / (1 + np.bincount(number, minlength=len(terms)))))[number]
    weight = (weight / np.sqrt((weight ** 2).groupby(cells["article_id"]).transform("sum"))).to_numpy()
    places = cells.groupby("article_id").indices
    named = cells["name"].to_numpy()
    order = english.sort_values("date", kind="stable", na_position="last")
    found, live = {}, []  # live: event, its first day, the sum of its vectors, their names, the sum's squared length
    for article, date in zip(order["article_id"], order["date"]):
        if windowed and pd.isna(date) or article not in places:
            continue
        at, w = number[places[article]], weight[places[article]]
        mine = set(at[named[places[article]]])
        live = [e for e in live if not windowed or (date - e[1]).days <= days]
        scores = [w @ e[2][at] / np.sqrt(e[4]) if len(mine & e[3]) >= names else -1.0 for e in live]
        if scores and max(scores) >= alike:
            e = live[int(np.argmax(scores))]
            found[article] = e[0], max(scores)
        else:
            e = [article, date, np.zeros(len(terms)), set(), 0.0]
            live.append(e)
            found[article] = article, 1.0
        e[4] += 2 * w @ e[2][at] + w @ w
        e[2][at] += w
        e[3] |= mine
    return articles[["article_id"]].assign(event=articles["article_id"].map({a: e for a, (e, _) in found.items()}), likeness=articles["article_id"].map({a: s for a, (_, s) in found.items()}).astype("float64"))


def shared_copy(articles, placed, *, copied=COPIED, run=RUN):
    """The earlier article of its event with which an article shares text (article_id → its id; others are left out): `copied` of the shorter one's runs of `run` words."""
    texts, found = articles.set_index("article_id")["text"], {}
    dated = placed.dropna(subset=["event"]).merge(articles[["article_id", "date"]], on="article_id").sort_values("date", kind="stable")
    for _, ids in dated[dated.duplicated("event", keep=False)].groupby("event")["article_id"]:
        originals = {}
        for article in ids:
            words = re.findall(r"\w+", texts[article].lower())
            runs = {tuple(words[i:i + run]) for i in range(len(words) - run + 1)}
            first = next((other for other, theirs in originals.items() if runs and len(runs & theirs) >= copied * min(len(runs), len(theirs))), None)
            if first:
                found[article] = first
            elif runs:
                originals[article] = runs
    return found


def matched(articles, placed, column="outlet", *, ratio=3):
    """What becomes of every article in a comparison of groups: article_id, group, date, n_words, event, copy_of, fate (`FATES`, the first that applies from the second on; else matched).

    An article is matched where its event holds an article of another known group at most `ratio` times as long or as short. Repetitions and shared copies count once, as the earliest.
    """
    groups = estimates.groups_of(articles.assign(duplicate_of=None, language="en"), column)
    table = articles[["article_id", "date", "n_words", "language", "duplicate_of"]].merge(groups, on="article_id").merge(placed[["article_id", "event"]], on="article_id")
    copies = shared_copy(articles, placed)
    table["copy_of"] = [said if isinstance(said, str) else copies.get(article) for article, said in zip(table["article_id"], table["duplicate_of"])]
    counted = table["copy_of"].isna() & table["event"].notna() & (table["group"] != estimates.NOT_KNOWN)
    near = _pairs(table[counted], table[counted], ratio)
    several = table["event"].isin(table[counted].groupby("event")["group"].nunique().loc[lambda n: n > 1].index)
    tests = [table["copy_of"].notna(), table["language"].notna() & (table["language"] != "en"), table["group"] == estimates.NOT_KNOWN, table["event"].isna(), ~several, ~table["article_id"].isin(near["mine"])]
    return table.assign(fate=np.select(tests, FATES[1:], FATES[0])).drop(columns=["language", "duplicate_of"])


def _pairs(mine, theirs, ratio):
    """Articles of one event, of different groups and of like length: ids `mine` and `theirs`."""
    both = mine.merge(theirs, on="event")
    low, high = (getattr(np, side)(both["n_words_x"], both["n_words_y"]) for side in ("minimum", "maximum"))
    return both[(both["group_x"] != both["group_y"]) & (high <= ratio * low)].rename(columns={"article_id_x": "mine", "article_id_y": "theirs"})[["mine", "theirs"]]


def account(sample):
    """Articles by group and what became of them: group, articles, a column per fate (0 kept), events (with a matched article)."""
    fates = sample.groupby(["group", "fate"]).size().unstack("fate", fill_value=0).reindex(columns=FATES, fill_value=0)
    here = sample[sample["fate"] == FATES[0]].groupby("group")["event"].nunique().reindex(fates.index, fill_value=0)
    return fates.assign(articles=fates.sum(axis=1), events=here)[["articles", *FATES, "events"]].sort_values("articles", ascending=False, kind="stable").rename_axis(columns=None).reset_index()


def sides(sample, group, *, reference=None, ratio=3, events_matched=True, copies=False):
    """The articles of a group and those it is compared with (`sample`'s columns, mine): of other groups, or of `reference`; in the same event and of like length.

    Without `events_matched` all counted articles of both sides, as one event. `copies`: repetitions and shared copies count each time.
    """
    known = sample[(sample["group"] != estimates.NOT_KNOWN) & ~sample["fate"].isin(FATES[2:4]) & (copies | sample["copy_of"].isna())]
    mine, theirs = known[known["group"] == group], known[known["group"] == reference if reference else known["group"] != group]
    if events_matched:
        near = _pairs(mine.dropna(subset=["event"]), theirs.dropna(subset=["event"]), ratio)
        mine, theirs = mine[mine["article_id"].isin(near["mine"])], theirs[theirs["article_id"].isin(near["theirs"])]
    both = pd.concat([mine.assign(mine=True), theirs.assign(mine=False)], ignore_index=True)
    return both if events_matched else both.assign(event="all")


def balance(both):
    """How much longer, and how many days later, a side's articles are than the other's, inside events: one row (n_articles, n_others, words_more, days_later; null without dates)."""
    days = (both["date"] - both["date"].min()).dt.total_seconds() / 86400
    known = both.dropna(subset=["date"]).groupby("event")["mine"].transform("nunique") == 2
    gap = lambda y, t: regressed(y.to_numpy()[:, None], t["mine"].to_numpy(), pd.factorize(t["event"])[0])[0][0] if len(t) else np.nan
    dated = both.loc[known[known].index]
    return pd.DataFrame({"n_articles": [int(both["mine"].sum())], "n_others": int((~both["mine"]).sum()), "words_more": gap(both["n_words"], both), "days_later": gap(days[dated.index], dated)})


# ---- what is compared -----------------------------------------------------------------------------------------------------------

def measures(sentences, tokens, segments, tone, frames, acts, *, labels, books=("generic_frames",), part="body"):
    """One value per article × measure (article_id, family, variable, coder, value, n_units): tone by every instrument (all words, own words, event words masked), words given to
    sources and words quoted, sentences that carry each frame of `books`, acts told in the passive or without an agent, `labels` (name → terms). Units: `UNITS`; undefined: no row.
    """
    keys = ["article_id", "sentence_id"]
    body = sentences.loc[sentences["part"] == part, keys]
    mean = lambda t, family: _by_article(t.dropna(subset=["value"]), ["variable", "coder"]).assign(family=family)
    said = in_voices(polar(tone), segments, sentences, part=part).query("voice == 'all' or voice == 'own' and words == 'all'")
    said = said.assign(variable=np.select([said["voice"] == "own", said["words"] != "all"], ["tone, own words", "tone, event words masked"], "tone"))
    placed = tokens[tokens_room.is_word(tokens)].merge(body, on=keys)
    placed["voice"] = voices.voice_of(placed, segments)
    spoken = [placed.assign(variable=name, coder="voices", value=100.0 * placed["voice"].isin(who)) for name, who in (("words of sources", ["direct", "indirect"]), ("words quoted", ["direct"]))]
    coded = frames[frames["segment_id"].isna() & frames["coder"].isin(books)].merge(body, on=keys)
    told = acts[acts["role"].isin(["agent", "patient"]) & (acts["construction"] != "nominal")].drop_duplicates([*keys, "act"]).merge(body, on=keys)
    told = [told.assign(variable=name, coder="agency", value=100.0 * told["construction"].isin(how)) for name, how in (("passives", ["passive", "agentless"]), ("passives without agent", ["agentless"]))]
    wanted = pd.DataFrame([(name, lexicons.as_tokens(lexicons.plain(term))) for name, terms in labels.items() for term in terms], columns=["category", "term"])
    hits = lexicons.match(tokens.merge(body, on=keys), wanted).groupby(["article_id", "category"]).size()
    sizes = placed.groupby("article_id").size()
    named = pd.DataFrame([(a, name, "terms", 100 * hits.get((a, name), 0) / n, n) for a, n in sizes.items() for name in labels], columns=["article_id", "variable", "coder", "value", "n_units"]).assign(family="naming")
    parts = [mean(said, "tone"), *(mean(t, "voices") for t in spoken), mean(coded.assign(value=100 * framing.carried(coded)), "frames"), *(mean(t, "agency") for t in told), named]
    return pd.concat(parts, ignore_index=True)[["article_id", "family", "variable", "coder", "value", "n_units"]]


# ---- differences ----------------------------------------------------------------------------------------------------------------

def regressed(y, x, event):
    """(slopes, standard errors, degrees of freedom) of the columns of y on x, with a fixed effect per event (codes from 0): for x = 0/1 the difference of means inside events.

    From `CLUSTERS` events on (the number of equal ones with the same weight in the whole, 1/Σw²) errors are cluster-robust over events; below, over articles (HC2, which for
    one event and two sides is Welch's error). Null where nothing is left to tell an error from.
    """
    size = np.bincount(event)
    centred = lambda v: v - (np.array([np.bincount(event, column) for column in v.T]).T / size[:, None])[event]
    g, y = centred(np.asarray(x, "float64")[:, None])[:, 0], centred(np.asarray(y, "float64"))
    share = np.bincount(event, g ** 2) / (g @ g)
    effect = g @ y / (g @ g)
    pulls = (g / (g @ g))[:, None] * (y - g[:, None] * effect)
    if 1 / (share @ share) >= CLUSTERS - 1e-9:
        by_event = np.array([np.bincount(event, column) for column in pulls.T]).T
        n = int((share > 0).sum())
        return effect, np.sqrt(n / (n - 1) * (by_event ** 2).sum(axis=0)), int(1 / (share @ share) + 1e-9) - 1
    left = 1 - 1 / size[event] - g ** 2 / (g @ g)
    if left[g != 0].min() < 1e-9:
        return effect, np.full(y.shape[1], np.nan), 1
    return effect, np.sqrt((pulls[g != 0] ** 2 / left[g != 0, None]).sum(axis=0)), max(1, len(g) - int((share > 0).sum()) - 1)


def regrouped(y, mine, event, *, draws=9999, seed=20231026):
    """p of each column's difference where the articles of an event are exchangeable (Fisher 1935): the share of regroupings inside events in which it is as large."""
    order = np.argsort(event, kind="stable")
    y, event, g = np.asarray(y, "float64")[order], event[order], np.asarray(mine, "float64")[order]
    c = g - (np.bincount(event, g) / np.bincount(event))[event]
    c, generator, above = c / (c @ c), np.random.default_rng([seed, len(g)]), np.ones(y.shape[1])
    for at in range(0, draws, 500):
        shuffled = (event + generator.random((min(500, draws - at), len(g)))).argsort(axis=1)  # each event's articles stay in its places
        above += (np.abs(c[shuffled] @ y) >= np.abs(c @ y) - 1e-12).sum(axis=0)
    return above / (draws + 1)


def holm(p):
    """p corrected for all that were looked at (Holm 1979): the chance of one false finding or more is kept; null stays null and is not counted."""
    p = np.asarray(p, "float64")
    order, out = np.argsort(p)[:np.isfinite(p).sum()], np.full(len(p), np.nan)
    out[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)))
    return out


def differences(values, sample, *, default, reference=None, ratio=3, level=0.95):
    """Each group less the others (or `reference`) in the same events → `differences`: one row per measure × coder × group; of two groups only the first is given.

    default: the instrument of tone that is tested; others only tell whether it is the same sign (`agreeing`). low, high: t-intervals (`regressed`) widened for all
    differences tested (Bonferroni), so that all of them hold together; p by regrouping inside events, p_holm corrected (`holm`); all null under five matched
    articles on a side, or where nothing varies. claim: `estimates.claim`, whose condition of an interval without zero asks p_holm ≤ 1 - level as well.
    """
    known = sorted(set(sample["group"]) - {estimates.NOT_KNOWN, reference})
    if reference is not None and reference not in set(sample["group"]):
        raise ValueError(f"REFERENCE={reference}: found no article of that group; expected one of {', '.join(known)}.")
    wide = values.pivot(index="article_id", columns=["family", "variable", "coder"], values="value")
    rows = []
    for group in known[:1] if len(known) == 2 and not reference else known if len(known) > 1 or reference else []:
        both = sides(sample, group, reference=reference, ratio=ratio)
        if both.empty:
            continue
        table = wide.reindex(both["article_id"])
        gaps = table.isna().to_numpy()
        for pattern in np.unique(gaps, axis=1).T:  # measures that are known of the same articles are reckoned together
            columns, here = np.flatnonzero((gaps == pattern[:, None]).all(axis=0)), both[~pattern]
            here = here[here.groupby("event")["mine"].transform("nunique") == 2]
            y, x, event = table.iloc[:, columns].to_numpy()[here.index], here["mine"].to_numpy(), pd.factorize(here["event"])[0]
            few = min(x.sum(), (~x).sum()) if len(x) else 0
            if not few:
                continue
            effect, error, df = regressed(y, x, event)
            p = regrouped(y, x, event) if few >= estimates.INTERVAL_FROM else np.full(len(columns), np.nan)
            cell = here.assign(n=1).groupby(["event", "mine"])["n"].transform("sum").to_numpy()
            weight = 1 / cell * here.groupby("event")["mine"].transform(lambda m: m.sum() * (~m).sum() / len(m)).to_numpy()
            means = [np.average(y[s], axis=0, weights=weight[s]) for s in (x, ~x)]
            for k, c in enumerate(columns):
                flat = few < estimates.INTERVAL_FROM or not error[k] > 1e-12
                rows.append((*wide.columns[c], group, reference or OTHERS, UNITS[wide.columns[c][0]], means[0][k], means[1][k], effect[k], np.nan if flat else error[k], df, np.nan if flat else p[k],
                             int(x.sum()), int((~x).sum()), len(set(event))))
    names = ["family", "variable", "coder", "group", "against", "unit", "estimate", "estimate_others", "difference", "error", "df", "p", "n_articles", "n_others", "n_events"]
    table = pd.DataFrame(rows, columns=names)
    lead = (table["family"] != "tone") | (table["coder"] == default)
    signs = table[table["family"] == "tone"].groupby(["variable", "group"])["difference"].agg(lambda d: float(len(set(np.sign(d))) == 1) if len(d) > 1 else np.nan)
    table["agreeing"] = [signs.get(key, np.nan) for key in zip(table["variable"], table["group"])]
    tested = int((lead & table["p"].notna()).sum())
    reach = np.array([t_quantile(1 - (1 - level) / max(1, tested), d) * e for e, d in zip(table["error"], table["df"])], "float64")
    table = table.assign(low=table["difference"] - reach, high=table["difference"] + reach, p=table["p"].where(lead), p_holm=lambda t: holm(t["p"]), tested=lead)
    said = [_claim(row, level) for row in table.itertuples()]
    table = table.assign(claim=pd.Series([s.words for s in said], dtype="str"), because=pd.Series([s.because for s in said], dtype="str"))
    return table.drop(columns=["error", "df", "tested"]).sort_values(["family", "variable", "coder", "group"], key=lambda c: c.map(list(UNITS).index) if c.name == "family" else c, kind="stable", ignore_index=True)


def _claim(row, level):
    """What a difference may be called: matched, but not corrected by hand codes."""
    if not row.tested:
        return estimates.Claim("not tested", "another instrument than the default: it only tells whether the sign is the same")
    what = "positive " + row.variable if row.family == "tone" else {"frames": f"sentences of {row.variable.replace('_', ' ')}"}.get(row.family, row.variable)
    return estimates.claim(articles=(row.n_articles, row.n_others), matched=True, coded=False, agreeing=None if pd.isna(row.agreeing) else row.agreeing == 1, interval=(row.low, row.high) if row.p_holm <= 1 - level else None,
                           what=what, more=row.group, less=row.against, show="{:.2f} to {:.2f}")


# ---- every defensible way of reckoning ------------------------------------------------------------------------------------------

WAYS = {"articles": "each article counts once", "events": "each event counts once", "sentences": "each unit counts once"}


def in_voices(codings, segments, sentences, *, part="body"):
    """Codings of one part of the articles by voice: whole sentences (`all`), and segments (`own`, `others`)."""
    parts = voices.beside(codings, segments, sentences, part=part)
    whole = codings[codings["segment_id"].isna()].merge(sentences.loc[sentences["part"] == part, ["article_id", "sentence_id"]], on=["article_id", "sentence_id"])
    return pd.concat([whole.assign(voice="all"), parts.assign(voice=parts["voice"].where(parts["voice"] == "own", "others"))]).dropna(subset=["value"])


def polar(tone):
    """The rows of `tone` that are tone (of nobody in particular), with `words`: all, or event words masked; `variable` without the suffix."""
    name = tone["variable"].str.removesuffix("_masked")
    return tone.assign(variable=name, words=np.where(name == tone["variable"], "all", "event words masked"))[name.isin(sentiment.SIGN_CUTS) & tone["target"].isna()]


def tone_cells(units):
    """Article values of tone in every way of measuring (of `in_voices(polar(tone), …)`): article_id, instrument, words, voice, threshold (none: mean polarity; cut: share of units beyond the
    instrument's cut on the positive side less the negative; twice the cut), value, n_units."""
    cut = units["variable"].map(sentiment.SIGN_CUTS)
    beyond = lambda cut: units["value"].gt(cut).astype("float64") - units["value"].lt(-cut)
    every = pd.concat([units.assign(threshold="none"), units.assign(threshold="cut", value=beyond(cut)), units.assign(threshold="twice the cut", value=beyond(2 * cut))])
    return _by_article(every.rename(columns={"coder": "instrument"}), ["instrument", "words", "voice", "threshold"])


def frame_cells(units):
    """The same of frames: article_id, variable, threshold (pieces of evidence that a unit needs: 1, 2), voice, value (share of units), n_units."""
    every = pd.concat([units.assign(threshold=str(n), value=units["value"].ge(n).astype("float64")) for n in (1, 2)])
    return _by_article(every, ["variable", "threshold", "voice"])


def _by_article(units, by):
    return units.groupby(["article_id", *by], as_index=False)["value"].agg(value="mean", n_units="size")


def specifications(cells, sample, group, *, by, reference=None, ratio=3):
    """The same difference in every way: a row per specification (columns `by`, articles: same events or all, duplicates: once or each time, aggregation: `WAYS`), difference,
    in_sd (in standard deviations of the article values, so that scales compare), n_articles, n_others. A description: specifications are neither independent nor drawn at random.
    Those with fewer than five articles on a side are left out."""
    rows = []
    for same, copies in [(s, c) for s in (True, False) for c in (False, True)]:
        both = sides(sample, group, reference=reference, ratio=ratio, events_matched=same, copies=copies)[["article_id", "event", "mine"]]
        for key, part in cells.merge(both, on="article_id").groupby(list(by)):
            part = part[part.groupby("event")["mine"].transform("nunique") == 2]
            x = part["mine"].to_numpy()
            if min(x.sum(), (~x).sum()) < estimates.INTERVAL_FROM:
                continue
            spread = part["value"].std()
            for way in WAYS:
                n = part["n_units"].to_numpy("float64") if way == "sentences" else np.ones(len(part))
                event, y = pd.factorize(part["event"])[0], part["value"].to_numpy()
                a, b = np.bincount(event, n * x), np.bincount(event, n * ~x)
                gap = np.bincount(event, n * x * y) / a - np.bincount(event, n * ~x * y) / b
                found = np.average(gap, weights=None if way == "events" else a * b / (a + b))
                rows.append((*key, "same events" if same else "all", "each time" if copies else "once", way, found, found / spread if spread > 0 else 0.0, int(x.sum()), int((~x).sum())))
    return pd.DataFrame(rows, columns=[*by, "articles", "duplicates", "aggregation", "difference", "in_sd", "n_articles", "n_others"])


def sharing(table, *, by=()):
    """How many specifications share the sign of most (by, specifications, above, below, share: of the larger side; median in_sd)."""
    grouped = table.assign(above=table["in_sd"] > 0, below=table["in_sd"] < 0, all_="all").groupby(list(by) or "all_", sort=False)
    found = grouped.agg(specifications=("in_sd", "size"), above=("above", "sum"), below=("below", "sum"), median=("in_sd", "median")).reset_index()
    return found.assign(share=found[["above", "below"]].max(axis=1) / found["specifications"])[[*by, "specifications", "above", "below", "share", "median"]]


# ---- change over time -----------------------------------------------------------------------------------------------------------

def over_time(values, sample, *, level=0.95):
    """Group means by day (up to 21 days between the first and the last article), week (up to two years) or 30 days, and each group's slope: two tables, of all counted articles with a date.

    means: variable, group, start, days, estimate, low, high, n_articles; periods under five articles are left out. slopes: variable, group, per_week, low, high, n_articles, of groups
    of 15 articles on two days or more; intervals widened for all slopes (Bonferroni). Events differ from week to week: a change is one of what is covered, too.
    """
    counted = sample[sample["copy_of"].isna() & sample["date"].notna() & ~sample["fate"].isin(FATES[2:4])]
    joined = values.dropna(subset=["value"]).merge(counted[["article_id", "group", "date"]], on="article_id")
    first, span = joined["date"].min(), (joined["date"].max() - joined["date"].min()).days if len(joined) else 0
    days = 1 if span <= 21 else 7 if span <= 730 else 30
    joined["start"] = first + pd.to_timedelta((joined["date"] - first).dt.days // days * days, "D")
    means = estimates.group_means(joined[["article_id", "variable", "start", "value"]], counted, by=("variable", "start"), level=level)
    means = means[means["n_articles"] >= estimates.INTERVAL_FROM].assign(days=days)[["variable", "group", "start", "days", "estimate", "low", "high", "n_articles"]].reset_index(drop=True)
    parts = [(key, part) for key, part in joined.groupby(["variable", "group"]) if len(part) >= estimates.RANKED_FROM and part["date"].nunique() > 1]
    rows = []
    for (variable, group), part in parts:
        slope, error, df = regressed(part[["value"]].to_numpy(), (part["date"] - first).dt.days / 7, np.zeros(len(part), "int64"))
        reach = t_quantile(1 - (1 - level) / len(parts), df) * error[0]
        rows.append((variable, group, slope[0], slope[0] - reach, slope[0] + reach, len(part)))
    return means, pd.DataFrame(rows, columns=["variable", "group", "per_week", "low", "high", "n_articles"])


# ---- differences that were written down before ----------------------------------------------------------------------------------

def read_expected(path=tables.ROOT / "data" / "retellings_expected.csv"):
    """What the data card says the styles differ in: card (its words), variable, side (what values are compared between), order (`a < b, c < d`), of (value, or abs: distance from zero)."""
    return pd.read_csv(path, comment="#", dtype="str", keep_default_na=False)


def side_means(values, sample, *, default):
    """Means of article values by group and by group and month (variable, side, value), copies left out, `nothing` as 0; with the words spoken by the outlet itself, those reported
    indirectly, and the number of those quoted."""
    kept = values[(values["family"] != "tone") | (values["coder"] == default)].merge(sample.loc[sample["copy_of"].isna(), ["article_id", "group", "date"]], on="article_id")
    said = kept[kept["family"] == "voices"].pivot(index=["article_id", "group", "date", "n_units"], columns="variable", values="value").reset_index()
    new = {"own words": 100 - said["words of sources"], "words reported indirectly": said["words of sources"] - said["words quoted"], "number of words quoted": said["words quoted"] * said["n_units"] / 100}
    whole = pd.concat([kept, *(said[["group", "date"]].assign(variable=name, value=value) for name, value in new.items())])
    monthly = whole.dropna(subset=["date"]).assign(group=lambda t: t["group"] + " " + t["date"].dt.month_name())
    zero = pd.DataFrame({"variable": whole["variable"].unique(), "group": "nothing", "value": 0.0})
    return pd.concat([whole, monthly, zero]).groupby(["variable", "group"], as_index=False)["value"].mean().rename(columns={"group": "side"})


def found_expected(expected, means):
    """Which expectations hold: card, order, measured (side and mean, ascending), pairs (that the order names), held, found (yes, in part, no; not measured where a side has no value),
    by_chance (how probable it is that all pairs hold where the sides stand in an order drawn by lot: of levels of a, b, … sides a!·b!·… / (a + b + …)!).

    means: variable, side, value. An order names the pairs of sides that stand on different sides of a `<`; sides joined by a comma are in no order.
    """
    rows = []
    for said in expected.itertuples():
        levels = [[s.strip() for s in level.split(",")] for level in said.order.split("<")]
        value = means[means["variable"] == said.variable].set_index("side")["value"]
        value = value.abs() if said.of == "abs" else value
        pairs = [(a, b) for i, low in enumerate(levels) for high in levels[i + 1:] for a in low for b in high]
        known = all(side in value for level in levels for side in level)
        held = sum(value[a] < value[b] for a, b in pairs) if known else 0
        shown = value.reindex([s for level in levels for s in level]).sort_values() if known else value.head(0)
        luck = prod(factorial(len(level)) for level in levels) / factorial(sum(map(len, levels)))
        rows.append((said.card, said.variable, said.order, ", ".join(f"{s} {v:.2f}" for s, v in shown.items()), len(pairs), held, "not measured" if not known else "yes" if held == len(pairs) else "in part" if held else "no", luck))
    return pd.DataFrame(rows, columns=["card", "variable", "order", "measured", "pairs", "held", "found", "by_chance"])
