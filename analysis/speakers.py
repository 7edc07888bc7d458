"""Who is meant: the noun phrase beside a cue, and the person behind names, titles, offices and pronouns.

Helpers of `voices`, on the tokens and tags of one sentence and the cast of one article. No list of persons or countries: what holds for
one name holds for another.
"""
import re

import numpy as np

from analysis import lexicons

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
PASSED_OVER = NOT | AUX | TIMES | IN_TIME | COORDINATES | {"to", "who", "which", "that", ","}      # before a verb, and no part of its subject
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

PREPOSITIONS = frozenset("of in for at from with".split())
LINKS = frozenset("of in for at with to and".split())      # join two nouns of one phrase
MANY = frozenset("some many those others both all several".split())
BEFORE_A_VERB = frozenset("not n't did does do will would can could may might must shall should".split())
NAMED = TIMES.union(PREPOSITIONS, LINKS, MANY, PRONOUNS, BEFORE_A_VERB, {"that", "whether", "who", "which", "whose", "where", "'s", "'re"})


def parted(flag, first, key=None):
    """(the first rows of runs of flagged tokens of one sentence (with the same `key`), the rows behind their last ones). first: each token's sentence's first row."""
    goes_on = np.append(False, flag[1:] & flag[:-1] & (first[1:] == first[:-1]) & (True if key is None else key[1:] == key[:-1]))[:len(flag)]
    return np.flatnonzero(flag & ~goes_on), np.flatnonzero(flag & ~np.append(goes_on, False)[1:]) + 1


class Words:
    """The tokens of a whole table, read once for all its sentences: lower-cased with straight apostrophes, tags, finite verbs, and where noun phrases begin and end.

    heads: the rows at which sentences (or units) begin, ascending; quote: the quotation that each token stands in, or -1. ahead, back: the length of the noun phrase that begins or ends with
    each token; certain, perhaps: is it a finite verb, certainly, or where what stands before it belongs to the clause; main: is it a clause's main one? `tagged` and `said` (of the words that
    the rules name) are put together with & and |; `where` gives the tokens of which it holds, `among` those that any words hold, `any_tag` which of some tokens have a tag.
    over: how many tokens, each and those before it, may stand between a subject and its verb; nots, bes: words that negate, forms of “be”.
    """

    def __init__(self, tokens, heads, quote=None):
        types, (kinds, tags) = lexicons.types(tokens), lexicons.tags(tokens)
        codes, words, tags, known = types.codes, types.printed, [*tags, "NNP"], ["", *NAMED]
        n, low, number = len(codes), [types.words[fold] for fold in types.fold.tolist()], dict(zip(known, range(len(known))))
        self.rows, first = np.arange(n, dtype="int32"), np.zeros(n, bool)
        first[heads] = True
        self.inside = ~first
        self.capital = np.array([word[:1].isupper() for word in words], dtype=bool).take(codes)
        kinds = np.where(np.array([tag == "NN" for tag in tags]).take(kinds) & self.capital & self.inside, len(tags) - 1, kinds)   # the tagger misses McLaurin
        both = np.array([number.get(word, 0) * len(tags) for word in low], dtype="int64").take(codes) + kinds
        self.tagged = tagged = lambda *names, start=None: np.array([tag in names or start is not None and tag.startswith(start) for tag in tags])
        self.said = lambda words: np.array([[word in words] for word in known])
        self.where = lambda held: np.broadcast_to(held, (len(known), len(tags))).ravel().take(both)
        self.types, self.among, self.any_tag = types, types.among, lambda rows, *names, start=None: tagged(*names, start=start).take(kinds.take(rows))     # none of these holds `self`: so memory goes at once
        take = lambda values, places: np.array(values, dtype=object).take(places).tolist()
        self.raw, self.low, self.tag = take(words, codes), take(low, codes), take(tags, kinds)
        self.first = np.maximum.accumulate(np.where(first, self.rows, 0)) if n else self.rows
        self.end = self.next_of(np.append(first, True)[1:]) + 1
        self.free = np.ones(n, bool) if quote is None else quote < 0
        self.quote = None if quote is None else quote.tolist()
        finite = self.tagged(*FINITE) | self.said({"'s", "'re"}) & ~self.tagged("POS")
        certain, perhaps = self.free & self.where(finite), self.free & self.where(self.tagged("VBN")) & self._behind(self.tagged("NNP", "NNS", "NN", "PRP", "RB"))
        main = certain | perhaps | self.where(self.tagged("VBN")) & self.inside & np.append(False, certain)[:-1]
        relative = self.free & self.where(self.said({"who", "which", "that", "whose", "where"}))
        self.verb = self.where(self.tagged(start="VB")) | self.where(self.tagged("NN")) & self._behind(self.said(BEFORE_A_VERB))              # “did not praise”: the tagger's noun
        sexes, plain = FEMALE | MALE, self.free & ~self.among(PASSED_OVER) & self.where(~self.tagged("RB", "RBR", "MD"))
        before = np.append(self.among(TIMES), False)[1:]
        nots, bes, to = self.among(NOT), self.among(BE), self.among({"to"}) & self.inside
        passed = self.free & (nots | ~to & (self.among(AUX | TIMES) | self.among(IN_TIME) & before | self.where(self.tagged("RB", "RBR", "MD"))))   # between a subject and its verb
        self.over = memoryview((self.rows - np.maximum(np.maximum.accumulate(np.where(passed, -1, self.rows)), self.first - 1) if n else self.rows).astype("int32"))
        flags = nots, bes, certain, perhaps, main, relative, plain, types.of(lambda word: word.rstrip(".") in TITLES), types.of(lambda word: word.rstrip(".") in sexes)
        self.nots, self.bes, self.certain, self.perhaps, self.main, self.relative, self.plain, self.titles, self.sexed, self.told = (flag.tobytes() for flag in (*flags, flags[-1] | flags[-2]))
        self.ahead, self.back = (memoryview(found.astype("int32")) for found in (self._ahead(), self._back(np.array(["-" in word for word in low], dtype=bool).take(codes))))

    def _behind(self, held):
        """Tokens behind one of which something holds, in its sentence."""
        return np.append(False, self.where(held))[:-1] & self.inside

    def _before(self, held):
        """Tokens before one of which something holds, in its sentence."""
        return np.append((self.where(held) & self.inside)[1:], np.zeros(min(len(self.rows), 1), bool))

    def next_of(self, flag):
        """For each row, the first from there on where a flag is set; the table's end where none is."""
        return np.minimum.accumulate(np.where(flag, self.rows, len(flag))[::-1])[::-1]

    def _ahead(self):
        """How many tokens the noun phrase has that begins at each token."""
        heads = self.tagged("PRP", start="NN") | self.said(TIMES)
        may, on, nouny = ~self.said({"that", "whether"}), heads | self.tagged(*NOUNY), self.tagged(*NOUNY)
        goes_on = may & ~self.tagged("DT", "PRP", "PRP$", "EX")                                                  # behind its noun
        goes_on = self.free & (self.where(goes_on & on) | self.where(goes_on & self.said(LINKS)) & self._before(nouny))
        head = self.free & self.where(may & heads)
        stop = np.minimum(self.next_of(head | ~(self.free & self.where(may & on))), self.end)
        noun = np.append(head, False)[stop] & (stop < self.end)
        return np.where(noun, np.minimum(np.append(self.next_of(~goes_on), np.full(2, len(head), "int32"))[stop + 1], self.end), stop) - self.rows

    def _back(self, hyphen):
        """How many tokens the noun phrase has that ends with each token."""
        if not len(hyphen):
            return self.rows
        words, some, nouns = self.tagged(*NOUNY) & ~self.said(TIMES), self.said(MANY), self.tagged(start="NN")
        gerund = self.where(self.tagged("VBG")) & self._behind(self.tagged("DT", "PRP$"))                         # "the killing in Gaza"
        inner = self.where(self.tagged("VBN", "VBG", "VBD")) & hyphen & self._before(nouns | self.tagged(start="JJ")) & self._behind(self.tagged("DT", "JJ", "PRP$", "IN", "NNP"))
        inner |= self.where(self.said(PREPOSITIONS)) & self._behind(self.tagged(*NOUNY - {"DT", "PRP$"}))
        inner |= self.where(self.said({"and"})) & self._behind(self.tagged("NNP", "NNS")) & self._before(self.tagged("NNP", "NNS", "JJ", "NN"))
        name, other, some, words = (self.where(held) for held in (words & (nouns | self.tagged("CD", "JJ")), ~words, some, words))
        later = gerund & self._before(self.tagged("IN"))
        counts = np.append(np.int32(0), np.cumsum(self.free & (name | other & (later | some & ~inner)), dtype="int32"))
        stops = np.maximum.accumulate(np.where(self.free & (words | later | inner | some), -1, self.rows))
        begin = np.maximum(np.append(np.int32(-1), stops)[:-1] + 1, self.first)
        found = self.free & (words | gerund | some) & (name | other & (gerund | some) | (counts[:-1] > counts.take(begin)))
        begin = np.minimum(self.next_of(~self.where(self.said(PREPOSITIONS | {"and", "'s"}))).take(begin), self.rows + 1)
        return np.where(self.where(self.said(PRONOUNS)), 1, np.where(found, self.rows + 1 - begin, 0))


class Sentence:
    """Tokens a … b-1 of `Words` as one sentence: as printed, lower-cased, tags; which quotation each stands in; who owns it."""
    __slots__ = ("words", "raw", "low", "tag", "first", "n", "quote", "owner")

    def __init__(self, words, a, b):
        self.words, self.first, self.n, self.raw, self.low, self.tag = words, a, b - a, words.raw[a:b], words.low[a:b], words.tag[a:b]
        self.quote, self.owner = words.quote[a:b] if words.quote else [-1] * self.n, [None] * self.n

    def finite(self, a, b):
        """Is there a finite verb outside quotations among the tokens a … b-1: a certain one, or a perhaps one behind something that belongs to the clause?"""
        words, a, b = self.words, self.first + a, self.first + b
        return words.certain.find(1, a, b) >= 0 or words.perhaps.find(1, a + 1, b) >= 0

    def give(self, a, b, owner):
        for i in range(max(a, 0), min(b, self.n)):
            self.owner[i] = owner


class Cast:
    """The people and sources of one article: full names by surname, roles, and who was spoken of last."""

    def __init__(self, words, names):
        """names: (first token, behind the last, is something told of it beside it) of every run of proper nouns, as rows of `words`."""
        self.full, self.sex, self.role, self.unnamed, met, raw, low = {}, {}, [], set(), set(), words.raw, words.low
        self.person = self.group = self.last = self.plural = None
        for i, j, told in names:
            if told:
                self._meet(words, i, j)
            elif (name := tuple(raw[i:j])) not in met:
                met.add(name)
                if not (low[i] in TIMES and TIMES.issuperset(low[i:j])):
                    self._name(name)

    def _name(self, name):
        """Remember a name by its last word, and give the fullest form of it; null for what is no person."""
        key = name[-1].lower()
        if key in COLLECTIVE:
            return None
        if key not in self.full or 1 < len(name) <= 4 and " " not in self.full[key]:
            self.full[key] = " ".join(name)
        return self.full[key]

    def _meet(self, words, i, j):
        low, tag, first, end = words.low, words.tag, int(words.first[i]), int(words.end[i])
        k = max(words.titles.rfind(1, i, j) + 1, i)             # behind the last title
        if k == j or low[k] in TIMES and TIMES.issuperset(low[k:j]):
            return
        whole = self._name(words.raw[k:j])
        if whole is None:
            return
        begin = max(i - 3, first)
        for word in low[begin:k] if words.sexed.find(1, begin, k) >= 0 else ():
            word = word.rstrip(".")
            if word in FEMALE or word in MALE:
                self.sex[whole] = "f" if word in FEMALE else "m"
        x = i - 1 if k == i > first + 1 and low[i - 1] == "," and low[i - 2] in ROLES else k    # "Iran’s foreign minister, Ann Lee," or "Foreign Minister Ann Lee"
        if x > first and low[x - 1] in ROLES:
            begin = x
            while begin > max(first, x - 5) and tag[begin - 1] in ("JJ", "NN", "NNP", "POS", "PRP$"):
                begin -= 1
            self._role(low[begin:x], whole)
        if j + 1 < end and low[j] == ",":                       # "Ann Lee, the foreign minister of Norway,"
            stop = next((x for x in range(j + 1, min(end, j + 11)) if low[x] in (",", ".") or tag[x] in FINITE), j + 1)
            stop = next((x for x in range(j + 1, stop) if tag[x] == "IN"), stop)
            self._role(low[j + 1:stop], whole)

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
            return self.speaker_of(words[0])
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

    def notice(self, name, printed):
        """Remember the person whom a sentence without speech is about, by the last word of its subject (lower-cased, and as printed): the next “she” may be that person."""
        if self.full.get(name, printed) != printed:
            self.person = self.full[name]

    def speaker_of(self, word):
        """Whom a pronoun or a possessive means: he, she, they, it, who."""
        if word in PERSON:
            who = self.person or self.last
            if not who or self.sex.get(who, PERSON[word]) != PERSON[word]:
                others = [name for name, sex in self.sex.items() if sex == PERSON[word]]
                return others[-1] if others else None
            self.sex.setdefault(who, PERSON[word])
            return who
        return {"they": self.plural or self.group, "it": self.group, "who": self.last}.get(word)


def runs_of_names(words):
    """Runs of proper nouns: first row, behind the last, and may their neighbours tell something of them (a title, an office)?"""
    i, j = parted(words.capital & words.where(words.tagged("NNP")), words.first)
    comma, roles, told = words.among({","}), words.among(ROLES), np.append(0, np.cumsum(np.frombuffer(words.told, bool)))
    before = (i > words.first[i]) & (roles[i - 1] | comma[i - 1] & (i - 1 > words.first[i]) & roles[np.maximum(i - 2, 0)])
    behind = np.append(comma, False)[j] & (np.append(words.next_of(roles), [len(comma)] * 2)[j + 1] < np.minimum(words.end[i], j + 11))
    return np.column_stack([i, j, before | behind | (told[j] > told[np.maximum(i - 3, words.first[i])])])


def about(words, heads):
    """For each sentence the last token of its subject, where that is a name, else -1."""
    proper, finite = words.where(words.tagged("NNP")), np.frombuffer(words.certain, bool) & words.where(words.tagged(*FINITE))
    verb, before, found = words.next_of(finite)[heads[:-1]], np.append(0, np.cumsum(proper)), np.full(len(heads) - 1, -1)
    some = np.flatnonzero((verb < heads[1:]) & (before[np.minimum(verb, len(proper))] > before[heads[:-1]]))
    a, b = subjects(words, verb[some])[:2]
    found[some] = np.where((a < b) & proper[b - 1], b - 1, -1)
    return found.tolist()


# ---- noun phrases ---------------------------------------------------------------------------------------------------------------

def subject(s, k):
    """The subject of the verb at token k, to its left: tokens a … b-1 name the speaker (a = b: none of its own); own, the first token of the phrase with its apposition; first, that of the
    verb group; flags: `not`, `passive`, `infinitive`, `and` (shares the subject before), `comma` (a participle behind one), `quote` (a quotation stands before), `relative`."""
    j, flags = k - 1, set()
    if k and s.words.plain[s.first + j]:                        # as most often: a noun phrase, at once before the verb
        a = phrase_start(s, k)
        return a, k, a, k, flags
    while j >= 0:                                               # over auxiliaries, adverbs and times: "Smith on Monday had also said"
        stop = j - s.words.over[s.first + j]
        for name, words in (("not", s.words.nots), ("passive", s.words.bes)):
            if words.find(1, s.first + stop + 1, s.first + j + 1) >= 0:
                flags.add(name)
        j = stop
        if j <= 0 or s.low[j] != "to" or s.quote[j] >= 0:
            break
        j -= 1
        if s.low[j] in WITHHELD:
            flags.add("not")
        if not s.tag[j].startswith("VB") and s.low[j] != "on":
            flags.add("infinitive")
            break
        j -= 1
    first = j + 1
    if j < 0 or s.quote[j] >= 0 or "infinitive" in flags:
        flags |= {"quote"} if j >= 0 and s.quote[j] >= 0 else set()
        return first, first, first, first, flags
    word = s.low[j]
    if word in COORDINATES:
        flags.add("and")
        return first, first, j, j, flags
    if word in ("who", "which", "that") and j > 0:
        flags.add("relative")
        e = j - 1 if s.low[j - 1] == "," else j
        a = phrase_start(s, e)
        return (a, e, a, first, flags) if a < e else (first, first, first, first, flags)
    if word == ",":
        backs = [] if s.low[k].endswith("ing") else [i for i in range(max(1, j - 40), j) if s.low[i] == "," and s.quote[i] < 0
                                                     and (not s.finite(i + 1, j) or s.low[i + 1] in ("who", "which", "whose"))]
        for back in backs[-1:] + backs[:1]:                     # "the minister, Ann Lee, said"
            if any(w in ROLES for w in s.low[max(0, back - 12):back]) and back + 2 < j and all(t == "NNP" for t in s.tag[back + 1:j]):
                return back + 1, j, phrase_start(s, back), first, flags
        for back in backs:                                      # "Lee, the minister, said"; "Lee, speaking in Oslo, Norway, said"
            a = phrase_start(s, back)
            if a < back and s.tag[back - 1] != "CD" and s.low[back - 1] not in TIMES and not (a > 0 and s.tag[a - 1] == "IN"):
                return a, back, a, first, flags
        flags.add("comma")
        begin = j if s.low[k].endswith("ing") else first
        return first, first, begin, begin, flags
    a = phrase_start(s, j + 1)
    return a, j + 1, a, first, flags


def subjects(words, k):
    """`subject` of the verbs at many rows k of a table: a, b and first, as rows of the table, and whether flags hold `not`, `passive`, `and` or `infinitive`."""
    begin, behind, stop, (negated, passive, endless), among = words.first[k], k.copy(), k - 1, np.zeros((3, len(k)), bool), words.among
    some, over, counts = np.arange(len(k)), np.asarray(words.over), [np.append(0, np.cumsum(np.frombuffer(flag, bool))) for flag in (words.nots, words.bes)]
    while len(some):                                            # over auxiliaries, adverbs and times; from “to attack” on to what stands before it
        at = stop[some]
        stop[some] = at = np.where(at >= begin[some], at - over[at], at)
        for flag, count in zip((negated, passive), counts):
            flag[some] |= count[behind[some]] > count[at + 1]
        to = (at > begin[some]) & among({"to"})[at] & words.free[at]
        some, at = some[to], at[to] - 1
        negated[some] |= among(WITHHELD)[at]
        ends = ~words.any_tag(at, start="VB") & ~among({"on"})[at]
        endless[some[ends]], behind[some], stop[some] = True, at, at - ~ends
        some = some[~ends]
    told = (stop >= begin) & words.free[stop] & ~endless
    at = lambda *names: among(set(names))[stop] & told
    joined, who, comma, commas = at(*COORDINATES), at("who", "which", "that") & (stop > begin), at(","), among({","})
    ing, last = words.types.of(lambda word: word.endswith("ing"))[k] & comma, np.maximum.accumulate(np.where(commas, words.rows, -1)) if len(k) else stop
    odd = comma & ~ing & (last[np.maximum(stop - 1, 0)] >= np.maximum(begin + 1, stop - 40))        # a comma before the comma: “Lee, the minister, said”
    b = np.where(who, stop - commas[np.maximum(stop - 1, 0)], stop + 1)
    a = np.where(told & ~odd & ~comma & ~joined & (b > begin), b - np.asarray(words.back)[b - 1], b)
    a, b, first, joined = np.where(a < b, a, stop + 1), np.where(a < b, b, stop + 1), stop + 1 - (joined | ing), joined | endless
    for i in np.flatnonzero(odd).tolist():
        c = int(begin[i])
        a_, b_, _, first_, flags = subject(Sentence(words, c, int(words.end[c])), int(k[i]) - c)
        a[i], b[i], first[i], negated[i], passive[i], joined[i] = c + a_, c + b_, c + first_, "not" in flags, "passive" in flags, not flags.isdisjoint({"and", "infinitive"})
    return a, b, first, negated, passive, joined


def phrase_start(s, e):
    """Left end of the noun phrase that ends before token e; e itself where none stands there."""
    return e - s.words.back[s.first + e - 1] if e > 0 else e


def after_phrase(s, j):
    """The token behind the noun phrase that begins at j."""
    return j + s.words.ahead[s.first + j] if j < s.n else j
