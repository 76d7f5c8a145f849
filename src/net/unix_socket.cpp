#include "net/unix_socket.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"

namespace interlock::net {
namespace {

constexpr int kBacklog = 16;
constexpr mode_t kMode = 0660;

static_assert(limits::kSocketPathBytesMax < sizeof sockaddr_un{}.sun_path);

tl::unexpected<Error> failed(const char* what, int sys = errno) {
  return fail(Errc::kIo, Origin::kEnvironment, what, sys);
}

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() > limits::kSocketPathBytesMax) return std::nullopt;
  std::copy(path.begin(), path.end(), address.sun_path);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

Fd stream_socket() { return Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

// Removes what is at `path` if it is a socket on which nobody listens any more.
Status remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat about {};
  if (lstat(path.c_str(), &about) != 0) return failed("cannot look at what is there");
  if (!S_ISSOCK(about.st_mode)) {
    return failed("something else than a socket is there: remove it, or choose another path", 0);
  }
  const Fd probe = stream_socket();
  if (!probe.valid()) return failed("cannot open a socket");
  if (connect(probe.get(), generic(address), sizeof address) == 0 || errno != ECONNREFUSED) {
    return fail(Errc::kState, Origin::kEnvironment,
                "another program listens there: is a gateway running already?");
  }
  if (unlink(path.c_str()) != 0) return failed("cannot remove what a dead gateway left there");
  return Ok{};
}

}  // namespace

Result<std::unique_ptr<UnixListener>> UnixListener::listen(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return failed("the path is too long", ENAMETOOLONG);
  Fd fd = stream_socket();
  if (!fd.valid()) return failed("cannot open a socket");
  if (bind(fd.get(), generic(*address), sizeof *address) != 0) {
    if (errno != EADDRINUSE) return failed("cannot make it (its folder must exist)");
    IL_TRY(remove_stale(path, *address));
    if (bind(fd.get(), generic(*address), sizeof *address) != 0) return failed("cannot make it");
  }
  // Nobody can connect before listen(), so the mode holds from the first connection on.
  std::unique_ptr<UnixListener> made(new UnixListener(path, std::move(fd)));
  struct stat about {};
  if (lstat(path.c_str(), &about) != 0) return failed("cannot look at it");
  made->device_ = about.st_dev;
  made->inode_ = about.st_ino;
  made->group_ = about.st_gid;
  if (chmod(path.c_str(), kMode) != 0) return failed("cannot set its mode");
  if (::listen(made->fd_.get(), kBacklog) != 0) return failed("cannot listen on it");
  return made;
}

UnixListener::~UnixListener() {
  struct stat about {};
  const bool ours = lstat(path_.c_str(), &about) == 0 && about.st_dev == device_ &&
                    about.st_ino == inode_ && S_ISSOCK(about.st_mode);
  if (ours) unlink(path_.c_str());
}

Result<PeerIdentity> peer_identity(const SocketStream& stream) {
  ucred who{};
  socklen_t len = sizeof who;
  if (getsockopt(stream.fd(), SOL_SOCKET, SO_PEERCRED, &who, &len) != 0) {
    return failed("cannot ask who connected");
  }
  PeerIdentity identity{.uid = who.uid, .gid = who.gid, .pid = who.pid, .groups = {}};
  constexpr std::size_t kUsual = 64;
  identity.groups.resize(kUsual);
  for (int attempts = 0; attempts < 2; ++attempts) {
    len = static_cast<socklen_t>(identity.groups.size() * sizeof(gid_t));
    const bool got =
        getsockopt(stream.fd(), SOL_SOCKET, SO_PEERGROUPS, identity.groups.data(), &len) == 0;
    if (!got && errno != ERANGE) return failed("cannot ask for the groups of who connected");
    identity.groups.resize(len / sizeof(gid_t));  // What there is, or what there would have been.
    if (got) return identity;
  }
  return failed("cannot ask for the groups of who connected");
}

Result<Fd> connect_unix(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return failed("the path is too long", ENAMETOOLONG);
  Fd fd = stream_socket();
  if (!fd.valid()) return failed("cannot open a socket");
  if (connect(fd.get(), generic(*address), sizeof *address) != 0) return failed("cannot connect");
  return fd;
}

}  // namespace interlock::net
