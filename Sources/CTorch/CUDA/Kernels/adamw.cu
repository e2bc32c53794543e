// AdamW's step over all parameters (arXiv 1711.05101), a thread an element.

/// As Operators.h has them; the complements are 1 less the decays, which float32 would round.
struct AdamWRule {
  float beta1, beta1_complement, beta2, beta2_complement, root_scale, epsilon, shrinkage, rate;
};

template <typename Number>
KERNEL adamw_step(const Number *gradient, AdamWRule rule, int64 count, Number *first,
                  Number *second, Number *values) {
  for (int64 i = first_element(); i < count; i += element_step()) {
    first[i] = rule.beta1 * first[i] + rule.beta1_complement * gradient[i];
    second[i] = rule.beta2 * second[i] + rule.beta2_complement * gradient[i] * gradient[i];
    float root = sqrtf(second[i]) * rule.root_scale + rule.epsilon;
    values[i] = rule.shrinkage * values[i] - rule.rate * (first[i] / root);
  }
}
