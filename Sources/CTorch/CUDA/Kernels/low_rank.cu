// The two products of a low-rank adapter, in which a trained matrix is float32: its element (k, i)
// lies at data[k * row + i * column].
struct Matrix {
  const float *data;
  int64 row, column;
};

/// scale * dropout(x) A' for rows x [width] and A [rank, width]: a block a row.
template <typename Number>
KERNEL low_rank_down(const Number *x, Matrix a, float scale, Dropout dropout, int width, int rank,
                     Number *out) {
  constexpr int some = 8;  // sums that a thread takes at a time
  const Number *in = x + row_start(width);
  for (int first = 0; first < rank; first += some) {
    float sums[some] = {};
    int count = rank - first < some ? rank - first : some;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
      float kept = wide(in[i]) * dropout.factor(row_start(width) + i);
      for (int k = 0; k < count; k++) {
        sums[k] += kept * a.data[(first + k) * a.row + i * a.column];
      }
    }
    for (int k = 0; k < count; k++) {
      float sum = block_sum(sums[k]);
      if (threadIdx.x == 0) put(out[row_start(rank) + first + k], scale * sum);
    }
  }
}

/// dropout(x B') for rows x [rank] and B [width, rank].
template <typename Number>
KERNEL low_rank_up(const Number *x, Matrix b, Dropout dropout, int width, int rank, Number *out) {
  const Number *in = x + row_start(rank);
  for (int i = first_column(); i < width; i += column_step()) {
    float sum = 0;
    for (int k = 0; k < rank; k++) sum += wide(in[k]) * b.data[i * b.row + k * b.column];
    put(out[row_start(width) + i], sum * dropout.factor(row_start(width) + i));
  }
}
