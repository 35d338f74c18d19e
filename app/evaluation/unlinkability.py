"""How far protected templates of one person can be told to belong together across collections.

M. Gomez-Barrero, J. Galbally, C. Rathgeb, C. Busch, "General framework to evaluate unlinkability in
biometric template protection systems", IEEE Transactions on Information Forensics and Security 13 (2018);
the measure that ISO/IEC 30136 refers to.
"""

import numpy as np
from numpy.typing import NDArray

# Wide enough bins that each holds many scores: noise in a bin counts as linkability.
BINS = 20
# Probability that two templates are mated over that they are not: an attacker who knows nothing else.
PRIOR_RATIO = 1.0


def systemic_linkability(
    mated: NDArray[np.float64],
    non_mated: NDArray[np.float64],
    *,
    bins: int = BINS,
    prior_ratio: float = PRIOR_RATIO,
) -> float:
    """Return D↔sys, 0 = nothing can be linked, 1 = everything can.

    `mated` are the scores of templates of one person protected under two keys, `non_mated` those of two
    people under two keys. The local measure at a score is D↔(s) = 2·LR·ω / (1 + LR·ω) − 1 where the
    likelihood ratio LR·ω exceeds 1, else 0; D↔sys is its mean over the mated scores.
    """
    edges = np.histogram_bin_edges(np.concatenate([mated, non_mated]), bins)
    of_mated = np.histogram(mated, edges)[0] / len(mated)
    of_others = np.histogram(non_mated, edges)[0] / len(non_mated)
    weight = prior_ratio * of_mated
    share = np.divide(weight, weight + of_others, out=np.zeros(bins), where=weight + of_others > 0)
    local = np.maximum(2 * share - 1, 0.0)
    return float(of_mated @ local)
