"""One function per kind of figure, from an already summarised table to a drawing; `publish` saves it with its numbers, caption and hashes."""
import base64
import html
import io
import json
import platform
import re

import numpy as np
import pandas as pd

from analysis import corpus, estimates, tables

INK, SOFT, PALE = "#222222", "#8c8c8c", "#d9d9d9"
COLOUR = {"textblob": "#0072B2", "vader": "#D55E00", "news": "#009E73"}  # Okabe–Ito; each instrument also has its own marker
MARKER = {"textblob": "o", "vader": "D", "news": "s"}
NAME = {"textblob": "TextBlob", "vader": "VADER", "news": "News lexicon"}
HOUSE = tables.ROOT / "analysis" / "house.mplstyle"  # the one place that says how figures look
MOST_ROWS = 12  # groups that one figure shows
TEXTS = ("title", "text", "words", "opening", "left", "right", "token")  # columns of shown tables that hold articles' texts
MOST_A_MARK, MOST_BEHIND = 100, 2000  # sentences that a figure's note names: of one mark, and in all


# ---- drawing --------------------------------------------------------------------------------------------------------------------

def _axes(rows=1, columns=1, *, width=7.2, height=None, **options):
    """A figure apart from pyplot, so that nothing is shown twice and nothing is kept open."""
    from matplotlib.figure import Figure
    figure = Figure(figsize=(width, height or 3.2))
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def measure(codings):
    """What a row measures, for people: “VADER compound”."""
    return codings["coder"].map(lambda c: NAME.get(c, c)) + " " + codings["variable"]


def _words(text):
    text = text.replace("_", " ")
    return text[:1].upper() + text[1:]


def _fit(label, most=26):
    """A group's name, short enough for an axis."""
    label = " ".join(str(label).split())
    return label if len(label) <= most else label[:most - 1] + "…"


def _listed_below(ax, order, ranked):
    """A line between the groups that may be ranked and those only listed (fewer than 15 articles)."""
    n = sum(group in ranked for group in order)
    if 0 < n < len(order):
        ax.axhline(n - 0.5, color=SOFT, lw=0.7, ls=(0, (4, 3)))


def coverage(numbers):
    """Articles over time: a row per group, a bar per day, week or month. Columns group, start (of the bin), n_articles."""
    groups = list(dict.fromkeys(numbers["group"]))
    figure, axes = _axes(len(groups), height=max(2.2, 0.9 + 0.52 * len(groups)), sharex=True)
    step = pd.to_timedelta(numbers["days"].iloc[0], "D")
    for ax, group in zip(axes[:, 0], groups):
        part = numbers[numbers["group"] == group]
        ax.bar(part["start"], part["n_articles"], width=step * 0.9, align="edge", color="#0072B2")
        most = int(part["n_articles"].max())
        ax.set_ylim(0, most * 1.15)
        ax.set_yticks([0, most])
        ax.set_title(f"{_fit(group)}  ({part['n_articles'].sum()})", fontweight="normal", fontsize=8.5, pad=2)
        ax.xaxis.set_visible(group == groups[-1])
    axes[-1, 0].set_xlabel("publication date")
    figure.supylabel(f"articles per {_bin_name(numbers['days'].iloc[0])}", fontsize=9)
    from matplotlib.dates import AutoDateLocator, DateFormatter
    places = AutoDateLocator(maxticks=7)
    places.set_axis(axes[-1, 0].xaxis)
    first, last = axes[-1, 0].get_xlim()
    axes[-1, 0].set_xticks([place for place in places() if first <= place <= last])  # asked once; as a locator it is asked by every panel, many times
    axes[-1, 0].xaxis.set_major_formatter(DateFormatter("%d %b\n%Y"))
    return figure


def _bin_name(days):
    return {1: "day", 7: "week"}.get(int(days), f"{int(days)} days")


def lengths(numbers):
    """Words per article: a dot per article, a bar at each group's median. Columns group, article_id, n_words."""
    order = list(dict.fromkeys(numbers["group"]))
    figure, axes = _axes(height=0.9 + 0.46 * len(order))
    ax = axes[0, 0]
    for y, group in enumerate(order):
        words = numbers.loc[numbers["group"] == group, "n_words"].to_numpy()
        shake = np.random.default_rng(1).uniform(-0.25, 0.25, len(words))
        ax.plot(words, y + shake, "o", ms=2.6, color=SOFT, alpha=0.6, mew=0)
        ax.plot([np.median(words)] * 2, [y - 0.28, y + 0.28], color=INK, lw=2)
        ax.annotate(f"{np.median(words):,.0f}", (np.median(words), y - 0.28), ha="center", va="bottom", fontsize=7.5)
    ax.set(yticks=range(len(order)), yticklabels=[f"{_fit(g)} ({(numbers['group'] == g).sum()})" for g in order], xlabel="words in the body")
    ax.set_ylim(len(order) - 0.4, -0.75)
    ax.set_xlim(0, numbers["n_words"].max() * 1.05)
    return figure


def distributions(numbers, *, unit, zero=False, ranked=()):
    """A histogram per group, and the mean of article means with its interval. One panel per measure.

    Columns measure, group, left, right, share (of the group's sentences in the bin), at_zero (share that is exactly 0; with `zero` it is
    written, not drawn, since it would dwarf the rest), estimate, low, high (null: too few articles), n_articles.
    """
    from matplotlib.collections import PolyCollection
    order, measures = list(dict.fromkeys(numbers["group"])), list(dict.fromkeys(numbers["measure"]))
    figure, axes = _axes(1, len(measures), height=1.1 + 0.5 * len(order), sharey=True)
    for ax, measure in zip(axes[0], measures):
        panel = numbers[numbers["measure"] == measure]
        instrument = measure.split()[0].lower()
        colour, marker = COLOUR.get(instrument, "#0072B2"), MARKER.get(instrument, "o")
        top = panel["share"].max() or 1
        for y, group in enumerate(order):
            part = panel[panel["group"] == group]
            left, right, share = (part[c].to_numpy() for c in ("left", "right", "share"))
            foot, head = np.full(len(part), y), y - share / top * 0.72
            ax.add_collection(PolyCollection(np.stack([[left, foot], [left, head], [right, head], [right, foot]]).transpose(2, 0, 1), facecolors=PALE, edgecolors="white", lw=0.4))
            mean = part.iloc[0]
            if pd.notna(mean["low"]):
                ax.plot([mean["low"], mean["high"]], [y + 0.14] * 2, color=colour, lw=1.8, solid_capstyle="butt")
            ax.plot(mean["estimate"], y + 0.14, marker, color=colour, mfc=colour if group in ranked else "white", ms=5)
            if zero:
                ax.text(1.5, y - 0.3, f"{mean['at_zero']:.0%} at 0", ha="right", va="center", fontsize=7, color="#555555").set_in_layout(False)
        if zero:
            ax.axvline(0, color=INK, lw=0.7)
            ax.set_xlim(-1.08, 1.52)
            ax.set_xticks([-1, -0.5, 0, 0.5, 1])
        _listed_below(ax, order, ranked)
        ax.set(title=measure if len(measures) > 1 else "", xlabel=unit)
        ax.set_yticks(range(len(order)), [f"{_fit(g)} ({int(panel.loc[panel['group'] == g, 'n_articles'].iloc[0])})" for g in order])
        ax.set_ylim(len(order) - 0.55, -0.95)
    return figure


def through_article(numbers):
    """Mean tone by place in the article, with the interval by article. Columns measure, part, estimate, low, high."""
    measures = list(dict.fromkeys(numbers["measure"]))
    figure, axes = _axes(1, len(measures), height=2.7)
    for ax, measure in zip(axes[0], measures):
        part = numbers[numbers["measure"] == measure]
        instrument = measure.split()[0].lower()
        ax.fill_between(part["part"], part["low"], part["high"], color=PALE)
        ax.plot(part["part"], part["estimate"], color=COLOUR.get(instrument, "#0072B2"), marker=MARKER.get(instrument, "o"))
        ax.axhline(0, color=INK, lw=0.7)
        ax.set(title=measure, xticks=range(1, int(part["part"].max()) + 1))
    figure.supxlabel("tenth of the article (1 = opening)", fontsize=9)
    axes[0, 0].set_ylabel("mean tone (-1…+1)")
    return figure


def sentence_by_sentence(numbers):
    """Tone of every sentence of one article in its order. Columns measure, sentence, value."""
    measures = list(dict.fromkeys(numbers["measure"]))
    figure, axes = _axes(len(measures), 1, height=0.7 + 1.5 * len(measures), sharex=True)
    for ax, measure in zip(axes[:, 0], measures):
        part = numbers[numbers["measure"] == measure]
        instrument = measure.split()[0].lower()
        ax.vlines(part["sentence"], 0, part["value"], color=COLOUR.get(instrument, "#0072B2"), lw=1.4)
        ax.plot(part["sentence"], part["value"], MARKER.get(instrument, "o"), color=COLOUR.get(instrument, "#0072B2"))
        ax.axhline(0, color=INK, lw=0.7)
        ax.set(title=measure, ylim=(-1.05, 1.05), ylabel="tone (-1…+1)")
    axes[-1, 0].set_xlabel("sentence of the article")
    axes[-1, 0].locator_params(axis="x", integer=True)
    return figure


def sign_agreement(numbers):
    """Share of sentences by the signs that two instruments give, a grid per pair. Columns row, column (the instruments), row_sign, column_sign, share."""
    pairs = list(dict.fromkeys(zip(numbers["row"], numbers["column"])))
    figure, axes = _axes(-(-len(pairs) // 3), min(3, len(pairs)), width=max(3.2, 2.75 * min(3, len(pairs))), height=2.9 * -(-len(pairs) // 3))
    words, signs = ["negative", "neutral", "positive"], [-1, 0, 1]
    for ax in axes.flat[len(pairs):]:
        ax.remove()
    for ax, (row, column) in zip(axes.flat, pairs):
        part = numbers[(numbers["row"] == row) & (numbers["column"] == column)]
        grid = part.pivot(index="row_sign", columns="column_sign", values="share").reindex(index=signs, columns=signs).to_numpy()
        ax.imshow(grid, cmap="Blues", vmin=0, vmax=max(0.5, 1.25 * np.nanmax(grid)))
        for i, j in np.ndindex(3, 3):
            ax.text(j, i, f"{grid[i, j]:.0%}", ha="center", va="center", fontsize=9, fontweight="bold" if i == j else "normal", color=INK)
        ax.set(xticks=range(3), yticks=range(3), xlabel=column, ylabel=row)
        ax.set_xticks(range(3), words, fontsize=8)
        ax.set_yticks(range(3), words, fontsize=8, rotation=90, va="center")
        ax.tick_params(length=0)
    return figure


def fit_dots(numbers, *, unit):
    """A measure of fit per coder with its interval, best on top, people apart. Columns coder, estimate, low, high (null: none), panel."""
    panels = list(dict.fromkeys(numbers["panel"]))
    order = list(dict.fromkeys(numbers["coder"]))
    figure, axes = _axes(1, len(panels), width=max(5.4, 2 + 2.6 * len(panels)), height=1.0 + 0.3 * len(order), sharey=True)
    for ax, panel in zip(axes[0], panels):
        part = numbers[numbers["panel"] == panel].set_index("coder").reindex(order)
        for y, (coder, row) in enumerate(part.iterrows()):
            people = coder.rpartition(": ")[2] in ("people", "models", "authors")
            if pd.notna(row["low"]):
                ax.plot([row["low"], row["high"]], [y, y], color=INK if people else "#0072B2", lw=1.6)
            ax.plot(row["estimate"], y, "D" if people else "o", color=INK if people else "#0072B2")
            if pd.notna(row["estimate"]):
                ax.annotate(f"{row['estimate']:.2f}", (row["estimate"], y), xytext=(0, 5), textcoords="offset points", ha="center", fontsize=7)
        ax.set_title(panel, fontsize=9)
        ax.set_xlim(min(0, np.nanmin(part[["estimate", "low"]])) - 0.02, max(0.8, np.nanmax(part[["estimate", "high"]])) + 0.06)
        ax.grid(axis="x", color=PALE, lw=0.5)
    axes[0, 0].set_yticks(range(len(order)), [_fit(coder, 48) for coder in order])
    axes[0, 0].set_ylim(len(order) - 0.4, -0.7)
    figure.supxlabel(unit, fontsize=9)
    return figure


VOICES = {"own": ("#0072B2", "o"), "others": ("#D55E00", "^"), "indirect": ("#D55E00", "^"), "direct": ("#009E73", "s"), "all": ("#0072B2", "o"), "masked": ("#D55E00", "^"), "war": ("#D55E00", "^"), "peace": ("#0072B2", "o"), "machine": ("#8c8c8c", "s"), "hand": ("#D55E00", "^"), "corrected": ("#0072B2", "o")}
LEGEND = {"own": "own words", "others": "others’ words", "indirect": "indirect words", "direct": "direct words", "all": "all words", "masked": "event words masked", "war": "war journalism", "peace": "peace journalism", "machine": "machine alone", "hand": "hand codes alone", "corrected": "corrected"}


def dots(numbers, *, unit="", ranked=(), same_scale=True):
    """Means by group: a panel per variable, a dot and interval per group; with a column `voice`, a mark for each voice side by side.

    Columns variable, group, estimate, low, high (null: no interval), n_articles, and voice or not.
    """
    order, variables = list(dict.fromkeys(numbers["group"])), list(dict.fromkeys(numbers["variable"]))
    voices = list(dict.fromkeys(numbers["voice"])) if "voice" in numbers else [None]
    figure, axes = _axes(1, len(variables), width=max(5, 1.9 + 1.27 * len(variables)), height=1.15 + (0.3 + 0.09 * (len(voices) - 1)) * len(order) + 0.25 * (len(voices) > 1),
                         sharex=same_scale, sharey=True)
    for ax, variable in zip(axes[0], variables):
        panel = numbers[numbers["variable"] == variable]
        for v, voice in enumerate(voices):
            colour, marker = VOICES.get(voice, ("#0072B2", "o"))
            part = (panel if voice is None else panel[panel["voice"] == voice]).set_index("group").reindex(order)
            place, full = np.arange(len(order)) + (v - (len(voices) - 1) / 2) * 0.22, part.index.isin(ranked)
            ax.hlines(place, part["low"], part["high"], color=colour, lw=1.6, capstyle="projecting")
            for some, face in ((full, colour), (~full, "white")):
                if some.any():                                      # a line without points upsets the layout
                    ax.plot(part["estimate"][some], place[some], marker, color=colour, mfc=face, clip_on=False)
        _listed_below(ax, order, ranked)
        shown = (numbers if same_scale else panel)[["estimate", "low", "high"]]
        low, high = min(0, shown.min(axis=None)), max(0, shown.max(axis=None))
        low, high = (min(low, -0.05), max(high, 0.05)) if low < 0 else (low, high)  # a mean of -0.01 alone is no drama
        ax.set_xlim(low * 1.1, (high or 1) * 1.1)
        if low < 0:
            ax.axvline(0, color=INK, lw=0.7)
        ax.set_title(_words(variable).replace(" ", "\n", 1) if len(variables) > 1 else "", fontsize=8.5)
        ax.locator_params(axis="x", nbins=3)
        ax.grid(axis="x", color=PALE, lw=0.5)
    size = numbers.groupby("group")["n_articles"].max()
    axes[0, 0].set_yticks(range(len(order)), [f"{_fit(g, 44)} ({size[g]})" for g in order])
    axes[0, 0].set_ylim(len(order) - 0.4, -0.6)
    figure.supxlabel(unit, fontsize=9)
    if len(voices) > 1:
        from matplotlib.lines import Line2D
        figure.legend([Line2D([], [], color=VOICES[v][0], marker=VOICES[v][1]) for v in voices], [LEGEND[v] for v in voices],
                      loc="outside upper right", ncols=len(voices))
    return figure


def term_bars(numbers, *, unit="matches (and the number of articles they are in)"):
    """The terms that carry each frame: a panel per frame, a bar per term. Columns variable, term, matches, articles."""
    frames = list(dict.fromkeys(numbers["variable"]))
    rows, most = -(-len(frames) // 3), int(numbers.groupby("variable").size().max())
    figure, axes = _axes(rows, min(3, len(frames)), width=8.2, height=0.5 + (0.5 + 0.2 * max(most, 3)) * rows)
    for ax in axes.flat[len(frames):]:
        ax.remove()
    for ax, frame in zip(axes.flat, frames):
        part = numbers[numbers["variable"] == frame]
        ax.barh(range(len(part)), part["matches"], color="#0072B2", height=0.65)
        for y, (n, articles) in enumerate(zip(part["matches"], part["articles"])):
            ax.text(n, y, f" {n} in {articles}", va="center", fontsize=7.5)
        ax.set_yticks(range(len(part)), [_fit(term, 22) for term in part["term"]])
        ax.set(title=_words(frame), xlim=(0, max(1, part["matches"].max()) * 1.45), ylim=(max(most, 3) - 0.4, -0.6))
        ax.locator_params(axis="x", nbins=4, integer=True)
    figure.supxlabel(unit, fontsize=9)
    return figure


PARTS = ["#0072B2", "#E69F00", "#999999", "#009E73"]  # Okabe–Ito, light enough or dark enough to tell in grey; each part also carries its number


def stacked(numbers, *, unit="", share=False):
    """What a whole is made of: a bar per group, its parts side by side with their numbers. Columns group, part, count; share: bars of equal length."""
    order, parts = list(dict.fromkeys(numbers["group"])), list(dict.fromkeys(numbers["part"]))
    figure, axes = _axes(width=7.2, height=1.25 + 0.3 * len(order))
    ax, wide = axes[0, 0], numbers.pivot(index="group", columns="part", values="count").reindex(index=order, columns=parts).fillna(0)
    sizes = wide.sum(axis=1)
    lengths_ = wide.div(sizes.where(sizes > 0, 1), axis=0) if share else wide
    left = np.zeros(len(order))
    for n, part in enumerate(parts):
        ax.barh(range(len(order)), lengths_[part], left=left, color=PARTS[n % 4], edgecolor="white", height=0.72, hatch=["", "", "", "//"][n % 4], label=part.replace("_", " "))
        for y, (length, count) in enumerate(zip(lengths_[part], wide[part])):
            if length > 0.035 * lengths_.sum(axis=1).max():
                ax.text(left[y] + length / 2, y, f"{count:.0f}", ha="center", va="center", fontsize=7.5, color="white" if n % 4 == 0 else INK)
        left += lengths_[part].to_numpy()
    ax.set_yticks(range(len(order)), [f"{_fit(g)} ({sizes[g]:.0f})" for g in order])
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.set_xlabel(unit)
    figure.legend(loc="outside upper right", ncols=len(parts))
    return figure


def learning(numbers):
    """How a trained coder's fit grows with the units it learns from: a line per coder. Columns coder, units, fit, measure."""
    figure, axes = _axes(width=6.4, height=3.4)
    ax = axes[0, 0]
    for n, (coder, part) in enumerate(numbers.groupby("coder", sort=False)):
        ax.plot(part["units"], part["fit"], "os^Dvph*"[n % 8] + "-", color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222"][n % 7], label=_fit(coder, 44))
    ax.set(xlabel="coded units learnt from", ylabel=", ".join(dict.fromkeys(numbers["measure"])), xlim=(0, numbers["units"].max() * 1.04))
    ax.grid(axis="y", color=PALE, lw=0.5)
    figure.legend(loc="outside upper left", fontsize=7.5, ncols=2)
    return figure


def grid(numbers, *, unit=""):
    """A measure of pairs as a grid with its numbers. Columns row, column, value (null: not defined); -1 … 1."""
    rows, columns = list(dict.fromkeys(numbers["row"])), list(dict.fromkeys(numbers["column"]))
    wide = numbers.pivot(index="row", columns="column", values="value").reindex(index=rows, columns=columns)
    figure, axes = _axes(width=2.4 + 0.46 * len(columns), height=2.5 + 0.27 * len(rows))
    ax = axes[0, 0]
    ax.imshow(wide.to_numpy("float64"), cmap="RdBu", vmin=-0.8, vmax=0.8, aspect="auto")
    for i, j in np.ndindex(wide.shape):
        if pd.notna(value := wide.iat[i, j]):
            ax.text(j, i, f"{round(value, 2) + 0:.2f}".replace("0.", ".").replace("-", "−"), ha="center", va="center", fontsize=7, color="white" if abs(value) > 0.55 else INK).set_in_layout(False)
    ax.set_xticks(range(len(columns)), [_fit(_words(c), 36) for c in columns], rotation=55, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(rows)), [_fit(_words(r)) for r in rows])
    ax.tick_params(length=0)
    figure.supxlabel(unit, fontsize=9)
    return figure


def keyness_bars(numbers, *, unit="", sides=("", "")):
    """What sets two groups apart: a bar per term, to the right for the first, to the left for the second; filled where q is at most .05. Columns term, keyness, q, articles."""
    figure, axes = _axes(width=6.4, height=1.2 + 0.21 * len(numbers))
    ax = axes[0, 0]
    for y, row in enumerate(numbers.itertuples()):
        colour = "#0072B2" if row.keyness > 0 else "#D55E00"
        ax.barh(y, row.keyness, color=colour if pd.notna(row.q) and row.q <= 0.05 else "white", edgecolor=colour, height=0.68)
        ax.text(row.keyness, y, f" {row.articles} " if row.keyness > 0 else f" {row.articles} ", ha="left" if row.keyness > 0 else "right", va="center", fontsize=7)
    ax.set_yticks(range(len(numbers)), [_fit(term, 24) for term in numbers["term"]], fontsize=8)
    ax.set_ylim(len(numbers) - 0.4, -0.6)
    most = numbers["keyness"].abs().max() * 1.15
    ax.set_xlim(min(0, numbers["keyness"].min()) and -most, max(0, numbers["keyness"].max()) and most)
    ax.axvline(0, color=INK, lw=0.7)
    ax.set_xlabel(unit)
    ax.set_title(f"← {_fit(sides[1])}      {_fit(sides[0])} →", fontsize=8.5, loc="center")
    return figure


def specification_curve(numbers, *, unit="", by=()):
    """The same difference in every specification, sorted, over a grid that shows which choice each made. Columns value and `by` (the choices)."""
    numbers = numbers.sort_values("value", kind="stable", ignore_index=True)
    rows = [(choice, option) for choice in by for option in dict.fromkeys(numbers[choice].sort_values())]
    figure, axes = _axes(2, 1, height=2.4 + 0.19 * len(rows), sharex=True, height_ratios=[2.0, 0.19 * len(rows)])
    upper, lower = axes[:, 0]
    value = numbers["value"].to_numpy()

    def strokes(ax, which, low, high):
        for colour, mine in (("#0072B2", value > 0), ("#D55E00", value < 0), (SOFT, value == 0)):        # one line with gaps for each colour
            at = np.flatnonzero(which & mine)
            ax.plot(np.repeat(at, 3), np.column_stack([low[at], high[at], np.full(len(at), np.nan)]).ravel(), color=colour, lw=0.8, solid_capstyle="butt")

    strokes(upper, value == value, np.zeros(len(value)), value)
    upper.axhline(0, color=INK, lw=0.7)
    upper.set_ylabel(unit, fontsize=8.5)
    upper.tick_params(axis="x", length=0)
    for y, (choice, option) in enumerate(rows):
        strokes(lower, (numbers[choice] == option).to_numpy(), np.full(len(value), y - 0.36), np.full(len(value), y + 0.36))
    lower.set_yticks(range(len(rows)), [_fit(f"{choice}: {NAME.get(option, option)}", 40) for choice, option in rows], fontsize=7.5)
    lower.set_ylim(len(rows) - 0.4, -0.6)
    lower.set_xlabel(f"{len(numbers)} specifications, sorted by the difference (blue: above zero; orange: below)")
    return figure


def over_time(numbers, *, unit="", most=4):
    """A measure over time: a small panel per group, all with one scale; periods that follow one another are joined. Columns group, start, days, estimate, low, high (null: none)."""
    groups, days = list(dict.fromkeys(numbers["group"])), int(numbers["days"].iloc[0])
    rows, columns = -(-len(groups) // most), min(most, len(groups))
    figure, axes = _axes(rows, columns, width=max(3.6, 2.1 * columns), height=0.9 + 1.5 * rows, sharex=True, sharey=True)
    starts = np.sort(numbers["start"].unique())
    ticks = pd.DatetimeIndex(dict.fromkeys(starts[[0, len(starts) // 2, -1]]))
    for n, ax in enumerate(axes.flat):
        if n >= len(groups):
            ax.set_visible(False)
            continue
        part = numbers[numbers["group"] == groups[n]]
        middle = part["start"] + pd.to_timedelta(days / 2, "D")
        ax.vlines(middle, part["low"], part["high"], color="#0072B2", lw=1.4)
        for _, run in part.assign(middle=middle).groupby((part["start"].diff() > pd.Timedelta(days=days)).cumsum()):
            ax.plot(run["middle"], run["estimate"], "o-", color="#0072B2", ms=4)
        if numbers[["estimate", "low"]].min(axis=None) < 0:
            ax.axhline(0, color=INK, lw=0.7)
        ax.set_title(_fit(groups[n], 24), fontsize=8.5, fontweight="normal")
        ax.set_xticks(ticks + pd.to_timedelta(days / 2, "D"), [f"{day:%d %b}" for day in ticks], fontsize=7.5)
        ax.grid(axis="y", color=PALE, lw=0.5)
    figure.supylabel(unit, fontsize=9)
    figure.supxlabel(f"publication date: first day of the {_bin_name(days)}, {starts[0].astype('datetime64[Y]')}" + (f"–{starts[-1].astype('datetime64[Y]')}" if str(starts[0])[:4] != str(starts[-1])[:4] else ""), fontsize=9)
    return figure


# ---- what figures draw ----------------------------------------------------------------------------------------------------------

def coverage_numbers(articles, groups, *, most=MOST_ROWS):
    """Articles per group and day (week over 62 days, 30 days over two years), empty bins included; groups in the order of every figure."""
    dated = groups.merge(articles[["article_id", "date"]], on="article_id", validate="1:1").dropna(subset=["date"])
    span = (dated["date"].max() - dated["date"].min()).days if len(dated) else 0
    days = 1 if span <= 62 else 7 if span <= 730 else 30
    origin = dated["date"].min()
    bins = origin + pd.to_timedelta((dated["date"] - origin).dt.days // days * days, "D")
    counts = dated.assign(start=bins).groupby(["group", "start"]).size()
    sizes = estimates.in_order(dated.groupby("group", as_index=False).agg(n_articles=("article_id", "size")))[:most] if len(dated) else []
    every = pd.date_range(origin, dated["date"].max(), freq=f"{days}D") if len(dated) else []
    index = pd.MultiIndex.from_product([sizes, every], names=["group", "start"])
    return counts.reindex(index, fill_value=0).rename("n_articles").reset_index().assign(days=days)


def distribution_numbers(values, means, groups, *, edges, zero=False):
    """Histogram of `values` (article_id, measure, value) by group beside the groups' means; rows as `distributions` draws them.

    Values beyond the outer edges count in the outer bins; with `zero`, values of exactly 0 are in `at_zero` and in no bin.
    """
    joined = values.merge(groups, on="article_id", validate="m:1")
    rows = []
    for measure, panel in joined.groupby("measure", sort=False):
        for group in estimates.in_order(means)[:MOST_ROWS]:
            found = panel.loc[panel["group"] == group, "value"]
            counts, _ = np.histogram((found[found != 0] if zero else found).clip(edges[0], edges[-1]), edges)
            rows.append(pd.DataFrame({"measure": measure, "group": group, "left": edges[:-1], "right": edges[1:], "share": counts / max(1, len(found)),
                                      "at_zero": (found == 0).mean()}))
    keep = ["measure", "group", "estimate", "low", "high", "n_articles"]
    return pd.concat(rows).merge(means[keep], on=["measure", "group"], how="left", validate="m:1")


# ---- publishing -----------------------------------------------------------------------------------------------------------------

class Published:
    """A figure as a page shows it: picture, alt text, caption, and its numbers one click away."""

    def __init__(self, name, svg, caption, alt, csv):
        self.name, self.svg, self.caption, self.alt, self.csv = name, svg, caption, alt, csv

    def _repr_html_(self):
        picture = base64.b64encode(self.svg).decode()
        return (f'<figure id="{self.name}"><img alt="{html.escape(self.alt)}" src="data:image/svg+xml;base64,{picture}">'
                f'<figcaption>{html.escape(visible(self.caption))} <span class="file">[{self.name}]</span></figcaption></figure>')

    def __repr__(self):
        return f"{self.name}: {self.caption}"


def withheld():
    """Are the articles' texts to be kept out of the pages (`TEXT=withheld`)?"""
    return tables.choice("TEXT", None) == "withheld"


def visible(text):
    """Text in which characters that cannot be seen, or turn the direction of reading, show as ⟨U+202E⟩."""
    return corpus.INVISIBLE.sub(lambda c: f"⟨U+{ord(c.group()):04X}⟩", text)


def _behind(table, numbers):
    """What a figure's note says of the articles or sentences behind its marks: how many, and the ids and terms of some, never text."""
    where = [c for c in ("article_id", "sentence_id") if c in table]
    keys = [c for c in table if c not in (*where, "terms")]
    drawn = numbers[keys].drop_duplicates()
    most = max(5, min(MOST_A_MARK, MOST_BEHIND // max(1, len(drawn))))
    rows = drawn.merge(table.drop_duplicates([*keys, *where]), on=keys)
    turns = rows.assign(turn=rows.groupby([*keys, "article_id"]).cumcount()).sort_values("turn", kind="stable")
    shown = turns.groupby(keys, sort=False).head(most).sort_values(where, kind="stable")
    terms = {}
    if "terms" in table:
        every = shown[[*keys, *where]].merge(table.drop_duplicates(), on=[*keys, *where]).dropna(subset=["terms"])
        terms = every[every["terms"] != ""].groupby([*keys, *where])["terms"].agg(lambda t: "; ".join(t)[:90]).to_dict()
    number = {a: i for i, a in enumerate(dict.fromkeys(shown["article_id"]))}
    listed = {key: part[where] for key, part in shown.groupby(keys, sort=False)}
    told = lambda key, row: [number[row[0]], *map(int, row[1:]), *filter(None, [terms.get((*key, *row))])]
    return {"of": "sentences" if "sentence_id" in table else "articles", "most": most, "articles": list(number),
            "marks": [{"mark": list(key), "total": len(part), "in": part["article_id"].nunique(), "shown": [told(key, row) for row in listed[key].itertuples(index=False, name=None)]}
                      for key, part in rows.groupby(keys, sort=False)]}


def _note_of(behind, numbers):
    """`_behind` as JSON, a line a mark."""
    if behind is None or behind.empty:
        return ""
    line = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    found = _behind(behind, numbers)
    marks = found.pop("marks")
    return ',\n "behind": ' + line(found)[:-1] + ',"marks":[\n' + ",\n".join(map(line, marks)) + "]}"


def publish(store, name, draw, numbers, *, caption, claim, alt, made_from, choices=None, behind=None, **options):
    """Draw and save one figure: `figures/<corpus>/<name>` as .svg, .png, .csv (the numbers drawn) and .json (caption, alt text, hashes, how it is drawn).

    `draw` takes the numbers; `claim`, what they may be called (`estimates.gate`), ends the caption; `made_from` names the tables they come from. The same numbers give the same bytes. `behind`: what the marks
    rest on, a row an article or sentence: columns of `numbers` that tell the marks apart, article_id, sentence_id, terms (what matched);
    where a mark has more than the note holds, the first rows of each article are taken in turn.
    """
    folder, caption = tables.home() / "figures" / store.name, f"{caption} {claim}"
    texts, dates = list(numbers.select_dtypes(include=["str", "object"]).columns), list(numbers.select_dtypes(include=["datetime"]).columns)
    csv = plain(numbers).to_csv(index=False, float_format="%.10g", lineterminator="\n", date_format="%Y-%m-%d").encode("utf-8")
    options = {k: sorted(v) if isinstance(v, (set, frozenset)) else list(v) if isinstance(v, tuple) else v for k, v in options.items()}
    drawing = {"kind": draw.__name__, "options": options, "texts": texts, "dates": dates}
    note = {"figure": name, "corpus": store.name, "caption": caption, "claim": claim, "alt": alt, "drawing": drawing, "inputs": {table: store.content(table) for table in made_from}, "choices": choices or {},
            "versions": {"python": platform.python_version().rsplit(".", 1)[0]} | tables.versions("matplotlib", "numpy", *tables.INSTRUMENTS)}
    files = _drawn(csv, drawing, HOUSE)  # from the numbers as they are saved: what `redraw` gives is the same
    files |= {"csv": csv, "json": (json.dumps(note, ensure_ascii=False, indent=1)[:-2] + _note_of(behind, numbers) + "\n}\n").encode("utf-8")}
    for ending, content in files.items():
        path = folder / f"{name}.{ending}"
        tables.write_atomically(path, content)
        store.record("wrote", path.relative_to(tables.home()).as_posix(), tables.fingerprint(path))
    return Published(name, files["svg"], caption, alt, csv)


def redraw(store, name, *, style=HOUSE, forms=("svg", "png")):
    """A published figure drawn again from its saved numbers alone, in the style of a matplotlib style file: form → bytes. In the house's style they are those published."""
    folder = tables.home() / "figures" / store.name
    note = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return _drawn((folder / f"{name}.csv").read_bytes(), note["drawing"], style, forms)


def _drawn(csv, drawing, style, forms=("svg", "png")):
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    numbers = pd.read_csv(io.BytesIO(csv), dtype=dict.fromkeys(drawing["texts"], "str"), parse_dates=drawing["dates"], keep_default_na=False, na_values=[""])
    numbers = numbers.assign(**{c: numbers[c].str.replace(r"^'(?=[=+\-@\t\r])", "", regex=True) for c in drawing["texts"]})
    metadata, found = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}, {}
    with matplotlib.rc_context({"text.parse_math": False}, fname=style):  # a group may be called `$x_1$`
        figure = globals()[drawing["kind"]](numbers, **drawing["options"])
        FigureCanvasAgg(figure)
        if layout := figure.get_layout_engine():                    # once, not for each form; as fine as it is saved, since letters are wider or narrower with the dots there are
            figure.dpi = figure.dpi if matplotlib.rcParams["savefig.dpi"] == "figure" else matplotlib.rcParams["savefig.dpi"]
            layout.execute(figure)
            figure.set_layout_engine("none")
        for form in forms:
            figure.savefig(file := io.BytesIO(), format=form, metadata=metadata[form])
            found[form] = file.getvalue()
    return found


def plain(numbers):
    """A table whose text no spreadsheet takes for a formula."""
    texts = numbers.select_dtypes(include=["str", "object"]).columns
    return numbers.assign(**{c: numbers[c].map(lambda v: "'" + v if isinstance(v, str) and v.startswith(tuple("=+-@\t\r")) else v) for c in texts})


def show(table, caption, *, decimals=3, most=50, longest=300):
    """A table as a page shows it: caption, text escaped and cut at `longest` characters, whole numbers whole, at most `most` rows."""
    shown = table.head(most)
    if len(table) > most:
        caption += f" (the first {most} of {len(table):,} rows)"

    if withheld():
        shown = shown.assign(**{c: shown[c].map(lambda v: "(withheld)" if isinstance(v, str) else v) for c in TEXTS if c in shown})

    def text(value):
        value = "" if value is None or value is pd.NA or value != value else visible(str(value))
        return html.escape(value if len(value) <= longest else value[:longest].rstrip() + " …")

    def number(value):
        return "" if pd.isna(value) else f"{value:,.{decimals}f}"

    def day(value):
        return "" if pd.isna(value) else f"{value:%Y-%m-%d}"

    formats = {column: number if pd.api.types.is_float_dtype(kind) else day if pd.api.types.is_datetime64_any_dtype(kind) else text for column, kind in shown.dtypes.items()}
    names = {column: html.escape(visible(str(column).replace("_", " "))) for column in shown.columns}
    shown = shown.rename(columns=names)
    uuid = "t" + re.sub(r"\W+", "", caption.lower())[:40]
    return shown.style.format({names[c]: f for c, f in formats.items()}).hide(axis="index").set_caption(html.escape(caption)).set_uuid(uuid)


class shaded:
    """A text shaded by voice: indirect speech is underlined with dots, quotation with a line and a tint, and each names its speaker."""

    def __init__(self, text, segments):
        self.text, self.segments = text, segments

    def _repr_html_(self):
        out, at = [], 0
        if withheld():
            return '<p class="computed">(The text is withheld; the annotated article shows where each voice begins and ends.)</p>'
        for start, end, voice, speaker in zip(*(self.segments[c] for c in ("start", "end", "voice", "speaker"))):
            out.append(html.escape(self.text[at:start]).replace("\n", "<br>"))
            piece = html.escape(self.text[start:end])
            if voice == "own":
                out.append(piece)
            else:
                who = html.escape(speaker) if isinstance(speaker, str) else "not plain who"
                out.append(f'<span class="{voice}"><span class="who">{who}: </span>{piece}</span>')
            at = end
        return f'<div class="shaded">{"".join(out)}</div>'

    def __repr__(self):
        return self.text


def notes(store):
    """Captions, alt texts and hashes of the corpus's figures, in order."""
    found = sorted((tables.home() / "figures" / store.name).glob("*.json"))
    for path in found:
        store.record("read", path, tables.fingerprint(path))
    return [json.loads(path.read_text(encoding="utf-8")) for path in found]


class say:
    """A computed sentence as a page shows it, and what it may be called (`estimates.gate`); text from articles in it stays text. kind="answer": the page's
    answer, shown under its title."""

    def __init__(self, text, claim="", kind="computed"):
        self.text, self.kind = f"{text} {claim}".strip(), kind

    def _repr_html_(self):
        return f'<p class="{self.kind}">{html.escape(visible(self.text))}</p>'

    def __repr__(self):
        return self.text
