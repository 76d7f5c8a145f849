// What the tests of the state database share: a folder of its own, facts that use every field, and
// opening with what went wrong.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include <boost/test/unit_test.hpp>
#include <sqlite3.h>

#include "base/limits.h"
#include "store/sqlite_store.h"

namespace interlock::store {

using port::Change;
using port::Marks;
using port::State;
using port::StoreFault;

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(std::filesystem::file_size(path), '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  return content;
}
inline void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  std::filesystem::permissions(path, std::filesystem::perms(0600));
}

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "store-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] std::string database() const { return *this / "state.db"; }
  [[nodiscard]] bool has(const std::string& name) const {
    return std::filesystem::exists(*this / name);
  }

  // files are all of them with their content.
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      all[entry.path().filename().string()] = content_of(entry.path().string());
    }
    return all;
  }
  void become(const std::map<std::string, std::string>& files) const {
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      std::filesystem::remove(entry.path());
    }
    for (const auto& [name, content] : files) write_file(*this / name, content);
  }

 private:
  std::string path_;
};

inline std::unique_ptr<SqliteStore> must_open(const TempFolder& folder) {
  auto opened = SqliteStore::open(folder.path());
  if (!opened) BOOST_FAIL(opened.error().message);
  return std::move(*opened);
}
inline State must_load(SqliteStore& store) {
  auto state = store.load();
  if (!state) BOOST_FAIL(state.error().message);
  return std::move(*state);
}
inline std::uint64_t must_commit(SqliteStore& store, const Change& change) {
  const auto epoch = store.commit(change);
  if (!epoch) BOOST_FAIL(epoch.error().message);
  return *epoch;
}

// check_fault: the operation failed in this way, and the message names `file` and says `what`.
template <class T>
void check_fault(const port::StoreResult<T>& result, StoreFault fault, const std::string& file,
                 const std::string& what) {
  BOOST_REQUIRE(!result.has_value());
  BOOST_TEST((result.error().fault == fault), result.error().message);
  BOOST_TEST(result.error().message.find(file) == 0U, result.error().message);
  BOOST_TEST(result.error().message.find(what) != std::string::npos, result.error().message);
}

// sql runs statements on a database that no store has open, as a stranger would.
inline void sql(const std::string& path, const std::string& statements) {
  sqlite3* database = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  char* error = nullptr;
  BOOST_REQUIRE_MESSAGE(
      sqlite3_exec(database, statements.c_str(), nullptr, nullptr, &error) == SQLITE_OK, error);
  sqlite3_close(database);
}

constexpr WallTime kNow{1795343614123};

// plain_facts are those of a device about which little is known; full_facts use every field.
inline SubjectFacts plain_facts(const std::string& id) {
  SubjectFacts facts;
  facts.subject = {SubjectKind::kDevice, id};
  facts.stage = Stage::kActive;
  facts.stage_since = facts.soak_since = kNow;
  return facts;
}
inline SubjectFacts full_facts(const std::string& id, std::uint64_t first_grant) {
  SubjectFacts facts = plain_facts(id);
  facts.subject.kind = SubjectKind::kAsset;
  facts.stage = Stage::kStaged;
  facts.frozen = true;
  facts.soak_since = {-62167219200000};
  for (const Cause cause : kCauses) {
    facts.causes.push_back({cause, kNow, std::nullopt, "", ""});
  }
  facts.causes.back().until = kDistantFuture;
  facts.causes.back().evidence = "Überprüft: \u5b89\u5168 \U0001F512 'quoted' \"twice\"; --\n";
  facts.causes.back().by = "jörg";
  for (std::uint64_t n = 0; n < limits::kGrantsPerSubjectMax; ++n) {
    facts.grants.push_back({first_grant + n, "press-maint", kNow, {kNow.ms + 1}, "belt", "ann"});
  }
  facts.grace = {kNow, 4'294'967'295U};
  facts.attested = Attested{kNow, {kNow.ms + 1}, 3, ""};
  facts.replaced_by = "press-08";
  return facts;
}
inline Action act(const std::string& id, const std::string& reason) {
  return {kNow, "ann", 4'294'967'295U, "quarantine", {SubjectKind::kDevice, id}, reason, "Shut."};
}

}  // namespace interlock::store
