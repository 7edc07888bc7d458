"""Who acts, upon whom, and who only speaks: sentences → `agency`, from tags and rules; and by which words each actor is named.

An act is a verb with its agent and patient, or a noun that names harm (`data/lexicons/nominals.csv`): “Israel killed 12 people” (active), “12 people
were killed by Israel” (passive), “12 people were killed” (agentless), “the deaths of 12 people” (nominal). Each participant is a row.
"""
from collections import defaultdict
from functools import cache

import numpy as np
import pandas as pd

from analysis import joins, lexicons, tables
from analysis.speakers import AUX, COLLECTIVE, FINITE, ROLES, Sentence, Words, after_phrase, phrase_start, subjects
from analysis.voices import cue_index, inflected, voice_of

LEXICONS = tables.ROOT / "data" / "lexicons"
QUANTIFIERS = frozenset("at least most more less than as many up to over about around some nearly almost roughly".split())
OBJECT_PREPOSITIONS = frozenset("on at for against with to over upon in of".split())


# ---- actors and verbs -----------------------------------------------------------------------------------------------------------

def read_actors(path=None):
    """Actors as a dictionary: category (the actor), term, kind (`name`, `alias`, `adjective`), role. Columns of the file: actor, term, kind, role, reason."""
    path = path or tables.ROOT / "data" / "dictionaries" / "actors.csv"
    table = lexicons.read_dictionary(path, category="actor")
    missing = {"kind", "role"} - set(table.columns)
    if missing:
        raise lexicons.DictionaryError(f"{path}, line 1: found the columns {', '.join(table.columns)}; expected actor, term, kind, role.")
    return table


def mentions(tokens, actors):
    """Where actors stand in units: unit, target, row and last (places in `tokens`). Names and aliases; an adjective (“Israeli”) counts too."""
    row, length, entry = lexicons.found(tokens, actors)
    return pd.DataFrame({"unit": tokens["unit"].to_numpy()[row], "target": actors["category"].array.take(entry), "row": row, "last": row + length - 1})


def verb_index():
    """form → [(particle, effect on the agent, effect on the patient, harm, verb)], longest particle first."""
    return lexicons.kept(_read_verbs, LEXICONS / "verbs.csv")


def _read_verbs(path):
    table = pd.read_csv(path, comment="#", dtype="str", keep_default_na=False)
    index = defaultdict(list)
    for row in table.itertuples():
        for form in forms_of(row.verb) | set(row.forms.split()):
            index[form].append((tuple(row.particle.split()), float(row.agent), float(row.patient), row.harm == "1", row.verb))
    for found in index.values():
        found.sort(key=lambda entry: -len(entry[0]))
    return dict(index)


def forms_of(verb):
    """A verb's regular forms, with the doubled consonant where a short vowel stands before one (stop, stopped)."""
    double = len(verb) > 2 and verb[-1] not in "aeiouwxy" and verb[-2] in "aeiou" and verb[-3] not in "aeiou"
    return inflected(verb) | ({verb + verb[-1] + "ed", verb + verb[-1] + "ing"} if double else set())


def acts(words, verbs, index, *, every=False):
    """Who does what to whom, of the rows that may be verbs (`Words.verb`), by `verb_index()`: one row per verb of the table, in order (at; agent and agent_end, patient and patient_end: rows,
    the same where there is none; passive; negated; entry, -1 for verbs not in the index, which `every` asks for), and the entries. Auxiliaries and forms of “be” are no acts."""
    types, low, entries = words.types, words.low, []
    bare, phrasal = np.full(len(types.words), -1), {}
    for form in index.keys() & types.number.keys():
        for candidate in index[form]:
            if candidate[0]:
                phrasal.setdefault(form, []).append((candidate[0], len(entries)))
            elif bare[types.number[form]] < 0:
                bare[types.number[form]] = len(entries)
            entries.append(candidate)
    k = np.flatnonzero(verbs)
    code, tail = types.folded[k], k.copy()
    entry, split = bare[code], np.isin(code, [types.number[form] for form in phrasal])
    near = np.append(words.next_of(words.among({particle[0] for some in phrasal.values() for particle, _ in some})), [len(low)])[k + 1]
    split &= near < np.minimum(words.end[k], k + 4)
    for i in np.flatnonzero(split).tolist():
        begin, stop = int(k[i]) + 1, int(words.end[k[i]])           # “lashed out at”, “turned him down”
        found = next(((at + len(particle) - 1, n) for particle, n in phrasal[low[k[i]]] for at in range(begin, min(stop, begin + 3)) if tuple(low[at:min(at + len(particle), stop)]) == particle), None)
        tail[i], entry[i] = found or (k[i], entry[i])
    saying = sayings(loose=False)
    says = np.array([word in saying for word in types.words], dtype=bool)
    other = np.array([every and word.isalpha() and word not in AUX for word in types.words], dtype=bool)[code] & ~words.any_tag(k, "NN")
    k, tail, entry, code = (column[(entry >= 0) | other] for column in (k, tail, entry, code))
    first, end, place = words.first[k], words.end[k], np.arange(len(k))
    a, b, group, negated, aux, joined = subjects(words, k)
    before = np.append(-1, np.maximum.accumulate(np.where(a < b, place, -1)))[:-1] if len(k) else place
    shared = (a >= b) & joined & (before >= 0) & (first[before] == first)          # "He came and attacked", "wants to attack"
    a, b = np.where(shared, a[before], a), np.where(shared, b[before], b)
    behind = np.append(words.next_of(~words.among(QUANTIFIERS)), len(low))[tail + 1]     # past “at least”, “more than”, “as many as”, “up to”, where a number follows
    number = np.append(words.where(words.tagged("CD")) | types.of(lambda word: word[:1].isdigit()), False)
    j = np.where((behind < end) & number[behind], behind, tail + 1)
    there, at = j < end, np.minimum(j, len(low) - 1)
    verbal, participle = words.any_tag(k, "VBN", "VBD"), words.any_tag(k, "VBN")
    noun = there & (words.any_tag(at, "CD", "VBG", start=("DT", "NN", "PRP", "JJ")))
    ends = ~there | words.any_tag(at, ".", "CC", ",", ":")
    finite = np.append(0, np.cumsum(words.where(words.tagged(*FINITE))))
    subject_first = (group == k) & (a < b) & ~says[code]                           # "men accused of theft"; "he was cheered, his deputy jeered"
    alone = finite[end] == finite[first]                                           # the sentence's only verb is no participle, whatever its tag
    sure = verbal & (aux | subject_first & participle & ~alone & ~noun)
    goes_on = verbal & (aux | subject_first & (participle & ~noun | ends)) & (np.append(-1, first)[:-1] == first)    # where the verb before is passive
    # of the verbs up to each one, the last that does not just go on as the verb before: odd where it is passive
    passive = np.maximum.accumulate(np.where(sure, 2 * place + 1, np.where(goes_on, 0, 2 * place))) % 2 == 1 if len(k) else sure
    phrase = lambda row: np.where(row < end, row + np.append(np.asarray(words.ahead), 0)[row], row)
    by, is_by = np.full(len(k), -1), np.append(words.among({"by"}), False)
    for away in range(5, 0, -1):
        row = np.minimum(tail + away, len(low))
        by = np.where(is_by[row] & (row < end), row, by)
    active = np.minimum(np.append(words.next_of(~(words.where(words.tagged("RB")) | words.among(OBJECT_PREPOSITIONS))), len(low))[j], end)
    agent = np.where(passive, by + 1, a), np.where(passive, np.where(by < 0, 0, phrase(by + 1)), b)
    patient = np.where(passive, a, active), np.where(passive, b, phrase(active))
    return pd.DataFrame({"at": k, "agent": agent[0], "agent_end": agent[1], "patient": patient[0], "patient_end": patient[1], "passive": passive, "negated": negated, "entry": entry}), entries


@cache
def sayings(*, loose=True):
    """Forms of the verbs by which somebody is given the word: who is their subject only speaks. Without `loose` only those that mean little else (not “continue”, “fear”)."""
    return {form for form, cues in cue_index()[0].items() if any(cue.kind == "verb" and "clause" in cue.frames and (loose or not cue.particle and not cue.frames & {"loose", "thought"}) for cue in cues)}


def harmful():
    """The verbs and nouns that name physical or material harm, as the column `verb` holds them."""
    return {entry[4] for entries in verb_index().values() for entry in entries if entry[3]} | set(nominals())


def nominals():
    """noun → (whom “of” names, whom what stands before it names, words one of which must be there): `data/lexicons/nominals.csv`."""
    return lexicons.kept(_read_nominals, LEXICONS / "nominals.csv")


def _read_nominals(path):
    table = pd.read_csv(path, comment="#", dtype="str", keep_default_na=False)
    return {row.noun: (row.of, row.before, frozenset(row.only.split())) for row in table.itertuples()}


# ---- sentences → agency ---------------------------------------------------------------------------------------------------------

CAUSES = (("due", "to"), ("because", "of"), ("caused", "by"), ("as", "a", "result", "of"), ("at", "the", "hands", "of"), ("from",), ("by",), ("in",))
NO_ACTS = frozenset("according including regarding concerning following given based".split())  # tagged as verbs, but prepositions
WITHOUT = frozenset("over more than at least about some nearly almost around up to roughly the a an".split())   # stands before a number or noun, and is passed over
ENDS_HEAD = frozenset("of in for at from with to on against over near by about into as , ;".split())
SOME = frozenset("many some others several dozens hundreds thousands all both few none".split())
OF_WHOLE = frozenset("on against over near by about between under".split())
OF_ACTOR = ROLES | COLLECTIVE | frozenset("people forces troops soldiers warplanes jets leaders officials army navy residents citizens side allies".split())  # “the army of Israel” is Israel; “critics of Israel” are not


def find_acts(sentences, tokens, actors, segments=None):
    """Sentences → `agency`: one row per participant of an act (columns as in the codebook). Negated acts (“did not attack”) are none.

    actor: of the table of actors where one is named, else a name or the phrase's head noun as printed, in lower case unless it is a name; pronouns
    stay as they are. Who is the subject of a verb of saying, or is given the word otherwise (`segments`), has the role `speaker` and acts on nobody.
    """
    keys = ["article_id", "sentence_id"]
    sentence, heads = lexicons.sentence_of(tokens)
    words, events, index = Words(tokens, heads[:-1]), nominals(), verb_index()
    types, place = words.types, joins.places(tokens.iloc[heads[:-1]], sentences)[sentence]
    found, entries = acts(words, words.verb & ~words.among(AUX - index.keys()), index, every=True)
    k, passive, negated, entry = (found[c].to_numpy() for c in ("at", "passive", "negated", "entry"))
    speaks = ~passive & (words.among(sayings(loose=False))[k] | np.isin(sentence[k] * len(types.words) + types.folded[k], _given(segments, tokens, heads, types)))
    told, rows, roles = ~negated & ~words.among(NO_ACTS)[k] & ~_describes(words, k), [], ("agent", "patient", "speaker", "")
    verb, construction = np.where(entry >= 0, entry, types.folded[k] + len(entries)), np.where(passive, np.where(found["agent_end"] > found["agent"], 1, 2), 0)
    for role in ("agent", "patient"):
        a, b = (found[c].to_numpy() for c in (role, f"{role}_end"))
        there = np.flatnonzero((a < b) & told & ~(speaks & (role == "patient")))
        rows.append(np.column_stack([k, np.where(speaks, 2, roles.index(role)), np.where(b <= k, _whole(words, a, (a < b) & (b <= k)), a), b, verb, construction])[there])
    for at in np.flatnonzero(words.among(events) & words.where(words.tagged(start="NN"))).tolist():
        first = int(words.first[at])
        rows.append([(at, roles.index(role), first + a, first + b, len(entries) + types.folded[at], 3) for role, (a, b) in _of_noun(Sentence(words, first, int(words.end[at])), at - first, events)])
    at, part, a, b, verb, construction = np.concatenate([np.array(some, dtype="int64").reshape(-1, 6) for some in rows]).T
    actor = _participants(words, a, b, mentions(tokens.assign(unit=sentence), actors), events)
    mine = pd.notna(actor) & (place[at] >= 0)
    at, part, a, b, verb, construction = (column[mine] for column in (at, part, a, b, verb, construction))
    found = sentences[keys].iloc[place[at]].reset_index(drop=True).assign(
        actor=actor[mine], role=joins.taken(roles, part), verb=joins.taken([*(name for *_, name in entries), *types.words], verb), construction=joins.taken(["active", "passive", "agentless", "nominal"], construction),
        start=tokens["start"].to_numpy()[a], end=tokens["end"].to_numpy()[b - 1], act=at - words.first[at], at=tokens["start"].to_numpy()[at], place=place[at], segment_id=pd.NA)
    if segments is not None:
        more = _given_the_word(found, segments, actors)
        found = pd.concat([found, more.assign(place=joins.places(more, sentences))], ignore_index=True)
        some = found[joins.places(found, segments.drop_duplicates(keys)) >= 0]
        found["segment_id"] = voice_of(some.assign(start=some["at"]), segments, column="segment_id")
    found = found.astype({"segment_id": "Int64"}).drop_duplicates(["place", "act", "role"])
    return found.sort_values(["place", "act", "role"], kind="stable", ignore_index=True)[list(tables.SCHEMAS["agency"].columns)]


def _given(segments, tokens, heads, types):
    """Looser words of saying count where a voice was found by them: sentence × words + word of each form of a cue."""
    if segments is None:
        return np.zeros(0, "int64")
    cued = segments[segments["cue"].notna()]
    which, cues = pd.factorize(cued["cue"])
    forms = [[types.number[form] for form in inflected(cue.split()[0].lower()) if form in types.number] for cue in cues]
    ends = np.cumsum([len(some) for some in forms], dtype="int64")
    row, form = lexicons.spread(np.append(0, ends)[which], ends[which])
    return joins.places(cued, tokens.iloc[heads[:-1]])[row] * len(types.words) + np.array([n for some in forms for n in some], dtype="int64")[form]


def _describes(words, k):
    """Which of the participles at k are adjectives: “the occupied territory”, “a wounded man”?"""
    before, behind = np.maximum(k - 1, words.first[k]), np.minimum(k + 1, words.end[k] - 1)
    ahead = (behind > k) & words.any_tag(behind, start=("NN", "JJ"))
    return ahead & (k > before) & (words.any_tag(k, "VBN") & words.any_tag(before, "DT", "PRP$", "JJ", "POS", "IN") | words.any_tag(k, "VBG") & words.any_tag(before, "DT", "PRP$"))


def _whole(words, a, wanted):
    """Where subjects really begin: “a strike on Gaza” begins with the strike."""
    a, first = a.copy(), words.first
    for i in np.flatnonzero(wanted & words.among(OF_WHOLE)[a - 1]).tolist():
        at, begin = int(a[i]), int(first[a[i]])
        while at - begin > 1 and words.low[at - 1] in OF_WHOLE and words.back[at - 2]:
            at -= 1 + words.back[at - 2]
        a[i] = at
    return a


def _of_noun(s, k, events):
    """The participants of a noun that names an act: behind “of”, “on”, “against”; before it; and behind what says the cause."""
    (of, before, only), parts, end, start = events[s.low[k]], {}, k + 1, phrase_start(s, k) if k else k
    role = (of if s.low[end] == "of" else "patient" if s.low[end] in ("on", "against") and before != "patient" else "") if end < s.n else ""
    if role:
        parts[role] = _phrase(s, end + 1)
        end = parts[role][1]
    owners = [i for i in range(start, k) if s.raw[i][:1].isupper() or s.tag[i] in ("POS", "PRP$") or before == "patient" and s.tag[i].startswith(("NN", "JJ"))]
    if owners and before and s.low[start] not in WITHOUT - {"the", "a", "an"} and not any(s.low[i] in ("of", "in", "for", "at", "from", "with") for i in range(start, k)):
        parts.setdefault(before, (start, k))
    if "agent" not in parts and parts:
        cause = next(((c, j + len(c)) for j in range(end, min(s.n, end + 3)) for c in CAUSES if tuple(s.low[j:j + len(c)]) == c), None)
        if cause:
            span = _phrase(s, cause[1])
            if len(cause[0]) > 1 or cause[0] == ("by",) or any(s.low[i] in events for i in range(*span)):      # “in Israeli strikes”, not “in Gaza”
                parts["agent"] = span
    if only and not any(only & set(s.low[a:b]) for a, b in parts.values()):
        return []
    return [(role, span) for role, span in parts.items() if span[0] < span[1]]


def _phrase(s, j):
    """The noun phrase that begins at j, “over 7,000” and the like included, cut where a cause begins."""
    a = j
    while j < s.n and s.low[j] in WITHOUT:
        j += 1
    b = after_phrase(s, j)
    cut = next((i for i in range(j, b) if any(tuple(s.low[i:i + len(c)]) == c for c in CAUSES if len(c) > 1)), b)
    return (a, cut) if j < cut else (j, j)


def _participants(words, a, b, named, events):
    """Whom phrases, rows a … b-1, mean: actors, names or head nouns; null where a phrase has none of these (“more”)."""
    low, types = words.low, words.types
    nouns = np.maximum.accumulate(np.where(words.where(words.tagged("CD", start=("NN", "PRP"))) | words.among(SOME), words.rows, -1)) if len(low) else a
    stop = np.maximum(a + 1, np.minimum(b, np.append(words.next_of(words.among(ENDS_HEAD)), len(low))[a + 1]))
    while (owners := (stop > a + 1) & words.any_tag(stop - 1, "POS")).any():
        stop -= owners
    head = nouns[stop - 1]
    proper = words.where(words.tagged("NNP", "NNPS"))
    first = np.maximum(np.maximum.accumulate(np.where(proper, -1, words.rows))[head] + 1, a) if len(proper) else a
    plain = (head == words.first[head]) & (first == head) & (words.among(COLLECTIVE | ROLES) | types.of(lambda word: word.endswith("s")) & ~types.as_printed(str.isupper))[head]     # “Militants …”: a capital, but no name
    name = proper[head] & words.capital[head] & ~plain
    which, texts = np.where(name, types.codes[head] + len(types.words), types.folded[head]), [*types.words, *types.printed]
    row, actor, last = (named[c].to_numpy() for c in ("row", "target", "last"))
    there, many = np.searchsorted(row, [a, b])
    alone = (many == there + 1) & (head >= a) & ~words.among({noun for noun, (_, before, _) in events.items() if before == "patient"})[head]     # as it most often is: one actor, before the noun
    alone[alone] = row[there[alone]] < stop[alone]
    codes, actors = pd.factorize(actor)
    which[alone] = len(texts) + codes[there[alone]]
    texts += actors.tolist()
    for i in np.flatnonzero(((head < a) | (many > there) | name & (first < head)) & ~alone).tolist():
        near, head_, stop_ = {at: (actor[n], last[n]) for n, at in enumerate(row[there[i]:many[i]].tolist(), there[i])}.items(), int(head[i]), int(stop[i])
        if head_ < a[i]:                                        # “an Israeli strike”: only the adjective
            said = next((who for at, (who, _) in near if at < stop_), None)
        else:
            suffered = near and events.get(low[head_], ("", "", ()))[1] == "patient"     # “civilian deaths” are no civilians
            near = [(at, who) for at, (who, end) in near if at < stop_ and not (suffered and end < head_)] or [
                (at, who) for at, (who, _) in near if stop_ < at and low[stop_] == "of" and low[head_] in OF_ACTOR]
            said = max(near)[1] if near else " ".join(words.raw[first[i]:head_ + 1]) if name[i] else low[head_]
        which[i] = len(texts)
        texts.append(said)
    return pd.array(texts, dtype="str").take(which)


NO_VERB = 1000  # `act` of who is given the word without a verb, plus the segment's number


def _given_the_word(found, segments, actors):
    """A row for whoever is given the word in a sentence in which no verb of saying has a subject (“according to …”, a quotation that runs on); its place is what is said."""
    keys = ["article_id", "sentence_id"]
    spoken = found.loc[found["role"] == "speaker", keys].drop_duplicates()
    rest = segments[segments["speaker"].notna()].merge(spoken, on=keys, how="left", indicator=True).query("_merge == 'left_only'").drop_duplicates([*keys, "speaker"])
    known = canonical(rest["speaker"], actors)
    return pd.DataFrame({"article_id": rest["article_id"], "sentence_id": rest["sentence_id"], "actor": known, "role": "speaker", "verb": rest["cue"].fillna("(none)"), "construction": "active",
                         "start": rest["start"], "end": rest["end"], "act": NO_VERB + rest["segment_id"], "at": rest["start"]}).reset_index(drop=True)


def canonical(names, actors):
    """The actor of the table that each name means (“Iranian officials”: Iran), or the name itself."""
    distinct = pd.Series(names.unique())
    split = pd.DataFrame([(n, k, word) for n, name in enumerate(distinct) for k, word in enumerate(name.split())], columns=["article_id", "position", "token"])
    split = split.assign(sentence_id=0, start=split["position"], end=split["position"] + 1)
    hits = lexicons.match(split, actors).drop_duplicates("article_id")
    return names.map(dict(zip(distinct, distinct)) | dict(zip(distinct.iloc[hits["article_id"]], hits["category"])))


# ---- what the table says --------------------------------------------------------------------------------------------------------

def named(actor):
    """Is a participant named (an actor of the table, a name), or only described (“gunmen”, “they”, civilians, a number)?"""
    return actor.str[:1].str.isupper() & (actor != "Civilians")


def roles(agency, *, by=()):
    """How often each actor acts, is acted upon, or only speaks: one row per actor × `by` (agent, patient, speaker, acts), most frequent first."""
    keys = ["actor", *by]
    counts = agency.groupby([*keys, "role"]).size().unstack("role", fill_value=0).reindex(columns=["agent", "patient", "speaker"], fill_value=0)
    return counts.assign(acts=counts.sum(axis=1)).sort_values("acts", ascending=False, kind="stable").reset_index().rename_axis(columns=None)


def harm(agency):
    """Acts of harm, one row each (article_id, sentence_id, segment_id, act, verb, construction, agent, patient, told): who did it, to whom.

    told: `named agent`, `unnamed agent` (gunmen, they), `no agent` (“12 people were killed”, “the deaths of 12 people”), or `not found`: an active verb whose
    subject stands elsewhere (“…, killing 12”). agent, patient: null where nobody is told.
    """
    keys = ["article_id", "sentence_id", "act"]
    mine = agency[agency["verb"].isin(harmful()) & agency["role"].isin(["agent", "patient"])]
    whole = mine[[*keys, "segment_id", "verb", "construction"]].drop_duplicates(keys)
    for role in ("agent", "patient"):
        whole = whole.merge(mine.loc[mine["role"] == role, [*keys, "actor"]].rename(columns={"actor": role}), on=keys, how="left", validate="1:1")
    told = np.where(whole["agent"].isna(), np.where(whole["construction"] == "active", "not found", "no agent"), np.where(named(whole["agent"].fillna("")), "named agent", "unnamed agent"))
    return whole.assign(told=told)


def naming(tokens, actors, *, by=()):
    """Which words stand for each actor: one row per actor × word × `by` (actor, word, kind, times, articles); a noun that an actor's adjective or name
    stands before is a word of kind `label` (“Hamas militants”, “Israeli forces”). `tokens` may carry the columns `by`."""
    hits = lexicons.match(tokens, actors)
    kinds = actors.set_index(["category", "term"])["kind"]
    last = (hits["row"] + hits["n_tokens"]).to_numpy()
    low, tag = tokens["token"].str.lower().str.replace("’", "'"), tokens["pos"]
    words = [" ".join(low.iloc[a:b]) for a, b in zip(hits["row"], last)]
    found = hits.assign(word=words, kind=[kinds[key] for key in zip(hits["category"], hits["term"])], at=hits["row"])
    follows = last < len(tokens)
    nxt = np.where(follows, last, 0)
    label = follows & tag.iloc[nxt].isin(["NN", "NNS"]).to_numpy() & (tokens["sentence_id"].to_numpy()[nxt] == hits["sentence_id"].to_numpy()) & (tokens["article_id"].to_numpy()[nxt] == hits["article_id"].to_numpy())
    labels = found[label].assign(word=low.iloc[nxt[label]].to_numpy(), kind="label")
    whole = pd.concat([found, labels], ignore_index=True).rename(columns={"category": "actor"})
    for column in by:
        whole[column] = tokens[column].to_numpy()[whole["at"]]
    counts = whole.groupby(["actor", "word", "kind", *by], as_index=False).agg(times=("word", "size"), articles=("article_id", "nunique"))
    return counts.sort_values(["actor", "times", "word"], ascending=[True, False, True], ignore_index=True)
