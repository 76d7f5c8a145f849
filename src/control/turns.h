// Who waits for the loader, and what it does next: one thing at a time, for all who asked before it
// began.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace interlock::control {

// Asker is somebody who wants a reload. `ticket` is to be answered; 0: nobody waits for an answer.
struct Asker {
  std::string name;  // "SIGHUP", "uid 0 (pid 4711)".
  std::uint64_t ticket = 0;
};

// Turn is one piece of the loader's work.
struct Turn {
  enum class Kind : std::uint8_t {
    kReload,   // Load the configuration and put it in force.
    kCompare,  // Compare the disk with what runs.
  };
  Kind kind = Kind::kReload;
  std::vector<Asker> askers;
};

// names returns who asked: "SIGHUP, uid 0 (pid 4711)".
std::string names(const std::vector<Asker>& askers);

// Turns is used by the control thread.
class Turns {
 public:
  // want notes a wish. A second signal that waits adds nothing to the first. False, and nothing is
  // noted, where limits::kLoaderAskersMax wait already.
  [[nodiscard]] bool want(Turn::Kind kind, Asker asker);

  // next begins the next turn, reloads first; nothing while one is under way or nobody waits. Those
  // who come later have a turn of their own: the files may have changed after they were read.
  std::optional<Turn> next();

  // finished ends the turn that is under way.
  void finished() { under_way_ = false; }

  [[nodiscard]] bool under_way() const { return under_way_; }

 private:
  std::vector<Asker> reload_, compare_;
  bool under_way_ = false;
};

}  // namespace interlock::control
