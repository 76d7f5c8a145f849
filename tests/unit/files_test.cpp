// Are only whole, regular files of a bounded size read, and is it said why another is not?
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "files/posix_files.h"
#include "files/replace_file.h"

using namespace interlock;

namespace {

struct Fixture {
  std::string folder = "/tmp/interlock-files-XXXXXX";
  files::PosixFiles files;

  Fixture() { BOOST_REQUIRE(mkdtemp(folder.data()) != nullptr); }
  ~Fixture() { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, const std::string& content) {
    const std::string path = folder + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  void check_refused(const std::string& path, std::string_view what, int sys,
                     std::size_t bytes_max = 100) {
    const auto read = files.read(path, bytes_max);
    BOOST_REQUIRE(!read.has_value());
    BOOST_TEST(read.error().what == what);
    BOOST_TEST(read.error().sys == sys);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(posix_files, Fixture)

BOOST_AUTO_TEST_CASE(a_file_comes_whole_with_every_byte) {
  const std::string content("a\0b\r\n\xff", 6);
  BOOST_TEST(files.read(write("some", content), 100).value() == content);
  BOOST_TEST(files.read(write("empty", ""), 100).value().empty());
  const std::string large(3'000'000, 'x');
  BOOST_TEST((files.read(write("large", large), 3'000'000).value() == large));
}

BOOST_AUTO_TEST_CASE(a_limit_counts_to_the_byte) {
  const std::string path = write("ten", "0123456789");
  BOOST_TEST(files.read(path, 10).value() == "0123456789");
  check_refused(path, "it is larger than such a file may be", 0, 9);
  BOOST_TEST((files.read(path, 9).error().code == Errc::kLimit));
  check_refused(path, "it is larger than such a file may be", 0, 0);
}

// Files of the kernel say that they have no bytes, and have some.
BOOST_AUTO_TEST_CASE(a_file_that_hides_its_size_is_read_and_bounded_too) {
  const auto whole = files.read("/proc/self/status", 1'000'000);
  BOOST_REQUIRE(whole.has_value());
  BOOST_TEST(whole->starts_with("Name:"));
  BOOST_TEST(whole->ends_with("\n"));
  check_refused("/proc/self/status", "it is larger than such a file may be", 0, 100);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_named_by_errno) {
  check_refused(folder + "/absent", "cannot open", ENOENT);
  check_refused(write("some", "x") + "/below", "cannot open", ENOTDIR);
  check_refused("", "cannot open", ENOENT);
}

BOOST_AUTO_TEST_CASE(only_regular_files_are_read) {
  check_refused(folder, "it is not a regular file", 0);
  check_refused("/dev/zero", "it is not a regular file", 0);
  const std::string fifo = folder + "/fifo";
  BOOST_REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  check_refused(fifo, "it is not a regular file", 0);  // And it does not wait for a writer.
}

BOOST_AUTO_TEST_CASE(a_link_is_the_file_it_leads_to) {
  const std::string path = write("some", "x");
  const std::string link = folder + "/link", circle = folder + "/circle";
  BOOST_REQUIRE(symlink(path.c_str(), link.c_str()) == 0);
  BOOST_REQUIRE(symlink(circle.c_str(), circle.c_str()) == 0);
  BOOST_TEST(files.read(link, 100).value() == "x");
  check_refused(circle, "cannot open", ELOOP);
}

BOOST_AUTO_TEST_CASE(an_unreadable_file_is_named_by_errno) {
  constexpr uid_t kNobody = 65534;
  const std::string path = write("secret", "x");
  BOOST_REQUIRE(chmod(path.c_str(), 0) == 0);
  BOOST_REQUIRE(chmod(folder.c_str(), 0755) == 0);
  const uid_t before = geteuid();
  if (before == 0) BOOST_REQUIRE(seteuid(kNobody) == 0);  // Root may read everything.
  check_refused(path, "cannot open", EACCES);
  BOOST_REQUIRE(seteuid(before) == 0);
}

BOOST_AUTO_TEST_CASE(a_pattern_finds_names_in_order) {
  for (const char* name : {"b.textproto", "a.textproto", "10.textproto", "9.textproto",
                           ".hidden.textproto", "c.txt", "B.textproto"}) {
    write(name, "");
  }
  const std::vector<std::string> expected = {folder + "/10.textproto", folder + "/9.textproto",
                                             folder + "/B.textproto", folder + "/a.textproto",
                                             folder + "/b.textproto"};
  BOOST_TEST((files.glob(folder + "/*.textproto") == expected));
  BOOST_TEST(files.glob(folder + "/*.none").empty());
  BOOST_TEST(files.glob(folder + "/absent/*").empty());
  const std::vector<std::string> itself = {folder + "/c.txt"};
  BOOST_TEST((files.glob(folder + "/c.txt") == itself));
}

BOOST_AUTO_TEST_CASE(a_file_is_replaced_whole_and_keeps_its_mode) {
  const std::string path = write("config", "old");
  std::filesystem::create_symlink("config", folder + "/link");
  BOOST_REQUIRE(chmod(path.c_str(), 0640) == 0);
  BOOST_TEST(files::replace_file(folder + "/link", "new").has_value());
  BOOST_TEST(files.read(path, 100).value() == "new");
  BOOST_TEST(std::filesystem::is_symlink(folder + "/link"));
  struct stat about {};
  BOOST_REQUIRE(stat(path.c_str(), &about) == 0);
  BOOST_TEST((about.st_mode & 07777) == 0640);
}

BOOST_AUTO_TEST_CASE(where_it_cannot_be_replaced_nothing_changes_and_nothing_is_left) {
  const auto refused = [&](const std::string& path) {
    const Status replaced = files::replace_file(path, "new");
    BOOST_REQUIRE(!replaced.has_value());
    return std::string(replaced.error().what);
  };
  BOOST_TEST(refused(folder + "/none") == "cannot find");
  BOOST_TEST(refused(folder) == "it is not a regular file");
  BOOST_TEST(refused("/proc/self/mounts") == "cannot write beside");
  const auto left = std::filesystem::directory_iterator(folder);
  BOOST_TEST(std::distance(begin(left), end(left)) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
