"""Sentences → segments: who speaks in every sentence, the outlet or somebody it reports; rules on tags, cues as a table.

A cue (`data/lexicons/cues.csv`) is a word by which the outlet gives somebody the word. Its frames say where the content stands:
`clause` (with or without “that”), `that` (only with it), `whether`, `quote` (only a quotation), `object` (the noun phrase behind it),
`number` (such a phrase with a number), `to` (an infinitive), `whom:of`, `whom:to`, `whom:as`, `whom:at`, `whom` (what is said of whom),
`hearer` (a hearer may stand before the content), `loose` (its forms have other uses), `thought` (no speech, a thought).
One matcher finds the cue, its subject to the left (or behind it: “said Smith”), and the content to the right, or to the left of it.
"""
import re
from functools import cache
from typing import NamedTuple

import pandas as pd

from analysis import tables

STANCES = ("neutral", "distancing", "endorsing", "speech_act")
BE = set("is are was were be been being 's 're am".split())
AUX = BE | set("has have had having do does did will would can could may might must shall should ca wo 've 'd 'll also then later once again even long".split())
NOT = set("not n't never nobody neither nor hardly".split())
WITHHELD = set("refuse refused refuses refusing decline declined declines declining fail failed fails unwilling reluctant avoid avoided".split())
FINITE = {"VBD", "VBZ", "VBP", "MD"}
NOUNY = {"NN", "NNS", "NNP", "NNPS", "JJ", "JJR", "JJS", "DT", "PRP$", "POS", "CD", "$", "PDT"}
PERSON = {"he": "m", "she": "f"}
PRONOUNS = {"he", "she", "they", "it", "i", "we", "you", "who", "one"}
TIMES = set("monday tuesday wednesday thursday friday saturday sunday today yesterday tonight tomorrow morning afternoon evening night week month year earlier later recently "
            "january february march april may june july august september october november december ago day days weeks months years".split())
IN_TIME = set("on in for since at during after before from last this next late early to with by via through following since over".split())
RESUMES = set("who which whose where when as after before while because although though citing referring speaking according prompting during until since amid despite".split())
COORDINATES = {"and", "but", "yet", "or", ";", "while", "whereas", "although", "though"}
TITLES = set("mr mrs ms miss dr sir lord lady dame king queen prince princess president vice prime minister premier chancellor secretary senator sen representative rep congressman "
             "congresswoman governor gov general gen colonel col major lieutenant lt captain sergeant admiral judge justice professor prof pope bishop archbishop rabbi imam ayatollah sheikh "
             "ambassador mayor chairman chairwoman chief director spokesman spokeswoman spokesperson deputy foreign press attorney commissioner officer sheriff coach former leader "
             "democrat republican democratic national security adviser advisor candidate nominee host reporter analyst campaign manager first lady undersecretary".split())
FEMALE, MALE = {"mrs", "ms", "miss", "lady", "queen", "princess", "dame", "spokeswoman", "congresswoman", "chairwoman", "actress"}, {"mr", "sir", "king", "prince", "lord", "pope", "spokesman", "congressman", "chairman"}
ROLES = set("minister president premier chancellor secretary senator governor general colonel captain judge justice professor pope bishop ambassador mayor chairman chairwoman chief director spokesman "
            "spokeswoman spokesperson leader candidate nominee official lawyer attorney officer diplomat envoy commissioner commander author analyst expert economist adviser king queen prince king "
            "representative lawmaker congressman congresswoman sheriff coach player doctor teacher professor mother father son daughter wife husband brother sister businessman billionaire host actor actress singer".split())
QUALIFIERS = set("foreign prime vice deputy defense defence interior finance health justice energy education former attorney general press home trade labor labour transport environment".split())
COLLECTIVE = set("university ministry bureau institute board bank foundation association federation alliance agency centre center society service union government ministry department office agency army military police party group court committee council company bank union campaign administration state country report study poll "
                 "survey statement organisation organization movement authority commission assembly senate house congress parliament embassy team newspaper network station law document".split())


# ---- cues -----------------------------------------------------------------------------------------------------------------------

class Cue:
    """One entry of the table: its frames, particle (“for” in “call for”), stance and kind."""
    __slots__ = ("base", "particle", "frames", "stance", "kind", "whom")

    def __init__(self, base, particle, frames, stance, kind):
        self.base, self.particle, self.stance, self.kind = base, particle, stance, kind
        self.whom = tuple(f.partition(":")[2] for f in frames if f.startswith("whom"))
        self.frames = frozenset(f for f in frames if not f.startswith("whom"))


def read_cues(path=None):
    """The table of cues: cue, kind (`verb`, `noun`, `source`), frames, stance, forms (irregular ones), reason."""
    path = path or tables.ROOT / "data" / "lexicons" / "cues.csv"
    table = pd.read_csv(path, comment="#", dtype="str", keep_default_na=False)
    wrong = table[~table["stance"].isin(STANCES) | ~table["kind"].isin(["verb", "noun", "source"])]
    if len(wrong):
        raise ValueError(f"{path}: cue “{wrong['cue'].iloc[0]}” has kind {wrong['kind'].iloc[0]} and stance {wrong['stance'].iloc[0]}; expected verb, noun or source, and one of {', '.join(STANCES)}.")
    return table


def inflected(verb):
    """Regular forms of a verb: says, saying, said's regular kin (argue → argues, argued, arguing)."""
    stem = verb[:-1] if verb.endswith("e") else verb
    if re.search(r"[^aeiou]y$", verb):
        return {verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"}
    return {verb, verb + ("es" if re.search(r"(s|x|z|ch|sh|o)$", verb) else "s"), stem + "ed", (verb if verb.endswith("ee") else stem) + "ing"}


@cache
def cue_index():
    """form → cues (verbs, nouns), and the sources as tuples of words."""
    verbs, nouns, sources = {}, {}, {}
    for row in read_cues().itertuples():
        words = row.cue.split()
        if row.kind == "source":
            sources.setdefault(words[0], []).append((tuple(words), Cue(row.cue, (), row.frames.split(), row.stance, row.kind)))
            continue
        cue = Cue(row.cue, tuple(words[1:]), row.frames.split(), row.stance, row.kind)
        forms = inflected(words[0]) | set(row.forms.split()) if row.kind == "verb" else {words[0], words[0] + "s"}
        for form in forms:
            (verbs if row.kind == "verb" else nouns).setdefault(form, []).append(cue)
    for found in verbs.values():
        found.sort(key=lambda cue: -len(cue.particle))
    return verbs, nouns, sources


# ---- quotations -----------------------------------------------------------------------------------------------------------------

OPENING, CLOSING = "“«„", "”»"
SINGLES = re.compile(r"(?<![\w’'])[‘'](?=[\w(\[“\"])([^‘\n]{2,600}?)(?<=[\w.,!?…)])[’'](?![\w’'])")
SENTENCE_END = re.compile(r"[.!?…][”’\"')\]]*(?=\s|$)")


def quotations(text):
    """(start, end) of every quotation of a text, marks included, in order; quotations within quotations belong to the outer one.

    A mark that is never closed runs to its paragraph's end where the next paragraph opens with a mark again (a speech over several
    paragraphs), else to the end of its sentence.
    """
    found, begin = [], 0
    blocks = [(m.start(), m.end()) for m in re.finditer(r"(?:(?!\n\s*\n).)+", text, re.S)]
    for number, (begin, end) in enumerate(blocks):
        after = text[slice(*blocks[number + 1])].lstrip()[:1] if number + 1 < len(blocks) else ""
        opened = None
        for mark in re.finditer(r"[“”«»„\"]", text[begin:end]):
            at, sign = begin + mark.start(), mark.group()
            before, behind = text[at - 1:at] if at > begin else " ", text[at + 1:at + 2] if at + 1 < end else " "
            opens = sign in OPENING or sign == '"' and (before.isspace() or before in "([—–-‘'") and not behind.isspace()
            closes = sign in CLOSING or sign == '"' and not opens
            if opened is None:
                if opens:
                    opened = at
            elif closes or sign == '"' and not before.isspace():
                found.append((opened, at + 1))
                opened = None
            elif sign == '"' and opens:                    # the last one was never closed
                found.append((opened, _sentence_end(text, opened, at)))
                opened = at
        if opened is not None:
            found.append((opened, end if after and after in OPENING + '"' else _sentence_end(text, opened, end)))
        if "‘" in text[begin:end] or "'" in text[begin:end]:
            taken = [f for f in found if f[0] >= begin]
            for single in SINGLES.finditer(text, begin, end):
                if not any(a < single.end() and single.start() < b for a, b in taken):
                    found.append(single.span())
    return sorted(found)


def _sentence_end(text, start, limit):
    stop = SENTENCE_END.search(text, start + 1, limit)
    return stop.end() if stop else len(text[:limit].rstrip())


# ---- one article ----------------------------------------------------------------------------------------------------------------

class Attribution:
    """Who is given the word, by which cue."""
    __slots__ = ("speaker", "cue", "stance")

    def __init__(self, speaker, cue, stance):
        self.speaker, self.cue, self.stance = speaker, cue, stance


class Sentence:
    """Tokens of one sentence: as printed, lower-cased with straight apostrophes, tags, places; which quotation each stands in; who owns it."""
    __slots__ = ("raw", "low", "tag", "start", "end", "quote", "owner", "n")

    def __init__(self, raw, tag, start, end):
        self.raw, self.tag, self.start, self.end, self.n = raw, tag, start, end, len(raw)
        self.low = [word.lower().replace("’", "'") for word in raw]
        self.quote, self.owner = [-1] * self.n, [None] * self.n

    def finite(self, a, b):
        """Is there a finite verb outside quotations among the tokens a … b-1?"""
        return any(self.quote[i] < 0 and (self.tag[i] in FINITE or self.tag[i] == "VBN" and i > a and self.tag[i - 1] in ("NNP", "NNS", "NN", "PRP", "RB")
                                          or self.low[i] in ("'s", "'re") and self.tag[i] != "POS") for i in range(a, b))

    def give(self, a, b, owner):
        for i in range(max(a, 0), min(b, self.n)):
            self.owner[i] = owner


class Cast:
    """The people and sources of one article: full names by surname, roles, and who was spoken of last."""

    def __init__(self, sentences):
        self.full, self.sex, self.role, self.unnamed = {}, {}, [], set()
        self.person = self.group = self.last = self.plural = None
        for s in sentences:
            i = 0
            while i < s.n:
                j = i
                while j < s.n and s.tag[j] == "NNP" and s.raw[j][:1].isupper():
                    j += 1
                if j > i:
                    self._meet(s, i, j)
                i = max(j, i + 1)

    def _meet(self, s, i, j):
        k = j
        while k > i and s.low[k - 1].rstrip(".") not in TITLES:
            k -= 1
        name = s.raw[k:j]
        if not name or all(word.lower() in TIMES for word in name):
            return
        key = name[-1].lower()
        if key in COLLECTIVE:
            return
        if 1 < len(name) <= 4 and (key not in self.full or " " not in self.full[key]):
            self.full[key] = " ".join(name)
        else:
            self.full.setdefault(key, " ".join(name))
        whole = self.full[key]
        for word in s.low[max(0, i - 3):k]:
            word = word.rstrip(".")
            if word in FEMALE or word in MALE:
                self.sex[whole] = "f" if word in FEMALE else "m"
        x = i - 1 if k == i > 1 and s.low[i - 1] == "," and s.low[i - 2] in ROLES else k    # "Iran’s foreign minister, Ann Lee," or "Foreign Minister Ann Lee"
        begin = x
        while begin > max(0, x - 5) and s.tag[begin - 1] in ("JJ", "NN", "NNP", "POS", "PRP$"):
            begin -= 1
        self._role(s.low[begin:x], whole)
        if j + 1 < s.n and s.low[j] == ",":                                                 # "Ann Lee, the foreign minister of Norway,"
            stop = next((x for x in range(j + 1, min(s.n, j + 11)) if s.low[x] in (",", ".") or s.tag[x] in FINITE), j + 1)
            stop = next((x for x in range(j + 1, stop) if s.tag[x] == "IN"), stop)
            self._role(s.low[j + 1:stop], whole)

    def _role(self, words, name):
        """Remember that a name holds an office, if the words end in one: (office, its modifiers, name)."""
        if words and words[-1] in ROLES and len(name.split()) > 0:
            mods = frozenset(w for w in words[:-1] if w.isalpha() and w not in ("the", "a", "an", "of", "and", "said", "told", "by", "with"))
            if (words[-1], mods, name) not in self.role:
                self.role.append((words[-1], mods, name))

    def _holder(self, head, mods):
        """Who is meant by an office: he whose modifiers fit best; among equals the last to speak, then the first named."""
        fits = [(len(mods & theirs), name == self.person, -n, name) for n, (office, theirs, name) in enumerate(self.role)
                if office == head and not (mods & QUALIFIERS) - theirs and not (theirs & QUALIFIERS and mods & QUALIFIERS and not theirs & mods & QUALIFIERS)]
        return max(fits)[3] if fits else None

    def speaker(self, s, a, b):
        """Canonical name of the noun phrase a … b-1; null where it does not tell who is meant."""
        words, tags = s.low[a:b], s.tag[a:b]
        if not words:
            return None
        if len(words) == 1 and words[0] in PRONOUNS:
            return self._pronoun(words[0])
        stop = next((i for i, (w, t) in enumerate(zip(words, tags)) if i and (t == "IN" or w in ("of", "in", "for", "at", "from", "with", ","))
                     and not (w == "of" and words[i - 1] in COLLECTIVE and tags[i - 1] == "NNP" and tags[i + 1:i + 2] == ["NNP"])), len(words))
        run = stop
        while run > 0 and (tags[run - 1] in ("NNP", "NNPS") and s.raw[a + run - 1][:1].isupper() or words[run - 1] == "of" and run < stop):
            run -= 1
        name = s.raw[a + run:a + stop]
        if name and name[-1].lower() in COLLECTIVE:
            return self._said(" ".join(name), name)
        cut = max((i + 1 for i, w in enumerate(name) if w.lower().rstrip(".") in TITLES), default=0)
        if name[cut:]:
            name = name[cut:]
            whole = self.full.get(name[-1].lower(), " ".join(name))
            return self._said(whole if len(name) == 1 or set(name) <= set(whole.split()) else " ".join(name), name)
        head = words[stop - 1]
        holder = self._holder(head, frozenset(words[:stop - 1])) if head in ROLES and words[0] not in ("a", "an", "another", "one") else None
        if holder:
            return self._said(holder, ["x"])
        phrase = s.raw[a:b]
        while len(phrase) > 1 and phrase[0].lower() in ("the", "a", "an", "some", "many", "several", "other", "one"):
            phrase = phrase[1:]
        whole = re.sub(r" (?=[’']s\b|,)", "", " ".join(phrase))
        if tags[stop - 1] == "NNS" or head in ("people", "police", "others", "some", "many"):
            self.plural = whole
        elif head in COLLECTIVE:
            self.group = whole
        elif head in ROLES or tags[0] == "DT":
            self.person = whole
            if head in ROLES and words[0] not in ("a", "an", "another", "one") and stop == len(words):
                self.unnamed.add(whole)
        self.last = whole
        return whole

    def _said(self, whole, name):
        self.last = whole
        if len(whole.split()) > 1 and whole.split()[-1].lower() not in COLLECTIVE and not whole.isupper():
            self.person = whole
        else:
            self.group = whole
            if self.sex.get(whole) or any(whole == held for *_, held in self.role):
                self.person = whole
        return whole

    def notice(self, s):
        """Remember the person a sentence without speech is about: the next “she” may be that person."""
        main = next((i for i in range(s.n) if s.tag[i] in FINITE and s.quote[i] < 0), None)
        if main:
            a, b, *_ = subject(s, main)
            if a < b and s.tag[b - 1] == "NNP" and self.full.get(s.low[b - 1], s.raw[b - 1]) != s.raw[b - 1]:
                self.person = self.full[s.low[b - 1]]

    def speaker_of(self, pronoun):
        """Whom a possessive means: his, her, their, its."""
        return self._pronoun(pronoun)

    def _pronoun(self, word):
        if word in PERSON:
            who = self.person or self.last
            if not who or self.sex.get(who, PERSON[word]) != PERSON[word]:
                others = [name for name, sex in self.sex.items() if sex == PERSON[word]]
                return others[-1] if others else None
            self.sex.setdefault(who, PERSON[word])
            return who
        return {"they": self.plural or self.group, "it": self.group, "who": self.last}.get(word)


class Subject(NamedTuple):
    """The subject of a cue: tokens a … b-1 name the speaker (a = b: none of its own); `own` is the first token of the phrase with its
    apposition, `first` that of the verb group; flags: `not`, `passive`, `infinitive`, `and` (shares the subject before), `comma` (a
    participle behind one), `quote` (a quotation stands before), `relative`."""
    a: int
    b: int
    own: int
    first: int
    flags: set


def subject(s, k):
    """The subject of the verb at token k, to its left."""
    j, flags = k - 1, set()
    while j >= 0 and s.quote[j] < 0:                            # over auxiliaries, adverbs and times: "Smith on Monday had also said"
        word, tag = s.low[j], s.tag[j]
        if word in NOT:
            flags.add("not")
        elif word in BE:
            flags.add("passive")
        elif word == "to" and j > 0:
            j -= 1
            if s.low[j] in WITHHELD:
                flags.add("not")
            if not s.tag[j].startswith("VB") and s.low[j] != "on":
                flags.add("infinitive")
                break
        elif not (word in AUX or tag in ("RB", "RBR", "MD") or word in TIMES or word in IN_TIME and s.low[j + 1] in TIMES):
            break
        j -= 1
    first = j + 1
    nobody = Subject(first, first, first, first, flags)
    if j < 0 or s.quote[j] >= 0:
        flags |= {"quote"} if j >= 0 else set()
        return nobody
    word = s.low[j]
    if word in COORDINATES:
        flags.add("and")
        return nobody._replace(own=j, first=j)
    if word in ("who", "which", "that") and j > 0:
        flags.add("relative")
        e = j - 1 if s.low[j - 1] == "," else j
        a = _phrase_start(s, e)
        return Subject(a, e, a, first, flags) if a < e else nobody
    if word == ",":
        back = next((i for i in range(j - 1, max(-1, j - 30), -1) if s.low[i] == "," and s.quote[i] < 0), None)
        if not s.low[k].endswith("ing") and back:               # "Lee, the minister, said"; "the minister, Ann Lee, said"
            a = _phrase_start(s, back)
            if a < back and any(w in ROLES for w in s.low[a:back]) and all(t == "NNP" for t in s.tag[back + 1:j]):
                return Subject(back + 1, j, a, first, flags)
            if a < back and s.tag[back - 1] != "CD":
                return Subject(a, back, a, first, flags)
        flags.add("comma")
        return nobody._replace(own=j if s.low[k].endswith("ing") else first, first=j if s.low[k].endswith("ing") else first)
    a = _phrase_start(s, j + 1)
    return Subject(a, j + 1, a, first, flags)


def _phrase_start(s, e, low=0):
    """Left end of the noun phrase that ends before token e; e itself where none stands there."""
    if e <= low:
        return e
    if s.low[e - 1] in PRONOUNS:
        return e - 1
    a, nouns = e, 0
    while a > low and s.quote[a - 1] < 0:
        word, tag = s.low[a - 1], s.tag[a - 1]
        if tag in NOUNY and word not in TIMES:
            nouns += tag.startswith("NN") or tag == "CD" or tag == "JJ"
        elif tag == "VBG" and a - 1 > low and s.tag[a - 2] in ("DT", "PRP$") and (a == e or s.tag[a] == "IN"):
            nouns += 1                                            # "the killing in Gaza"
        elif tag in ("VBN", "VBG", "VBD") and a < e and s.tag[a].startswith(("NN", "JJ")) and a - 1 > low and s.tag[a - 2] in ("DT", "JJ", "PRP$", "IN", "NNP") and "-" in word:
            pass
        elif word in ("of", "in", "for", "at", "from", "with") and a < e and a - 1 > low and s.tag[a - 2] in NOUNY and s.tag[a - 2] not in ("DT", "PRP$"):
            pass
        elif word == "and" and a < e and a - 1 > low and s.tag[a - 2] in ("NNP", "NNS") and s.tag[a] in ("NNP", "NNS", "JJ", "NN"):
            pass
        elif word in ("some", "many", "those", "others", "both", "all", "several"):
            nouns += 1
        else:
            break
        a -= 1
    while a < e and s.low[a] in ("of", "in", "for", "at", "from", "with", "and", "'s"):
        a += 1
    return a if nouns else e


def content_right(s, k, cue):
    """First token of the content that stands right of the cue whose last word is k; null where there is none there."""
    j, passed = k + 1, 0
    clause = "clause" in cue.frames
    while j < s.n and passed < 30:
        passed += 1
        word, tag = s.low[j], s.tag[j]
        if s.quote[j] >= 0:
            return j
        if word == "that" and ("clause" in cue.frames or "that" in cue.frames or cue.kind == "noun"):
            return j
        if word in ("whether", "if", "how", "why", "what", "where") and ("whether" in cue.frames or word in ("whether", "how", "why") and (clause or "that" in cue.frames)):
            return j
        if word == ":" and cue.kind == "verb":
            return j + 1 if j + 1 < s.n else None
        if word == ",":
            if j + 1 < s.n and s.quote[j + 1] >= 0:
                return j + 1
            back = next((i for i in range(j + 1, min(s.n, j + 16)) if s.low[i] == ","), None)   # "said, in an interview, that"
            if back and back + 1 < s.n and (s.low[back + 1] == "that" or s.quote[back + 1] >= 0) and not s.finite(j, back):
                j = back + 1
                continue
            return None
        if word in (".", "!", "?", ";", "—", "–", "--", "-"):
            return None
        if tag == "RB" and word not in ("there", "here") or word in TIMES or word in ("last", "this") and j + 1 < s.n and s.low[j + 1] in TIMES:
            j += 1
            continue
        if word in IN_TIME and j + 1 < s.n and (clause or "that" in cue.frames or "quote" in cue.frames):
            j = _after_phrase(s, j + 1)
            continue
        if "hearer" in cue.frames and j == k + 1 and (tag in NOUNY or tag == "PRP"):
            j = j + 1 if tag == "PRP" else _after_phrase(s, j)
            if j < s.n and "clause" in cue.frames and s.tag[j] in ("PRP", "DT", "NNP", "EX", "PRP$", "NNS") and s.finite(j, s.n):
                return j
            continue
        if clause and "loose" not in cue.frames and tag not in ("TO", "VB", "VBG") and s.finite(j, _clause_end(s, j)):
            return j
        if cue.frames & {"clause", "that"} and j == k + 1 and cue.kind == "verb" and "whether" not in cue.frames:      # no “that”: a subject and its verb must follow at once
            behind = j + 1 if tag == "PRP" or word in ("many", "most", "some", "this", "there") else _after_phrase(s, j)
            while behind < s.n and s.tag[behind] in ("RB", "MD"):
                behind += 1
            if j < behind < s.n and s.quote[behind] < 0 and (s.tag[behind] in FINITE | {"VBN"} or s.tag[behind] == "VB" and s.tag[behind - 1] == "MD") and s.low[behind - 1] not in (",",):
                return j
        return None
    return None


def _after_phrase(s, j):
    """The token behind the noun phrase that begins at j."""
    noun = False
    while j < s.n and s.quote[j] < 0:
        tag, word = s.tag[j], s.low[j]
        if word in ("that", "whether") or noun and tag in ("DT", "PRP", "PRP$", "EX"):
            break
        if tag in NOUNY or tag == "PRP" or word in TIMES:
            noun |= tag.startswith("NN") or tag == "PRP" or word in TIMES
        elif not (word in ("of", "in", "for", "at", "with", "to", "and") and noun and j + 1 < s.n and s.tag[j + 1] in NOUNY):
            break
        j += 1
    return j


def _clause_end(s, j):
    """Where the clause that begins at j must have shown its verb: the next semicolon, or the sentence's end."""
    return next((i for i in range(j, s.n) if s.low[i] == ";"), s.n)


def _object_end(s, j):
    """Behind the object that begins at j: the next comma, semicolon, dash or “by”, or the sentence's end."""
    return next((i for i in range(j, s.n) if s.quote[i] < 0 and s.low[i] in (",", ";", "—", "–", "--", "by", "but", "while")), s.n)


def read_sentence(s, cast, carried):
    """Give every token of one sentence to the outlet (null) or to an `Attribution`; returns the last attribution, for chains over sentences."""
    verbs, nouns, sources = cue_index()
    left, last, k = 0, None, 0
    while k < s.n:
        if s.quote[k] >= 0:
            k += 1
            continue
        word = s.low[k]
        made = None
        if word in sources:
            made = _source(s, k, sources[word], cast, left)
        if made is None and word in verbs and (s.tag[k].startswith("VB") or _looks_like_verb(s, k)):
            if k and s.tag[k - 1] in ("DT", "PRP$", "POS") and not word.endswith("ed"):
                verbs_here = ()
            else:
                verbs_here = verbs[word]
            for cue in verbs_here:
                tail = _behind_particle(s, k, cue.particle)
                if tail is not None:
                    made = _verb(s, k, tail, cue, cast, left, last)
                    if made:
                        break
        if made is None and word in nouns and s.tag[k].startswith("NN") and s.owner[k] is None:
            made = next(filter(None, (_noun(s, k, cue, cast) for cue in nouns[word])), None)
        if made:
            last, left = made
        k += 1
    return last


def _looks_like_verb(s, k):
    """A form tagged as a noun that stands like a verb: behind a name, a plural or a pronoun, and before a clause or a quotation."""
    if k == 0 or k + 1 >= s.n or s.tag[k] not in ("NN", "NNS", "JJ", "NNP", "VBN"):
        return False
    if s.tag[k] == "NNS" and s.low[k + 1] == "that" and s.tag[k - 1] == "NN":         # "The report states that"
        return True
    before = s.tag[k - 1] in ("NNP", "NNPS", "NNS", "PRP") or s.quote[k - 1] >= 0 or s.low[k - 1] == ","
    return before and (s.low[k + 1] in ("that", "it", "its", "the", "he", "she", "they", "there", ":", ",", "for", "on", "of") or s.quote[k + 1] >= 0)


def _behind_particle(s, k, particle):
    """The cue's last token, its particle included (“called for”, “called on Friday for”); null where the particle is not there."""
    at = k + 1
    if particle and at + 1 < s.n and s.low[at] in ("on", "again", "repeatedly") and s.low[at + 1] in TIMES:
        at += 2
    return at + len(particle) - 1 if tuple(s.low[at:at + len(particle)]) == particle else None


def _verb(s, k, tail, cue, cast, left, last):
    """One verb of saying: (attribution, new left boundary), or null where it gives nobody the word."""
    inside = s.owner[k]
    a, b, own, first, flags = subject(s, k)
    strong = "clause" in cue.frames and not cue.frames & {"loose", "thought"}
    if inside is not None:                                       # within somebody's content: nested, unless the outlet takes over again
        if a < b:
            cut = own - 1 if own > 0 and s.low[own - 1] in COORDINATES and strong else None
        else:
            cut = first if "and" in flags and strong or "comma" in flags and s.low[k].endswith("ing") else None
        if cut is None or s.owner[cut] is not inside:
            return None
    if "not" in flags and not (cue.base in ("deny", "doubt", "dispute")):
        return None
    if "infinitive" in flags and inside is None and a >= b:
        return None
    passive = "passive" in flags and s.tag[k] in ("VBN", "VBD")
    begin = content_right(s, tail, cue)
    end = s.n
    content = None                                               # (first, behind the last) token of the content
    if cue.whom and not passive:
        content = _whom(s, tail, cue)
    if content is None and begin is not None and passive and s.low[begin] == "that" and "hearer" not in cue.frames and inside is None:
        owner = Attribution(_who(s, a, b, flags, cast, last, True, k, None), s.raw[k], cue.stance)      # "It was said that …"
        s.give(begin, s.n, owner)
        return owner, s.n
    if content is None and begin is not None and not (passive and "hearer" not in cue.frames and cue.base not in ("quote",)):
        content = (begin, end)
    if content is None and "to" in cue.frames and tail + 1 < s.n and s.low[tail + 1] == "to" and not passive:
        content = (tail + 1, _object_end(s, tail + 1))
    if content is None and "number" in cue.frames and not passive:
        stop = _object_end(s, tail + 1)
        content = (tail + 1, stop) if "CD" in s.tag[tail + 1:min(stop, tail + 9)] else None
    if content is None and cue.frames & {"object", "ing"} and not passive and tail + 1 < s.n and s.low[tail + 1] not in (",", ".", "by", ";"):
        content = (tail + 1, _object_end(s, tail + 1))
    if content is None and passive and cue.frames & {"clause", "that"} and tail + 1 < s.n and s.low[tail + 1] == "to" and cue.base in ("say", "believe", "think", "report", "allege", "understand", "rumor"):
        content = (tail + 1, _object_end(s, tail + 1))
        owner = Attribution(None, s.raw[k], cue.stance)
        s.give(*content, owner)
        return owner, content[1]
    if content is None and passive and inside is None and a < b and (cue.whom or cue.frames & {"object", "ing", "clause"}) and tail + 1 < s.n and s.low[tail + 1] == "by":
        stop = _after_phrase(s, tail + 2)                        # "The killing was described by the minister as …"
        owner = Attribution(cast.speaker(s, tail + 2, stop), " ".join(s.raw[k:tail + 1]), cue.stance)
        s.give(a, b, owner)
        if stop < s.n and (s.low[stop] in cue.whom or s.quote[stop] >= 0 or "" in cue.whom and s.tag[stop] in ("DT", "JJ")):
            s.give(stop, _object_end(s, stop + 1), owner)
        return owner, s.n
    if content is not None:
        if cue.base in ("deny", "reject", "recommend") and s.tag[content[0]] == "PRP":
            return None
        if cue.whom == ("",) and s.tag[k - 1:k] == ["NN"] and s.tag[k] in ("VBN", "VBD") and s.quote[content[0]] >= 0:      # "a film called “X”"
            return None
        if inside is not None:
            s.give(cut, s.n, None)
        if inside is None and a >= b and "and" not in flags and "comma" not in flags and k > 0 and s.tag[k] in ("VBN", "VBD") and not s.low[k - 1] in (",",) and last is None and "hearer" not in cue.frames and "clause" not in cue.frames:
            return None
        who = _who(s, a, b, flags, cast, last, passive, k, inside)
        owner = Attribution(who, " ".join(s.raw[k:tail + 1]), cue.stance)
        if cue.base == "ask" and passive or s.low[k] == "asked" and a >= b and "and" not in flags:
            comma = next((i for i in range(content[0], s.n) if s.low[i] == ","), s.n)
            content, owner.speaker = (content[0], comma), None
        lead = content[0]
        s.give(lead, content[1], owner)
        if inside is None and s.quote[lead] >= 0 and own > left:  # "“…,” he said, “…”"; "If it goes on, he warned, “…”"
            if any(s.quote[i] >= 0 and s.owner[i] is None for i in range(left, own)) or s.low[left] in ("if", "should", "unless", "had", "were"):
                _give_left(s, left, own, owner)
        return owner, content[1]
    if inside is not None or not (cue.frames & {"clause", "quote", "that"}) or cue.base in ("find", "show", "prove", "know"):
        return None
    return _behind(s, k, tail, cue, cast, Subject(a, b, own, first, flags), left, last)


def _who(s, a, b, flags, cast, last, passive, k, inside):
    """The speaker of a leading cue."""
    if passive:
        by = next((i for i in range(k + 1, min(k + 4, s.n)) if s.low[i] == "by"), None)
        return cast.speaker(s, by + 1, _after_phrase(s, by + 1)) if by else None
    if a < b:
        return cast.speaker(s, a, b)
    if inside is not None:
        return inside.speaker
    if last is not None:
        return last.speaker
    verbs = [i for i in range(k) if s.tag[i] in FINITE and s.quote[i] < 0]
    main = (verbs[-1] if "and" in flags else verbs[0]) if verbs else None
    if main is not None and main < k:
        found = subject(s, main)
        if found.a < found.b:
            return cast.speaker(s, found.a, found.b)
    return cast.last if flags & {"and", "comma"} else None


def _whom(s, tail, cue):
    """Content of “urged X to …”, “accused X of …”, “called X a …”: from X to the end; null where the frame is not filled."""
    begin = tail + 1
    if begin >= s.n or s.low[begin] in (",", ".", ";", "by", "to"):
        return None
    stop = _object_end(s, begin)
    for particle in cue.whom:
        if not particle:
            behind = begin + 1 if s.tag[begin] == "PRP" else _after_phrase(s, begin)
            if behind < s.n and (s.quote[behind] >= 0 or s.tag[behind] in ("DT", "JJ", "NN")) and behind > begin or s.quote[begin] >= 0:
                return begin, stop
            if s.tag[begin] in NOUNY | {"PRP"} and any(s.tag[i] == "DT" for i in range(begin + 1, stop)) and s.tag[begin] != "DT":
                return begin, stop
        else:
            at = next((i for i in range(begin, stop) if s.low[i] == particle and s.quote[i] < 0), None)
            if at is not None and at - begin <= 14 and (particle not in ("as", "for") or at > begin):
                return begin, s.n if particle == "to" else _object_end(s, at)
    return None


def _give_left(s, left, stop, owner):
    for i in range(left, stop):
        if s.owner[i] is None:
            s.owner[i] = owner


def _behind(s, k, tail, cue, cast, found, left, last):
    """A cue behind its content: “…,” Smith said; …, said Smith; a, he said, b."""
    a, b, own, _, flags = found
    inverted = a >= b and ("comma" in flags or "quote" in flags) and "and" not in flags
    before = own - 1
    if before >= 0 and s.low[before] == "as" and before - left <= 1 and a < b and "clause" in cue.frames:      # "As Lee told reporters, …"
        comma = next((i for i in range(tail + 1, s.n) if s.low[i] == ","), None)
        if comma is None or not s.finite(comma, s.n):
            return None
        owner = Attribution(cast.speaker(s, a, b), " ".join(s.raw[k:tail + 1]), cue.stance)
        s.give(comma + 1, s.n, owner)
        return owner, s.n
    if before < left:
        return None
    joined = s.quote[before] >= 0 or s.low[before] in (",", "-", "—", "–", "--", "?", "!")
    if not joined:
        return None
    quoted = any(s.quote[i] >= 0 for i in range(left, own))
    at_end = all(s.low[i] in TIMES or s.low[i] in IN_TIME or s.tag[i] in ("NNP", "CD", "DT") or not s.raw[i][:1].isalnum() for i in range(tail + 1, s.n))
    if not quoted and ("clause" not in cue.frames or "loose" in cue.frames and not at_end):
        return None
    comma = next((i for i in range(tail + 1, s.n) if s.low[i] in (",", ";", ":") or s.quote[i] >= 0), s.n)
    mid = comma + 1 < s.n and s.low[comma] == "," and not inverted
    if not quoted and not s.finite(left, own) and not mid:
        return None
    if inverted:
        if s.tag[k] == "VBG" or tail + 1 >= s.n:
            return None
        e = _after_phrase(s, tail + 1)
        if e <= tail + 1:
            return None
        who = cast.speaker(s, tail + 1, e)
    elif a < b:
        who = cast.speaker(s, a, b)
    else:
        who = last.speaker if last else None
    owner = Attribution(who, " ".join(s.raw[k:tail + 1]), cue.stance)
    _give_left(s, left, own, owner)
    rest = comma + 1 if comma < s.n and s.low[comma] in (",", ":") else comma
    if inverted:                                                 # "…,” said Smith, a spokesman, “and …”"
        again = next((i for i in range(tail + 1, s.n) if s.quote[i] >= 0), None)
        if again is not None:
            s.give(again, s.n, owner)
            return owner, s.n
        return owner, rest
    if rest < s.n and s.quote[rest] >= 0:
        s.give(rest, s.n, owner)
        return owner, s.n
    if rest < s.n and s.low[comma] in (",", ";") and s.low[rest] not in RESUMES and s.tag[rest] != "VBG" and not (s.quote[before] >= 0 or s.quote[before - 1] >= 0):
        s.give(rest, s.n, owner)
        return owner, rest
    again = next((i for i in range(rest, s.n) if s.quote[i] >= 0), None)
    if again is not None and not any(s.low[i] in cue_index()[0] for i in range(rest, again) if s.quote[i] < 0):
        s.give(again, s.n, owner)
    return owner, rest


def _source(s, k, entries, cast, left):
    """“According to X, …” and “…, according to X”."""
    for words, cue in entries:
        if tuple(s.low[k:k + len(words)]) != words or s.owner[k] is not None:
            continue
        begin = k + len(words)
        end = _after_phrase(s, begin)
        comma = next((i for i in range(max(end, begin), s.n) if s.low[i] in (",", ";", ":")), s.n)
        stop = min(comma, s.n)
        who = cast.speaker(s, begin, max(end, begin))
        owner = Attribution(who, " ".join(s.raw[k:begin]), cue.stance)
        if k - left <= 1 and not s.finite(left, k):              # at the head of its clause
            s.give(stop + 1 if stop < s.n and not s.finite(end, stop) else end, s.n, owner)
            return owner, s.n
        _give_left(s, left, k, owner)
        if stop + 1 < s.n and not s.finite(left, k) and s.low[stop] == ",":
            s.give(stop + 1, s.n, owner)
        return owner, stop + 1
    return None


def _noun(s, k, cue, cast):
    """A reporting noun: X's claim that …; their warning that …"""
    at = k + 1
    if at >= s.n or not (s.low[at] == "that" or s.low[at] == "of" and "of" in cue.frames or s.low[at] == "to" and "to" in cue.frames and s.tag[k - 1] in ("POS", "PRP$")):
        return None
    if s.low[at] == "that" and at + 1 < s.n and (s.tag[at + 1] in FINITE or s.tag[at + 1] == "RB"):   # "a report that shows"
        return None
    j = k - 1
    while j > 0 and s.tag[j] in ("JJ", "NN", "JJR", "JJS", "CD"):
        j -= 1
    who = None
    if s.tag[j] == "POS" or s.low[j] in ("'s", "'"):
        who = cast.speaker(s, _phrase_start(s, j), j)
    elif s.low[j] in ("his", "her"):
        who = cast.speaker_of("he" if s.low[j] == "his" else "she")
    elif s.low[j] in ("their", "its"):
        who = cast.speaker_of("they" if s.low[j] == "their" else "it")
    end = s.n if s.low[at] == "that" else _object_end(s, at)
    if s.low[at] == "that" and not s.finite(0, k):               # the noun is in the subject: its clause ends before the main verb
        seen = [i for i in range(at + 1, s.n) if s.tag[i] in FINITE | {"VBN"} and s.quote[i] < 0 and s.low[i - 1] not in AUX]
        end = seen[1] if len(seen) > 1 else s.n
    owner = Attribution(who, s.raw[k], cue.stance)
    s.give(at, end, owner)
    return owner, end


# ---- tables ---------------------------------------------------------------------------------------------------------------------

def find_voices(articles, sentences, tokens):
    """Sentences → `segments`: each sentence cut into stretches of one voice (`own`, `direct`, `indirect`) with speaker, cue and stance.

    The segments of a sentence tile it; white space at a boundary goes with the segment before. Speaker: the fullest name the article
    gives, a role or institution as printed, null where the text does not make plain who is meant. A machine's coding, with its errors.
    """
    from tqdm import tqdm
    rows = []
    columns = [tokens[c].tolist() for c in ("token", "pos", "start", "end")]
    bounds = tokens.groupby(["article_id", "sentence_id"], sort=False).indices
    texts = {(a, p): t for a, title, text in zip(articles["article_id"], articles["title"], articles["text"]) for p, t in (("title", title), ("body", text))}
    for article, part in tqdm(sentences.groupby("article_id", sort=False), "voices", disable=None, leave=False):
        read = []
        for number, where, paragraph, start, end in part[["sentence_id", "part", "paragraph", "start", "end"]].itertuples(index=False):
            index = bounds.get((article, number))
            a, b = (index[0], index[-1] + 1) if index is not None else (0, 0)
            read.append((number, where, paragraph, start, end, Sentence(*(column[a:b] for column in columns))))
        rows += _article(article, read, {where: texts[article, where] for _, where, *_ in read})
    return pd.DataFrame(rows, columns=["article_id", "sentence_id", "segment_id", "start", "end", "voice", "speaker", "cue", "stance"])


def _article(article, read, texts):
    """The segments of one article."""
    quotes = {where: quotations(text) for where, text in texts.items()}
    for _, where, _, _, _, s in read:
        at = 0
        for q, (begin, end) in enumerate(quotes[where]):
            if s.n and begin < s.end[-1] and end > s.start[0]:
                for i in range(at, s.n):
                    if begin <= s.start[i] < end:
                        s.quote[i] = q
    cast, spoken, last = Cast([s for *_, s in read]), {}, None
    for _, where, _, _, _, s in read:
        made = read_sentence(s, cast, last)
        last = made or last
        if made is None:
            cast.notice(s)
        for i in range(s.n):
            if s.quote[i] >= 0 and s.owner[i] is not None:
                spoken.setdefault((where, s.quote[i]), s.owner[i])
    _chain(read, spoken)
    _only_holder([owner for *_, s in read for owner in s.owner if owner is not None], cast)
    rows = []
    for number, where, _, start, end, s in read:
        rows += [(article, number, i, *segment) for i, segment in enumerate(_segments(s, texts[where], start, end))]
    return rows


def _only_holder(owners, cast):
    """“The minister”, never named by the office, is the one person who speaks by name, where there is just one."""
    names = {o.speaker for o in owners if o.speaker and cast.full.get(o.speaker.split()[-1].lower()) == o.speaker and " " in o.speaker and o.speaker.split()[-1].lower() not in COLLECTIVE}
    if len(names) == 1:
        for owner in owners:
            if owner.speaker in cast.unnamed:
                owner.speaker = next(iter(names))


def _chain(read, spoken):
    """Quotations without a cue of their own: who spoke before in the paragraph, else next in it, else the speaker before."""
    order = []
    for number, where, paragraph, _, _, s in read:
        for q in dict.fromkeys(q for q in s.quote if q >= 0):
            order.append((where, paragraph, q, s))
    voice = None
    for i, (where, paragraph, q, s) in enumerate(order):
        known = spoken.get((where, q))
        if known is None:
            words = [w for other in order if other[0] == where and other[2] == q for w, inside in zip(other[3].raw, other[3].quote) if inside == q and any(c.isalpha() for c in w)]
            titled = all(w[:1].isupper() or len(w) < 4 for w in words)
            if len(words) <= 2 or titled and len(words) < 8 and not words[-1:] == ["I"]:
                continue
            later = next((spoken[w, x] for w, p, x, _ in order[i + 1:i + 4] if p == paragraph and (w, x) in spoken), None)
            same = voice if voice and voice[0] == paragraph else None
            known = (same[1] if same else None) or later or (voice[1] if voice else None) or Attribution(None, None, None)
            known = Attribution(known.speaker, known.cue, known.stance)
            spoken[where, q] = known
        for other in order:
            if other[0] == where and other[2] == q:
                for t in range(other[3].n):
                    if other[3].quote[t] == q and other[3].owner[t] is None:
                        other[3].owner[t] = known
        voice = (paragraph, known)


def _segments(s, text, start, end):
    """(start, end, voice, speaker, cue, stance) of one sentence, tiling it."""
    runs = []
    for i in range(s.n):
        owner = s.owner[i]
        voice = "own" if owner is None else "direct" if s.quote[i] >= 0 else "indirect"
        key = (voice, id(owner))
        if runs and runs[-1][0] != key and s.raw[i] in (",", ";", ".", ":", "?", "!", ")") and s.quote[i] < 0:
            continue
        if not runs or runs[-1][0] != key:
            runs.append([key, s.start[i], voice, owner])
    if not runs:
        return [(start, end, "own", None, None, None)]
    places = [start] + [run[1] for run in runs[1:]] + [end]
    return [(places[i], places[i + 1], voice, owner and owner.speaker, owner and owner.cue, owner and owner.stance) for i, (_, _, voice, owner) in enumerate(runs)]
