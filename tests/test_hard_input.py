"""What people put into folders: every hard file gives its articles or one line of refusal, the rest goes on, and no traceback reaches anybody."""
import io
import json
import os
import re
import struct
import zipfile

import pandas as pd
import pytest
from conftest import run

from analysis import corpus, framing, tables

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
SAYS = "The council said on Monday that the bridge would be closed. “It is a sad day,” the mayor, Anna Lund, said."


def packed(*members, flags=None, method=zipfile.ZIP_DEFLATED):
    """A zip of (name, content) or (ZipInfo, content); `flags` are set in both headers of the first member (1: encrypted)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    whole = bytearray(out.getvalue())
    if flags:
        whole[6] |= flags
        whole[whole.index(b"PK\x01\x02") + 8] |= flags
    return bytes(whole)


def link_in_zip(name, target):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return packed((info, target))


def parquet(rows):
    out = io.BytesIO()
    pd.DataFrame(rows).to_parquet(out)
    return out.getvalue()


def nested(content, name, depth):
    for _ in range(depth):
        content = packed((name, content))
    return content


DATES = ["03/04/2023", "2023-02-30", "13.13.2023", "27/10/23", "yesterday", "1698364800", "0001-01-01", "9999-12-31", "2023-10", "31 Juin 2023",
         "２０２３-１０-２７", "12/25/2023", "", "2023-10-27T25:99", "Fri, 27 Oct 2023 10:00:00 +9999"]
# name → content; how many articles it gives; what its refusals name, in order (a piece of `found`)
HARD = {
    "empty.txt": (b"", 0, ["no text"]), "empty.csv": (b"", 0, ["nothing in it"]), "empty.json": (b"", 0, ["no JSON"]), "empty.jsonl": (b"", 0, ["nothing in it"]), "empty.md": (b"", 0, ["no text"]),
    "empty.html": (b"", 0, ["no article text"]), "empty.zip": (b"", 0, ["no zip"]), "empty.parquet": (b"", 0, ["no Parquet"]), "empty_list.json": (b"[]", 0, ["nothing in it"]),
    "header_only.csv": (b"id,text\n", 0, ["nothing in it"]), "blank.txt": (b" \n\t\r\n \x00 \xe2\x80\x8b", 0, ["no text"]), "members.zip": (packed(), 0, ["nothing in it"]),
    "utf16.txt": (SAYS.encode("utf-16"), 1, []), "utf16le.csv": ("text\nThe mayor “spoke”; it was short.\n".encode("utf-16-le"), 1, []), "utf16be.txt": ("Plain words in two bytes each, without a mark.".encode("utf-16-be"), 1, []),
    "utf32.txt": (SAYS.encode("utf-32"), 1, []), "odd_utf16.txt": (SAYS.encode("utf-16") + b"\x20", 1, []), "cp1252.txt": (SAYS.encode("cp1252"), 1, []),
    "mixed.txt": (("Déjà vu. “Yes.” " * 30).encode() + "Caf\xe9 na\xefve.".encode("latin-1"), 1, []), "bom.csv": ("id,text\n1,One.\n".encode("utf-8-sig"), 1, []), "bom.json": (json.dumps([{"text": "One."}]).encode("utf-8-sig"), 1, []),
    "boms.jsonl": (b"\xef\xbb\xbf" + b'{"text": "One."}\n\xef\xbb\xbf{"text": "Two."}\n', 1, ["no JSON"]), "noise.txt": (bytes(range(256)) * 8, 1, []),
    "nul.txt": (b"One\x00 word. Two\x00 words.", 1, []), "nul.csv": (b"id,text\n1,One\x00 word.\n", 1, []), "nul_id.csv": (b"id,text\n\x00\x01,One word.\n", 1, []), "crlf.txt": (b"One.\r\n\r\nTwo.\r\n", 1, []),
    "cr.txt": (b"One.\r\rTwo.\r", 1, []), "cr.csv": (b'id,text\r1,"One.\rTwo."\r2,Three.\r', 2, []), "line.txt": (b"He said that it was bad and then it went on. " * 1_000, 1, []),
    "one_sentence.txt": (b"and so it went " * 1_500, 1, []), "paragraphs.txt": (b"A word.\n\n" * 2_000, 1, []), "spaces.txt": (b"One." + b" " * 300_000 + b"Two.", 1, []),
    "emoji.txt": ("😀👩‍👩‍👧‍👦🏳️‍🌈. ".encode() * 200, 1, []), "rtl.txt": ("قال الوزير إن الجسر سيغلق. \u202eשלום\u202c. ".encode() * 50, 1, []), "combining.txt": (("Z" + "\u0301" * 500 + "algo spoke. ").encode() * 20, 1, []),
    "control.txt": ("\x1b[31mRed\x1b[0m \x07alarm\u2028 said\x85 the\x0b mayor\x0c.".encode(), 1, []), "markup.txt": (b"<script>alert(1)</script> {{ 7*7 }} {% include 'x' %} $x^2$ <img src=x onerror=alert(1)> said.", 1, []),
    "marks.txt": ("“" * 500 + "\" '" * 500 + "(" * 500 + "word", 1, []), "initials.txt": (b"A.B. " * 500, 1, []), "words_only_marks.txt": (b"!!! ... ??? *** --- ", 1, []), "brackets.md": ("[" * 500 + "![" * 500 + "[a](" * 500 + "*a _b " * 500, 1, []),
    "fence.md": ("---\na: x\n" + "a line\n" * 500, 1, []),
    "surrogate.json": (b'[{"text": "A \\ud800 lone one.", "title": "\\udfff", "outlet": "\\ud83d\\ude00 and \\udc00", "\\ud800": "x"}]', 1, []), "surrogate.jsonl": (b'{"id": "\\ud800", "text": "One."}\n', 1, []),
    "deep.json": (b"[" * 100_000, 0, ["no JSON"]), "huge_number.jsonl": (b'{"text": "One.", "n": ' + b"9" * 5000 + b'}\n{"text": "Two.", "n": 1e999}\n{"text": "Three.", "n": NaN}\n', 2, ["no JSON"]),
    "kinds.json": (json.dumps([1, None, "text", [], {"text": None}, {"text": {"a": "b"}}, {"text": ["One.", "Two."]}, {"text": "Fine.", "id": 7, "date": 20231027}]).encode(), 3, ["int as", "NoneType as", "str as", "list as", "no text"]),
    "scalar.json": (b"7", 0, ["int as"]), "repeated_key.json": (b'{"text": "One.", "text": "Two."}', 1, []),
    "quotes.csv": (b'id,text\n1,"One."\n2,"never closed\n3,Three.\n', 1, ["unexpected end"]), "stray.csv": (b'id,text\n1,"One" x\n2,Two.\n', 1, ["expected after"]), "ragged.csv": (b"id,text\n1\n2,Two.\n3,Three.,more\n", 1, ["1 fields", "3 fields"]),
    "twice.csv": (b"text,text\na,b\n", 0, ["twice"]), "synonyms.csv": (b"id,text,body,Text \n1,One.,Two.,Three.\n", 1, []), "columns.csv": (b"words,when\na,b\n", 0, ["the columns words, when"]),
    "ids.csv": (b"id,text\n7,One.\n7,Two.\n,Three.\n", 2, ["a second time"]), "formula.csv": (b"id,text,outlet\n=1+1,@SUM said so.,=cmd|' /C calc'!A0\n", 1, []),
    "dates.csv": (("date,text\n" + "".join(f'"{day}",On {i}.\n' for i, day in enumerate(DATES))).encode(), 5,
        ["two days", "2023-02-30", "13.13", "27/10/23", "yesterday", "1698364800", "0001", "9999", "2023-10", "Juin"]),
    "up.zip": (packed(("../../up.txt", "Up there."), ("/etc/absolute.txt", "From the root."), ("C:\\temp\\windows.txt", "A drive."), ("a/../../b.txt", "Both ways.")), 4, []),
    "link.zip": (link_in_zip("passwords.txt", "/etc/passwd"), 0, ["a link"]), "secret.zip": (packed(("a.txt", "Hidden."), flags=1), 0, ["an encrypted member"]),
    "bomb.zip": (packed(("a.txt", b"a" * 12_000_000), ("b.txt", "Fine.")), 1, ["12,000,000 bytes packed into"]), "deep.zip": (nested(packed(("a.txt", "Deep.")), "z.zip", 3), 0, ["archives in archives"]),
    "two_deep.zip": (nested(packed(("a.txt", "Two deep.")), "z.zip", 2), 1, []), "same.zip": (packed(("a.txt", "One."), ("./a.txt", "Two.")), 1, ["a second time"]), "stub.zip": (packed(("a.txt", SAYS * 20))[:-40], 0, ["no zip"]),
    "lies.zip": (packed(("a.txt", "One."), method=zipfile.ZIP_STORED).replace(b"One.", b"Two."), 0, ["BadZipFile"]), "codec.zip": (packed(("a.txt", "One."), method=zipfile.ZIP_STORED).replace(struct.pack("<H", 0) + b"\x00\x00", struct.pack("<H", 0) + b"\x00\x00"), 1, []),
    "nothing.html": (b"<html><body><script>var a = 1</script></body></html>", 0, ["no article text"]), "deep.html": (b"<div>" * 20_000 + SAYS.encode(), None, None), "binary.html": (bytes(range(256)) * 40, None, None),
    "nulls.parquet": (parquet({"text": ["One.", None], "n": [1, None]}), 1, ["no text"]), "stub.parquet": (parquet({"text": ["One."]})[:-9], 0, ["no Parquet"]),
    "kinds.parquet": (parquet({"text": [b"One.", b"\xff\xfe"], "when": pd.to_datetime(["2023-10-27", None]), "list": [["a"], []]}), None, None),
    "bomb.parquet": (None, 0, ["packed into"]),
    "picture.png": (b"\x89PNG", 0, ["the ending"]), "no_ending": (b"words", 0, ["the ending"]), "word.docx": (packed(("word/document.xml", "<w/>")), 0, ["the ending"]), "notebook.ipynb": (b'{"cells": []}', 0, ["the ending"]),
}


def bomb():
    """A Parquet file whose few kilobytes are a table of gigabytes: one long value, referred to again and again."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    out = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000, pa.int32()), pa.array(["a" * 1_000_000]))
    pq.write_table(pa.table({"text": column}), out, compression="zstd", store_schema=False)
    return out.getvalue()


def put(folder, name):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = HARD[name][0] if HARD[name][0] is not None else bomb()
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


@pytest.mark.parametrize("name", HARD)
def test_a_hard_file_gives_its_articles_or_a_line_of_refusal_and_the_rest_goes_on(tmp_path, name):
    put(tmp_path, name)
    (tmp_path / "zz good.txt").write_text("A good text.", encoding="utf-8")
    found, refused = corpus.read(tmp_path)
    assert found["text"].iloc[-1] == "A good text." and found["text"].str.len().gt(0).all() and found["article_id"].is_unique
    n, whats = HARD[name][1:]
    if n is not None:
        assert len(found) - 1 == n, refused
        assert len(refused) == len(whats) and all(what in said for what, said in zip(whats, refused["found"])), refused["found"].tolist()
    assert all(re.fullmatch(r"[^\n\r]{1,300}", text) for column in ("file", "found", "expected") for text in refused[column]), "one line each"
    assert len(found) > 1 or len(refused), "something is said of every file"
    articles = corpus.mark_duplicates(corpus.mark_language(corpus.clean(found)[0]))
    tables.check("articles", articles).to_parquet(io.BytesIO())


def test_what_is_no_file_is_told_and_no_link_is_followed_round(tmp_path):
    folder = tmp_path / "in"
    (folder / "folder.txt").mkdir(parents=True)
    (folder / "folder.txt" / "a.txt").write_text("Inside a folder with an ending.", encoding="utf-8")
    (folder / "round").symlink_to(folder, target_is_directory=True)
    (folder / "self.txt").symlink_to(folder / "self.txt")
    (folder / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    os.mkfifo(folder / "pipe.txt") if hasattr(os, "mkfifo") else (folder / "pipe.txt").symlink_to("nowhere")
    found, refused = corpus.read(folder)
    assert list(found["text"]) == ["Inside a folder with an ending."] and found["outlet"][0] == "folder.txt"
    assert dict(zip(refused["file"], refused["found"].str.slice(0, 9))) == {"gone.txt": "a link th", "self.txt": "a link th", "round": "a link to", "pipe.txt": "neither a" if hasattr(os, "mkfifo") else "a link th"}
    assert tables.fingerprint(folder)


def test_an_unreadable_file_is_refused_and_the_run_goes_on(tmp_path, home, monkeypatch):
    import pathlib
    (tmp_path / "in").mkdir()
    for name in ("open.txt", "shut.txt"):
        (tmp_path / "in" / name).write_text("A text.", encoding="utf-8")
    plain = pathlib.Path.open

    def shut(self, *words, **named):
        if self.name == "shut.txt":
            raise PermissionError(13, "Permission denied", str(self))
        return plain(self, *words, **named)
    monkeypatch.setattr(pathlib.Path, "open", shut)
    monkeypatch.setattr(pathlib.Path, "read_bytes", lambda self: self.open("rb").read())
    store = tables.Store(tmp_path / "in")
    found, refused = corpus.read(store.source)
    assert list(found["text"]) == ["A text."] and refused.iloc[0].tolist()[0::2] == ["shut.txt", "Permission denied"]


def test_names_that_other_systems_cannot_hold(tmp_path, home):
    """Names of files lead to ids and outlets, never to names of files that are made."""
    for name in ("a:b?.txt", "CON.txt", "x\ny.txt", "\x1b[31mred.txt", "é" * 60 + ".txt"):
        (tmp_path / name).write_text("A text.", encoding="utf-8")
    found, refused = corpus.read(tmp_path)
    assert len(found) == 5 and refused.empty
    names = [tables.Store(path).name for path in sorted(tmp_path.glob("*.txt"))]
    assert len(names) == 5 and all(re.fullmatch(r"\w[\w.-]{0,80}", name) for name in names) and "corpus-CON" in names


BOOKS = {
    "tag": ("codebook: x\ntitle: !!python/object/apply:os.system ['touch hit']\n", "tag"), "local tag": ("codebook: !mine x\n", "line 1: found the tag `!mine`"),
    "bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "line 2: found an alias"), "deep": ("[" * 50_000, "nested too deeply|expected"), "empty": ("", "found"), "nul": ("codebook: \x00", "expected"), "two": ("name: x\n---\nname: y\n", "expected"),
    "list": ("- a\n- b\n", "no a codebook|found"), "merge": ("a: {<<: {b: c}}\n", "found"), "twice": ("codebook: x\ncodebook: y\n", "a second time"), "latin": ("name: caf\xe9\n".encode("latin-1"), "UTF-8"),
}


@pytest.mark.parametrize("name", BOOKS)
def test_a_hostile_codebook_is_one_line_and_does_nothing(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    content, message = BOOKS[name]
    (tmp_path / "own.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(framing.CodebookError, match=message) as error:
        framing.read_codebook(tmp_path / "own.yaml")
    assert "\n" not in str(error.value) and not (tmp_path / "hit").exists()


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A report on one folder that holds all of it, as a user runs it."""
    folder = tmp_path_factory.mktemp("hard")
    for name in HARD:
        put(folder / "in", name)
    (folder / "in" / "loop").symlink_to(folder / "in", target_is_directory=True)
    return folder, run("report", f"CORPUS={folder / 'in'}", home=folder / "home", pdf=False)


def test_a_folder_of_all_of_it_ends_in_a_report_that_lists_what_was_refused(everything):
    folder, done = everything
    page = (folder / "home" / "reports" / "in" / "01_corpus.html").read_text(encoding="utf-8")
    articles = pd.read_parquet(folder / "home" / "data" / "derived" / "in" / "articles.parquet")
    assert "Traceback" not in done.stdout + done.stderr and len(articles) >= sum(n or 0 for _, n, _ in HARD.values())
    refusals = sum(len(whats or []) for *_, whats in HARD.values())
    said = re.search(r"(\d+) files or rows were refused", done.stdout)
    assert said and int(said[1]) >= refusals and done.stdout.count("expected") >= 3 and "01_corpus.html" in done.stdout
    assert all(name in page for name, (_, _, whats) in HARD.items() if whats), "every refused file stands on page 01"
    assert not re.search(r"<script|onerror=alert\(1\)>|\x1b|\x00", page) and not list(folder.rglob("up.txt"))
    again = run("report", f"CORPUS={folder / 'in'}", home=folder / "home", pdf=False)
    assert "unchanged" in again.stdout and said[0] in again.stdout, "and told again when nothing is run again"


def test_nothing_readable_is_one_message_and_a_failing_exit(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("empty.txt", "picture.png", "stub.zip"):
        put(tmp_path / "in", name)
    done = run("report", f"CORPUS={tmp_path / 'in'}", home=tmp_path / "home", pdf=False, code=1)
    assert "Nothing readable in" in done.stderr and "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_no_clock_decides_whether_a_line_is_read(monkeypatch):
    from analysis import tokens
    redos = pytest.importorskip("nltk.redos", reason="this NLTK has no limit of time")
    line, words = "He said that it's bad, and then (so he said) it went on. " * 20_000, tokens._words()
    monkeypatch.setattr(redos, "DEFAULT_TIMEOUT", 0.001)
    with pytest.raises(TimeoutError):
        list(words.span_tokenize(line))
    tokens.nltk("tokenize")
    assert len(list(words.span_tokenize(line))) == 340_001


@pytest.mark.skipif(not LONG, reason="long: make fuzz")
@pytest.mark.parametrize("content", [b"He said that it was bad and then it went on. " * 1_200_000, b"A word.\n\n" * 100_000], ids=["50 MB in a line", "100,000 paragraphs"])
def test_a_very_long_text_goes_through(tmp_path, content):
    (tmp_path / "long.txt").write_bytes(content)
    found, refused = corpus.read(tmp_path)
    from analysis import tokens
    assert refused.empty and len(tokens.split_sentences(corpus.mark_duplicates(corpus.mark_language(corpus.clean(found)[0])))) >= 100_000
