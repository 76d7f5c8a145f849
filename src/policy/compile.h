// What the steps of compiling a configuration share. Internal to policy/.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/http.h"
#include "policy/config_text.h"
#include "policy/inventory_text.h"
#include "policy/load.h"

namespace interlock::policy {

// Unit is one configuration file.
struct Unit {
  std::string file;
  ConfigText text;
};

// Compiling is a Snapshot under construction and everything that is wrong with it.
class Compiling {
 public:
  Compiling(const FileAccess& files, WallTime now, Loaded& result)
      : files_(files), now_(now), result_(result) {}

  // The steps, in this order: a later one refers to names of the earlier ones. Each reports all it
  // finds and goes on.
  void compile_trusts(const Unit& unit);
  void compile_services(const Unit& unit);
  std::vector<Endpoint> service_endpoints(const config::Service& service, const Node& block);
  std::string health_path(const config::Service& service, const Node& block);
  void compile_service_tls(const Unit& unit, const config::Service& service, const Node& block,
                           Service& made);
  void compile_tiers(const Unit& unit);
  void compile_functions(const Unit& unit);
  void compile_quarantine(const std::deque<Unit>& units);
  void compile_settings(const std::deque<Unit>& units);
  void compile_listeners(const Unit& unit);
  void compile_inventory();
  void run_expects(const Unit& unit);

  // remember makes a file count for the snapshot's id, and lets it be compared with the disk.
  void remember(const std::string& path, std::string_view text);
  void remember_glob(const std::string& pattern);

  void error(const Position& at, std::string message, std::string hint = {});
  void warning(const Position& at, std::string message, std::string hint = {});

  // num_left_out counts the problems beyond limits::kConfigErrorsMax. One error is always kept, so
  // that what refuses a configuration is never lost among warnings.
  [[nodiscard]] std::size_t num_left_out() const { return num_left_out_; }

  std::shared_ptr<const Snapshot> finish();

 private:
  using Names = std::unordered_map<std::string, Position>;

  Snapshot& out() { return *snapshot_; }
  void add(Problem problem);
  [[nodiscard]] bool full() const;  // No further error will be kept.

  // read_file reads a file that is named at `at`, and reports where it cannot.
  std::optional<std::string> read_file(const std::string& path, const Position& at,
                                       std::size_t bytes_max);

  // require reports a missing or empty field of `block`; true where it is there.
  bool require(const Node& block, const char* field, const std::string& example);

  // duration reads a field of `block` that is there, and reports what is no duration.
  std::optional<Millis> duration(const Node& block, const char* field);
  Millis bounded(const Node& block, const char* field, Millis least, Millis most, Millis otherwise);

  // define notes a name, and reports one that is missing, malformed or taken; true where it is
  // good.
  bool define(Names& names, const char* kind, const Node& block, const std::string& name);
  void unknown_name(const Position& at, const char* kind, std::string_view name,
                    const Names& names);
  void unknown_name(const Position& at, const char* kind, std::string_view name,
                    std::vector<std::string_view> known);
  std::optional<Permit> compile_permit(const config::Function::Permit& permit, const Node& block);
  // Each part of a permit reports what is wrong with it; null or false where that is more than a
  // warning.
  const Service* permit_service(const config::Function::Permit& permit, const Node& block);
  bool compile_methods(const config::Function::Permit::Http& http, const Node& block, Permit& made);
  bool compile_path(const config::Function::Permit::Http& http, const Node& block, Permit& made);
  bool compile_path_regex(const config::Function::Permit::Http& http, const Node& block,
                          Permit& made);
  bool compile_body(const config::Function::Permit::Http& http, const Node& block, Permit& made);
  bool compile_upgrade(const config::Function::Permit::Http& http, const Node& block, Permit& made);
  bool compile_content_types(const config::Function::Permit::Http& http, const Node& block,
                             Permit& made);
  bool compile_rate(const config::Rate& rate, const Node& block, Permit& made);
  bool compile_essential(const config::Function::Permit& permit, const Node& block, Permit& made);
  void compile_assurance(const config::Function& function, const Node& block, Function& made);
  // compile_paths builds what matches the paths of all permits at once.
  void compile_paths(Function& function, const Node& block);
  [[nodiscard]] bool paths_may_intersect(const Permit& a, const Permit& b) const;
  [[nodiscard]] bool path_covers(const Permit& a, const Permit& b) const;
  // shadows says whether `a`, being first, is taken wherever `b` would be.
  [[nodiscard]] bool shadows(const Permit& a, const Permit& b) const;
  // check_permits holds the permits of one function against each other.
  void check_permits(const Function& function, const Names& permits);
  // The device and the operation of an expectation; nothing where it is not in order. The operation
  // views `http`, and has no path yet.
  const Device* expected_device(const config::Expect& expect, const Node& block);
  std::optional<HttpOperation> expected_operation(const config::Expect::Http& http,
                                                  const Node& block);
  void run_expect(const config::Expect& expect, const Node& block);
  void compile_metrics(const Node& given);
  // The trust of a service's tls block; null where it is not in order.
  std::shared_ptr<const pki::Trust> service_trust(const config::Service::Tls& tls,
                                                  const Node& block);
  // What the gateway shows to a service, if anything.
  std::optional<Certificate> shown_certificate(const Unit& unit, const config::Service::Tls& tls,
                                               const Node& block);
  void compile_admin(const Unit& unit, const Node& block);
  void compile_limits(const config::Limits& given, const Node& block);
  // Each reads a field of limits { }, if it is there, and reports what is out of bounds.
  std::optional<std::size_t> limit_count(const Node& block, const char* field, std::uint32_t given);
  void limit_size(const Node& block, const char* field, std::uint64_t least, std::uint64_t most,
                  std::uint64_t& into);
  void limit_time(const Node& block, const char* field, Millis most, Millis& into);
  void compile_audit(const Unit& unit, const Node& block);
  std::optional<Certificate> compile_certificate(const Unit& unit, const Node& block);
  void check_attributes(const Inventory& inventory, const InventoryRow& row,
                        const Function& function);
  void add_row(const Inventory& inventory, const InventoryRow& row);

  const FileAccess& files_;
  WallTime now_;
  Loaded& result_;
  std::size_t num_left_out_ = 0;
  std::shared_ptr<Snapshot> snapshot_ = std::make_shared<Snapshot>();
  Names trusts_, listeners_, services_, tiers_, functions_;
  std::unordered_map<std::string, PathRegex> regexes_;  // Key: its text.
  std::unordered_map<std::string, Device*> devices_;
  bool has_default_certificate_ = false;            // It is given, and perhaps wrong.
  std::optional<Certificate> default_certificate_;  // It is given and right.
  std::string inventory_file_;
  bool warned_of_sites_ = false;
  Position inventory_at_;
};

// name_hint says what a name must look like where `name` is none (is_path_name): names appear in
// headers, records and messages, and, by templates, in paths.
std::string name_hint(std::string_view name);

// resolve returns `path` as seen from the folder of `file`.
std::string resolve(const std::string& file, const std::string& path);

}  // namespace interlock::policy
