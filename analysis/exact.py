"""TextBlob's and VADER's values, digit for digit, many times faster: what a word or a run of words gives is asked of the library once.

Both read a text word by word, and most words give nothing. So every distinct chunk between blanks is looked at once (`BLOB`, `VADER`,
`READ`); of a text only words in reach of one another are put to the library's own rules, and the answers to such runs are remembered.
What would need more (emoticons that marks may form, emoji) goes to the library as it is. The tests hold values and evidence equal.
"""
import re
from functools import cache, lru_cache

from analysis.tokens import Chunks, nltk

# ---- TextBlob -------------------------------------------------------------------------------------------------------------------

CUT, LIVE, OTHER = "\n", "\r", "\v"  # a word behind which all before is forgotten; before a word that counts; left to the library. No chunk holds any of them
RUN = re.compile(f"{LIVE}[^{CUT}]*")
PLAIN = re.compile(r"""([“"(\[]*)([^\W_]+(?:-[^\W_]+)*)((?:'s)?)(\.?)([”",;:?!)\]]*)""")  # most chunks: a word between marks, parted here as the library would


@cache
def _blob():
    """(the library's `sentiment`, its tokenizer, the words it knows, its abbreviations, patterns of the emoticons that tokens may be joined to)."""
    nltk("tokenize")  # first, or TextBlob's own import of it brings scikit-learn along
    from textblob import _text
    from textblob.en import parser, sentiment
    faces = {face.lower() for group in _text.EMOTICONS.values() for face in group}
    joined = "|".join(" ?".join(map(re.escape, face)) for face in sorted(faces))
    abbreviated = lambda word: word in _text.ABBREVIATIONS or _text.RE_ABBR1.match(word) or _text.RE_ABBR2.match(word) or _text.RE_ABBR3.match(word)
    heads = {re.escape(face[0]) + (f" ?{re.escape(face[1])}" if face[0].isalnum() else "") for face in faces} | {r"\( !", OTHER}  # a quick look, where the pattern itself is slow
    return sentiment, parser.find_tokens, faces.union(sentiment, sentiment.negations), abbreviated, re.compile("|".join(sorted(heads))), re.compile(rf"(?:{joined}) |\( ! \)|{OTHER}")


def _words(chunk):
    """A chunk's words as TextBlob reads them, each with a blank behind it, `LIVE` before those that count; `CUT` for one that is unknown to it and ends the reach of all before."""
    _, split, known, abbreviated, *_ = _blob()
    if "END-OF-SENTENCE" in chunk or "(!)" in chunk:
        return OTHER
    plain = PLAIN.fullmatch(chunk)
    if plain and not (plain[4] and (plain[3] or abbreviated(plain[2] + "."))):
        words = [*plain[1], plain[2].lower(), *plain[3], *plain[4], *plain[5]]
    else:
        words = [word.lower() for word in " ".join(split(chunk)).split()]
    return "".join([f"{LIVE}{word} " if word in known else CUT if len(word) > 2 and len(word.strip("'")) > 1 else word + " " for word in words])


BLOB = Chunks(_words)


@lru_cache(2**16)
def _assessed(run):
    return tuple(_blob()[0].assessments(((word, None) for word in run.split()), True))


def textblob(text):
    """(polarity, subjectivity, assessments) of a text: those of `TextBlob(text).sentiment_assessments`."""
    words, (library, *_, perhaps, joined) = "".join(map(BLOB.__getitem__, text.split())), _blob()
    if perhaps.search(words) and joined.search(words):
        whole = library(text)
        return *whole, whole.assessments
    runs = RUN.findall(words)
    if "!" in words:  # raises the word that counted last, however far back it stands
        runs = []
        for run in words.split(CUT):
            if "!" in run and runs:
                runs[-1] += "newsprint " + run  # a word unknown to it stands for the cut
            elif LIVE in run and _assessed(run):
                runs.append(run)
    found = [one for run in runs for one in _assessed(run)]
    if not found:
        return 0.0, 0.0, found
    polarity = subjectivity = 0
    for _, p, s, _ in found:  # in this order, as the library adds
        polarity += p
        subjectivity += s
    return polarity / len(found), subjectivity / len(found), found


# ---- VADER ----------------------------------------------------------------------------------------------------------------------

HIT, BENDS, LOUD, BUT, EMOJI = 1, 2, 4, 8, 16  # scored; changes a neighbour's score; in capitals; turns the sentence; left to the library
HITS, BENT, SHOUTS, TURNS, LEFT = (re.compile(b"[" + re.escape(bytes(n for n in range(32) if n & bit)) + b"]") for bit in (HIT, BENDS | LOUD, LOUD, BUT, EMOJI))
QUIET = bytes(n for n in range(32) if not n & LOUD)


@cache
def analyzer():
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    return SentimentIntensityAnalyzer()


@cache
def _vader():
    """(the library's module, words that change the score of a word near them: of an idiom the longest stands for all; all words its rules name)."""
    from vaderSentiment import vaderSentiment as library
    idioms = [idiom.split() for idiom in (*library.SPECIAL_CASES, *library.BOOSTER_DICT)]
    bends = {"no", "so", "this", "least", *library.NEGATE, *(max(idiom, key=len) for idiom in idioms)}
    return library, bends, bends.union(*idioms, ["or", "nor", "never", "without", "doubt", "at", "very", "kind", "of"], analyzer().lexicon)


def _marks(chunk):
    library, bends, _ = _vader()
    word = library.SentiText._strip_punc_if_word(chunk)
    low = word.lower()
    return (HIT * (low in analyzer().lexicon and low not in library.BOOSTER_DICT) | BENDS * (low in bends or "n't" in low) | LOUD * word.isupper()
            | BUT * (low == "but") | EMOJI * (not analyzer().emojis.keys().isdisjoint(chunk)))


def _read(chunk):
    """A chunk as VADER reads it, in lower case unless all is in capitals; a dash for words that its rules do not know."""
    library, _, known = _vader()
    word = library.SentiText._strip_punc_if_word(chunk)
    low = word.lower()
    return "-" if low not in known and "n't" not in low else word if word.isupper() else low


VADER, READ = Chunks(_marks), Chunks(_read)


class _Window:
    """The words around one, as VADER's rules want them."""

    def __init__(self, words, loud):
        self.words_and_emoticons, self.is_cap_diff = words, loud


@lru_cache(2**16)
def _valence(words, at, loud):
    """A word's valence among up to three words before and two behind it, by VADER's own rules; `loud`: some words, not all, are in capitals."""
    if [word.lower() for word in words[at:at + 2]] == ["kind", "of"]:
        return 0
    return analyzer().sentiment_valence(0, _Window(words, loud), words[at], at, [])[0]


def vader(text):
    """(compound, places): VADER's compound of a text, as `polarity_scores(text)["compound"]`, and which of `text.split()` are words of its lexicon."""
    chunks = text.split()
    marks = bytes(map(VADER.__getitem__, chunks))
    places = [hit.start() for hit in HITS.finditer(marks)]
    if LEFT.search(marks):
        return analyzer().polarity_scores(text)["compound"], places
    if not places:
        return 0.0, places
    lexicon, valences, loud = analyzer().lexicon, [], None
    for i in places:
        first = max(i - 3, 0)
        if not BENT.search(marks, first, i + 3):
            valences.append(lexicon[READ[chunks[i]]])
            continue
        if shouts := SHOUTS.search(marks, first, i + 3) is not None:
            loud = 0 < len(marks.translate(None, QUIET)) < len(marks) if loud is None else loud
        valences.append(_valence(tuple([READ[chunk] for chunk in chunks[first:i + 3]]), i - first, shouts and loud))
    if turn := TURNS.search(marks):
        before = sum(i < turn.start() for i in places)
        valences = analyzer()._but_check(["-"] * before + ["but"] + ["-"] * (len(places) - before), valences[:before] + [0] + valences[before:])
    total = float(sum(valences))
    total += ((total > 0) - (total < 0)) * analyzer()._punctuation_emphasis(text)
    return round(_vader()[0].normalize(total), 4), places
