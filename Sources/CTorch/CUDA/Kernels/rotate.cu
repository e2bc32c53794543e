// Rotary embedding of rows of heads by the angles of each row's token [rows, pairs]. What lies
// behind the first 2 pairs of a head stays.
template <typename Number>
KERNEL rotate(const Number *x, const float *cosine, const float *sine, float direction, int width,
              int size, int pairs, Number *out) {
  const Number *in = x + row_start(width);
  Number *to = out + row_start(width);
  for (int i = first_column(); i < width; i += column_step()) {
    int place = i % size, pair = place % pairs;
    if (place >= 2 * pairs) {
      to[i] = in[i];
      continue;
    }
    // The other of the pair lies as far behind the first as before the second.
    bool is_first = place < pairs;
    float other = wide(in[is_first ? i + pairs : i - pairs]);
    float s = (is_first ? -direction : direction) * sine[row_start(pairs) + pair];
    put(to[i], wide(in[i]) * cosine[row_start(pairs) + pair] + other * s);
  }
}
