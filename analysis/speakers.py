"""Who is meant: the noun phrase beside a cue, and the person behind names, titles, offices and pronouns.

Helpers of `voices`, on the tokens and tags of one sentence and the cast of one article. No list of persons or countries: what holds for
one name holds for another.
"""
import re
from typing import NamedTuple

from analysis.tokens import Chunks

BE = set("is are was were be been being 's 're am".split())
AUX = BE | set("has have had having do does did will would can could may might must shall should ca wo 've 'd 'll also then later once again even long".split())
NOT = set("not n't never nobody neither nor hardly".split())
WITHHELD = set("refuse refused refuses refusing decline declined declines declining fail failed fails unwilling reluctant avoid avoided".split())
FINITE = {"VBD", "VBZ", "VBP", "MD"}
NOUNY = {"NN", "NNS", "NNP", "NNPS", "JJ", "JJR", "JJS", "DT", "PRP$", "POS", "CD", "$", "PDT"}
PERSON = {"he": "m", "she": "f"}
PRONOUNS = {"he", "she", "they", "it", "i", "we", "you", "who", "one"}
TIMES = set("monday tuesday wednesday thursday friday saturday sunday today yesterday tonight tomorrow morning afternoon evening night week month year earlier later recently "
            "january february april june july august september october november december ago day days weeks months years".split())
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


LOW = Chunks(lambda word: word.lower().replace("’", "'"))


class Sentence:
    """Tokens of one sentence: as printed, lower-cased with straight apostrophes, tags, places; which quotation each stands in; who owns it."""
    __slots__ = ("raw", "low", "tag", "start", "end", "quote", "owner", "n")

    def __init__(self, raw, tag, start, end):
        self.raw, self.tag, self.start, self.end, self.n = raw, tag, start, end, len(raw)
        self.low = list(map(LOW.__getitem__, raw))
        self.tag = [tag if i == 0 or tag != "NN" or not word[:1].isupper() else "NNP" for i, (word, tag) in enumerate(zip(raw, self.tag))]   # the tagger misses McLaurin
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
        if a == 0 and phrase[0] == s.raw[0] and tags[0] not in ("NNP", "NNPS"):
            phrase = [phrase[0].lower(), *phrase[1:]]               # a sentence's first word is no name for its capital
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


# ---- noun phrases ---------------------------------------------------------------------------------------------------------------

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
    if j < 0 or s.quote[j] >= 0 or "infinitive" in flags:
        flags |= {"quote"} if j >= 0 and s.quote[j] >= 0 else set()
        return nobody
    word = s.low[j]
    if word in COORDINATES:
        flags.add("and")
        return nobody._replace(own=j, first=j)
    if word in ("who", "which", "that") and j > 0:
        flags.add("relative")
        e = j - 1 if s.low[j - 1] == "," else j
        a = phrase_start(s, e)
        return Subject(a, e, a, first, flags) if a < e else nobody
    if word == ",":
        backs = [] if s.low[k].endswith("ing") else [i for i in range(max(1, j - 40), j) if s.low[i] == "," and s.quote[i] < 0
                                                     and (not s.finite(i + 1, j) or s.low[i + 1] in ("who", "which", "whose"))]
        for back in backs[-1:] + backs[:1]:                     # "the minister, Ann Lee, said"
            if any(w in ROLES for w in s.low[max(0, back - 12):back]) and back + 2 < j and all(t == "NNP" for t in s.tag[back + 1:j]):
                return Subject(back + 1, j, phrase_start(s, back), first, flags)
        for back in backs:                                      # "Lee, the minister, said"; "Lee, speaking in Oslo, Norway, said"
            a = phrase_start(s, back)
            if a < back and s.tag[back - 1] != "CD" and s.low[back - 1] not in TIMES and not (a > 0 and s.tag[a - 1] == "IN"):
                return Subject(a, back, a, first, flags)
        flags.add("comma")
        return nobody._replace(own=j if s.low[k].endswith("ing") else first, first=j if s.low[k].endswith("ing") else first)
    a = phrase_start(s, j + 1)
    return Subject(a, j + 1, a, first, flags)


def phrase_start(s, e, low=0):
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


def after_phrase(s, j):
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
