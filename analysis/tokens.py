"""Articles → sentences and tokens, every one with its exact place in the text. NLTK's algorithms, no downloaded data."""
import importlib
import re
import sys
from functools import cache, partial
from itertools import accumulate

import numpy as np
import pandas as pd

from analysis import tables

# Words that open a sentence after an abbreviation which may also end one ("… in Washington D.C. The court …").
OPENERS = set("""a after also although an and as asked at because before both but by despite during each even every few for from he her here his how
however i if in instead it its last later many meanwhile most my no not now of on one only other our over she since so some still such that the
their then there these they this those though through thus to today two under until we what when where whether which while who why with yet you""".split())
SAME_LENGTH = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\u00a0": " "})
CLOSING = "\"'”’»)]}"
LONGEST = 8_000  # bytes; what is longer is a table or a list without full stops, and no sentence: it is cut at white space, so that what is done with sentences stays linear in the text
WORD_STOP = re.compile(r"""["(]*([^\W\d_]{2,})[.?!](?:\s+\S|["”’)])""")


def nltk(module):
    """A module of NLTK. NLTK imports scikit-learn wherever it is installed, which takes two seconds and serves nothing here: it is kept from it."""
    unasked = "sklearn" not in sys.modules
    if unasked:
        sys.modules["sklearn"] = None
    try:
        return importlib.import_module(f"nltk.{module}")
    finally:
        if "nltk.redos" in sys.modules:
            sys.modules["nltk.redos"].DEFAULT_TIMEOUT = None  # five seconds on the clock for all matches in a line: too few for a long line, or on a busy machine
        if unasked:
            del sys.modules["sklearn"]


@cache
def splitter():
    """Punkt (Kiss & Strunk 2006) with a committed list of abbreviations instead of a trained model."""
    punkt = nltk("tokenize.punkt")
    parameters = punkt.PunktParameters()
    lines = (tables.ROOT / "data" / "lexicons" / "abbreviations.txt").read_text(encoding="utf-8").splitlines()
    parameters.abbrev_types = {word for line in lines if not line.startswith("#") for word in line.split()}
    parameters.sent_starters = OPENERS

    class Splitter(punkt.PunktSentenceTokenizer):
        def text_contains_sentbreak(self, text):
            """Punkt's judgement of a full stop, at once for the most frequent kind: a plain word that is no abbreviation ends its sentence."""
            plain = WORD_STOP.match(text)
            return bool(plain) and plain[1].lower() not in parameters.abbrev_types or super().text_contains_sentbreak(text)

    return Splitter(parameters)


def sentence_spans(text):
    """(paragraph, start, end) of every sentence of a text; paragraphs are parted by blank lines, and no sentence crosses a line's end."""
    spans, number = [], 0
    for block in re.finditer(r"(?:(?!\n[^\S\n]*\n).)+", text, re.S):
        found = [(number, block.start() + line.start() + start, block.start() + line.start() + end)
                 for line in re.finditer(r"[^\n]+", block.group()) for start, end in _line_spans(line.group())]
        spans += found
        number += bool(found)
    return spans


def _line_spans(text):
    """Punkt's sentences of one line, joined where it cuts too early."""
    spans = []
    for start, end in splitter().span_tokenize(text) if text.strip() else []:
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
        if start < end and spans and _goes_on(text[max(spans[-1][0], spans[-1][1] - 200):spans[-1][1]], text[start:end]):
            spans[-1] = (spans[-1][0], end)
        elif start < end:
            spans.append((start, end))
    return [piece for span in spans for piece in _cut(text, *span)]


def _cut(text, start, end):
    """A sentence, or the pieces of what is longer than `LONGEST`."""
    while len(head := text[start:min(end, start + LONGEST)].encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore")) < end - start:
        at = start + (len(head[:head.rfind(" ")].rstrip()) if " " in head.strip() else len(head))
        yield start, at
        start = at + len(text[at:at + LONGEST]) - len(text[at:at + LONGEST].lstrip())
    if start < end:
        yield start, end


INITIALS = re.compile(r"(?<!\w)(?:[A-Z]\.)+$")
LIST_NUMBER = re.compile(r"\W*(?:\d{1,3}|[A-Za-z])[.)]")


def _goes_on(before, after):
    """Does the sentence `before` go on in `after`?"""
    first = re.search(r"\w+", after)
    if not first or LIST_NUMBER.fullmatch(before):                # only marks; or "1." opens a list item
        return True
    if INITIALS.search(before):                                   # "K.C. Maurer"
        return first.group()[0].isupper() and first.group().lower() not in OPENERS
    closed = before[-1] in CLOSING or before.endswith(("...", "…"))
    return first.group()[0].islower() and (closed or first.start() == 0)    # "?” he asked", "... and then"


class Chunks(dict):
    """What a function gives for each distinct chunk of text, asked where it is first met; forgotten as a whole when there are too many."""

    def __init__(self, function, most=1_000_000):
        self.function, self.most = function, most

    def __missing__(self, chunk):
        if len(self) >= self.most:
            self.clear()
        self[chunk] = found = self.function(chunk)
        return found


def token_spans(text):
    """(start, end) of every token, by NLTK's word tokenizer on a copy whose curly quotes are straight (same length, so offsets hold)."""
    return [(at + a, at + b) for at, parts in _pieces(text) for a, b, _ in parts]


def _pieces(text):
    """(place, parts) of every chunk between blanks: NLTK's rules see no further, but for the last full stop. One piece where the text must be read as a whole."""
    chunks = [(chunk.start(), chunk.group()) for chunk in CHUNK.finditer(text)]
    if chunks and not CLOSERS.fullmatch(chunks[-1][1]) and not SEPARATORS.search(text):
        last = chunks.pop()
        found = [(at, PARTS[chunk]) for at, chunk in chunks] + [(last[0], LAST_PARTS[last[1]])]
        if None not in [parts for _, parts in found]:
            return found
    return [(0, [(a, b, text[a:b]) for a, b in _whole_spans(text.translate(SAME_LENGTH))])]


def _whole_spans(plain):
    """NLTK's tokens of a text with straight quotes, read as a whole."""
    if "''" not in plain:
        try:
            spans = list(_words().span_tokenize(plain))
            if "".join(plain[a:b] for a, b in spans) == re.sub(r"\s+", "", plain):
                return spans
        except ValueError:
            pass
    return [m.span() for m in re.finditer(r"\w+(?:[-'.,]\w+)*|\.{2,}|\S", plain)]  # text the tokenizer cannot place again


CHUNK, CLOSERS = re.compile(r"\S+"), re.compile(r"""\.?[\])}>"'`´’‘“”„«»]*""")  # a last chunk of closing marks: the full stop may stand before it
SEPARATORS = re.compile("[\x1c-\x1f]")  # blanks to Python, but not to NLTK
SIMPLE = re.compile(r"""(["(\[$#@]*)(\d+(?:[.,:]\d+)*|[^\W_]+(?:-[^\W_]+)*)((?:'s)?)(?:(\.)(?=[")\]]*$))?([",;:?!)\]%]*)""")  # most chunks: a word between marks, parted here as NLTK would
RUN_TOGETHER = re.compile("(?i)cannot|gimme|gonna|gotta|lemme|wanna")


def _parts(chunk, *, last):
    """(start, end, token) of a chunk's tokens, `last` in its sentence or not; null where NLTK cannot place them again."""
    plain = chunk.translate(SAME_LENGTH)
    simple = SIMPLE.fullmatch(plain)
    if simple and not (simple[3] and simple[4]) and not RUN_TOGETHER.search(plain):
        head, word, own, stop, tail = (group or "" for group in simple.groups())
        ends = list(accumulate(len(token) for token in (*head, *((word, own, stop) if last else (word + stop, own)), *tail) if token))
        spans = list(zip([0, *ends], ends))
    else:
        try:
            spans = list(_words().span_tokenize(plain + " x" * (not last)))
        except ValueError:
            return None
        spans = spans if last else spans[:-1]
        if "''" in plain or "".join(plain[a:b] for a, b in spans) != plain:
            return None
    return [(a, b, chunk[a:b]) for a, b in spans]


PARTS, LAST_PARTS = Chunks(partial(_parts, last=False)), Chunks(partial(_parts, last=True))


@cache
def _words():
    return nltk("tokenize").NLTKWordTokenizer()


def split_sentences(articles):
    """Articles → `sentences`: titles first (part `title`), then bodies; ids run through both. Columns as in the codebook."""
    rows = []
    for article, title, text in zip(articles["article_id"], articles["title"], articles["text"]):
        parts = ([("title", title)] if isinstance(title, str) and title.strip() else []) + [("body", text)]
        spans = [(part, whole, *span) for part, whole in parts for span in sentence_spans(whole)]
        rows += [(article, i, part, paragraph, start, end, whole[start:end]) for i, (part, whole, paragraph, start, end) in enumerate(spans)]
    return pd.DataFrame(rows, columns=list(tables.SCHEMAS["sentences"].columns))


def split_tokens(sentences, *, tags=True):
    """Sentences → `tokens` with parts of speech (Penn Treebank tags, by TextBlob's bundled tagger); with `tags=False` without them, where terms are all that is sought."""
    from tqdm import tqdm
    rows, places, pieces = [], [], []
    for row, text in enumerate(tqdm(sentences["text"].tolist(), "tokens", disable=None, leave=False)):
        found = _pieces(text)
        rows += [row] * len(found)
        places += [at for at, _ in found]
        pieces += [parts for _, parts in found]
    distinct = {id(parts): parts for parts in pieces}               # from here on by number: each distinct chunk's tokens stand once in `known`
    numbers = dict(zip(distinct, range(len(distinct))))
    known = pd.DataFrame([part for parts in distinct.values() for part in parts], columns=["a", "b", "token"])
    sizes = np.array([len(parts) for parts in distinct.values()], dtype="int64")
    which = np.array([numbers[id(parts)] for parts in pieces], dtype="int64")
    many = sizes[which]
    entry = np.repeat((np.cumsum(sizes) - sizes)[which] - (np.cumsum(many) - many), many) + np.arange(many.sum())
    row, place = np.repeat(np.array(rows, dtype="int64"), many), np.repeat(np.array(places, dtype="int64"), many)
    first = np.searchsorted(row, row)                               # where the sentence begins
    found = known.take(entry).reset_index(drop=True)
    place += sentences["start"].to_numpy("int64")[row]
    position = np.arange(len(row)) - first
    whole = sentences[["article_id", "sentence_id"]].take(row).reset_index(drop=True).assign(position=position, start=place + found["a"], end=place + found["b"], token=found["token"])
    return whole.assign(pos=_tags(whole["token"], position == 0)) if tags else whole


def _tags(words, heads):
    """Parts of speech, once for each distinct word: TextBlob's bundled tagger looks at nothing but the word, and whether it is the first (`heads`)."""
    nltk("tokenize")  # first, or TextBlob's own import of it brings scikit-learn along
    from textblob.en import parser
    codes, distinct = pd.factorize(words)
    plain = [word.translate(SAME_LENGTH) for word in distinct]
    tags = np.array([tag for _, tag in parser.find_tags(["-", *plain])[1:]], dtype=object)[codes] if len(plain) else np.array([], dtype=object)
    first = np.unique(codes[heads])
    of_heads = pd.Series({code: parser.find_tags([plain[code]])[0][1] for code in first.tolist()}, dtype="str")
    tags[heads] = of_heads.loc[codes[heads]].to_numpy()
    return pd.Series(tags, dtype="str")


def is_word(tokens):
    """True for tokens with a letter or digit; marks are tokens too, but no words."""
    return tokens["token"].str.contains(r"[^\W_]", regex=True)
