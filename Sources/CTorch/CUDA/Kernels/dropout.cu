// Elements set to zero or scaled: element i takes 16 bits of SplitMix64's output number i / 4, as
// on the processor, so that a seed means the same mask everywhere. A thread makes four of them.
template <typename Number>
KERNEL dropout(const Number *x, uint64 seed, unsigned threshold, float scale, int64 count,
               Number *out) {
  int64 first = static_cast<int64>(blockIdx.x) * blockDim.x + threadIdx.x;
  int64 step = static_cast<int64>(gridDim.x) * blockDim.x;
  for (int64 i = first; 4 * i < count; i += step) {
    uint64 bits = seed + (static_cast<uint64>(i) + 1) * 0x9E3779B97F4A7C15;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
    bits ^= bits >> 31;
    for (int64 j = 4 * i; j < 4 * i + 4 && j < count; j++, bits >>= 16) {
      put(out[j], wide(x[j]) * ((bits & 0xffff) >= threshold ? scale : 0.0f));
    }
  }
}
