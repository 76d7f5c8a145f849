// Does the gateway write exactly what it decided on, and nothing that a client slipped in? Requests
// and answers are compared to the byte; the families of fields are checked in every spelling.
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "wire/http1/encoder.h"
#include "wire/http1/fields.h"
#include "wire/http1/grammar.h"
#include "wire/http1/request_decoder.h"

using namespace interlock;
using namespace interlock::http1;

namespace {

std::string encoded(const RequestHead& head, std::string_view identity = "") {
  std::string out;
  encode_request(out, head, "10.20.0.5:8080", identity);
  return out;
}

struct Written {
  std::string text;
  ResponsePlan plan;
};

Written written(const ResponseHead& head, const RequestContext& request) {
  Written result;
  result.plan = encode_response(result.text, head, request);
  return result;
}

constexpr RequestContext kGet{"GET", 1, true};
constexpr RequestContext kOldGet{"GET", 0, false};

}  // namespace

BOOST_AUTO_TEST_SUITE(http1_encoder)

BOOST_AUTO_TEST_CASE(request_is_written_from_parsed_values) {
  const std::vector<Field> fields{{"hOst", "front"},       {"Accept", "*/*"},
                                  {"Content-Length", "3"}, {"Expect", "100-continue"},
                                  {"TE", "trailers"},      {"Trailer", "X"},
                                  {"Upgrade", "h2c"},      {"HTTP2-Settings", "AA"},
                                  {"Keep-Alive", "5"},     {"Proxy-Authorization", "Basic x"},
                                  {"Via", "1.1 evil"}};
  RequestHead head{.method = "PUT", .path = "/a"};
  head.query = "b=1";
  head.has_query = true;
  head.fields = fields;
  head.framing = Framing::kLength;
  head.content_length = 3;
  BOOST_TEST(encoded(head, "Interlock-Device: press-07\r\n") ==
             "PUT /a?b=1 HTTP/1.1\r\nHost: 10.20.0.5:8080\r\nAccept: */*\r\n"
             "Interlock-Device: press-07\r\nVia: 1.1 interlock\r\nContent-Length: 3\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(request_body_is_framed_anew) {
  RequestHead head{.method = "POST", .path = "/"};
  head.framing = Framing::kChunked;
  head.has_query = true;
  head.minor_version = 0;
  BOOST_TEST(encoded(head) ==
             "POST /? HTTP/1.1\r\nHost: 10.20.0.5:8080\r\nVia: 1.0 interlock\r\n"
             "Transfer-Encoding: chunked\r\n\r\n");
  head.framing = Framing::kNone;
  head.has_query = false;
  BOOST_TEST(encoded(head) ==
             "POST / HTTP/1.1\r\nHost: 10.20.0.5:8080\r\nVia: 1.0 interlock\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(fields_that_connection_names_are_dropped) {
  const std::vector<Field> fields{{"X-A", "1"},
                                  {"Connection", "close, x_a"},
                                  {"X-B", "2"},
                                  {"X-C", "3"},
                                  {"connection", "X-C"}};
  RequestHead head{.method = "GET", .path = "/"};
  head.fields = fields;
  BOOST_TEST(encoded(head) ==
             "GET / HTTP/1.1\r\nHost: 10.20.0.5:8080\r\nX-B: 2\r\n"
             "Via: 1.1 interlock\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(what_only_the_gateway_may_say_is_dropped_in_every_spelling) {
  const std::string_view names[] = {"Client-Cert",
                                    "client_cert",
                                    "CLIENT.CERT",
                                    "Client-Cert-Chain",
                                    "Client_Cert_Chain",
                                    "X-Forwarded-Client-Cert",
                                    "x_forwarded_client_cert",
                                    "X-Forwarded-For",
                                    "X-Forwarded",
                                    "Forwarded",
                                    "X-Real-IP",
                                    "x-real_ip",
                                    "Interlock-Device",
                                    "interlock_device",
                                    "INTERLOCK-ANYTHING",
                                    "X-SSL-Client-Cert",
                                    "SSL-Client-S-DN",
                                    "SSL_CLIENT_VERIFY",
                                    "X-Client-Cert",
                                    "X-ARR-ClientCert",
                                    "X-Amzn-Mtls-Clientcert-Leaf",
                                    "True-Client-IP",
                                    "CF-Connecting-IP",
                                    "X-Original-URL",
                                    "X-Rewrite-URL",
                                    "X-HTTP-Method-Override",
                                    "X_HTTP_Method_Override",
                                    "X-HTTP-Method",
                                    "X-Method-Override",
                                    "X-Original-Method",
                                    "Proxy",
                                    "Via",
                                    "X-Envoy-Original-Path",
                                    "Remote-User",
                                    "X-Remote-User"};
  for (const std::string_view name : names) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST((traits_of(name).reach == FieldReach::kGatewayOnly));
      BOOST_TEST(!traits_of(name).connection_may_name);
    }
  }
}

// From bytes to bytes: whatever a client says under these names, in whatever spelling and however
// often, a service reads nothing of it.
BOOST_AUTO_TEST_CASE(forged_fields_do_not_pass_in_any_spelling) {
  for (const std::string name : {"Client-Cert",
                                 "Client-Cert-Chain",
                                 "X-Forwarded-Client-Cert",
                                 "X-Client-Cert",
                                 "X-Client-Cert-Chain",
                                 "X-SSL-Client-Cert",
                                 "X-SSL-Client-Verify",
                                 "X-SSL-Client-S-DN",
                                 "SSL-Client-Cert",
                                 "SSL-Client-S-DN",
                                 "X-ARR-ClientCert",
                                 "X-Amzn-Mtls-Clientcert",
                                 "X-Amzn-Mtls-Clientcert-Leaf",
                                 "X-Forwarded-For",
                                 "X-Forwarded-Host",
                                 "X-Forwarded-Proto",
                                 "X-Forwarded-Port",
                                 "X-Forwarded-Prefix",
                                 "X-Forwarded-Uri",
                                 "X-Real-IP",
                                 "Forwarded",
                                 "Via",
                                 "True-Client-IP",
                                 "CF-Connecting-IP",
                                 "X-Original-URL",
                                 "X-Rewrite-URL",
                                 "X-HTTP-Method-Override",
                                 "X-Original-Method",
                                 "Proxy",
                                 "Proxy-Connection",
                                 "Interlock-Device",
                                 "Interlock-Function",
                                 "Interlock-Assurance",
                                 "Interlock-Via",
                                 "Interlock-Anything",
                                 "X-Interlock-Device"}) {
    std::string lower, upper, underscored, dotted, mixed;
    for (std::size_t i = 0; i < name.size(); ++i) {
      const char c = name[i];
      const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      lower += is_letter ? static_cast<char>(c | 0x20) : c;
      upper += is_letter ? static_cast<char>(c & ~0x20) : c;
      underscored += c == '-' ? '_' : c;
      dotted += c == '-' ? '.' : c;
      mixed += c == '-' ? (i % 2 == 0 ? '_' : '-') : i % 2 == 0 ? upper.back() : lower.back();
    }
    std::string sent = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (const std::string& spelling : {name, lower, upper, underscored, dotted, mixed, name})
      sent += spelling + ": forged\r\n" + spelling + ":forged\r\n";
    sent += "X-Kept: yes\r\n\r\n";
    RequestDecoder decoder;
    const auto decoded = decoder.decode(sent, false);
    BOOST_TEST_REQUIRE(decoded.has_value(), name);
    const std::string out =
        encoded(std::get<RequestHead>(decoded->event), "Interlock-Device: d\r\n");
    BOOST_TEST(out ==
                   "GET / HTTP/1.1\r\nHost: 10.20.0.5:8080\r\nX-Kept: yes\r\n"
                   "Interlock-Device: d\r\nVia: 1.1 interlock\r\n\r\n",
               name);
  }
}

BOOST_AUTO_TEST_CASE(fields_of_one_hop_end_here) {
  for (const std::string_view name :
       {"Connection", "Keep-Alive", "keep_alive", "Proxy-Connection", "TE", "Trailer", "Upgrade",
        "Transfer-Encoding", "Proxy-Authenticate", "HTTP2-Settings", "Host", "Content-Length",
        "Expect", "transfer_encoding", "content.length", "HOST"}) {
    BOOST_TEST((traits_of(name).reach == FieldReach::kOneHop), name);
  }
}

BOOST_AUTO_TEST_CASE(ordinary_fields_go_to_the_service) {
  for (const std::string_view name :
       {"Accept", "Authorization", "Cookie", "Content-Type", "Content-Encoding", "If-Match",
        "User-Agent", "X-Request-Id", "X-Api-Key", "Range", "SOAPAction", "a", "", "Clients",
        "X-Client-Version", "Interlock"}) {
    BOOST_TEST((traits_of(name).reach == FieldReach::kEndToEnd), name);
  }
  BOOST_TEST((traits_of("content_type").id == FieldId::kLookalike));
  BOOST_TEST((traits_of("content_type").reach == FieldReach::kOneHop));
  BOOST_TEST((traits_of("Content-type").id == FieldId::kContentType));
}

BOOST_AUTO_TEST_CASE(answer_of_a_service_keeps_its_length) {
  const std::vector<Field> fields{{"Content-Type", "text/plain"},
                                  {"Connection", "close, X-Hop"},
                                  {"X-Hop", "1"},
                                  {"Keep-Alive", "timeout=5"},
                                  {"Content-Length", "5"},
                                  {"Interlock-Denial", "forged"}};
  ResponseHead head{.status = 200, .reason = "Fine", .fields = fields};
  head.framing = Framing::kLength;
  head.content_length = 5;
  const Written to_new = written(head, kGet);
  BOOST_TEST(to_new.text ==
             "HTTP/1.1 200 Fine\r\nContent-Type: text/plain\r\n"
             "Content-Length: 5\r\n\r\n");
  BOOST_TEST((to_new.plan.body == BodyForm::kRaw && !to_new.plan.close));
  const Written to_old = written(head, {"GET", 0, true});
  BOOST_TEST(to_old.text.ends_with("Content-Length: 5\r\nConnection: keep-alive\r\n\r\n"));
  BOOST_TEST((to_old.plan.body == BodyForm::kRaw && !to_old.plan.close));
}

BOOST_AUTO_TEST_CASE(body_of_unknown_length_suits_the_client) {
  for (const Framing framing : {Framing::kChunked, Framing::kUntilClose}) {
    ResponseHead head{.status = 200, .reason = "OK"};
    head.framing = framing;
    const Written to_new = written(head, kGet);
    BOOST_TEST(to_new.text == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    BOOST_TEST((to_new.plan.body == BodyForm::kChunked && !to_new.plan.close));
    const Written to_old = written(head, {"GET", 0, true});
    BOOST_TEST(to_old.text == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    BOOST_TEST((to_old.plan.body == BodyForm::kRaw && to_old.plan.close));
  }
}

BOOST_AUTO_TEST_CASE(answers_without_body_have_none) {
  ResponseHead head{.status = 304, .reason = "Not Modified"};
  head.content_length = 500;
  const Written kept = written(head, kGet);
  BOOST_TEST(kept.text == "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n");
  BOOST_TEST((kept.plan.body == BodyForm::kNone && !kept.plan.close));
  const Written closed = written({.status = 204}, {"GET", 1, false});
  BOOST_TEST(closed.text == "HTTP/1.1 204 \r\nConnection: close\r\n\r\n");
  BOOST_TEST(closed.plan.close);
}

BOOST_AUTO_TEST_CASE(interim_answers_leave_the_connection_alone) {
  ResponseHead head{.status = 103, .reason = "Early Hints"};
  head.interim = true;
  const Written to_new = written(head, {"GET", 1, false});
  BOOST_TEST(to_new.text == "HTTP/1.1 103 Early Hints\r\n\r\n");
  BOOST_TEST(!to_new.plan.close);
  BOOST_TEST(written(head, kOldGet).text == "");
  std::string out;
  encode_continue(out);
  BOOST_TEST(out == "HTTP/1.1 100 Continue\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(chunks_are_never_empty_before_the_last) {
  std::string out;
  encode_chunk(out, "");
  encode_chunk(out, "hello, chunk");
  encode_last_chunk(out);
  BOOST_TEST(out == "c\r\nhello, chunk\r\n0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(own_answers_are_not_stored_by_anyone) {
  std::string out;
  encode_answer(out, {403, "application/problem+json", "{}", "Retry-After: 5\r\n"}, kGet);
  BOOST_TEST(out ==
             "HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\n"
             "Content-Length: 2\r\nCache-Control: no-store\r\nRetry-After: 5\r\n\r\n{}");
  out.clear();
  encode_answer(out, {200, "text/plain", "hello"}, {"HEAD", 0, true});
  BOOST_TEST(out ==
             "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
             "Cache-Control: no-store\r\nConnection: keep-alive\r\n\r\n");
  out.clear();
  encode_answer(out, {204, "", ""}, {"DELETE", 1, false});
  BOOST_TEST(out ==
             "HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\n"
             "Connection: close\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(every_refusal_has_a_phrase) {
  for (const int status : {400, 403, 411, 413, 414, 417, 431, 501, 502, 505}) {
    BOOST_TEST(!status_phrase(status).empty(), status);
  }
  BOOST_TEST(status_phrase(599).empty());
}

// The fast search for control characters looks at eight bytes at once; it must find each of them in
// each place, and nothing else.
BOOST_AUTO_TEST_CASE(control_characters_are_found_wherever_they_stand) {
  for (int octet = 0; octet < 256; ++octet) {
    const bool forbidden = (octet < 0x20 && octet != '\t') || octet == 0x7f;
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, '\xff');
      text[at] = static_cast<char>(octet);
      for (std::size_t from = 0; from <= at; ++from) {
        BOOST_REQUIRE_EQUAL(text_end(text, from), forbidden ? at : text.size());
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
