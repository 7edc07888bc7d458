"""Articles → sentences and tokens, every one with its exact place in the text. NLTK's algorithms, no downloaded data."""
import importlib
import re
import sys
from functools import cache

import pandas as pd

from analysis import tables

# Words that open a sentence after an abbreviation which may also end one ("… in Washington D.C. The court …").
OPENERS = set("""a after also although an and as asked at because before both but by despite during each even every few for from he her here his how
however i if in instead it its last later many meanwhile most my no not now of on one only other our over she since so some still such that the
their then there these they this those though through thus to today two under until we what when where whether which while who why with yet you""".split())
SAME_LENGTH = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\u00a0": " "})
CLOSING = "\"'”’»)]}"
LONGEST = 8_000  # bytes; what is longer is a table or a list without full stops, and no sentence: it is cut at white space, so that what is done with sentences stays linear in the text


def nltk(module):
    """A module of NLTK. NLTK imports scikit-learn wherever it is installed, which takes two seconds and serves nothing here: it is kept from it."""
    unasked = "sklearn" not in sys.modules
    if unasked:
        sys.modules["sklearn"] = None
    try:
        return importlib.import_module(f"nltk.{module}")
    finally:
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
    return punkt.PunktSentenceTokenizer(parameters)


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


def token_spans(text):
    """(start, end) of every token, by NLTK's word tokenizer on a copy whose curly quotes are straight (same length, so offsets hold)."""
    plain = text.translate(SAME_LENGTH)
    if '"' not in plain and "''" not in plain or plain.count('"') and "''" not in plain:
        try:
            spans = list(_words().span_tokenize(plain))
            if "".join(plain[a:b] for a, b in spans) == re.sub(r"\s+", "", plain):
                return spans
        except ValueError:
            pass
    return [m.span() for m in re.finditer(r"\w+(?:[-'.,]\w+)*|\.{2,}|\S", plain)]  # text the tokenizer cannot place again


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


def split_tokens(sentences):
    """Sentences → `tokens` with parts of speech (Penn Treebank tags, by TextBlob's bundled tagger)."""
    from textblob.en import parser
    from tqdm import tqdm
    columns = {name: [] for name in tables.SCHEMAS["tokens"].columns}
    place = zip(sentences["article_id"], sentences["sentence_id"], sentences["start"], sentences["text"])
    for article, number, offset, text in tqdm(place, "tokens", total=len(sentences), disable=None, leave=False):
        spans = token_spans(text)
        words = [text[a:b] for a, b in spans]
        columns["article_id"] += [article] * len(spans)
        columns["sentence_id"] += [number] * len(spans)
        columns["position"] += range(len(spans))
        columns["start"] += [offset + a for a, _ in spans]
        columns["end"] += [offset + b for _, b in spans]
        columns["token"] += words
        columns["pos"] += [tag for _, tag in parser.find_tags([word.translate(SAME_LENGTH) for word in words])]
    return pd.DataFrame(columns)


def is_word(tokens):
    """True for tokens with a letter or digit; marks are tokens too, but no words."""
    return tokens["token"].str.contains(r"[^\W_]", regex=True)
