// What all kernels share. Compiled at run time by NVRTC, and in the tests as C++, where a few
// threads of the processor stand for those of a block: any power of two of them gives the same.
#ifdef __CUDACC_RTC__
#define KERNEL __global__ void
#define DEVICE __device__ inline
#define SHARED __shared__
#endif

typedef long long int64;
typedef unsigned long long uint64;

/// The most threads of a block.
constexpr int most_threads = 256;

/// The upper 16 bits of a float32.
struct bfloat16 {
  unsigned short bits;
};

DEVICE float wide(float x) { return x; }
DEVICE float wide(bfloat16 x) {
  return __builtin_bit_cast(float, static_cast<unsigned>(x.bits) << 16);
}

/// Rounded to the nearest, halves to even.
DEVICE void put(float &to, float x) { to = x; }
DEVICE void put(bfloat16 &to, float x) {
  unsigned bits = __builtin_bit_cast(unsigned, x);
  bool is_nan = (bits & 0x7fffffff) > 0x7f800000;
  to.bits = is_nan ? 0x7fc0 : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

/// The sum of each thread's x, for all threads of the block.
DEVICE float block_sum(float x) {
  SHARED float sums[most_threads];
  __syncthreads();  // the sum before has been read
  sums[threadIdx.x] = x;
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
  }
  __syncthreads();
  return sums[0];
}

/// Whether elements are set to zero or scaled: element i takes 16 bits of SplitMix64's output number
/// i / 4, as on the processor, so that a seed means the same mask everywhere.
struct Dropout {
  uint64 seed;
  unsigned threshold;  // below it the bits mean zero
  float scale;

  DEVICE uint64 bits(int64 number) const {
    uint64 bits = seed + (static_cast<uint64>(number) + 1) * 0x9E3779B97F4A7C15;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
    return bits ^ (bits >> 31);
  }
  DEVICE float factor_of(uint64 bits) const { return (bits & 0xffff) >= threshold ? scale : 0.0f; }
  DEVICE float factor(int64 i) const { return factor_of(bits(i / 4) >> (i % 4 * 16)); }
};

/// Where the row of a block begins, of rows of that width.
DEVICE int64 row_start(int width) { return static_cast<int64>(blockIdx.x) * width; }

/// The elements of a thread, where blocks share a vector: `gridDim.x` of them.
DEVICE int64 first_element() { return static_cast<int64>(blockIdx.x) * blockDim.x + threadIdx.x; }
DEVICE int64 element_step() { return static_cast<int64>(gridDim.x) * blockDim.x; }

/// The columns of a thread, where several blocks share a row: `gridDim.y` of them.
DEVICE int first_column() { return blockIdx.y * blockDim.x + threadIdx.x; }
DEVICE int column_step() { return gridDim.y * blockDim.x; }
