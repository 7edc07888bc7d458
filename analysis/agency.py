"""Who acts, upon whom, and who only speaks: sentences → `agency`, from tags and rules; and by which words each actor is named.

An act is a verb with its agent and patient, or a noun that names harm (`data/lexicons/nominals.csv`): “Israel killed 12 people” (active), “12 people
were killed by Israel” (passive), “12 people were killed” (agentless), “the deaths of 12 people” (nominal). Each participant is a row.
"""
from collections import defaultdict
from functools import cache

import numpy as np
import pandas as pd

from analysis import lexicons, tables
from analysis import tokens as tokens_room
from analysis.speakers import AUX, COLLECTIVE, FINITE, ROLES, Sentence, Words, after_phrase, bounds_of, phrase_start, places_of, subject
from analysis.tokens import Chunks
from analysis.voices import cue_index, inflected

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


def acts(s, verbs, index, *, every=False):
    """Who does what to whom in one `Sentence`, by its tokens that may be verbs (`Words.verb`) and `verb_index()`: (verb, its token, agent span or null, patient span or null, passive,
    negated, entry) per verb of the table; with `every` also verbs that are not in it, as printed. Auxiliaries and forms of “be” are no acts."""
    found, before, was_passive, says, low, tags, n, plain = [], None, False, sayings(loose=False), s.low, s.tag, s.n, s.words.plain
    for k in verbs:
        word, tag, entry, tail = low[k], tags[k], None, k
        for candidate in index.get(word, ()):
            tail = _with_particle(s, k, candidate[0]) if candidate[0] else k
            if tail is not None:
                entry = candidate
                break
        if entry is None:
            if not every or tag == "NN" or word in AUX or not word.isalpha():
                continue
            entry, tail = ((), 0.0, 0.0, False, word), k
        if k and plain[s.first + k - 1]:
            a, b, first, flags = k - s.back[k - 1], k, k, ()            # `subject`, as it most often is
        else:
            a, b, _, first, flags = subject(s, k)
            if a == b and before and flags & {"and", "infinitive"}:
                a, b = before                                          # "He came and attacked", "wants to attack"
        before = (a, b) if a < b else before
        j = _past_quantifiers(s, tail + 1) if tail + 1 < n and low[tail + 1] in QUANTIFIERS else tail + 1
        passive = False
        if tag == "VBN" or tag == "VBD":
            behind = tags[j] if j < n else "."
            bare = first == k and a < b and word not in says           # "men accused of theft"; "he was cheered, his deputy jeered"
            if bare and tag == "VBN" and not was_passive and not any(tags[i] in FINITE and i != k for i in range(n)):
                bare = False                                           # the sentence's only verb is no participle, whatever its tag
            passive = "passive" in flags or bare and (
                tag == "VBN" and not behind.startswith(("DT", "NN", "PRP", "JJ", "CD", "VBG")) or was_passive and behind in (".", ",", "CC", ":"))
        was_passive = passive
        if passive:
            by = next((i for i in range(tail + 1, min(n, tail + 6)) if low[i] == "by"), None)
            agent, patient = ((by + 1, after_phrase(s, by + 1)) if by else None), (a, b)
        else:
            while j < n and (tags[j] == "RB" or low[j] in OBJECT_PREPOSITIONS):
                j += 1
            agent, patient = (a, b), (j, after_phrase(s, j))
        found.append((entry[4], k, agent if agent and agent[0] < agent[1] else None, patient if patient[0] < patient[1] else None, passive, "not" in flags, entry))
    return found


def _past_quantifiers(s, j):
    """The token behind “at least”, “more than”, “as many as”, “up to”, where a number follows; else j."""
    i = j
    while i < s.n and s.low[i] in QUANTIFIERS:
        i += 1
    return i if i < s.n and i > j and (s.tag[i] == "CD" or s.low[i][:1].isdigit()) else j


def _with_particle(s, k, particle):
    """The verb's last token, its particle included (“lashed out at”, “turned him down”); null where the particle is not there."""
    return next((i + len(particle) - 1 for i in range(k + 1, min(s.n, k + 4)) if tuple(s.low[i:i + len(particle)]) == particle), None)




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
OF_ACTOR = ROLES | COLLECTIVE | frozenset("people forces troops soldiers warplanes jets leaders officials army navy residents citizens side allies".split())  # “the army of Israel” is Israel; “critics of Israel” are not


def find_acts(sentences, tokens, actors, segments=None):
    """Sentences → `agency`: one row per participant of an act (columns as in the codebook). Negated acts (“did not attack”) are none.

    actor: of the table of actors where one is named, else a name or the phrase's head noun as printed, in lower case unless it is a name; pronouns
    stay as they are. Who is the subject of a verb of saying, or is given the word otherwise (`segments`), has the role `speaker` and acts on nobody.
    """
    keys = ["article_id", "sentence_id"]
    heads, number_of = bounds_of(tokens)
    hits, named, begins = mentions(tokens.assign(unit=np.repeat(np.arange(len(heads) - 1), np.diff(heads))), actors), defaultdict(dict), heads.tolist()
    for unit, actor, row, last in zip(*(column.tolist() for _, column in hits.items())):
        named[unit][row - begins[unit]] = actor, last - begins[unit]
    says, events, index = sayings(loose=False), nominals(), verb_index()
    words = Words(tokens, heads[:-1])
    given, forms = defaultdict(set), Chunks(lambda cues: [{(verb := cue.split()[0].lower())} | inflected(verb) for cue in cues])
    for *key, cue in zip(*(segments.loc[segments["cue"].notna(), c].tolist() for c in (*keys, "cue"))) if segments is not None else ():
        given[tuple(key)] |= forms[cue]                             # looser words of saying count where a voice was found by them
    words.ends_head, words.noun = words.next_and_last(words.among(ENDS_HEAD), words.where(words.tagged("CD", start="NN") | words.tagged(start="PRP")) | words.among(SOME))
    verbs, nouns = (places_of(flag, heads) for flag in (words.verb & ~words.among(AUX - index.keys()), words.among(events) & words.where(words.tagged(start="NN"))))
    rows = []
    for number, key in enumerate(zip(*(sentences[c].tolist() for c in keys))):
        at = number_of.get(key)
        if at is None:
            continue
        s, names = Sentence(words, *begins[at:at + 2]), named.get(at, {})
        for verb, k, construction, parts in _told(s, verbs[at], nouns[at], says, given.get(key, ()), index, events):
            for role, (a, b) in parts:
                if actor := _participant(s, a, b, names, events):
                    rows.append((number, actor, role, verb, construction, s.first + a, s.first + b - 1, k, s.first + k))
    found = tables.by_columns(rows, number="int64", actor="str", role="str", verb="str", construction="str", start="int64", end="int64", act="int64", at="int64")
    found = found.assign(**{column: tokens[place].to_numpy()[found[column]] for column, place in (("start", "start"), ("end", "end"), ("at", "start"))})
    found = sentences[keys].iloc[found["number"]].reset_index(drop=True).join(found.drop(columns="number"))
    if segments is not None:
        found = pd.concat([found, _given_the_word(found, segments, actors)], ignore_index=True)
        found["segment_id"] = _segment_of(found, segments)
    found = found.assign(segment_id=found.get("segment_id", pd.Series(pd.NA, found.index)).astype("Int64"), place=tables.places(found, sentences)).drop_duplicates([*keys, "act", "role"])
    return found.sort_values(["place", "act", "role"], kind="stable", ignore_index=True)[list(tables.SCHEMAS["agency"].columns)]


def _told(s, verbs, nouns, says, given, index, events):
    """The acts of a sentence, by the tokens that may be verbs or name an act: (verb, its token, construction, [(role, span), …])."""
    for verb, k, agent, patient, passive, negated, _ in acts(s, verbs, index, every=True):
        word = s.low[k]
        if negated or word in NO_ACTS or s.tag[k] in ("VBN", "VBG") and _describes(s, k):
            continue
        speaks, parts = not passive and (word in says or word in given), []
        if agent:
            parts.append(("speaker" if speaks else "agent", (_whole(s, *agent), agent[1]) if agent[1] <= k and agent[0] > 1 else agent))
        if patient and not speaks:
            parts.append(("patient", (_whole(s, *patient), patient[1]) if patient[1] <= k else patient))
        if parts:
            yield verb, k, "active" if not passive else "passive" if agent else "agentless", parts
    for k in nouns:
        parts = _of_noun(s, k, events)
        if parts:
            yield s.low[k], k, "nominal", parts


def _describes(s, k):
    """Is the participle at k an adjective: “the occupied territory”, “a wounded man”?"""
    before = s.tag[k - 1] if k else "."
    return k + 1 < s.n and s.tag[k + 1].startswith(("NN", "JJ")) and (s.tag[k] == "VBN" and before in ("DT", "PRP$", "JJ", "POS", "IN") or s.tag[k] == "VBG" and before in ("DT", "PRP$"))


def _whole(s, a, b):
    """Where a subject really begins: “a strike on Gaza” begins with the strike."""
    while a > 1 and s.low[a - 1] in ("on", "against", "over", "near", "by", "about", "between", "under") and (start := phrase_start(s, a - 1)) < a - 1:
        a = start
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


def _participant(s, a, b, names, events):
    """Who a phrase means: its actor, name or head noun; null where it has none of these (“more”)."""
    low, tag, first = s.low, s.tag, s.first
    stop = max(a + 1, min(b, s.words.ends_head[first + a + 1] - first))
    while stop > a + 1 and tag[stop - 1] == "POS":
        stop -= 1
    head = s.words.noun[first + stop - 1] - first
    if head < a:                                                # “an Israeli strike”: only the adjective
        return next((actor for i, (actor, _) in names.items() if a <= i < stop), None)
    if names:
        suffered = events.get(low[head], ("", "", ()))[1] == "patient"     # “civilian deaths” are no civilians
        near = [(i, actor) for i, (actor, last) in names.items() if a <= i < stop and not (suffered and last < head)] or [
            (i, actor) for i, (actor, _) in names.items() if stop < i < b and low[stop] == "of" and low[head] in OF_ACTOR]
        if near:
            return max(near)[1]
    if s.tag[head] in ("NNP", "NNPS") and s.raw[head][:1].isupper():
        first = head
        while first > a and s.tag[first - 1] in ("NNP", "NNPS"):
            first -= 1
        plain = first == head == 0 and (s.low[0].endswith("s") and not s.raw[0].isupper() or s.low[0] in COLLECTIVE | ROLES)  # “Militants …”: a capital, but no name
        return s.low[head] if plain else " ".join(s.raw[first:head + 1])
    return s.low[head]


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


def _segment_of(places, segments):
    """The segment that each place (`at`) stands in."""
    keys = ["article_id", "sentence_id"]
    both = places[[*keys, "at"]].assign(place=range(len(places))).merge(segments[[*keys, "segment_id", "start", "end"]], on=keys)
    both = both[(both["at"] >= both["start"]) & (both["at"] < both["end"])].drop_duplicates("place").set_index("place")["segment_id"]
    return both.reindex(range(len(places))).astype("Int64").to_numpy()


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
