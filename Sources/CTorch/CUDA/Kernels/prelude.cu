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

/// Where the row of a block begins, of rows of that width.
DEVICE int64 row_start(int width) { return static_cast<int64>(blockIdx.x) * width; }

/// The columns of a thread, where several blocks share a row: `gridDim.y` of them.
DEVICE int first_column() { return blockIdx.y * blockDim.x + threadIdx.x; }
DEVICE int column_step() { return gridDim.y * blockDim.x; }
