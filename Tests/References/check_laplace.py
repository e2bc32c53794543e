# torch==2.13.0 transformers==5.23.0 peft==0.21.2 laplace-torch==0.3 curvlinops-for-pytorch==3.0.1
"""Compares the formulas of make_laplace.py with laplace-torch: evidence and predictive covariance.

curvlinops averages inputs by sequence first, and sees every layer run on all tokens. Both are the
same as in make_laplace.py for sequences of one length when no layer is on last tokens only.
"""

import torch
from laplace import Laplace
from laplace.curvature import CurvlinopsGGN

import common
import make_laplace

LENGTH = 7


class AnswerLogits(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, tokens):
        return self.model(tokens).logits[:, -1, make_laplace.ANSWERS]


class Loader(list):
    batch_size = 1

    @property
    def dataset(self):
        return range(len(self))


def check(name):
    model, _, _ = make_laplace.load(name)
    _, mean, logits, jacobians, diagonal, dense, _, _ = make_laplace.measure(name)
    pairs = zip(make_laplace.SEQUENCES, make_laplace.LABELS)
    data = Loader((torch.tensor([tokens]), torch.tensor([label])) for tokens, label in pairs)
    for structure, curvature in [("diag", torch.diag(diagonal)), ("kron", dense)]:
        theirs = Laplace(
            AnswerLogits(model),
            "classification",
            subset_of_weights="all",
            hessian_structure=structure,
            backend=CurvlinopsGGN,
        )
        theirs.fit(data)
        for precision in make_laplace.PRECISIONS:
            ours = make_laplace.log_evidence(curvature, mean, logits, precision)
            found = theirs.log_marginal_likelihood(torch.tensor([precision]).double()).item()
            assert abs(found / ours - 1) < 1e-6, (name, structure, precision, found, ours)
        theirs.prior_precision = torch.tensor([make_laplace.PREDICTIVE_PRECISION]).double()
        covariances = make_laplace.predictive_golden(curvature, jacobians)
        centre = torch.eye(len(make_laplace.ANSWERS)).double() - 1 / len(make_laplace.ANSWERS)
        for (tokens, _), ours in zip(data, covariances):
            found = centre @ theirs._glm_predictive_distribution(tokens)[1][0] @ centre
            difference = (found - torch.tensor(ours)).abs().max() / found.abs().max()
            assert difference < 1e-6, (name, structure, difference.item())
        print(f"{name}, {structure}: evidence and covariances agree")


def main():
    common.deterministic()
    make_laplace.SEQUENCES = [tokens[:LENGTH] for tokens in make_laplace.SEQUENCES]
    make_laplace.on_last_token_only = lambda name: False
    for name in make_laplace.ADAPTERS:
        check(name)


if __name__ == "__main__":
    main()
