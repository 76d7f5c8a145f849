// What holds in every world, and how a world is brought to its end.
#include <charconv>

#include <fmt/format.h>

#include "sim/storm.h"

namespace interlock::sim {
namespace {

// Retries send a request twice under one tag; each tag needs one record of its own, before it.
void check_audited_first(World& world) {
  std::map<std::string, std::size_t> allowed, forwarded;
  std::set<std::string> tags;
  std::size_t num_allowed = 0, num_dialed = 0;
  for (const std::string& line : world.ledger.trail) {
    const std::string operation =
        line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1);
    if (line.starts_with("allow ")) {
      ++allowed[operation];
      ++num_allowed;
    }
    if (line.starts_with("dial ")) ++num_dialed;
    world.ledger.must(num_dialed <= 2 * num_allowed, "dialed without a record");
    if (line.starts_with("head ") && tags.insert(line.substr(line.rfind(' '))).second)
      ++forwarded[operation];
    world.ledger.must(forwarded[operation] <= allowed[operation],
                      "forwarded without a record: " + line);
  }
}

void check_refusals(World& world) {
  std::map<std::string, std::size_t> records;
  std::size_t num_counted = 0;
  std::map<std::uint64_t, std::size_t> connections;  // Refused or cut as a whole, by session.
  for (const Entry& entry : world.audit.entries) {
    if (entry.event == AuditEvent::kHandshake)
      world.ledger.must(++connections[entry.session] == 1, "two records of one refused connection");
    if (entry.reason == Reason::kNone) continue;
    if (entry.event == AuditEvent::kRefusalsCounted) {
      num_counted += entry.suppressed;
      records.try_emplace(entry.denial_id, 0);
      continue;
    }
    world.ledger.must(entry.denial_id.size() == 32, "a refusal without an id");
    world.ledger.must(++records[entry.denial_id] == 1, "two records of one refusal");
  }
  std::size_t missing = 0;
  std::uint64_t session = 0;
  for (const FakeClient& client : world.clients) {
    if (connections[++session] == 0 && client.alert) ++missing;
    for (const Message& answer : client.answers()) {
      if (!answer.whole || answer.member("reason").empty()) continue;
      world.ledger.must(!answer.member("denial_id").empty(), "a denial has an id");
      world.ledger.must(records.contains(answer.member("denial_id")),
                        "a denial id without a record");
    }
  }
  world.ledger.must(missing <= num_counted, "a refusal without a record");
  world.ledger.must(num_counted == world.context.meter.refusals_counted.value(),
                    "refusals counted and not on record");
}

void check_answer(World& world, const FakeClient& client, const Message& answer,
                  std::size_t number) {
  const std::string& tag = client.tags.at(number);
  if (!answer.whole) {
    world.ledger.must(!client.finished, "a clean end of half an answer to " + tag);
  } else if (!answer.is_problem()) {
    world.ledger.must(answer.field("X-Tag") == tag,
                      fmt::format("{} got the answer to {}", tag, answer.field("X-Tag")));
    world.ledger.must(client.methods[number] == "HEAD" || answer.body == tagged_body(tag),
                      "not the whole answer to " + tag);
  }
}

void check_client(World& world, const FakeClient& client) {
  world.ledger.must(client.closed, client.name + " is still there");
  const bool good = client.name.starts_with("press-");
  world.ledger.must(good || client.num_reads == 0, client.name + " reached the decoder");
  std::size_t number = 0;
  for (const Message& answer : client.answers()) {
    if (answer.status() < 200) continue;
    // What follows the last request is the answer to something malformed.
    if (number < client.tags.size()) {
      check_answer(world, client, answer, number);
    } else {
      world.ledger.must(!answer.whole || answer.is_problem(), "an answer to nothing");
    }
    ++number;
  }
}

}  // namespace

std::string tagged_body(const std::string& tag) {
  std::size_t len = 0;
  const char* end = tag.data() + tag.size();
  std::from_chars(tag.data() + tag.rfind('-') + 1, end, len);
  std::string body = tag + ";";
  while (body.size() < len) body += body;
  body.resize(len);
  return body;
}

void finish(World& world) {
  world.settle();
  for (FakeClient& client : world.clients) {
    client.room = kRoomUnlimited;
    client.end();
  }
  world.settle();
  // Each request that a client has sent behind others may meet a service that stalls.
  constexpr int kRoundsMax = 50;
  for (int i = 0; i < kRoundsMax && world.table.size() > 0; ++i)
    world.pass(limits::kServiceTimeout);
  world.audit.full = false;
  world.pass(limits::kServiceIdleTimeout);
  world.context.refusals.flush();
  world.pass(Millis{500});
}

void check_laws(World& world) {
  check_audited_first(world);
  check_refusals(world);
  for (const FakeClient& client : world.clients) check_client(world, client);
  world.ledger.must(world.table.size() == 0, "a session is left");
  for (const FakeService* service : {&world.historian, &world.mes}) {
    world.ledger.must(service->num_open() == 0, "a service connection is left");
    for (const Connection& connection : service->connections) {
      for (const Message& request : connection.requests) {
        const std::string tag = request.field("X-Tag");
        world.ledger.must(request.method() == "GET" || request.method() == "HEAD" ||
                              request.body == tagged_body(tag),
                          "a service got another body for " + tag);
        world.ledger.must(tag.starts_with(request.field("Interlock-Device") + "-"),
                          tag + " under the name of " + request.field("Interlock-Device"));
      }
    }
  }
}

}  // namespace interlock::sim
