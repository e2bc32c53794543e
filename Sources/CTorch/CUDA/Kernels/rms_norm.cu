// RMS norm of rows, a block a row.

/// out = x * factor * weight, with factor = 1 / sqrt(mean square + epsilon) of each row.
template <typename In, typename Out>
KERNEL rms_norm(const In *x, const float *weight, float epsilon, int width, Out *out,
                float *factors) {
  const In *in = x + row_start(width);
  Out *to = out + row_start(width);
  float square = 0;
  for (int i = threadIdx.x; i < width; i += blockDim.x) square += wide(in[i]) * wide(in[i]);
  float factor = 1 / sqrtf(block_sum(square) / static_cast<float>(width) + epsilon);
  if (threadIdx.x == 0) factors[blockIdx.x] = factor;
  for (int i = threadIdx.x; i < width; i += blockDim.x) put(to[i], wide(in[i]) * factor * weight[i]);
}

/// The gradient of x, of that of the result and of the factors that the forward pass kept.
template <typename Grad, typename In, typename Out>
KERNEL rms_norm_backward(const Grad *grads, const In *x, const float *weight, const float *factors,
                         int width, Out *out) {
  const Grad *grad = grads + row_start(width);
  const In *in = x + row_start(width);
  Out *to = out + row_start(width);
  float factor = factors[blockIdx.x], along = 0;
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    along += wide(grad[i]) * weight[i] * wide(in[i]);
  }
  along = block_sum(along) * factor * factor / static_cast<float>(width);
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    put(to[i], factor * (wide(grad[i]) * weight[i] - along * wide(in[i])));
  }
}
