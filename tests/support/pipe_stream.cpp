#include "support/pipe_stream.h"

#include <algorithm>

namespace interlock::test {

using port::IoResult;
using port::IoState;

IoResult PipeStream::read(std::span<std::uint8_t> into) {
  Flow& flow = *in_;
  if (flow.cut) return {IoState::kFailed, 0};
  if (flow.bytes.empty() && flow.ended) return {IoState::kEof, 0};
  const std::size_t len =
      std::min({into.size(), flow.bytes.size(), flow.allowance, flow.bytes_per_call});
  if (len == 0) return {IoState::kBlocked, 0};
  std::copy_n(flow.bytes.begin(), len, into.begin());
  flow.bytes.erase(0, len);
  if (flow.allowance != Flow::kNoLimit) flow.allowance -= len;
  flow.bytes_read += len;
  return {IoState::kProgress, len};
}

IoResult PipeStream::write(std::span<const std::uint8_t> from) {
  Flow& flow = *out_;
  if (flow.cut || flow.ended) return {IoState::kFailed, 0};
  const std::size_t room = flow.room - std::min(flow.room, flow.bytes.size());
  const std::size_t len = std::min({from.size(), room, flow.bytes_per_call});
  if (len == 0) return {IoState::kBlocked, 0};
  flow.bytes.append(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(len));
  flow.bytes_written += len;
  return {IoState::kProgress, len};
}

}  // namespace interlock::test
