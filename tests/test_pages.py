"""The pages in a real browser and as files: links, filters, accessibility, hostile texts, texts withheld, sentences behind marks."""
import importlib.util
import json
import os
import re
import shutil
import xml.etree.ElementTree as xml
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from analysis import figures, reading, tables
from conftest import articles_of, run

SCRIPT = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
ROWS = [
    {"id": "../../up/and<away>", "outlet": '"><script>alert(1)</script>', "date": "2023-10-01", "title": f"{SCRIPT} ](javascript:alert(1)) \u202eevil " + "wxyz " * 2000,
     "text": f"The council said on Monday that the bridge would be closed. “It is a sad day for the town,” Anna Lund, the mayor, said. Israel attacked the ministry of Iran.{SCRIPT} He paid $5 and $6 {{{{ 7*7 }}}} {{% raw %}}."
             "\n\n=HYPERLINK(\"http://x.example\") was all [it](javascript:alert(1)) said."},
    {"id": "a/Story", "outlet": "=1+1", "date": "2023-10-02", "title": "@SUM(A1)",
     "text": "Gunmen killed two guards near the old harbour. The government was blamed for the cost of the war. Nobody was surprised by what the fishermen had to tell the commission, and the harbour “will be opened again,” the pilot said."},
    {"id": "a/story", "outlet": "=1+1", "date": "2023-10-03", "title": None,
     "text": "Families spoke of their fear and grief when the railway was shut. The drivers, who had waited since the spring, called it the best of news. Prices rose and the minister blamed the union, which denied it on Friday."},
]


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """The report, and the export, of three articles that would break in anywhere."""
    folder = tmp_path_factory.mktemp("hostile")
    pd.DataFrame(ROWS).to_csv(folder / "bad.csv", index=False)
    run("report", f"CORPUS={folder / 'bad.csv'}", home=folder / "home", pdf=False)
    run("export", f"CORPUS={folder / 'bad.csv'}", home=folder / "home", pdf=False)
    return folder / "home"


@pytest.fixture(scope="session")
def withheld(hostile, tmp_path_factory):
    """The same again with TEXT=withheld, over a copy of the pages with texts."""
    home = shutil.copytree(hostile, tmp_path_factory.mktemp("withheld") / "home")
    (home / "reports" / "bad" / "report.pdf").write_bytes(b"an older one, with texts")
    run("report", f"CORPUS={hostile.parent / 'bad.csv'}", "TEXT=withheld", home=home, pdf=False)
    return home / "reports" / "bad"


def html_of(folder):
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "lxml") for path in sorted(folder.rglob("*.html"))}


def article_page(folder, text="bridge"):
    return next(path for path in sorted((folder / "articles").glob("*.html")) if path.name != "index.html" and text in path.read_text(encoding="utf-8"))


def all_links_resolve(folder):
    pages = html_of(folder)
    ids = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in pages.items()}
    seen = 0
    for path, page in pages.items():
        assert len(ids[path]) == len(page.find_all(id=True)), f"{path.name}: an id stands twice"
        for link in page.find_all("a", href=True):
            file, _, fragment = link["href"].partition("#")
            if re.match(r"https?:", file):
                continue
            target = (path.parent / file).resolve() if file else path
            assert target in pages, f"{path.name} leads to {link['href']}"
            assert not fragment or fragment in ids[target], f"{path.name} leads to {link['href']}"
            seen += 1
    return seen


# ---- as files -------------------------------------------------------------------------------------------------------------------

def test_links_resolve_scripts_are_our_own_and_hostile_texts_are_text(hostile):
    folder = hostile / "reports" / "bad"
    assert all_links_resolve(folder) > 300
    for path, page in html_of(folder).items():
        own = path.parent.name == "articles" and path.name != "index.html"
        assert len(page.find_all("script")) == own, path.name
        assert all(image["src"].startswith("data:") for image in page.find_all("img")) and not page.find_all(["iframe", "link", "object", "form"]), path.name
        assert not [tag for tag in page.find_all(True) for name in tag.attrs if name.startswith("on") and not name.startswith("one")], path.name
        assert not page.find_all("a", href=re.compile("javascript:")) and "\u202e" not in page.get_text(), path.name
        assert len(page.title.string) <= 200 and page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"].startswith("default-src 'none'"), path.name
    page = BeautifulSoup(article_page(folder).read_text(encoding="utf-8"), "lxml")
    assert SCRIPT in page.h1.get_text() and "](javascript:alert(1))" in page.h1.get_text() and "{{ 7*7 }}" in page.find(id="article").get_text()
    assert len({p.name.lower() for p in (folder / "articles").iterdir()}) == 4, "names differ even where case does not count"
    for path in (hostile / "figures" / "bad").glob("*.svg"):
        assert not [e for e in xml.parse(path).iter() if e.tag.endswith("script") or any(a.startswith("on") for a in e.attrib)], path.name


def test_no_table_that_is_exported_holds_a_formula(hostile):
    found = {p.stem: pd.read_csv(p, dtype="str", keep_default_na=False) for p in (hostile / "reports" / "bad").glob("tables/*.csv")} | {p.stem: pd.read_csv(p, dtype="str", keep_default_na=False) for p in (hostile / "figures" / "bad").glob("*.csv")}
    assert {"articles", "sentences", "tokens", "segments", "tone", "frames", "agency"} <= set(found)
    assert found["articles"]["outlet"].tolist()[1] == "'=1+1" and "'=1+1" in set(found["03_voices"]["group"])
    for name, table in found.items():
        for column in table:
            formulas = table[column][table[column].str.match(r"[=+@\t\r]|-(?![\d.])")]
            assert formulas.empty, (name, column, formulas.iloc[0])


def test_an_annotated_article_is_its_text(hostile):
    folder = hostile / "reports" / "bad"
    sentences = pd.read_parquet(hostile / "data" / "derived" / "bad" / "sentences.parquet")
    for article, rows in sentences.groupby("article_id"):
        page = BeautifulSoup((folder / "articles" / reading.file_of(article)).read_text(encoding="utf-8"), "lxml")
        for added in page.select(".x .who, .x sup"):
            added.extract()
        assert {int(s["id"][1:]): s.select_one(".x").get_text() for s in page.select(".s")} == dict(zip(rows["sentence_id"], rows["text"]))


def test_every_mark_of_an_article_says_why(hostile):
    page = BeautifulSoup(article_page(hostile / "reports" / "bad", "harbour").read_text(encoding="utf-8"), "lxml")
    killed = next(s for s in page.select(".s") if "Gunmen" in s.select_one(".x").get_text())
    reasons = killed.select_one(".r").get_text(" ", strip=True)
    assert "VADER compound -" in reasons and "conflict (generic frames)" in reasons and "gunmen acts kill" in reasons.lower() and "05_harm" in reasons
    boxes = {i["data-mark"] for i in page.select("input[data-mark]")}
    assert {k for m in page.select(".m, sup, .c [data-k]") for k in m["data-k"].split()} <= boxes, "what is marked can be filtered"
    page = BeautifulSoup(article_page(hostile / "reports" / "bad", "bridge").read_text(encoding="utf-8"), "lxml")
    assert page.select_one(".x .direct .who").get_text() == "Anna Lund, quoted: "


def test_sentences_behind_a_mark_lead_to_the_article_and_back(hostile):
    folder = hostile / "reports" / "bad"
    note = json.loads((hostile / "figures" / "bad" / "05_harm.json").read_text(encoding="utf-8"))
    assert "guards near" not in json.dumps(note["behind"]) and {tuple(m["mark"]) for m in note["behind"]["marks"]} >= {("=1+1", "unnamed agent")}
    page = BeautifulSoup((folder / "sentences" / "05_harm.html").read_text(encoding="utf-8"), "lxml")
    line = next(li for li in page.select("li") if "Gunmen" in li.get_text())
    file, _, fragment = line.a["href"].partition("#")
    back = BeautifulSoup((folder / "sentences" / file).read_text(encoding="utf-8"), "lxml").find(id=fragment)
    assert "Gunmen" in back.get_text() and "kill" in line.get_text() and back.select_one('.r a[href^="../sentences/05_harm.html#m"]')
    assert 'href="sentences/05_harm.html"' in (folder / "index.html").read_text(encoding="utf-8") and 'href="sentences/05_harm.html"' in (folder / "05_framing.html").read_text(encoding="utf-8")


def test_the_index_says_what_was_validated_and_what_it_was_made_with(hostile):
    text = BeautifulSoup((hostile / "reports" / "bad" / "index.html").read_text(encoding="utf-8"), "lxml").get_text(" ", strip=True)
    for said in ("For a reviewer", "not validated on this corpus", "generic_frames", "nothing: every mean and share is uncorrected: not an estimate", "What was found", "The corpus", "3 articles"):
        assert said in text, said
    source = tables.fingerprint(hostile.parent / "bad.csv")
    assert f"source, SHA-256 {source}" in text and "vaderSentiment 3" in text


# ---- texts withheld -------------------------------------------------------------------------------------------------------------

def test_withheld_no_page_holds_a_text_and_every_mark_stays(withheld):
    home = withheld.parents[1]
    articles = pd.read_parquet(home / "data" / "derived" / "bad" / "articles.parquet")
    forbidden = reading.runs(articles, 8)
    pages = html_of(withheld)
    for path, page in pages.items():
        assert reading.leak(path.read_text(encoding="utf-8"), forbidden, 8) is None, path.name
        assert "TEXT=withheld" in page.select_one("header").get_text(), path.name
        for phrase in ("sad day", "what the fishermen", "best of news", "waited since"):
            assert phrase not in page.get_text(), (path.name, phrase)
    assert all_links_resolve(withheld) > 300 and not (withheld / "tables").exists() and not (withheld / "report.pdf").exists()
    page = pages[withheld / "articles" / reading.file_of("a/Story")]
    assert page.h1.get_text() == "a/Story" and page.select(".gap") and {"Gunmen", "killed"} & {m.get_text() for m in page.select(".m")} and "VADER" in page.select_one(".c").get_text()


def test_what_leaks_is_found():
    forbidden = reading.runs(articles_of("The old man told them nothing of it, and the river ran on all night."))
    assert reading.leak("<p>The <b>old</b> man told them nothing of it, &amp; and the river</p>", forbidden) == "the old man told them nothing of it and the"
    assert reading.leak("<p>The old man told them nothing of the river.</p>", forbidden) is None
    marked = "<span class=who>x</span>".join(f'{word}<sup data-k="1">C</sup>' for word in "The old man told them nothing of it, and".split()) + " the"
    assert reading.leak(marked.replace("class=who", 'class="who"'), forbidden), "marks and speakers between the words hide nothing"


def test_a_mark_of_a_whole_clause_shows_none_of_its_words_when_withheld():
    text, marks = "the old man told them nothing of it all.", ((0, 40, 1, "f", "C"), (4, 7, 2, "t", "+"), (8, 11, 2, "t", "+"), (22, 29, 2, "t", "-"))
    shown = re.sub(r"<sup.*?</sup>|<[^>]+>|░", " ", reading._pieces(text, 0, 0, 40, marks, {1, 2}, True)).split()
    assert shown == ["old", "nothing"], "and of words that follow each other the first"



# ---- in a browser ---------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def shown(retellings_run):
    return retellings_run[0] / "reports" / "retellings"


def test_filters_work_by_keyboard_and_reasons_by_focus_and_mouse(shown, browser):
    page = next((shown / "articles").glob("security-constructed-2023-10-27-*.html"))
    browser.open(page, "why")
    visible = lambda: browser.run("[...document.querySelectorAll('.s')].filter(s => s.offsetHeight).length")
    boxed, every = lambda: browser.run("document.querySelectorAll('.m.f').length"), visible()
    assert boxed() > 3 and "sentences shown" in browser.said("count")

    def tab_to(test):
        for _ in range(120):
            browser.press("Tab")
            if browser.run(f"(e => {test})(document.activeElement)"):
                return
        raise AssertionError(f"the Tab key never comes to {test}")

    def space():
        for kind in ("keyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key=" ", code="Space", windowsVirtualKeyCode=32, **({"text": " "} if kind == "keyDown" else {}))

    tab_to("e.matches('[data-voice=direct]')")
    space()
    assert browser.run("getComputedStyle(document.querySelector('.x .direct')).textDecorationLine") == "none"
    tab_to("e.dataset.on === '' && e.closest('fieldset').textContent.includes('generic frames')")
    space()
    assert boxed() == 0 and browser.run("document.querySelectorAll('.x sup:not(.off)').length") == 0, "no frame is marked"
    tab_to("e.id === 'only'")
    space()
    assert visible() == 0 and browser.said("count") == f"0 of {every} sentences shown."
    tab_to("e.id === 'reset'")
    space()
    assert boxed() > 3 and visible() == every
    tab_to("e.matches('#s2 .n')")
    assert "Sentence 2" in browser.said("why") and "VADER compound" in browser.said("why")
    space()
    browser.press("Tab")
    browser.run("document.querySelector('#s3 .x').dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))")
    assert "Sentence 2" in browser.said("why"), "pinned"
    browser.press("Escape")
    browser.run("document.querySelector('#s3 .m.f').dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))")
    assert "Sentence 3" in browser.said("why") and browser.run("document.querySelectorAll('#why .of').length") > 0
    assert browser.run("document.getElementById('why').getAttribute('aria-live')") == "polite"


def driven(folder):
    """One page of each kind."""
    some = sorted((folder / "articles").glob("*-*.html"))
    return [folder / "index.html", folder / "05_framing.html", folder / "06_validation.html", folder / "articles" / "index.html", some[0], some[-1], folder / "sentences" / "05_frames_by_group.html", folder / "sentences" / "04_tone_by_voice.html"]


def test_nothing_is_fetched_and_nothing_fails(shown, hostile, browser):
    for path in [*driven(shown), *sorted((hostile / "reports" / "bad").rglob("*.html"))]:
        browser.asked.clear()
        browser.open(path, "main")
        assert browser.run("document.title") not in ("owned", "")
        assert [url[:300] for url in browser.asked if not url.startswith(("file:", "data:"))] == [], path.name
    assert browser.run("fetch('https://example.org/').then(() => 'went out', () => 'held')") == "held"


def test_pages_fit_every_width_and_wide_tables_scroll_in_their_own_box(shown, hostile, browser):
    for path in [*driven(shown), *driven(hostile / "reports" / "bad")]:
        browser.open(path, "main")
        for width in (360, 820, 1600):
            browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
            assert browser.run("document.documentElement.scrollWidth <= innerWidth"), (path.name, width)
            assert browser.run("[...document.querySelectorAll('table')].every(t => { const b = t.closest('[role=region][tabindex][aria-label]'); return b && (b.scrollWidth <= b.clientWidth + 1 || getComputedStyle(b).overflowX === 'auto'); })"), (path.name, width)


def test_axe_finds_nothing(shown, browser):
    named = os.environ.get("AXE")
    spec = importlib.util.find_spec("axe_core_python")
    path = Path(named) if named else spec and Path(spec.origin).with_name("axe.min.js")
    if not path or not path.is_file():
        pytest.skip("axe-core is not here: pip install axe-core-python (in requirements.txt), or AXE=path/to/axe.min.js")
    axe = path.read_text(encoding="utf-8")
    for scheme, pages in (("light", driven(shown)), ("dark", driven(shown)[3:7])):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        for page in pages:
            browser.open(page, "main")
            browser.run(axe + "; 0")
            found = browser.run("axe.run({rules: {'scrollable-region-focusable': {enabled: true}}}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(' | ')))")
            assert found == [], (page.name, scheme, found)


# ---- what a figure's note holds -------------------------------------------------------------------------------------------------

def test_a_note_names_the_first_of_each_article_in_turn_and_counts_all():
    numbers = pd.DataFrame({"group": ["x", "y"], "estimate": [1.0, 2.0]})
    behind = pd.DataFrame({"group": ["x"] * 300 + ["y", "z"], "article_id": ["a"] * 299 + ["b", "c", "d"], "sentence_id": [*range(299), 0, 5, 6], "terms": ["war"] * 301 + [None]})
    told = figures._behind(pd.concat([behind, behind.tail(2).assign(terms="peace")]), numbers)
    x, y = told["marks"]
    assert (x["mark"], x["total"], x["in"], len(x["shown"])) == (["x"], 300, 2, figures.MOST_A_MARK) and told["articles"][x["shown"][-1][0]] == "b", "b is not hidden by a"
    assert y["shown"] == [[2, 5, "war; peace"]] and y["total"] == 1, "a mark that is not drawn (z) is not told of"


def test_frames_have_letters_of_their_own():
    codes = reading._codes([("one", "conflict"), ("one", "costs"), ("two", "conflict"), ("two", "war_elites"), ("two", "war_emotive")])
    assert len(set(codes.values())) == 5 and codes["one", "conflict"] == "C" and codes["one", "costs"] == "Co"


def test_of_too_many_articles_those_most_often_behind_figures_have_pages():
    articles = articles_of("One.", "Two.", "Three.")
    notes = [{"behind": {"articles": ["c", "a"], "marks": [{"shown": [[0, 1], [0, 2], [1, 1]]}]}}]
    assert reading.chosen(articles, notes, 2)["article_id"].tolist() == ["a", "c"] and len(reading.chosen(articles, notes)) == 3
