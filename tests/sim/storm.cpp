#include "sim/storm.h"

#include <array>

#include <fmt/format.h>

namespace interlock::sim {
namespace {

// Configurations to change between, compiled once.
std::shared_ptr<const policy::Snapshot> some_snapshot(std::size_t number) {
  static const auto made = [] {
    Intent gone, revoked, narrow;
    std::erase_if(gone.devices, [](const auto& row) { return row.device == "press-07"; });
    revoked.revoked.push_back("press-08");
    narrow.permits_status = false;
    return std::array{first_snapshot(), plant_snapshot(gone), plant_snapshot(revoked),
                      plant_snapshot(narrow)};
  }();
  return made.at(number % made.size());
}

std::string in_chunks(std::string_view body, Chance& chance) {
  std::string text;
  while (!body.empty()) {
    const std::size_t len = std::min(body.size(), 1 + chance.below(2000));
    text += fmt::format("{:x}\r\n{}\r\n", len, body.substr(0, len));
    body.remove_prefix(len);
  }
  return text + "0\r\n\r\n";
}

}  // namespace

Storm::Storm(World& world) : world_(world), chance_(world.chance) {
  prepare(world.historian);
  prepare(world.mes);
}

void Storm::prepare(FakeService& service) {
  service.on_dial = [this](Connection& connection) {
    if (chance_.one_in(12)) connection.state = Connection::State::kRefused;
    if (chance_.one_in(8)) connection.state = Connection::State::kConnecting;
    if (chance_.one_in(3)) connection.out.piece_max = 1 + chance_.below(3000);
    if (chance_.one_in(3)) connection.piece_max = 1 + chance_.below(3000);
    if (chance_.one_in(6)) connection.room = chance_.below(5000);
  };
  service.on_head = [this](const Message& request, Connection& connection) {
    const bool stuck = connection.room != kRoomUnlimited;
    if (request.whole || !chance_.one_in(stuck ? 2 : 6)) return;
    const std::string tag = request.field("X-Tag");
    answered_early_.insert(tag);
    connection.send(answer_text(200, tagged_body(tag), "X-Tag: " + tag + "\r\n"));
  };
  service.on_request = [this](const Message& request, Connection& connection) {
    if (!answered_early_.contains(request.field("X-Tag"))) behave(request, connection);
  };
}

void Storm::behave(const Message& request, Connection& connection) {
  const std::string tag = request.field("X-Tag");
  const std::string field = "X-Tag: " + tag + "\r\n";
  const std::string body = tagged_body(tag);
  const bool head = request.method() == "HEAD";
  const std::string good =
      head ? fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n", field, body.size())
           : answer_text(200, body, field);
  switch (head ? 0 : chance_.below(20)) {
    default:
      return connection.send(good);
    case 1:
    case 2:
      return connection.send(
          fmt::format("HTTP/1.1 200 OK\r\n{}Transfer-Encoding: chunked\r\n\r\n{}", field,
                      in_chunks(body, chance_)));
    case 3:
      connection.send("HTTP/1.1 200 OK\r\n" + field + "\r\n" + body);
      return connection.end();
    case 4:
      connection.send(good);
      // What is still on its way when the next request is sent is by HTTP/1.1 its answer.
      if (connection.out.piece_max == 0) connection.send(good);
      return;
    case 5:
      owing_.insert(&connection);  // It stalls.
      return;
    case 6:
      return connection.end();
    case 7:
      connection.broken = true;
      return;
    case 8:
      connection.send(good.substr(0, chance_.below(good.size())));
      return connection.end();
    case 9:
      return connection.send("HTTP/1.1 102 Processing\r\n\r\n" + good);
    case 10:
      connection.send(answer_text(200, body, field + "Connection: close\r\n"));
      return connection.end();
    case 11:
      return connection.send("no HTTP at all\r\n\r\n");
  }
}

void Storm::connect() {
  constexpr std::array kNames = {"press-07", "press-07", "press-08",  "press-09",
                                 "stranger", "nobody",   "revoked-01"};
  FakeClient& client = world_.connect(kNames.at(chance_.below(kNames.size())));
  if (chance_.one_in(2)) client.in.piece_max = 1 + chance_.below(8000);
  if (chance_.one_in(20)) client.stalled = true;
}

void Storm::ask(FakeClient& client, std::size_t number) {
  constexpr std::array kLengths = {1, 100, 3000, 40'000, 150'000};
  const std::string tag = fmt::format(
      "{}-{}.{}-{}", client.name, number, client.tags.size(),
      chance_.one_in(4) ? kLengths.at(chance_.below(5)) : kLengths.at(chance_.below(3)));
  const std::string field = "X-Tag: " + tag + "\r\n";
  const std::string readings = fmt::format("/v1/devices/{}/readings", client.name);
  client.tags.push_back(tag);
  switch (chance_.below(10)) {
    default:
      return client.request("GET", "/status/a", {}, field);
    case 1:
      return client.request("HEAD", "/status/a", {}, field);
    case 2:
      return client.request("POST", readings, tagged_body(tag), field);
    case 3:
      return client.request("PUT", "/orders/7", tagged_body(tag),
                            field + "Expect: 100-continue\r\n");
    case 4:
      client.methods.emplace_back("POST");
      return client.send(
          fmt::format("POST {} HTTP/1.1\r\nHost: g\r\n{}Transfer-Encoding: chunked"
                      "\r\n\r\n{}",
                      readings, field, in_chunks(tagged_body(tag), chance_)));
    case 5:
      return client.request("POST", "/small", tagged_body(tag), field);
    case 6:
      return client.request("POST", "/v1/devices/press-99/readings", tagged_body(tag), field);
    case 7:
      client.methods.emplace_back("GET");
      silent_.insert(&client);
      return client.send("GET /status/a HTTP/1.0\r\n" + field + "\r\n");
  }
}

void Storm::ask_somebody() {
  const std::size_t number = chance_.below(world_.clients.size());
  FakeClient& client = world_.clients[number];
  if (!silent_.contains(&client)) ask(client, number);
}

void Storm::disturb_client(FakeClient& client) {
  switch (chance_.below(6)) {
    default:
      client.room = chance_.below(100'000);
      return;
    case 1:
    case 2:
      client.room = kRoomUnlimited;
      return;
    case 3:
      silent_.insert(&client);
      return client.end();
    case 4:
      return client.vanish();
    case 5:
      if (silent_.insert(&client).second) client.send("what is this?\r\n\r\n");
  }
}

// It has served and owes no answer: it has read whole requests only, and all that it said has left.
bool Storm::is_at_rest(const Connection& connection) const {
  return !connection.requests.empty() && connection.received.size() == connection.read_len &&
         connection.out.left() == 0 && !owing_.contains(&connection);
}

void Storm::disturb_service(Connection& connection) {
  switch (chance_.below(8)) {
    default:
      connection.state = Connection::State::kOpen;
      connection.room = kRoomUnlimited;
      return;
    case 1:
      connection.room = chance_.below(5000);
      return;
    case 2:
      connection.broken = true;
      return;
    case 3:
      if (is_at_rest(connection)) connection.end();
      return;
    case 4:
      if (!is_at_rest(connection) || connection.out.piece_max > 0) return;
      connection.send(answer_text(200, "poison", "X-Tag: poison\r\n"));
      return ask_somebody();
    case 5:
      connection.deaf = true;
  }
}

void Storm::change_intent() {
  world_.publish(some_snapshot(chance_.next()));
  if (chance_.one_in(2)) world_.tell();
}

void Storm::blow() {
  FakeService& service = chance_.one_in(3) ? world_.mes : world_.historian;
  switch (world_.clients.empty() ? 0 : chance_.below(24)) {
    case 0:
    case 1:
      return connect();
    default:
      return ask_somebody();
    case 3:
    case 4:
      return disturb_client(world_.clients[chance_.below(world_.clients.size())]);
    case 5:
    case 6:
    case 7:
      if (!service.connections.empty())
        disturb_service(service.connections[chance_.below(service.connections.size())]);
      return;
    case 8:
      return change_intent();
    case 9:
      world_.audit.full = chance_.one_in(3);
      return;
    case 10:
      service.no_socket = chance_.one_in(3);
      return;
    case 11:
      world_.clock.pass(Millis{static_cast<std::int64_t>(chance_.below(12'000))});
      return world_.table.on_tick();
    case 12:
    case 13:
    case 14:
    case 15:
      for (std::size_t ticks = chance_.below(20); ticks > 0; --ticks) world_.tick();
      return;
    case 16:
      return world_.settle();
  }
}

}  // namespace interlock::sim
