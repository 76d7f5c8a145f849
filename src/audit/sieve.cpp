#include "audit/sieve.h"

#include <algorithm>
#include <cstring>

#include "audit/format.h"
#include "audit/line.h"
#include "audit/log.h"
#include "base/time.h"

namespace interlock::audit {
namespace {

constexpr std::string_view kTimeStart = R"(,"time":")";
constexpr std::string_view kLineEnd = "\"}";
constexpr std::size_t kSeqDigitsMax = 20;

// A text that is written as it is: any other can be written in more than one way.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

// As text stands in a line, or at least its beginning.
std::string written(std::string_view name, const std::string& text) {
  const auto known = fields();
  const auto at = std::find_if(known.begin(), known.end(),
                               [&](const Field& each) { return each.name == name; });
  if (at == known.end() || at->type == FieldType::kNull || !is_plain(text)) return {};
  return at->type == FieldType::kString ? '"' + text + '"' : text;
}

bool contains(std::string_view line, std::string_view piece) {
  return memmem(line.data(), line.size(), piece.data(), piece.size()) != nullptr;
}

}  // namespace

Sieve::Sieve(const Filter& filter) : since_(filter.since), until_(filter.until) {
  const auto member = [](std::string_view name) { return '"' + std::string(name) + "\":"; };
  for (const auto& [name, text] : filter.equal) {
    pieces_.push_back(member(name) + written(name, text));
  }
  if (is_plain(filter.peer) && !filter.peer.empty()) pieces_.push_back(filter.peer);
  if (is_plain(filter.path_prefix) && !filter.path_prefix.empty()) {
    pieces_.push_back(member("path") + '"' + filter.path_prefix);
  }
}

bool Sieve::may_match(std::string_view line) const {
  const std::size_t time = line.substr(0, kLineStart.size() + kSeqDigitsMax + kTimeStart.size())
                               .find(kTimeStart, std::min(line.size(), kLineStart.size()));
  if (!line.starts_with(kLineStart) || !line.ends_with(kLineEnd) ||
      time == std::string_view::npos) {
    return true;
  }
  const std::string_view at = line.substr(time + kTimeStart.size(), utc_text({}).size());
  if ((!since_.empty() && at < since_) || (!until_.empty() && at > until_)) return false;
  return std::all_of(pieces_.begin(), pieces_.end(),
                     [&](const std::string& piece) { return contains(line, piece); });
}

}  // namespace interlock::audit
