// Does what is proposed allow exactly what was refused? Method: operations that are refused are
// drawn, the proposal is put into the configuration as a person would paste it, and the decision is
// asked again, for this device and for another one.
#include "policy/propose.h"

#include <random>

#include <boost/test/unit_test.hpp>

#include "policy/describe.h"
#include "support/test_config.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

constexpr std::string_view kPermits = R"(
  permit { name: "readings" service: "historian"
           http { method: "POST" path: "/v1/devices/{device.id}/readings" max_body: "4KiB"
                  content_type: "application/json" } rate { limit: 2 per: "1s" burst: 10 } }
  permit { name: "status" service: "historian"
           http { method: "GET" method: "HEAD" path: "/v1/status" max_body: "0B" } }
  permit { name: "part" service: "mes" http { method: "GET" path: "/parts/*" } }
  permit { name: "files" service: "mes"
           http { method: "GET" path_regex: "/files/[a-z]+[.]csv" } }
  permit { name: "recipe" service: "mes"
           http { method: "GET" path: "/recipes/{device.id}" max_body: "0B" } }
)";

struct Question {
  std::string method, path, content_type;
  std::optional<std::uint64_t> body_bytes = 0;
  std::string upgrade = {};
  [[nodiscard]] HttpOperation operation() const {
    return {method, path, body_bytes, content_type, upgrade};
  }
};

// A plant of three devices: press-07 and press-08 of function "press", and oven-01 of "oven", which
// may do nothing.
class Plant {
 public:
  explicit Plant(std::string_view permits = kPermits) : permits_(permits) {}

  const Snapshot& snapshot() {
    if (snapshot_ == nullptr) {
      TestConfig config = plant_config();
      config.policy() =
          "service { name: \"mes\" endpoint: \"10.20.0.6:8080\" }\n"
          "function { name: \"oven\" }\nfunction { name: \"press\"" +
          permits_ + "}\n";
      config.inventory() =
          "device_id,function,identity_type,identity,trust,site,attr.line\n"
          "press-07,press,cn,press-07,plant,hall,3\npress-08,press,cn,press-08,plant,hall,4\n"
          "press-09,press,cn,press-09,plant,yard,5\noven-01,oven,cn,oven-01,plant,hall,\n";
      snapshot_ = snapshot_of(config);
    }
    return *snapshot_;
  }
  Facts facts(const std::string& device) {
    return {.device = *snapshot().device(device), .certificate_lifetime = {}};
  }
  Decision decide(const Question& question, const std::string& device = "press-07") {
    return policy::decide(facts(device), question.operation());
  }
  Proposal propose(const Question& question, const std::string& device = "press-07") {
    return policy::propose(snapshot(), facts(device), question.operation(),
                           decide(question, device));
  }
  std::string text(const Question& question, const std::string& device = "press-07") {
    return to_text(propose(question, device));
  }

  // with returns the plant in which somebody did what is proposed.
  [[nodiscard]] Plant with(const Proposal& proposal) const {
    if (proposal.kind == Proposal::Kind::kPermit)
      return Plant(permits_ + "  " + to_text(proposal) + "\n");
    std::string permits = permits_;
    const std::size_t permit = permits.find("\"" + proposal.nearest->name + "\"");
    const std::size_t http = permits.find("http {", permit) + 6;
    const std::string text = to_text(proposal);
    if (proposal.change == Difference::kBody) {
      const std::size_t size = permits.find("max_body", http);
      permits.erase(size, permits.find('"', permits.find('"', size) + 1) + 1 - size);
    }
    const std::size_t field = text.find(' ') + 1;
    permits.insert(http, " " + text.substr(field, text.find('"', text.find('"') + 1) + 1 - field));
    return Plant(permits);
  }

 private:
  std::string permits_;
  std::shared_ptr<const Snapshot> snapshot_;
};

class Drawing {
 public:
  explicit Drawing(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t n) { return engine_() % n; }
  std::string one_of(std::initializer_list<const char*> words) {
    return words.begin()[below(words.size())];
  }
  Question question() {
    Question drawn{
        one_of({"GET", "POST", "PUT", "DELETE"}),
        one_of({"/v1/devices/press-07/readings", "/v1/devices/press-08/readings", "/v1/status",
                "/v1/status/", "/v1", "/", "/parts/7", "/parts/", "/files/a.csv", "/files/A.csv",
                "/recipes/press-07", "/lines/3/hall", "/lines/4", "/a%20b/c'd", "/parts/7/image"}),
        one_of({"application/json", "text/csv; header=x", "", "json"})};
    constexpr std::optional<std::uint64_t> kBodies[] = {0, 0, 1, 4096, 4097, 5'000'000, {}};
    drawn.body_bytes = kBodies[below(std::size(kBodies))];
    return drawn;
  }

 private:
  std::mt19937 engine_;
};

// The path of another device that asks for the same of itself.
std::string respelt(std::string path, std::string_view from, std::string_view to) {
  const std::size_t at = path.find(from);
  return at == std::string::npos ? path : path.replace(at, from.size(), to);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(propose_permit)

BOOST_AUTO_TEST_CASE(the_smallest_permit_names_exactly_what_was_asked) {
  Plant plant;
  BOOST_TEST(plant.text({"GET", "/v1/devices/press-07/alarms", "", 0}) ==
             R"(permit { name: "get-alarms" service: "historian" http { method: "GET" )"
             R"(path: "/v1/devices/{device.id}/alarms" max_body: "0B" } })");
  BOOST_TEST(plant.text({"PUT", "/lines/3/hall/x", "Application/JSON; a=b", 12}) ==
             R"(permit { name: "put-x" service: "mes" http { method: "PUT" )"
             R"(path: "/lines/{device.line}/{device.site}/x" content_type: "application/json" )"
             R"(max_body: "1KiB" } })");
}

BOOST_AUTO_TEST_CASE(a_permit_that_is_nearly_the_same_is_changed) {
  Plant plant;
  const std::string readings = "/v1/devices/press-07/readings";
  BOOST_TEST(plant.text({"POST", readings, "application/json", 5000}) ==
             "write max_body: \"8KiB\" in the http block of permit \"readings\"");
  BOOST_TEST(plant.text({"POST", readings, "text/csv", 50}) ==
             "add content_type: \"text/csv\" to the http block of permit \"readings\"");
  BOOST_TEST(plant.text({"DELETE", "/v1/status", "", 0}) ==
             "add method: \"DELETE\" to the http block of permit \"status\"");
  // More than one thing would have to change, or more than was asked would be allowed with it; and
  // what is nearly a permit keeps its rate.
  BOOST_TEST(plant.text({"PUT", readings, "text/csv", 5000}) ==
             R"(permit { name: "put-readings" service: "historian" http { method: "PUT" )"
             R"(path: "/v1/devices/{device.id}/readings" content_type: "text/csv" )"
             R"(max_body: "8KiB" } rate { limit: 2 per: "1s" burst: 10 } })");
  BOOST_TEST(plant.text({"PUT", "/parts/7", "", 0}) ==
             R"(permit { name: "put-7" service: "mes" http { method: "PUT" path: "/parts/7" )"
             R"(max_body: "0B" } })");
}

BOOST_AUTO_TEST_CASE(an_upgrade_is_added_or_gets_a_permit_of_its_own) {
  Plant plant;
  const auto asked = [](std::string path, std::string upgrade) {
    return Question{"GET", std::move(path), "", 0, std::move(upgrade)};
  };
  BOOST_TEST(plant.text(asked("/recipes/press-07", "WebSocket")) ==
             "add upgrade: \"websocket\" to the http block of permit \"recipe\"");
  BOOST_TEST(plant.text(asked("/v1/status", "websocket")) ==
             R"(permit { name: "get-status" service: "historian" http { method: "GET" )"
             R"(path: "/v1/status" max_body: "0B" upgrade: "websocket" } })");
  for (const Question& question : {asked("/recipes/press-07", "mqtt"), asked("/v1/status", "a"),
                                   asked("/v1/live", "websocket")}) {
    Plant after = plant.with(plant.propose(question));
    BOOST_TEST(after.decide(question).allowed());
    BOOST_TEST(!after.decide(asked(question.path, "other")).allowed());
  }
  for (const Question& question :
       {asked("/v1/status", "h2c"), asked("/v1/status", ","),
        Question{"GET", "/v1/new", "", 3, "websocket"}, Question{"PUT", "/v1/new", "", 0, "a"}})
    BOOST_TEST((plant.propose(question).kind == Proposal::Kind::kNone));
}

BOOST_AUTO_TEST_CASE(where_no_permit_would_help_it_says_what_would) {
  Plant plant;
  const auto note = [&](const Question& question, const std::string& device = "press-07") {
    BOOST_TEST(plant.text(question, device).empty());
    return plant.propose(question, device).note;
  };
  BOOST_TEST(note({"GET", "/v1/status", "", 0}, "press-09") ==
             "no permit would help. " + std::string(what_to_do(Reason::wrong_site)));
  BOOST_TEST(note({"get", "/v1/status", "", 0}) ==
             "no permit can name this method: correct the client");
  BOOST_TEST(note({"GET", "/other/*", "", 0}) ==
             "no path of a permit can name exactly this one: correct the client");
  BOOST_TEST(note({"GET", "other", "", 0}) ==
             "no path of a permit can name exactly this one: correct the client");
  BOOST_TEST(note({"POST", "/v1/devices/press-07/readings", "json", 5}) ==
             "let the client send one well-formed Content-Type: application/json");
  Decision limited{.reason = Reason::rate_limited,
                   .permit = &plant.snapshot().function("press")->permits.at(2),
                   .difference = Difference::kRate,
                   .wait_ms = 340};
  BOOST_TEST(limited.permit->name == "readings");
  BOOST_TEST(propose(plant.snapshot(), plant.facts("press-07"), {}, limited).note ==
             "no other permit is needed: wait 340 ms, or raise the rate of 2 per 1s, burst 10");
  for (const Reason reason : {Reason::attestation_required, Reason::assurance_too_low,
                              Reason::unknown_device, Reason::overloaded}) {
    BOOST_TEST(propose(plant.snapshot(), plant.facts("press-07"), {}, {.reason = reason}).note ==
               "no permit would help. " + std::string(what_to_do(reason)));
  }
}

BOOST_AUTO_TEST_CASE(whoever_asks_for_another_device_is_warned_about) {
  Plant plant;
  const Proposal proposal =
      plant.propose({"POST", "/v1/devices/press-08/readings", "application/json", 5});
  BOOST_TEST(proposal.path == "/v1/devices/press-08/readings");
  BOOST_TEST(proposal.note ==
             "\"press-08\" is another device: every device of function \"press\" could then act "
             "for it; rather let the client use its own name");
}

// One path never has two services: what may be covered by a permit already goes where that goes.
BOOST_AUTO_TEST_CASE(the_service_is_one_that_the_configuration_accepts) {
  Plant plant(R"(
    permit { name: "a" service: "mes" http { method: "GET" path: "/d/foo/x" } }
    permit { name: "b" service: "historian" http { method: "GET" path: "/d/{device.id}/y" } })");
  const Question question{"GET", "/d/press-07/x", "", 0};
  BOOST_TEST(plant.decide(question).permit->name == "b");
  BOOST_TEST(plant.propose(question).service->name == "mes");
  BOOST_TEST(plant.with(plant.propose(question)).decide(question).allowed());

  Plant three(R"(
    permit { name: "a" service: "mes" http { method: "GET" path: "/d/foo/x" } }
    permit { name: "c" service: "historian" http { method: "GET" path: "/d/bar/x" } })");
  BOOST_TEST(three.propose(question).note ==
             "permits on two services stand close to this path: only a person can say where it "
             "belongs");
}

BOOST_AUTO_TEST_CASE(a_function_without_permits_cannot_know_its_service) {
  Plant plant;
  const Proposal proposal = plant.propose({"GET", "/v1/status", "", 0}, "oven-01");
  BOOST_TEST(to_text(proposal) ==
             R"(permit { name: "get-status" service: "..." http { method: "GET" )"
             R"(path: "/v1/status" max_body: "0B" } })");
  BOOST_TEST(proposal.note == "write the name of the service in place of \"...\"");
}

BOOST_AUTO_TEST_CASE(names_are_new_and_are_names) {
  Plant plant(R"(permit { name: "get-a" service: "mes" http { method: "GET" path: "/b" } }
                 permit { name: "get-a-2" service: "mes" http { method: "GET" path: "/c" } })");
  BOOST_TEST(plant.propose({"GET", "/a", "", 0}).name == "get-a-3");
  BOOST_TEST(plant.propose({"GET", "/", "", 0}).name == "get");
  BOOST_TEST(plant.propose({"GET", "/press-07", "", 0}).name == "get");
  BOOST_TEST(plant.propose({"GET", "/a%20b", "", 0}).name == "get-a-20b");
  const Question longest{"GET", "/" + std::string(500, 'n'), "", 0};
  BOOST_TEST(plant.with(plant.propose(longest)).decide(longest).allowed());
}

BOOST_AUTO_TEST_CASE(sizes_are_round_and_large_enough) {
  Plant plant;
  const std::pair<std::optional<std::uint64_t>, std::uint64_t> cases[] = {{0, 0},
                                                                          {1, 1024},
                                                                          {1024, 1024},
                                                                          {1025, 2048},
                                                                          {{}, 65'536},
                                                                          {1 << 20, 1 << 20},
                                                                          {(1 << 20) + 1, 2 << 20},
                                                                          {UINT64_MAX, UINT64_MAX}};
  for (const auto& [bytes, room] : cases)
    BOOST_TEST(plant.propose({"PUT", "/new", "", bytes}).body_bytes_max == room);
}

BOOST_AUTO_TEST_CASE(what_is_proposed_allows_what_was_refused_and_nothing_else) {
  constexpr unsigned kSeed = 20261126;
  constexpr int kQuestions = 120;
  Drawing draw(kSeed);
  Plant before;
  int num_permits = 0, num_changes = 0;
  for (int round = 0; round < kQuestions; ++round) {
    const Question asked = draw.question();
    BOOST_TEST_CONTEXT("seed " << kSeed << " round " << round << ": " << asked.method << " "
                               << asked.path << " " << asked.content_type) {
      if (before.decide(asked).allowed()) continue;
      const Proposal proposal = before.propose(asked);
      if (proposal.kind == Proposal::Kind::kNone) {
        BOOST_TEST(!proposal.note.empty());
        continue;
      }
      const bool change = proposal.kind == Proposal::Kind::kChange;
      (change ? num_changes : num_permits) += 1;
      Plant after = before.with(proposal);
      BOOST_TEST(after.decide(asked).allowed());
      for (int other = 0; other < 60; ++other) {
        const Question question = draw.question();
        const std::string device = draw.one_of({"press-07", "press-08", "press-09", "oven-01"});
        const bool was = before.decide(question, device).allowed();
        const bool is = after.decide(question, device).allowed();
        BOOST_TEST((is || !was));
        if (is == was) continue;
        // Whatever is allowed now, the text names: this method, and this path or, for another
        // device, its own; a body of the kind and up to the size that is written.
        BOOST_TEST((device == "press-07" || device == "press-08"));
        BOOST_TEST(question.method == asked.method);
        BOOST_TEST((question.path == asked.path ||
                    (proposal.path != asked.path &&
                     (question.path == respelt(asked.path, "press-07", device) ||
                      question.path == respelt(asked.path, "/3", "/4")))));
        if (!change) {
          BOOST_TEST(question.body_bytes.value_or(0) <= proposal.body_bytes_max);
          BOOST_TEST((!question.operation().has_body() || proposal.content_type.empty() ||
                      question.content_type.starts_with(proposal.content_type)));
        }
      }
    }
  }
  BOOST_TEST(num_permits > 20);
  BOOST_TEST(num_changes > 5);
}

BOOST_AUTO_TEST_SUITE_END()
