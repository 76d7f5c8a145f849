// The contract of every wire codec under src/wire: bytes in, events out, no I/O, no callbacks.
//
// A decoder never holds input. The caller owns one contiguous buffer per direction and calls
// `decode(input, eof)` with everything it has not yet seen consumed; the decoder answers with one
// event and how many bytes of `input` it used. Views inside an event point into `input` (or into
// the decoder) and are valid until the next call or until the buffer changes: whoever keeps,
// copies. The caller drops the consumed bytes (there may be some with every event, `NeedMore`
// included) and calls again, until it gets `NeedMore`; then it reads more and calls with the longer
// buffer. A decoder that has failed fails for ever. It never asks for more bytes than its limits
// allow to be buffered.
#pragma once

#include <cstddef>

namespace interlock {

// NeedMore says that the input is fine so far and incomplete.
struct NeedMore {};

template <class Event>
struct Decoded {
  Event event;
  std::size_t consumed = 0;
};

}  // namespace interlock
