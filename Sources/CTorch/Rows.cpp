#include "Rows.h"

#include "Kernels.h"

using namespace ctorch;

namespace {

CTORCH_VECTORIZED void widen_all(const uint16_t *from, int64_t count, float *to) {
  for (int64_t i = 0; i < count; i++) {
    to[i] = std::bit_cast<float>(static_cast<uint32_t>(from[i]) << 16);
  }
}

CTORCH_VECTORIZED void round_all(const float *from, int64_t count, uint16_t *to) {
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits = std::bit_cast<uint32_t>(from[i]);
    uint32_t nearest = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    // Adding to the bits of what is not a number might make one of it.
    to[i] = static_cast<uint16_t>(from[i] == from[i] ? nearest : 0x7FC0);
  }
}

}  // namespace

const float *Source::read(int64_t place, int64_t count, Buffer &buffer) const {
  if (!is_short) return static_cast<const float *>(data) + place;
  float *wide = buffer.space(count);
  widen_all(static_cast<const uint16_t *>(data) + place, count, wide);
  return wide;
}

void Target::round(const float *wide, int64_t place, int64_t count) const {
  round_all(wide, count, static_cast<uint16_t *>(data) + place);
}
