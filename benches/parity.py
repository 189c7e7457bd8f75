#!/usr/bin/env python3
"""Makes seeded inputs and what established packages make of them, for `tests/parity.rs` to compare with.

    python3 -m venv /tmp/parity && /tmp/parity/bin/pip install numpy scipy statsmodels scikit-learn quapy ppi-python
    /tmp/parity/bin/python benches/parity.py

Writes tests/parity/*.json, one file a method, each with the versions of the packages that its numbers come from. Run again with the same versions it writes the
same files. About ten seconds.
"""
import importlib.metadata
import json
import pathlib
import warnings

import numpy as np
from scipy import stats

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "parity"


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def write(name, packages, cases):
    versions = {package: importlib.metadata.version(package) for package in ["numpy", *packages]}
    lines = ",\n".join(json.dumps(plain(case)) for case in cases)
    FOLDER.mkdir(exist_ok=True)
    text = f'{{"packages": {json.dumps(versions)}, "cases": [\n{lines}\n]}}\n'
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


def distributions():
    """Probabilities and quantiles of the normal distribution (df null) and of Student's t."""
    cases = []
    for df in (None, 1, 2, 3.7, 10, 25.5, 200, 999, 1001, 5e4, 9e5, 2e6, 1e8):
        family = stats.norm() if df is None else stats.t(df)
        for p in (1e-6, 0.005, 0.025, 0.2, 0.4999, 0.5, 0.8, 0.975, 0.9995):
            cases.append({"df": df, "p": p, "quantile": family.ppf(p)})
        for x in (-6.0, -1.3, 0.0, 0.4, 2.2, 9.0):
            cases.append({"df": df, "x": x, "cdf": family.cdf(x)})
    write("distributions", ["scipy"], cases)


def bca():
    """scipy's BCa intervals of means, at the level that Hesterberg's tails for so few clusters come to, of replicates that are handed on."""
    cases = []
    for seed, (n, level, draw) in enumerate([
        (12, 0.9, lambda r, n: r.exponential(size=n)),
        (30, 0.95, lambda r, n: r.beta(2, 5, size=n)),
        (60, 0.8, lambda r, n: r.choice([-1.0, 0.0, 0.5, 1.0], size=n, p=[0.1, 0.5, 0.1, 0.3])),
        (16, 0.95, lambda r, n: r.normal(size=n)),
        (25, 0.99, lambda r, n: -r.lognormal(sigma=0.8, size=n)),
    ]):
        values = np.round(draw(np.random.default_rng(seed), n), 4)
        tail = stats.norm.sf(np.sqrt(n / (n - 1)) * stats.t.ppf((1 + level) / 2, n - 1))
        found = stats.bootstrap((values,), np.mean, method="BCa", n_resamples=600, confidence_level=1 - 2 * tail,
                                rng=np.random.default_rng(100 + seed))
        interval = found.confidence_interval
        cases.append({"values": values, "replicates": found.bootstrap_distribution, "level": level,
                      "low": interval.low, "high": interval.high})
    write("bca", ["scipy"], cases)


def permutation():
    """scipy's permutation test of Welch's t in one stratum, and of the paired t by changes of sign."""
    cases = []
    for seed, (n, m, shift, scale) in enumerate([(20, 30, 0.5, 1.0), (7, 9, 1.0, 2.0), (60, 15, 0.0, 1.0), (12, 40, 0.9, 3.0)]):
        random = np.random.default_rng(seed)
        first, second = np.round(random.normal(shift, scale, n), 3), np.round(random.normal(0, 1, m), 3)
        welch = lambda x, y, axis: stats.ttest_ind(x, y, equal_var=False, axis=axis).statistic
        found = stats.permutation_test((first, second), welch, vectorized=True, n_resamples=200_000, batch=20_000,
                                       alternative="two-sided", rng=np.random.default_rng(200 + seed))
        # Both tails together, as |t| has them; scipy doubles the smaller one.
        p = np.mean(np.abs(found.null_distribution) >= abs(found.statistic) * (1 - 1e-9))
        cases.append({"paired": False, "first": first, "second": second, "t": found.statistic, "p": p})
    for seed, (n, shift) in enumerate([(12, 0.5), (10, 0.2), (14, 0.7)]):
        random = np.random.default_rng(50 + seed)
        story = random.normal(size=n)
        first = np.round(story + random.normal(shift, 1, n), 3)
        second = np.round(story + random.normal(0, 0.5, n), 3)
        t = lambda x, axis: stats.ttest_1samp(x, 0.0, axis=axis).statistic
        found = stats.permutation_test((first - second,), t, vectorized=True, permutation_type="samples",
                                       n_resamples=np.inf, batch=1 << 14)
        p = np.mean(np.abs(found.null_distribution) >= abs(found.statistic) * (1 - 1e-9))
        cases.append({"paired": True, "first": first, "second": second, "t": found.statistic, "p": p})
    write("permutation", ["scipy"], cases)


def multiplicity():
    from statsmodels.stats.multitest import multipletests
    cases = []
    for seed, n in enumerate([1, 2, 15, 60]):
        p = np.round(np.random.default_rng(seed).beta(0.3, 2, size=n), 5)
        cases.append({"p": p, "holm": multipletests(p, method="holm")[1], "benjamini_hochberg": multipletests(p, method="fdr_bh")[1]})
    write("multiplicity", ["statsmodels"], cases)


def quantification():
    """QuaPy's PACC and EMQ, of posteriors by a logistic regression on one set and of another set with other prevalences."""
    import quapy.functional as F
    from quapy.method.aggregative import ACC, EMQ, PACC
    from sklearn.linear_model import LogisticRegression
    cases = []
    for seed, (spread, prevalence) in enumerate([
        (1.0, [0.2, 0.5, 0.3]), (1.5, [0.7, 0.2, 0.1]), (2.5, [0.05, 0.9, 0.05]), (1.2, [0.0, 0.3, 0.7]), (2.0, [0.98, 0.01, 0.01]),
    ]):
        random = np.random.default_rng(seed)
        centres = np.array([[-1.0, 0.0], [0.0, 1.2], [1.0, 0.0]])

        def draw(shares, n):
            y = random.choice(3, size=n, p=shares)
            return centres[y] + random.normal(scale=spread, size=(n, 2)), y

        (x, y), (held, gold), (target, _) = draw([0.3, 0.4, 0.3], 600), draw([0.3, 0.4, 0.3], 600), draw(prevalence, 80)
        model = LogisticRegression().fit(x, y)
        matrix = PACC.getPteCondEstim(np.arange(3), gold, model.predict_proba(held))
        posteriors = np.round(model.predict_proba(target), 6)
        mean = posteriors.mean(axis=0)
        adjusted = ACC.solve_adjustment(class_conditional_rates=matrix, unadjusted_counts=mean, solver="minimize", method="inversion")
        priors = np.bincount(y) / len(y)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            maximised, _ = EMQ.EM(priors, posteriors, epsilon=1e-10)
        cases.append({"matrix": matrix.T, "mean": mean, "condition": np.linalg.cond(matrix.T, np.inf),
                      "pacc": F.normalize_prevalence(adjusted, method="clip"),
                      "posteriors": posteriors, "priors": priors, "emq": maximised})
    write("quantification", ["quapy", "scikit-learn", "scipy"], cases)


def shrinkage():
    """Paule and Mandel's τ² and the mean by it."""
    from statsmodels.stats.meta_analysis import combine_effects
    cases = []
    for seed, (groups, between) in enumerate([(3, 0.0), (5, 2.0), (12, 0.6), (30, 1.0)]):
        random = np.random.default_rng(seed)
        variances = np.round(random.uniform(0.01, 0.3, groups), 4)
        estimates = np.round(random.normal(0.1, np.sqrt(between + variances)), 4)
        found = combine_effects(estimates, variances, method_re="iterated", atol=1e-7)
        cases.append({"estimates": estimates, "variances": variances, "between": found.tau2, "mean": found.mean_effect_re})
    write("shrinkage", ["statsmodels"], cases)


def effects():
    """Hedges' g by statsmodels, and detectable differences by the quantiles of scipy."""
    from statsmodels.stats.meta_analysis import effectsize_smd
    cases = []
    for means, deviations, sizes in [((0.3, 0.1), (0.5, 0.4), (40, 25)), ((-0.2, 0.6), (0.9, 1.1), (12, 9)), ((0.0, 0.01), (0.3, 0.2), (900, 1500))]:
        g, _ = effectsize_smd(means[0], deviations[0], sizes[0], means[1], deviations[1], sizes[1])
        cases.append({"means": means, "deviations": deviations, "sizes": sizes, "g": g})
    for se, df, alpha, power in [(0.1, 12, 0.05, 0.8), (0.03, 500, 0.01, 0.9), (2.0, 3.5, 0.1, 0.5)]:
        detectable = (stats.t.ppf(1 - alpha / 2, df) + stats.t.ppf(power, df)) * se
        cases.append({"se": se, "df": df, "alpha": alpha, "power": power, "detectable": detectable})
    write("effects", ["statsmodels", "scipy"], cases)


def prediction_powered():
    """ppi_py's mean with tuned power λ (and with λ = 1): scores of N articles without labels, scores and labels of n with."""
    from ppi_py import ppi_mean_ci, ppi_mean_pointestimate
    from ppi_py.ppi import _calc_lam_glm
    cases = []
    for seed, (unlabelled, labelled, noise) in enumerate([(400, 60, 0.3), (150, 40, 0.9), (300, 25, 0.1), (200, 100, 3.0)]):
        random = np.random.default_rng(seed)

        def draw(n):
            stance = random.choice([-1.0, 0.0, 1.0], size=n, p=[0.25, 0.45, 0.3])
            return np.round(np.tanh(0.8 * stance + 0.15 + random.normal(scale=noise, size=n)), 4), stance

        (scores, _), (gold_scores, labels) = draw(unlabelled), draw(labelled)
        plain_estimate = ppi_mean_pointestimate(labels, gold_scores, scores, lam=1)
        power = _calc_lam_glm(labels - plain_estimate, gold_scores - plain_estimate, scores - plain_estimate, np.eye(1), clip=True)
        case = {"scores": scores, "gold_scores": gold_scores, "labels": labels, "level": 0.95, "lambda": power}
        for name, lam in (("tuned", None), ("untuned", 1)):
            estimate = ppi_mean_pointestimate(labels, gold_scores, scores, lam=lam)
            low, high = ppi_mean_ci(labels, gold_scores, scores, alpha=0.05, lam=lam)
            case[name] = {"estimate": estimate[0], "low": low[0], "high": high[0]}
        cases.append(case)
    write("prediction_powered", ["ppi-python"], cases)


for method in (distributions, bca, permutation, multiplicity, quantification, shrinkage, effects, prediction_powered):
    method()
