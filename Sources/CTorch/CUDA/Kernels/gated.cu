// act(gate) * up for gate and up side by side in rows [2 width].

/// Both activations are x * sigmoid(inner): SiLU with x inside, GELU's tanh form with a cubic of x
/// (arXiv 1606.08415), whose derivative is the slope.
DEVICE void gate_at(float x, bool gelu, float &sigmoid, float &slope) {
  constexpr float linear = 1.595769122f, cubic = 0.044715f;  // the first is sqrt(8 / pi)
  // At 20 the sigmoid is 0 or 1, and squares of larger numbers may be infinite.
  float near = x < -20 ? -20 : x > 20 ? 20 : x;
  float inner = gelu ? linear * near * (1 + cubic * near * near) : x;
  slope = gelu ? linear * (1 + 3 * cubic * near * near) : 1;
  sigmoid = 1 / (1 + expf(-inner));
}

template <typename Number>
KERNEL gated(const Number *gate_up, bool gelu, int width, Number *out) {
  const Number *gates = gate_up + 2 * row_start(width), *ups = gates + width;
  for (int i = first_column(); i < width; i += column_step()) {
    float gate = wide(gates[i]), sigmoid, slope;
    gate_at(gate, gelu, sigmoid, slope);
    put(out[row_start(width) + i], gate * sigmoid * wide(ups[i]));
  }
}

template <typename Number>
KERNEL gated_backward(const Number *grads, const Number *gate_up, bool gelu, int width,
                      Number *out) {
  const Number *gates = gate_up + 2 * row_start(width), *ups = gates + width;
  Number *grad_gates = out + 2 * row_start(width), *grad_ups = grad_gates + width;
  for (int i = first_column(); i < width; i += column_step()) {
    float grad = wide(grads[row_start(width) + i]), gate = wide(gates[i]), sigmoid, slope;
    gate_at(gate, gelu, sigmoid, slope);
    put(grad_gates[i], grad * wide(ups[i]) * sigmoid * (1 + gate * slope * (1 - sigmoid)));
    put(grad_ups[i], grad * gate * sigmoid);
  }
}
