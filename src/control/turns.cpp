#include "control/turns.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace interlock::control {

std::string names(const std::vector<Asker>& askers) {
  std::string all;
  for (const Asker& asker : askers) all += (all.empty() ? "" : ", ") + asker.name;
  return all;
}

bool Turns::want(Turn::Kind kind, Asker asker) {
  std::vector<Asker>& waiting = kind == Turn::Kind::kReload ? reload_ : compare_;
  const bool known =
      asker.ticket == 0 && std::any_of(waiting.begin(), waiting.end(),
                                       [](const Asker& other) { return other.ticket == 0; });
  if (known) return true;
  if (waiting.size() >= limits::kLoaderAskersMax) return false;
  waiting.push_back(std::move(asker));
  return true;
}

std::optional<Turn> Turns::next() {
  if (under_way_ || (reload_.empty() && compare_.empty())) return std::nullopt;
  under_way_ = true;
  if (!reload_.empty()) return Turn{Turn::Kind::kReload, std::exchange(reload_, {})};
  return Turn{Turn::Kind::kCompare, std::exchange(compare_, {})};
}

}  // namespace interlock::control
