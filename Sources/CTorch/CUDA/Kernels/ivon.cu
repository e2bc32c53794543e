// IVON's draw and step over all parameters (arXiv 2402.17641, algorithm 1), a thread an element.

/// The draw m + e / sqrt(sample_size (h + decay)) in place of the values m, which are kept. The
/// offset is e, standard normal, before, and what was added after.
template <typename Number>
KERNEL ivon_draw(const Number *hessian, float sample_size, float decay, int64 count,
                 Number *offset, Number *mean, Number *values) {
  for (int64 i = first_element(); i < count; i += element_step()) {
    offset[i] = offset[i] / sqrtf((hessian[i] + decay) * sample_size);
    mean[i] = values[i];
    values[i] += offset[i];
  }
}

/// As Operators.h has them; the complements are 1 less the decays, which float32 would round.
struct IVONRule {
  float beta1, beta1_complement, beta2, beta2_complement, sample_size, decay, debias, radius, rate;
};

/// The Hessian and then the values, from the means of gradient and of gradient times offset over
/// the draws; how many elements of the step were bounded, for each block. A prior of null is 0.
template <typename Number>
KERNEL ivon_step(const Number *gradient, const Number *product, const Number *prior, IVONRule rule,
                 int64 count, Number *hessian, Number *momentum, Number *values, float *bounded) {
  float own = 0;
  for (int64 i = first_element(); i < count; i += element_step()) {
    float precision = hessian[i] + rule.decay;
    float estimate = product[i] * precision * rule.sample_size;
    float miss = hessian[i] - estimate, forget = rule.beta2_complement;
    hessian[i] = rule.beta2 * hessian[i] + forget * estimate
                 + 0.5f * forget * forget * (miss * miss / precision);

    momentum[i] = rule.beta1 * momentum[i] + rule.beta1_complement * gradient[i];
    float from_prior = prior ? values[i] - prior[i] : values[i];
    float direction = momentum[i] * rule.debias + rule.decay * from_prior;
    float move = direction / (hessian[i] + rule.decay);
    if (fabsf(move) > rule.radius) {
      own += 1;
      move = move < 0 ? -rule.radius : rule.radius;
    }
    values[i] -= rule.rate * move;
  }
  float sum = block_sum(own);
  if (threadIdx.x == 0) bounded[blockIdx.x] = sum;
}
