// Elements set to zero or scaled, a thread four of them, which share their random bits.
template <typename Number>
KERNEL dropout(const Number *x, Dropout dropout, int64 count, Number *out) {
  for (int64 i = first_element(); 4 * i < count; i += element_step()) {
    uint64 bits = dropout.bits(i);
    for (int64 j = 4 * i; j < 4 * i + 4 && j < count; j++, bits >>= 16) {
      put(out[j], wide(x[j]) * dropout.factor_of(bits));
    }
  }
}
