# torch==2.13.0
"""Writes Golden/Quantized: a weight in 8 bits by row, its products and gradients.

The rounding is torch's in float32, the products are float64 over the rounded weight.
"""

import torch
from safetensors.torch import save_file

import common

FOLDER = common.GOLDEN / "Quantized"
TOKENS, INPUT, OUTPUT = 5, 24, 13


def rows_in_8_bits(matrix):
    """Integers of -127...127 and one scale a row."""
    scales = matrix.abs().max(dim=1, keepdim=True).values / 127
    codes = torch.where(scales > 0, (matrix / scales).round(), 0)
    return codes, scales


def main():
    common.deterministic()
    generator = torch.Generator().manual_seed(8)
    weight = torch.randn(OUTPUT, INPUT, generator=generator)
    weight[3] = 0
    weight[4] *= 1e-6
    weight[5, 7] = 300  # an outlier, beside which the rest of its row is coarse
    bias = torch.randn(OUTPUT, generator=generator)
    x = torch.randn(TOKENS, INPUT, generator=generator)
    upstream = torch.randn(TOKENS, OUTPUT, generator=generator)

    codes, scales = rows_in_8_bits(weight)
    rounded = codes * scales
    exact = x.double().requires_grad_()
    y = torch.nn.functional.linear(exact, rounded.double(), bias.double())
    y.backward(upstream.double())

    x_codes, x_scales = rows_in_8_bits(x)
    dynamic = (x_codes.double() @ codes.double().T) * x_scales.double() * scales.double().T

    results = {
        "weight": weight, "bias": bias, "x": x, "upstream": upstream, "rounded": rounded,
        "product": y.detach(), "x_gradient": exact.grad, "dynamic_product": dynamic + bias,
    }  # fmt: skip
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = {name: value.float().contiguous() for name, value in results.items()}
    save_file(results, FOLDER / "linear.safetensors")


if __name__ == "__main__":
    main()
