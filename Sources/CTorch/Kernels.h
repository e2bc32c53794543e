// What our own loops on the CPU share: threads, vector instructions, small products.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

// A function with this attribute is compiled for several instruction sets, and the widest that the
// processor has is run. What it calls is to be CTORCH_INLINE, or it stays at the narrowest.
#if defined(__x86_64__) && defined(__linux__)
#define CTORCH_VECTORIZED \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CTORCH_VECTORIZED
#endif
#define CTORCH_INLINE inline __attribute__((always_inline))

namespace ctorch {

/// Runs task(0) ... task(count - 1) on ATen's threads, each as soon as a thread is free.
void in_parallel(int64_t count, const std::function<void(int64_t)> &task);

/// Runs body(0) ... body(count - 1), some rows at a time, on ATen's threads.
template <typename Body>
void over_rows(int64_t count, Body body) {
  constexpr int64_t piece = 16;
  in_parallel((count + piece - 1) / piece, [&](int64_t i) {
    for (int64_t row = i * piece; row < std::min(count, (i + 1) * piece); row++) body(row);
  });
}

/// e^x to two units in the last place, never 0: below -87 it stays at e^-87.
CTORCH_INLINE float exponential(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  constexpr float round = 12582912;  // 1.5 * 2^23: adding it leaves no fraction
  float n = (x * 1.44269504f + round) - round;
  float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // x - n log 2, with |r| <= log(2) / 2
  float y = 1.9875691500e-4f;  // the coefficients are those of Cephes' expf
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * r * r + r + 1;
  return y * std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);  // times 2^n
}

/// A matrix in memory: element (i, j) lies at data[i * row + j * column].
struct Strided {
  const float *data;
  int64_t row, column;
};

/// rows x (width of V) elements of a product, kept in registers over the whole sum.
template <int rows, typename V>
CTORCH_INLINE void product_tile(Strided a, const float *b, int64_t b_row, float *c, int64_t c_row,
                                int64_t inner, bool adds) {
  V sum[rows];
  for (int i = 0; i < rows; i++) {
    sum[i] = V{};
    if (adds) std::memcpy(&sum[i], c + i * c_row, sizeof(V));
  }
  for (int64_t k = 0; k < inner; k++) {
    V right;
    std::memcpy(&right, b + k * b_row, sizeof(V));
    for (int i = 0; i < rows; i++) sum[i] += a.data[i * a.row + k * a.column] * right;
  }
  for (int i = 0; i < rows; i++) std::memcpy(c + i * c_row, &sum[i], sizeof(V));
}

template <typename V>
CTORCH_INLINE void product_columns(Strided a, const float *b, int64_t b_row, float *c,
                                   int64_t c_row, int64_t rows, int64_t inner, bool adds) {
  int64_t i = 0;
  for (; i + 6 <= rows; i += 6) {
    Strided left{a.data + i * a.row, a.row, a.column};
    product_tile<6, V>(left, b, b_row, c + i * c_row, c_row, inner, adds);
  }
  for (; i < rows; i++) {
    Strided left{a.data + i * a.row, a.row, a.column};
    product_tile<1, V>(left, b, b_row, c + i * c_row, c_row, inner, adds);
  }
}

/// c = a b, or c += a b, for a small a [rows, inner] and b [inner, columns] with contiguous rows.
CTORCH_INLINE void small_product(Strided a, const float *b, int64_t b_row, float *c, int64_t c_row,
                                 int64_t rows, int64_t inner, int64_t columns, bool adds) {
  typedef float Wide __attribute__((vector_size(128)));
  typedef float Narrow __attribute__((vector_size(16)));
  int64_t j = 0;
  for (; j + 32 <= columns; j += 32) {
    product_columns<Wide>(a, b + j, b_row, c + j, c_row, rows, inner, adds);
  }
  for (; j + 4 <= columns; j += 4) {
    product_columns<Narrow>(a, b + j, b_row, c + j, c_row, rows, inner, adds);
  }
  for (; j < columns; j++) {
    product_columns<float>(a, b + j, b_row, c + j, c_row, rows, inner, adds);
  }
}

}  // namespace ctorch
