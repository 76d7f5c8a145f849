// What the steps of compiling a configuration share. Internal to policy/.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

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
  void compile_tiers(const Unit& unit);
  void compile_functions(const Unit& unit);
  void compile_settings(const std::deque<Unit>& units);
  void compile_listeners(const Unit& unit);
  void compile_inventory();
  void run_expects(const Unit& unit);

  // read_file reads a file that a field of `unit` names, and reports where it cannot.
  std::optional<std::string> read_file(const Unit& unit, const Node* field, std::size_t bytes_max);

  void error(const Position& at, std::string message, std::string hint = {});
  void warning(const Position& at, std::string message, std::string hint = {});

  // require reports a missing or empty field of `block`; true where it is there.
  bool require(const Node& block, const char* field, const std::string& example);

  Snapshot& out() { return *snapshot_; }
  std::shared_ptr<const Snapshot> finish();

 private:
  using Names = std::unordered_map<std::string, Position>;

  // define notes a name, and reports one that is missing, malformed or taken; true where it is
  // good.
  bool define(Names& names, const char* kind, const Node& block, const std::string& name);
  void unknown_name(const Node* field, const char* kind, const std::string& name,
                    const Names& names);
  std::optional<Permit> compile_permit(const config::Function::Permit& permit, const Node& block);
  void check_overlaps(const Function& function, const Node& block);
  std::optional<Certificate> compile_certificate(const Unit& unit,
                                                 const config::Certificate& certificate,
                                                 const Node& block);
  void check_attributes(const Inventory& inventory, const InventoryRow& row,
                        const Function& function);
  void add_row(const Inventory& inventory, const InventoryRow& row);

  const FileAccess& files_;
  WallTime now_;
  Loaded& result_;
  std::shared_ptr<Snapshot> snapshot_ = std::make_shared<Snapshot>();
  std::string contents_;  // Digest input: every file, so that the snapshot's id names them all.
  Names trusts_, listeners_, services_, tiers_, functions_;
  std::unordered_map<std::string, Device*> devices_;
  std::unordered_map<std::string, Position> identities_;
  std::optional<Certificate> default_certificate_;
  std::string inventory_file_;
  Position inventory_at_;
};

// resolve returns `path` as seen from the folder of `file`.
std::string resolve(const std::string& file, const std::string& path);

}  // namespace interlock::policy
