// The plaintext service behind the servers that are measured: so cheap that it is no bottleneck.
#pragma once

#include <cstdint>

namespace interlock::bench {

// serve answers HTTP/1.1 on 127.0.0.1:`port` until the process is ended: "/bulk/BYTES" with so many
// bytes, everything else with a small JSON body. It takes bodies with a Content-Length, and keeps
// connections. Throws where it cannot listen.
[[noreturn]] void serve(std::uint16_t port);

}  // namespace interlock::bench
