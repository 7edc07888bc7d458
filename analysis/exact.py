"""TextBlob's and VADER's values, digit for digit, many times faster: what a word or a run of words gives is asked of the library once.

Both read a text word by word, and most words give nothing. So texts are cut at blanks and each distinct chunk is looked at once (`BLOB`, `VADER`); only
chunks in reach of one another are put to the library's own rules, and the answers to such runs are remembered (`RUNS`). What would need
more (emoticons that marks may form, emoji) goes to the library as it is. The tests hold values equal to the libraries' own, and evidence to its place.
"""
import re
import string
from functools import cache, lru_cache, partial
from itertools import chain
from types import SimpleNamespace

import numpy as np
import pandas as pd

from analysis import joins, lexicons
from analysis.tokens import Chunks, chunked, nltk

# ---- TextBlob -------------------------------------------------------------------------------------------------------------------

CUT, LIVE, OTHER = "\n", "\r", "\v"  # a word behind which all before is forgotten; before a word that counts; left to the library. No chunk holds any of them
RUN = re.compile(f"{LIVE}[^{CUT}]*")
PLAIN = re.compile(r"""([“"(\[]*)([^\W_]+(?:-[^\W_]+)*)((?:'s)?)(\.?)([”",;:?!)\]]*)""")  # most chunks: a word between marks, parted here as the library would


@cache
def _blob():
    """(the library's `sentiment`, its tokenizer, the words it knows, its abbreviations, the beginnings and the ends of emoticons, patterns of the emoticons that tokens may be joined to)."""
    nltk("tokenize")  # first, or TextBlob's own import of it brings scikit-learn along
    from textblob import _text
    from textblob.en import parser, sentiment
    faces = {face.lower() for group in _text.EMOTICONS.values() for face in group}
    joined = "|".join(" ?".join(map(re.escape, face)) for face in sorted(faces))
    shapes = re.compile("|".join(f"(?:{shape.pattern})" for shape in (_text.RE_ABBR1, _text.RE_ABBR2, _text.RE_ABBR3)))
    abbreviated = lambda word: word in _text.ABBREVIATIONS or shapes.match(word)
    heads = {re.escape(face[0]) + (f" ?{re.escape(face[1])}" if face[0].isalnum() else "") for face in faces} | {r"\( !", OTHER}  # a quick look, where the pattern itself is slow
    begin, inside = ("|".join(sorted(map(re.escape, {face[a:b] for face in faces for a, b in parts(len(face))}))) for parts in (
        lambda n: [(0, b) for b in range(1, n)], lambda n: [(a, b) for a in range(1, n) for b in range(a + 1, n)]))
    emoticon = re.compile(f"(?:{begin})$|^(?:{inside})$"), {face[i:] for face in faces for i in range(1, len(face))}
    return sentiment, parser.find_tokens, faces.union(sentiment, sentiment.negations), abbreviated, *emoticon, re.compile("|".join(sorted(heads))), re.compile(rf"(?:{joined}) |\( ! \)|{OTHER}")


def _words(chunks):
    """Each chunk's words as TextBlob reads them, each with a blank behind it, `LIVE` before those that count; `CUT` for one that is unknown to it and ends the reach of all before."""
    _, _, known, abbreviated, *_ = _blob()
    said = lambda word: f"{LIVE}{word} " if word in known else CUT if len(word) > 2 and len(word.strip("'")) > 1 else word + " "

    def odd(chunk):
        if chunk[-1] in ",;:?)”" and chunk[:-1].isalnum():
            return said(chunk[:-1].lower()) + said(chunk[-1])
        if "END-OF-SENTENCE" in chunk or "(!)" in chunk:
            return OTHER
        plain = PLAIN.fullmatch(chunk)
        if plain and not (plain[4] and (plain[3] or abbreviated(plain[2] + "."))):
            words = [*plain[1], plain[2].lower(), *plain[3], *plain[4], *plain[5]]
        else:
            return None
        return "".join(map(said, words))
    chunks = list(chunks)
    found = [(CUT if len(chunk) > 2 and chunk.lower() not in known else said(chunk.lower())) if chunk.isalnum() else odd(chunk) for chunk in chunks]
    left, split, between = [n for n, words in enumerate(found) if words is None], _blob()[1], " newsprint "
    for some in (left[begin:begin + 200] for begin in range(0, len(left), 200)):           # the library's own tokenizer reads many at once, with a word of no meaning between them
        many = between.join(chunks[n] for n in some)
        parts = " ".join(split(many)).split(between) if many.count("newsprint") == len(some) - 1 else [" ".join(split(chunks[n])) for n in some]
        for n, words in zip(some, parts):
            found[n] = "".join(said(word.lower()) for word in words.split())
    return found


OPENS, COUNTS, CLOSES, CUT_FIRST, RAISES, FACE, HEAD, TAIL = (1 << n for n in range(8))
# of a chunk's words: its reach goes on; a word in it counts; it ends the reach of all before, with its first word; “!”; holds an emoticon, its beginning (or middle), its end


def _bits(words):
    """The same of the words of a chunk."""
    *_, heads, tails, perhaps, joined = _blob()
    live, cut = words.rfind(LIVE), words.rfind(CUT)
    plain = words.replace(LIVE, "")
    first, last = plain.partition(CUT)[0].split()[:5], plain[plain.rfind(CUT) + 1:].replace(" ", "")
    return (OPENS * (live > cut) | COUNTS * (live >= 0) | CLOSES * (cut > live) | CUT_FIRST * (live < 0 and words[:1] == CUT)
            | RAISES * ("!" in words) | FACE * bool(perhaps.search(words) and joined.search(words)) | HEAD * bool(last and heads.search(last)) | TAIL * any("".join(first[:n]) in tails for n in range(1, len(first) + 1)))


BLOB, BITS = Chunks(_words), Chunks(partial(map, _bits))


@lru_cache(2**16)
def _assessed(run):
    return tuple(_blob()[0].assessments(((word, None) for word in run.split()), True))


def _run(text):
    """What the library assesses in a run of chunks: (polarity, subjectivity, term, start, end) of each; start -1 where its words are not found again."""
    return _placed(text, [one for run in RUN.findall("".join(map(BLOB.__getitem__, text.split()))) for one in _assessed(run)])


RUNS = Chunks(partial(map, _run), most=200_000)


def _whole(text):
    """The same of a text that must be read as a whole: with an emoticon, or with “!”, which raises the word that counted last, however far back it stands."""
    if _smiles(text):
        return _placed(text, _blob()[0](text).assessments)
    runs = []
    for run in "".join(map(BLOB.__getitem__, text.split())).split(CUT):
        if "!" in run and runs:
            runs[-1] += "newsprint " + run  # a word unknown to it stands for the cut
        elif LIVE in run and _assessed(run):
            runs.append(run)
    return _placed(text, [one for run in runs for one in _assessed(run)])


def _smiles(text):
    """May marks in the text form an emoticon?"""
    words, (*_, perhaps, joined) = "".join(map(BLOB.__getitem__, text.split())), _blob()
    return bool(perhaps.search(words) and joined.search(words))


def _placed(text, assessments):
    low, cursor, found = lower(text) if assessments else "", 0, []
    for chunk, polarity, subjectivity, _ in assessments:
        first = [word for word in chunk if word != "!"][:1] or chunk[:1]
        at = find(low, first[0], cursor)
        end = max(at, 0)
        for word in chunk:
            end = max(find(low, word, end), end) + len(word)
        while len(chunk) > 1 and 0 <= at < (later := find(low[:end], first[0], at + 1)) < end - len(chunk[-1]):
            at = later                                             # “not here; … not good”: the nearer one
        cursor = end if at >= 0 else cursor
        found.append((polarity, subjectivity, " ".join(chunk), at, min(end, len(text))))
    return found


def lower(text):
    """Lower case of the same length, so that places hold (İ and its like stay)."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def find(text, word, start=0):
    """Where a word stands by itself from `start` on; else where its letters stand; -1 where nowhere."""
    at = text.find(word, start)
    while at >= 0 and word.isalpha() and (text[at - 1:at].isalpha() or text[at + len(word):at + len(word) + 1].isalpha()):
        at = text.find(word, at + 1)
    return at if at >= 0 else text.find(word, start)


def textblob(texts):
    """(polarity, subjectivity, found) of each text, as `TextBlob(text).sentiment` has them; found: one row per assessed term (unit, start, end, term, polarity, subjectivity)."""
    distinct, number, place, many = chunked(tuple(texts))
    bits, lengths = (np.array(of, dtype="int64")[number] for of in (BITS.of(BLOB.of(distinct)), list(map(len, distinct))))
    text, behind = np.repeat(np.arange(len(texts)), many), np.cumsum(many)
    parted = (bits[1:] & TAIL > 0) & (bits[:-1] & HEAD > 0) & (text[1:] == text[:-1])
    maybe = np.union1d(text[bits & FACE > 0], text[1:][parted]).tolist()
    whole = np.union1d(text[bits & RAISES > 0], np.array([n for n in maybe if _smiles(texts[n])], dtype="int64"))
    bits[np.isin(text, whole)] = 0
    turns, closes, live = (np.flatnonzero(bits & some) for some in (OPENS | CLOSES, CLOSES, COUNTS))
    before = np.searchsorted(turns, live) - 1
    reached = before >= 0
    reached[reached] = (bits[turns[before[reached]]] & OPENS > 0) & (text[turns[before[reached]]] == text[live[reached]])
    first = live[~reached]                                          # of each run
    closes = np.append(closes, len(bits))[np.searchsorted(closes, first)]
    last = np.minimum(closes + (np.append(bits, 0)[closes] & CUT_FIRST == 0), behind[text[first]]) - 1
    which, runs = pd.factorize(np.array([texts[n][a:b] for n, a, b in zip(text[first].tolist(), place[first].tolist(), (place[last] + lengths[last]).tolist())], dtype=object))
    given = RUNS.of(runs.tolist()) + [_whole(texts[n]) for n in whole.tolist()]
    ends = np.cumsum([len(run) for run in given], dtype="int64")
    owner, begin, which = np.append(text[first], whole), np.append(place[first], 0 * whole), np.append(which, len(runs) + np.arange(len(whole)))
    run, item = lexicons.spread(np.append(0, ends)[which], ends[which])
    found = joins.by_columns(chain.from_iterable(given), polarity="float64", subjectivity="float64", term="str", at="int64", end="int64").take(item).reset_index(drop=True)
    found = found.assign(unit=owner[run], start=begin[run] + found["at"], end=begin[run] + found["end"])
    found = found.sort_values("unit", kind="stable", ignore_index=True) if len(whole) else found
    assessed = np.maximum(np.bincount(found["unit"], minlength=len(texts)), 1)
    means = (np.bincount(found["unit"], weights=found[c], minlength=len(texts)) / assessed for c in ("polarity", "subjectivity"))  # added in this order, as the library does
    return *means, found.loc[found["at"] >= 0, ["unit", "start", "end", "term", "polarity", "subjectivity"]]


# ---- VADER ----------------------------------------------------------------------------------------------------------------------

HIT, BENDS, LOUD, BUT, EMOJI, MARK = (1 << n for n in range(6))  # scored; changes a neighbour's score; in capitals; turns the sentence; left to the library; holds “!” or “?”


@cache
def analyzer():
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    return SentimentIntensityAnalyzer()


@cache
def _vader():
    """(the library's module, words that change the score of a word near them: of an idiom the longest stands for all; words that its rules name; these and the scored ones;
    for each valence a scored word that stands for all others; words that change something together with a word that else does nothing)."""
    from vaderSentiment import vaderSentiment as library
    idioms, lexicon = [idiom.split() for idiom in (*library.SPECIAL_CASES, *library.BOOSTER_DICT)], analyzer().lexicon
    bends = {"no", "so", "this", "least", *library.NEGATE, *(max(idiom, key=len) for idiom in idioms)}
    named = bends.union(*idioms, ["but", "or", "nor", "never", "without", "doubt", "at", "very", "kind", "of"])
    alike = {valence: word for word, valence in lexicon.items() if word.isalpha() and word not in named}
    return library, bends, named, named.union(lexicon), alike, {"no", "least", "without", *(max(idiom, key=len) for idiom in idioms if len(idiom) > 1)}


def _look(chunks):
    """(what is to know, the chunk as VADER reads it) of each chunk: in lower case unless all is in capitals; a dash for words that its rules do not know."""
    library, bends, _, known, *_ = _vader()
    scored, emoji = analyzer().lexicon.keys() - library.BOOSTER_DICT.keys(), analyzer().emojis.keys()
    for chunk in chunks:
        word = bare if len(bare := chunk.strip(string.punctuation)) > 2 else chunk
        low, loud = word.lower(), word.isupper()
        if low in known or "n't" in low:
            marks, read = HIT * (low in scored) | BENDS * (low in bends or "n't" in low) | LOUD * loud | BUT * (low == "but"), word if loud else low
        else:
            marks, read = LOUD * loud, "-"
        yield marks | EMOJI * (not (chunk.isascii() or emoji.isdisjoint(chunk))) | MARK * ("!" in chunk or "?" in chunk), read


VADER = Chunks(_look)


@lru_cache(2**16)
def _valence(words, at, loud):
    """A word's valence among up to three words before and two behind it, by VADER's own rules; `loud`: some words, not all, are in capitals."""
    if [word.lower() for word in words[at:at + 2]] == ["kind", "of"]:
        return 0
    return analyzer().sentiment_valence(0, SimpleNamespace(words_and_emoticons=words, is_cap_diff=loud), words[at], at, [])[0]


def _alike(word):
    """The word that a scored word may be taken for, itself and beside another: whatever is the same to the rules is one word."""
    _, _, named, _, alike, _ = _vader()
    low = word.lower()
    other = None if low in named or "n't" in low else alike.get(analyzer().lexicon.get(low))
    return (other.upper() if word.isupper() else other, "good") if other else (word, word)


def vader(texts):
    """(compound, found) of each text, as `polarity_scores(text)["compound"]`; found: one row per word of the lexicon (unit, start, end, term, valence), the valence before all rules."""
    distinct, number, place, many = chunked(tuple(texts))
    known, read = zip(*VADER.of(distinct)) if distinct else ((), ())
    marks = np.array(known, dtype="uint8")[number]
    text, behind = np.repeat(np.arange(len(texts)), many), np.cumsum(many)
    at = np.flatnonzero(marks & HIT)
    of = text[at]
    low, high = np.maximum(at - 3, (behind - many)[of]), np.minimum(at + 3, behind[of])
    seen = np.concatenate([[0], np.cumsum(marks & (BENDS | LOUD) > 0)])
    scored = np.flatnonzero(np.array(known, dtype="uint8") & HIT)
    hits = np.searchsorted(scored, number[at])
    terms = [read[n].lower() for n in scored.tolist()]
    valence_of = np.array(list(map(analyzer().lexicon.get, terms)), dtype="float64")
    valences = valence_of[hits]
    bent = np.flatnonzero(seen[high] > seen[low])
    if len(bent):
        shouting = np.concatenate([[0], np.cumsum(marks & LOUD > 0)])
        loud = shouting[behind] - shouting[behind - many]
        some = (loud > 0) & (loud < many)
        names, window, words = {"": 0, "-": 1}, at[bent, None] + np.arange(-3, 3), {word: n for n, word in enumerate(dict.fromkeys(read))}
        like, which = list(map(_alike, words)), np.array(list(map(words.__getitem__, read)))
        centre, beside = (np.array([names.setdefault(one[i], len(names)) for one in like])[which] for i in (0, 1))
        inside = (window >= low[bent, None]) & (window < high[bent, None])
        around = np.where(inside, beside[number[np.clip(window, 0, len(number) - 1)]], 0)
        around[:, 3] = centre[number[at[bent]]]
        shouts = (shouting[high[bent]] > shouting[low[bent]]) & some[of[bent]]
        each, (_, bends, named, _, _, together) = np.zeros(len(bent), "int64"), _vader()
        idle = named - bends - analyzer().lexicon.keys()             # change nothing but with others
        alone = ~np.array([word.lower() in together for word in names])[around].any(axis=1)
        around[alone] = np.array([names["-"] if word.lower() in idle else n for word, n in names.items()])[around[alone]]
        names = list(names)
        for column in (*around.T, shouts):
            each = pd.factorize(each * (len(names) + 1) + column)[0]
        first = np.unique(each, return_index=True)[1]
        windows = zip(*([[names[n] for n in part if n] for part in parts] for parts in (around[first, :3].tolist(), around[first, 3:].tolist())), shouts[first].tolist())
        valences[bent] = np.array([_valence((*before, *behind), len(before), loud) for before, behind, loud in windows])[each]
    total, left, turns = np.bincount(of, weights=valences, minlength=len(texts)), set(text[marks & EMOJI > 0].tolist()), {}
    for i in np.flatnonzero(marks & BUT)[::-1].tolist():
        turns[int(text[i])] = i
    values, begins = valences.tolist(), np.searchsorted(of, np.arange(len(texts) + 1)).tolist()
    for n in np.union1d(np.flatnonzero(np.diff(begins) > 2), np.array([n for n in turns if begins[n] < begins[n + 1]], dtype="int64")).tolist():     # of one or two there is but one sum
        mine = values[begins[n]:begins[n + 1]]
        if n in turns:
            before = int((at[begins[n]:begins[n + 1]] < turns[n]).sum())
            mine = analyzer()._but_check(["-"] * before + ["but"] + ["-"] * (len(mine) - before), mine[:before] + [0] + mine[before:])
        total[n] = sum(mine)
    for n in np.unique(text[marks & MARK > 0]).tolist():
        total[n] += np.sign(total[n]) * analyzer()._punctuation_emphasis(texts[n])
    totals, each = np.unique(total, return_inverse=True)
    compound = np.array([round(_vader()[0].normalize(one), 4) for one in totals.tolist()])[each]
    for n in left:
        compound[n] = analyzer().polarity_scores(texts[n])["compound"]
    inside, lengths = np.array([(max(lower(distinct[n]).find(term), 0), len(term)) for n, term in zip(scored.tolist(), terms)] or [(0, 0)], dtype="int64").T
    start = place[at] + inside[hits]
    return compound, pd.DataFrame({"unit": of, "start": start, "end": start + lengths[hits], "term": pd.array(terms, dtype="str").take(hits), "valence": valence_of[hits]})
