// Unix stream sockets in the file system: made without a moment in which a stranger could connect,
// and taken away again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "net/socket.h"

namespace interlock::net {

// UnixListener is a listening socket at a path, mode 0660. The file is removed with it, unless
// another has taken its place.
class UnixListener {
 public:
  // listen makes the socket. What a dead program left at `path` is replaced. Fails with the file
  // untouched: kState, where a living program listens there; kIo, with errno, else. `path` is at
  // most limits::kSocketPathBytesMax bytes long.
  static Result<std::unique_ptr<UnixListener>> listen(const std::string& path);
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  // group of the file: who may connect besides its owner.
  [[nodiscard]] gid_t group() const { return group_; }

  // take_fd gives the socket to an Acceptor, once. The listener goes on owning the file.
  [[nodiscard]] Fd take_fd() { return std::move(fd_); }

 private:
  UnixListener(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  Fd fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  gid_t group_ = 0;
};

// PeerIdentity is who is at the other end of a Unix socket, by the kernel's word: who connected it.
struct PeerIdentity {
  uid_t uid;
  gid_t gid;
  pid_t pid;
  std::vector<gid_t> groups;
};
Result<PeerIdentity> peer_identity(const SocketStream& stream);

// connect_unix connects to the socket at `path`, which may be of any length. The error carries
// errno. The descriptor is non-blocking.
Result<Fd> connect_unix(const std::string& path);

}  // namespace interlock::net
