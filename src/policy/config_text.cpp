// Reads one configuration file: tokens, tree, schema, message. Each stage reports all it can see.
#include "policy/config_text.h"

#include <utility>

#include "policy/text_check.h"

namespace interlock::policy {

std::optional<ConfigText> parse_config(std::string file, std::string_view text,
                                       std::vector<Problem>& problems) {
  Reporter report(std::move(file), problems);
  ConfigText out{{}, TextTree::parse(text, report)};
  if (out.tree.whole()) check_tree(*config::Config::descriptor(), out.tree, report);
  if (report.ok()) fill_message(out.tree, out.message, report);
  report.finish();
  if (!report.ok()) return std::nullopt;
  return out;
}

}  // namespace interlock::policy
