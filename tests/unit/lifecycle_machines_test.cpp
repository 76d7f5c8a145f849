// Do the tables say one thing of everything, and does the page say what the tables say?
#include <fstream>
#include <set>
#include <sstream>

#include <boost/test/unit_test.hpp>

#include "lifecycle/machines_text.h"
#include "lifecycle_support.h"

using namespace interlock;
using namespace interlock::lifecycle;

BOOST_AUTO_TEST_SUITE(lifecycle_machines)

BOOST_AUTO_TEST_CASE(every_event_and_every_cause_has_its_rule) {
  for (std::size_t i = 0; i < kNumStageEvents; ++i) {
    BOOST_TEST(!rule_of(static_cast<StageEvent>(i)).name.empty());
  }
  std::set<Cause> causes;
  for (const CauseRule& rule : cause_rules()) causes.insert(rule.cause);
  BOOST_TEST(causes.size() == kNumCauses);
}

BOOST_AUTO_TEST_CASE(no_row_leaves_retired_and_only_people_reach_it) {
  for (const StageRow& row : stage_rows()) {
    BOOST_TEST((row.from != Stage::kRetired));
    BOOST_TEST((row.to != Stage::kRetired || rule_of(row.event).by_person));
  }
}

BOOST_AUTO_TEST_CASE(what_people_do_is_never_left_without_a_sentence) {
  for (const Stage stage : {Stage::kPending, Stage::kStaged, Stage::kActive}) {
    for (std::size_t i = 0; i < kNumStageEvents; ++i) {
      const EventRule& rule = rule_of(static_cast<StageEvent>(i));
      bool has_row = false;
      for (const StageRow& row : stage_rows()) {
        has_row = has_row || (row.from == stage && row.event == rule.event);
      }
      BOOST_TEST((has_row || !rule.by_person || !std::string_view(rule.refusal).empty()));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_page_shows_the_tables_as_they_are) {
  std::ifstream file(INTERLOCK_SOURCE_DIR "/src/lifecycle/MACHINES.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string block = "```\n" + stages_text() + "```\n";
  BOOST_TEST(page.str().find(block) != std::string::npos,
             "put this into src/lifecycle/MACHINES.md:\n"
                 << block);
}

BOOST_AUTO_TEST_CASE(the_text_fits_a_terminal) {
  std::istringstream text(stages_text());
  for (std::string line; std::getline(text, line);) BOOST_TEST(line.size() <= 100, line);
}

BOOST_AUTO_TEST_SUITE_END()
