"""Notebooks and pages: every notebook runs, only what changed runs again, a failure keeps what was made."""
import json
import os
import re
import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from conftest import compare_figures, run

from analysis import report, tables

PAGES = [p.stem for p in report.notebooks()]


def test_every_notebook_runs_on_many_articles_and_on_one(retellings_run, one_article_run):
    for home, name in ((retellings_run[0], "retellings"), (one_article_run[0], "bridge")):
        for page in ["index", *PAGES]:
            assert (home / "reports" / name / f"{page}.html").stat().st_size > 3000


def test_the_committed_figures_of_the_retellings_are_current(retellings_run):
    compare_figures("retellings", retellings_run[0] / "figures" / "retellings")


def test_a_second_run_does_nothing_twice(retellings_run):
    home, first = retellings_run
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in home.rglob("*") if p.is_file()}
    second = run("report", "CORPUS=retellings", home=home)
    assert second.stdout.count("unchanged") == len(PAGES) and "unchanged" not in first.stdout
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in home.rglob("*") if p.is_file()} == before


def test_one_article_is_compared_with_nothing(one_article_run):
    home = one_article_run[0]
    figures = {p.stem for p in (home / "figures" / "bridge").glob("*.svg")}
    assert figures == {"02_sentence_length", "03_speakers", "03_stance", "03_voices", "04_event_words", "04_instruments", "04_saturation", "04_tone_by_group", "04_tone_by_voice", "04_tone_position",
                       "05_frame_shares", "05_frames_by_group", "05_frame_terms", "05_overlap", "05_war_peace", "08_summary"}, "no actor of the table is named, so there is no 04_toward"
    captions = " ".join(json.loads(p.read_text(encoding="utf-8"))["caption"] for p in (home / "figures" / "bridge").glob("*.json"))
    assert "one article" in captions and "by outlet" not in captions and "interval over" not in captions.replace("no interval", "")
    assert "This text contains" in (home / "reports" / "bridge" / "05_framing.html").read_text(encoding="utf-8")


def test_pages_are_self_contained(retellings_run, one_article_run):
    for path in [*retellings_run[0].glob("reports/*/*.html"), *one_article_run[0].glob("reports/*/*.html")]:
        page = path.read_text(encoding="utf-8")
        assert not re.search(r"<script|<link|<iframe|@import|src=\"(?!data:)|url\((?!data:)", page), path
        assert {link for link in re.findall(r'href="(?!#)([^"#]+)', page) if not re.match(r"(sentences|articles)/\w+\.html", link)} <= {f"{p}.html" for p in ["index", *PAGES]}, path
        assert "default-src 'none'" in page and '<html lang="en">' in page and '<main id="main"' in page and 'href="#main"' in page


def test_every_picture_has_its_alt_text_caption_and_number(retellings_run):
    for page in PAGES:
        text = (retellings_run[0] / "reports" / "retellings" / f"{page}.html").read_text(encoding="utf-8")
        pictures = re.findall(r"<figure[^>]*><img alt=\"([^\"]*)\"[^>]*><figcaption>(.*?)</figcaption>", text, re.S)
        assert len(pictures) == text.count("<img")
        for number, (alt, caption) in enumerate(pictures, 1):
            assert len(alt) > 40 and caption.startswith(f"<b>Figure {int(page[:2])}.{number}.</b>")


def test_every_page_of_the_retellings_says_what_they_are(retellings_run):
    for path in retellings_run[0].glob("reports/retellings/*.html"):
        assert report.CONSTRUCTED in path.read_text(encoding="utf-8").replace("&#39;", "'")


def test_links_to_figures_resolve(retellings_run):
    folder = retellings_run[0] / "reports" / "retellings"
    links = re.findall(r'href="([\w.]+)#(\w+)"', (folder / "index.html").read_text(encoding="utf-8"))
    assert len(links) == len(list((retellings_run[0] / "figures" / "retellings").glob("*.svg"))) > 18
    for page, anchor in links:
        assert f'id="{anchor}"' in (folder / page).read_text(encoding="utf-8")


def test_validate_and_train_on_a_coded_set(tmp_path):
    home, coded = tmp_path / "home", tables.ROOT / "data" / "coded" / "retellings"
    made = run("train", f"CODED={coded}", "VARIABLE=tone", "NAME=mine", home=home, pdf=False).stdout
    assert "by cross-validation" in made and (home / "data" / "trained" / "mine" / "CARD.md").read_text(encoding="utf-8").startswith("# Trained coder `mine`")
    run("validate", f"CODED={coded}", home=home, pdf=False)
    found = pd.read_parquet(home / "data" / "derived" / "coded-retellings" / "reliability.parquet")
    framed = found[found["variable"].str.startswith("generic_frames:")]
    assert set(framed["coder"]) >= {"authors", "generic_frames"} and framed["variable"].nunique() == 5 and framed["n"].eq(137).all() and "people" not in set(found["coder"])
    found = found[found["variable"] == "tone"].set_index("coder")
    assert set(found.index) == {"models", "textblob", "vader", "news"} and (found["n"] == 159).all(), "and not the coder that was trained on these units"
    assert found.at["news", "pearson_low"] < found.at["news", "pearson"] < found.at["news", "pearson_high"]
    page = (home / "reports" / "coded-retellings" / "06_validation.html").read_text(encoding="utf-8")
    assert 'id="06_tone"' in page and set(re.findall(r'href="(?!#)([^"#]+)', page)) == {"index.html", "06_validation.html"}
    assert not list(tables.ROOT.joinpath("data", "coded", "retellings").glob("*.parquet"))
    again = run("validate", f"CODED={coded}", home=home, pdf=False).stdout
    assert "unchanged" in again


def test_a_list_and_a_trained_coder_join_the_panel(tmp_path):
    home = tmp_path / "home"
    (tmp_path / "mine.csv").write_text("term,score\nsad,-3\ngood,2\n", encoding="utf-8")
    (tmp_path / "a.txt").write_text("It was a sad day. It was a good day. It was a day.", encoding="utf-8")
    run("train", f"CODED={tables.ROOT / 'data' / 'coded' / 'retellings'}", "NAME=t", home=home, pdf=False)
    run("report", f"CORPUS={tmp_path / 'a.txt'}", f"LEXICON={tmp_path / 'mine.csv'}", "TRAINED=t", home=home, pdf=False)
    tone = pd.read_parquet(home / "data" / "derived" / "a" / "tone.parquet")
    mine = tone[(tone["coder"] == "mine") & (tone["variable"] == "tone") & tone["segment_id"].isna()].set_index("sentence_id")["value"]
    assert mine[0] < 0 < mine[1] and mine[2] == 0 and {"t", "news", "vader", "textblob"} <= set(tone["coder"])


def test_plain_nbconvert_works_from_any_directory_and_names_what_to_run(tmp_path):
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "--output-dir", str(tmp_path), str(report.NOTEBOOKS / "02_tokens.ipynb")]
    settings = os.environ | {"ANALYSIS_HOME": str(tmp_path / "home"), "ANALYSIS_CORPUS": "retellings"}
    done = subprocess.run(command, env=settings, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode and "does not exist yet: run notebook 01_corpus first" in done.stderr
    done = subprocess.run([*command[:-1], str(report.NOTEBOOKS / "01_corpus.ipynb")], env=settings, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0 and (tmp_path / "01_corpus.html").is_file() and (tmp_path / "home/data/derived/retellings/articles.parquet").is_file()


# ---- the runner, on two small notebooks -----------------------------------------------------------------------------------------

@pytest.fixture
def small(home, tmp_path, monkeypatch):
    """A project of two notebooks, the second of which fails while a file named `fail` lies in the corpus folder's parent."""
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.txt").write_text("A text. It ends.", encoding="utf-8")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    common = f"from analysis import corpus, tables, tokens\nstore = tables.Store(tables.choice('CORPUS', {str(tmp_path / 'papers')!r}))"
    cells = {"01_read": ["articles = corpus.mark_duplicates(corpus.mark_language(corpus.clean(corpus.read(store.source)[0])[0]))\nstore.write('articles', articles, made_from=['source'])"],
             "02_cut": [f"import pathlib\nassert not pathlib.Path({str(tmp_path / 'fail')!r}).exists(), 'told to fail'",
                        "store.write('sentences', tokens.split_sentences(store.read('articles')), made_from=['articles'])"]}
    for name, code in cells.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"# {name}"), *map(nbformat.v4.new_code_cell, [common, *code])])
        nbformat.write(notebook, folder / f"{name}.ipynb")
    monkeypatch.setattr(report, "NOTEBOOKS", folder)
    monkeypatch.setattr(report, "_browser", lambda: None)
    return tmp_path


def ran(tmp_path):
    """Which notebooks a run ran."""
    said = []
    report.report(tables.Store(tmp_path / "papers"), {"CORPUS": str(tmp_path / "papers")}, tell=said.append)
    return [line.split()[0] for line in said if line.startswith("  0") and "unchanged" not in line]


def test_a_kernel_ends_with_its_notebook(small):
    import psutil  # comes with ipykernel
    kernels = lambda: {p.pid for p in psutil.Process().children(recursive=True) if "ipykernel_launcher" in " ".join(p.cmdline()) and p.status() != psutil.STATUS_ZOMBIE}
    before = kernels()
    assert ran(small) == ["01_read", "02_cut"] and kernels() <= before, "what a notebook held in memory goes with it"


def test_only_what_changed_is_run_again(small):
    assert ran(small) == ["01_read", "02_cut"]
    assert ran(small) == []
    os.utime(small / "papers" / "a.txt", (1, 1))
    assert ran(small) == [], "by content, not by clock"
    (small / "papers" / "a.txt").write_text("Another text. It ends.", encoding="utf-8")
    assert ran(small) == ["01_read", "02_cut"]
    (tables.home() / "reports" / "papers" / "02_cut.html").unlink()
    assert ran(small) == ["02_cut"]
    (tables.home() / "data" / "derived" / "papers" / "articles.parquet").unlink()
    assert ran(small) == ["01_read"], "the same table comes back, so nothing after it changes"
    path = small / "notebooks" / "02_cut.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("# 02_cut", "# 02_cut again"), encoding="utf-8")
    assert ran(small) == ["02_cut"]


def test_a_failing_notebook_names_the_cell_and_keeps_what_was_made(small):
    ran(small)
    kept = {p: p.read_bytes() for p in tables.home().rglob("*") if p.is_file() and p.name not in ("index.html", "index.json")}
    (small / "fail").touch()
    path = small / "notebooks" / "02_cut.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("# 02_cut", "# changed"), encoding="utf-8")
    with pytest.raises(report.NotebookFailed, match=r"02_cut, cell 3 \(import pathlib\): AssertionError: told to fail"):
        ran(small)
    assert {p: p.read_bytes() for p in kept} == kept
    assert [p for p in tables.home().rglob(".*") if p.is_file()] == []
    index = (tables.home() / "reports" / "papers" / "index.html").read_text(encoding="utf-8")
    assert "The last run failed: 02_cut, cell 3" in index and "from an earlier run" in index
    (small / "fail").unlink()
    assert ran(small) == ["02_cut"]
    assert "The last run failed" not in (tables.home() / "reports" / "papers" / "index.html").read_text(encoding="utf-8")


def test_choices_and_code_are_part_of_what_is_stale(small, monkeypatch):
    ran(small)
    path = report.notebooks()[0]
    assert report._key(path, {"GROUP": "desk"}) == report._key(path, {}) != report._key(report.notebooks()[1], {}), "a choice that a notebook does not take is none of its"
    assert report._key(path, {"TEXT": "withheld"}) != report._key(path, {}), "what is withheld is on every page"
    monkeypatch.undo()
    compare = tables.ROOT / "notebooks" / "07_comparison.ipynb"
    assert report._key(compare, {"GROUP": "desk"}) != report._key(compare, {}) == report._key(compare, {"LEXICON": "mine.csv"})
    before = report._key(path, {})
    monkeypatch.setattr(tables, "code_hash", lambda *modules: "other code")
    assert report._key(path, {}) != before


def test_figures_that_a_corpus_no_longer_gives_are_removed(small):
    ran(small)
    store = tables.Store(small / "papers")
    gone = tables.home() / "figures" / "papers" / "01_old.svg"
    gone.parent.mkdir(parents=True)
    gone.write_text("<svg/>", encoding="utf-8")
    file = store.folder / "runs" / "01_read.json"
    run_before = json.loads(file.read_text(encoding="utf-8"))
    run_before["wrote"]["figures/papers/01_old.svg"] = tables.fingerprint(gone)
    run_before["key"] = "another"
    file.write_text(json.dumps(run_before), encoding="utf-8")
    assert ran(small)[0] == "01_read" and not gone.exists()


def test_the_choices_of_another_session_are_not_inherited(small, monkeypatch):
    (small / "other.txt").write_text("Another corpus.", encoding="utf-8")
    monkeypatch.setenv("ANALYSIS_CORPUS", str(small / "other.txt"))
    report.report(tables.Store(small / "papers"), {}, tell=lambda line: None)
    assert not (tables.home() / "data" / "derived" / "other").exists() and (tables.home() / "data" / "derived" / "papers" / "sentences.parquet").is_file()


def test_a_corpus_in_another_language_ends_with_one_clear_message(tmp_path):
    german = "Der Minister sagte am Montag in Berlin, dass die Verhandlungen über den Waffenstillstand noch lange nicht abgeschlossen seien und weiter geführt werden müssten. "
    (tmp_path / "de.txt").write_text(german * 3, encoding="utf-8")
    done = run("report", f"CORPUS={tmp_path / 'de.txt'}", home=tmp_path / "home", code=1)
    assert "No article counts: all are marked as repetitions or as not in English" in done.stderr and "Traceback" not in done.stderr


def test_constructed_texts_are_told_by_their_names_wherever_they_lie(home, tmp_path):
    source = tables.ROOT / "data" / "retellings" / "wire" / "constructed_2023-10-27.txt"
    store = tables.Store(source, name="alone")
    from analysis import corpus
    store.write("articles", corpus.mark_duplicates(corpus.mark_language(corpus.clean(corpus.read(source)[0])[0])), made_from=["source"])
    assert report._page(store, "x")["notices"] == [report.CONSTRUCTED]


def test_the_index_takes_no_text_for_markup(small):
    ran(small)
    store = tables.Store(small / "papers")
    folder = tables.home() / "figures" / "papers"
    folder.mkdir(parents=True)
    (folder / "01_x.svg").write_text("<svg/>", encoding="utf-8")
    (folder / "01_x.json").write_text(json.dumps({"figure": "01_x", "caption": "[click](https://evil.example) <script>x</script>\n\n# Big", "alt": '"><script>'}), encoding="utf-8")
    report._bind(store, tables.home() / "reports" / "papers", [], None)
    index = (tables.home() / "reports" / "papers" / "index.html").read_text(encoding="utf-8")
    assert 'href="https://evil' not in index and "<script" not in index and index.count("<h1") == 1


@pytest.mark.parametrize("words, code, message", [
    ((), 2, "python -m analysis VERB"), (("--help",), 0, "CORPUS     newsarticles"), (("fly",), 2, "No verb “fly”: expected one of report"),
    (("report", "CORPUS="), 2, "CORPUS= names nothing"), (("report", "--help"), 0, "CORPUS     newsarticles"), (("report", "CORPS=x"), 2, "Not understood: “CORPS=x” (did you mean CORPUS=x?). Expected CORPUS=…"), (("report", "CORPUS=nowhere"), 2, "No corpus at nowhere"), (("report", "TEXT=hidden"), 2, "TEXT=hidden: expected withheld"), (("export", "CORPUS=retellings"), 2, "has no tables yet: run `report` on it first"),
    (("validate",), 2, "name a coded set"), (("validate", "CODED=nowhere"), 2, "no such file; a coded set is a folder with units.csv"), (("train", f"CODED={tables.ROOT}/data/coded/retellings", "VARIABLE=segments"), 2, "holds 159 different values"),
    (("train", f"CODED={tables.ROOT}/data/coded/retellings", "EMBEDDINGS=no/such/model"), 2, "EMBEDDINGS=no/such/model"),
])
def test_the_command_line(tmp_path, words, code, message):
    done = run(*words, home=tmp_path / "home", code=code)
    assert message in done.stdout + done.stderr and "Traceback" not in done.stderr


def test_lab_opens_jupyterlab_with_the_corpus_and_passes_options_on(tmp_path):
    done = run("lab", "CORPUS=retellings", "--version", home=tmp_path / "home")
    assert done.stdout.strip().split(".")[0] == "4" and (tmp_path / "home/data/derived/retellings/source.json").is_file()


def test_an_unreadable_corpus_ends_with_one_clear_message(tmp_path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "x.png").write_bytes(b"")
    done = run("report", f"CORPUS={tmp_path / 'papers'}", home=tmp_path / "home", code=1)
    assert "01_corpus" in done.stderr and "Nothing readable in" in done.stderr and "Traceback" not in done.stderr
