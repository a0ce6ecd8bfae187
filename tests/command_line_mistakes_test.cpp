// Mistakes on the command line: a wrong verb, option, path or address.
#include <csignal>
#include <cstdlib>
#include <ostream>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/daemons.h"
#include "tests/fashion.h"
#include "tests/mistakes.h"
#include "tests/verbs.h"

namespace outrider::testing {
namespace {

using Arguments = std::vector<std::string>;

struct Usage {
  std::string name;
  Arguments arguments;
  std::vector<std::string> words;
};
void PrintTo(const Usage& usage, std::ostream* stream) {
  *stream << usage.name;
}

class WrongUsage : public ::testing::TestWithParam<Usage> {};

TEST_P(WrongUsage, IsNamedInOneSentence) {
  const Outcome outcome = run(GetParam().arguments);
  expect_complaint(outcome, kUsage, {"--help"});
  for (const std::string& word : GetParam().words) EXPECT_THAT(outcome.errors, ::testing::HasSubstr(word));
}

INSTANTIATE_TEST_SUITE_P(
    CommandLine, WrongUsage,
    ::testing::Values(
        Usage{"NoVerb", {}, {"aggregator", "client", "status", "predict", "pretrain", "simulate"}},
        Usage{"UnknownVerb", {"frobnicate"}, {"'frobnicate'", "aggregator", "simulate"}},
        Usage{"UnknownOption", {"status", "--frob"}, {"--frob"}}, Usage{"SuperfluousWord", {"status", "now"}, {"now"}},
        Usage{"NoState", {"aggregator"}, {"--state", "required"}},
        Usage{"NoData", {"client", "--aggregator", "tcp://127.0.0.1:7700", "--state", "s"}, {"--data", "required"}},
        Usage{"NoPicture", {"predict", "--state", "s"}, {"images", "required"}},
        Usage{"NoScenario", {"simulate"}, {"scenario", "required"}},
        Usage{"NoNumber", {"simulate", "s.toml", "--seed", "one"}, {"--seed", "one"}},
        Usage{"OutOfRange", {"aggregator", "--state", "s", "--heartbeat", "0"}, {"--heartbeat", "1", "3600"}},
        Usage{"EmptyCohort", {"aggregator", "--state", "s", "--cohort", "0"}, {"--cohort", "1", "65536"}},
        Usage{"UnknownHead", {"predict", "p.png", "--state", "s", "--head", "round"}, {"--head", "round", "cosine"}},
        Usage{"NoMemory",
              {"client", "--aggregator", "tcp://127.0.0.1:7700", "--data", "d", "--state", "s", "--memory", "64XB"},
              {"--memory", "'64XB'", "64MB"}},
        Usage{"NoCompute",
              {"client", "--aggregator", "tcp://127.0.0.1:7700", "--data", "d", "--state", "s", "--compute", "fast"},
              {"--compute", "'fast'", "2G"}},
        Usage{"NoHistory", {"aggregator", "--state", "s", "--history", "all"}, {"--history", "'all'", "64MB"}},
        Usage{"UnknownLogLevel", {"--log", "loud", "status"}, {"--log", "loud", "debug"}}),
    [](const auto& usage) { return usage.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Slips, WrongUsage,
    ::testing::Values(
        Usage{"Verb", {"agregator"}, {"'agregator' is no verb; did you mean aggregator?"}},
        Usage{"Option", {"client", "--agregator", "x"}, {"no option --agregator; did you mean --aggregator?"}},
        Usage{"OptionWithValue", {"status", "--jsno=1"}, {"no option --jsno; did you mean --json?"}},
        Usage{"NestedVerb", {"scenario", "nwe", "x"}, {"'nwe' is no verb", "new"}},
        Usage{"Choice", {"predict", "p.png", "--state", "s", "--head", "cosin"}, {"did you mean cosine?"}},
        Usage{"LogLevel", {"status", "--log", "deubg"}, {"--log", "did you mean debug?"}},
        Usage{"Octal", {"simulate", "s.toml", "--seed", "010"}, {"--seed", "'010' is no whole number"}},
        Usage{"NoOctal", {"simulate", "s.toml", "--seed", "08"}, {"--seed", "'08' is no whole number"}},
        Usage{"NoValue", {"status", "--aggregator"}, {"--aggregator", "needs a value"}},
        Usage{"VerbOfHelp", {"help", "--frob"}, {"--frob"}}),
    [](const auto& usage) { return usage.param.name; });

// Every option of every verb that takes a number, as its help says.
std::vector<std::pair<Arguments, std::string>> number_options() {
  std::vector<std::pair<Arguments, std::string>> found;
  for (const Arguments& verb : every_verb()) {
    Arguments help = verb;
    help.emplace_back("--help");
    const std::string text = run(help).output;
    static const std::regex form(R"((--[a-z-]+) (UINT|INT|FLOAT))");
    for (std::sregex_iterator at(text.begin(), text.end(), form), end; at != end; ++at)
      found.emplace_back(verb, (*at)[1]);
  }
  return found;
}

TEST(CommandLine, EveryNumberHasARange) {
  const auto options = number_options();
  EXPECT_GT(options.size(), 30U);
  for (const auto& [verb, option] : options)
    for (const std::string value : {"-100000", "1e300", "99999999999999999999", "1x", "", " 1", "nan", "0x10"}) {
      Arguments arguments = verb;
      arguments.push_back(option + "=" + value);
      const Outcome outcome = run(arguments);
      const std::string what = verb.front() + " " + option + "=" + value + ": " + outcome.errors;
      EXPECT_EQ(outcome.exit_code, kUsage) << what;
      EXPECT_THAT(outcome.errors, ::testing::HasSubstr(option)) << what;
      EXPECT_THAT(outcome.errors, ::testing::AnyOf(::testing::HasSubstr("from"), ::testing::HasSubstr("needs a value")))
          << what;
    }
}

TEST(CommandLine, HelpFitsAHundredColumns) {
  std::vector<Arguments> all = every_verb();
  all.push_back({});
  for (const Arguments& words : all) {
    Arguments arguments{"help"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    std::istringstream lines(outcome.output);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST(CommandLine, EveryVerbIsTriedHere) {
  const std::string help = run({"help"}).output;
  static const std::regex row(R"(\n  ([a-z]+)  )");
  std::set<std::string> shown, tried;
  const std::string verbs = help.substr(help.find("Subcommands:"));
  for (std::sregex_iterator at(verbs.begin(), verbs.end(), row), end; at != end; ++at) shown.insert((*at)[1]);
  for (const Arguments& verb : every_verb()) tried.insert(verb.front());
  EXPECT_EQ(shown, tried);
}

// By these words a bug report can be told from another.
TEST(CommandLine, VersionTellsWhatTheProgramStandsOn) {
  const std::string text = run({"version"}).output;
  for (const char* line : {"outrider [0-9.]+", "messages [0-9]+ to [0-9]+", "states [0-9]+", "oneDNN [0-9.]+",
                           "processor .+, [0-9]+ threads", "ZeroMQ [0-9.]+", "Boost [0-9.]+", "Cap'n Proto [0-9.]+",
                           "libsodium [0-9.]+", "utf8proc [0-9.]+", "RocksDB [0-9.]+"})
    EXPECT_TRUE(std::regex_search(text, std::regex("(^|\n)" + std::string(line) + "\n"))) << line << "\n" << text;
}

TEST(CommandLine, StatusTellsProgramsOfClassesOfEarlierEncodersToo) {
  Site site;
  const Process aggregator = site.start_aggregator();
  const Outcome outcome = run({"status", "--aggregator", site.address(), "--json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  for (const char* member : {"\"usable_classes\": 0", "\"all_classes\": 0"})
    EXPECT_THAT(outcome.output, ::testing::HasSubstr(member));
}

TEST(CommandLine, LogLinesHaveDateTimeZoneAndLevel) {
  Site site;
  Process aggregator = site.start_aggregator();
  aggregator.send(SIGTERM);
  EXPECT_TRUE(aggregator.wait(std::chrono::seconds(20)));
  const std::regex form(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (debug|info|warning|error) .+)");
  std::istringstream lines(aggregator.errors());
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_TRUE(std::regex_match(line, form)) << line;
  EXPECT_GT(count, 1U);
}

TEST(CommandLine, HelpOfAVerbThatIsNoneNamesThoseThatAre) {
  expect_complaint(run({"help", "frobnicate"}), kFailure, {"'frobnicate' is no verb", "aggregator", "evaluate"});
}

TEST(CommandLine, ResultsThatCannotBeWrittenAreNoSuccess) {
  for (const std::string arguments : {"version", "--help", "help client", "scenario new x --output /dev/stdout"}) {
    const std::string command = std::string(OUTRIDER_PROGRAM) + " " + arguments + " > /dev/full 2> /dev/null";
    EXPECT_NE(std::system(command.c_str()), 0) << arguments;
  }
}

TEST(CommandLine, HelpAndVersionAreNoMistakes) {
  for (const Arguments& arguments : {Arguments{"--help"},
                                     {"--version"},
                                     {"client", "--help"},
                                     {"simulate", "--help"},
                                     {"help"},
                                     {"version"},
                                     {"help", "scenario", "new"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_FALSE(outcome.output.empty());
    EXPECT_EQ(outcome.errors, "");
  }
}

TEST(Pretrain, RefusesAnUnknownKindOfDataSetAndListsTheKnown) {
  expect_complaint(run({"pretrain", "--kind", "nonsense", "--output", "/dev/null"}), kFailure,
                   {"nonsense", "fashion-mnist", "omniglot", "cifar10", "images"});
}

TEST(Pretrain, RefusesADataSetThatIsNotThere) {
  expect_complaint(run({"pretrain", "--kind", "mnist", "--path", "/nowhere/mnist", "--output", "/dev/null"}), kFailure,
                   {"/nowhere/mnist", "does not exist"});
  expect_complaint(run({"pretrain", "--kind", "mnist", "--output", "/dev/null"}), kFailure, {"mnist", "needs a path"});
}

TEST(Pretrain, RefusesAnUnknownClassAndListsTheKnown) {
  expect_complaint(run({"pretrain", "--kind", "fashion-mnist", "--classes", "hat", "--output", "/dev/null"}), kFailure,
                   {"'hat'", "sneaker", "ankle-boot"});
}

TEST(Pretrain, RefusesAPictureShapeThatIsNone) {
  expect_complaint(run({"pretrain", "--kind", "fashion-mnist", "--input", "big", "--output", "/dev/null"}), kFailure,
                   {"'big'", "CHANNELSxHEIGHTxWIDTH", "1x28x28"});
}

struct BadAddress {
  std::string name;
  std::string address;
  std::string word;
};
void PrintTo(const BadAddress& bad, std::ostream* stream) {
  *stream << bad.name;
}

class MalformedAddress : public ::testing::TestWithParam<BadAddress> {
 protected:
  Site site;
};

TEST_P(MalformedAddress, IsRefusedByEveryVerb) {
  const std::string state = site.path("state").string();
  const std::string address = GetParam().address;
  for (const Arguments& arguments :
       {Arguments{"aggregator", "--state", state, "--listen", address},
        {"client", "--data", site.path("data").string(), "--state", state, "--aggregator", address},
        {"status", "--aggregator", address}})
    expect_complaint(run(arguments), kFailure,
                     {'"' + address + '"', GetParam().word, "expected tcp://HOST:PORT or tcp://HOST:PORT#KEY"});
}

INSTANTIATE_TEST_SUITE_P(Addresses, MalformedAddress,
                         ::testing::Values(BadAddress{"NoScheme", "127.0.0.1:7700", "tcp://"},
                                           BadAddress{"OtherScheme", "udp://127.0.0.1:7700", "tcp://"},
                                           BadAddress{"NoPort", "tcp://127.0.0.1", "port is missing"},
                                           BadAddress{"PortTooHigh", "tcp://127.0.0.1:70000", "1 to 65535"},
                                           BadAddress{"NoHost", "tcp://:7700", "host is missing"},
                                           BadAddress{"ShortKey", "tcp://127.0.0.1:7700#abc", "64 hexadecimal digits"}),
                         [](const auto& bad) { return bad.param.name; });

TEST(Client, RefusesAnAddressOnAnotherMachineWithoutAKey) {
  Site site;
  std::filesystem::create_directories(site.path("data"));
  expect_complaint(run({"client", "--data", site.path("data").string(), "--state", site.path("state").string(),
                        "--aggregator", "tcp://192.0.2.1:7700"}),
                   kFailure, {"tcp://192.0.2.1:7700", "#KEY"});
  expect_complaint(run({"status", "--aggregator", "tcp://192.0.2.1:7700"}), kFailure, {"192.0.2.1", "#KEY"});
}

TEST(Client, RefusesADataFolderThatCannotBe) {
  Site site;
  write_text(site.path("file"), "no folder");
  expect_complaint(run({"client", "--data", site.path("file/data").string(), "--state", site.path("state").string(),
                        "--aggregator", "tcp://127.0.0.1:7700"}),
                   kFailure, {site.path("file/data").string(), "data folder"});
}

TEST(Client, NamesTheDataFolderThatWasMeantAndMakesNone) {
  Site site;
  std::filesystem::create_directories(site.path("pictures"));
  expect_complaint(run({"client", "--data", site.path("picturs").string(), "--state", site.path("state").string(),
                        "--aggregator", "tcp://127.0.0.1:7700"}),
                   kFailure, {site.path("picturs").string() + " does not exist", site.path("pictures").string()});
  EXPECT_FALSE(std::filesystem::exists(site.path("picturs")));
  EXPECT_FALSE(std::filesystem::exists(site.path("state")));
}

// Before an hour of training, not after it; and folders that are missing are not made.
TEST(Output, ThatCannotBeWrittenIsSaidBeforeTheWork) {
  Site site;
  const std::string folder = site.path("missing").string();
  ASSERT_EQ(run({"scenario", "new", "r", "--kind", "federation", "--output", site.path("run.toml").string()}).exit_code,
            0);
  for (const std::string& output : {std::string("/proc/x"), folder + "/x"}) {
    for (const Arguments& arguments : {Arguments{"pretrain", "--kind", "fashion-mnist", "--episodes", "1000000"},
                                       {"base"},
                                       {"model", "--classes", "a", "b"},
                                       {"simulate", site.path("run.toml").string()}}) {
      Arguments whole = arguments;
      whole.insert(whole.end(), {"--output", output});
      expect_complaint(run(whole), kFailure, {output, "No such file or directory"});
    }
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

// Nor is an hour of training lost, which is refused before it begins.
TEST(Output, ThatIsThereIsOverwrittenOnlyWhereThatIsMeant) {
  Site site;
  for (const char* name : {"trouser", "bag"}) show(site.path("pictures"), name, pictures_of(name, 0, 4));
  const std::string output = site.path("there").string();
  const Arguments pretrain{"pretrain", "--kind", "images",    "--path", site.path("pictures").string(), "--way", "2",
                           "--shots",  "1",      "--queries", "1"};
  Arguments endless = pretrain, brief = pretrain;
  endless.insert(endless.end(), {"--episodes", "1000000000"});
  brief.insert(brief.end(), {"--episodes", "1"});
  for (const auto& [refused, done] : std::vector<std::pair<Arguments, Arguments>>{
           {endless, brief},
           {{"base"}, {"base"}},
           {{"model", "--classes", "a", "b"}, {"model", "--classes", "a", "b"}},
           {{"model", "--growing", "--classes", "a", "b"}, {"model", "--growing", "--classes", "a", "b"}},
           {{"scenario", "new", "x"}, {"scenario", "new", "x"}}}) {
    const auto with = [&](Arguments arguments, const Arguments& more) {
      arguments.insert(arguments.end(), {"--output", output});
      arguments.insert(arguments.end(), more.begin(), more.end());
      return arguments;
    };
    write_text(output, "years of work");
    expect_complaint(run(with(refused, {})), kFailure, {output, "is there already", "--replace"});
    EXPECT_EQ(text_of_file(output), "years of work") << refused.front();
    const Outcome replaced = run(with(done, {"--replace"}));
    EXPECT_EQ(replaced.exit_code, 0) << done.front() << replaced.errors;
    EXPECT_NE(text_of_file(output), "years of work") << done.front();
    std::filesystem::remove(output);
    EXPECT_EQ(run(with(done, {})).exit_code, 0) << done.front();
    EXPECT_TRUE(std::filesystem::exists(output)) << done.front();
  }
}

TEST(Status, SaysWithinTenSecondsThatNobodyListens) {
  const Outcome outcome = run({"status", "--aggregator", "tcp://127.0.0.1:1"});
  expect_complaint(outcome, kFailure, {"no aggregator answered at tcp://127.0.0.1:1", "Connection refused"});
  EXPECT_LT(outcome.took, std::chrono::seconds(10));
}

TEST(Aggregator, RefusesAnAddressThatIsInUse) {
  Site site;
  const Process first = site.start_aggregator();
  expect_complaint(run({"aggregator", "--state", site.path("other").string(), "--listen", site.address()}), kFailure,
                   {site.address(), "in use"});
}

TEST(Aggregator, RefusesAnAddressOfAnotherMachine) {
  Site site;
  expect_complaint(run({"aggregator", "--state", site.path("s").string(), "--listen", "tcp://192.0.2.1:7700"}),
                   kFailure, {"tcp://192.0.2.1:7700", "cannot listen"});
}

TEST(Aggregator, SaysThatItCannotWriteItsAddress) {
  Site site;
  expect_complaint(run({"--log", "error", "aggregator", "--state", site.path("s").string(), "--listen",
                        "tcp://127.0.0.1:*", "--address-file", "/nowhere/address"}),
                   kFailure, {"/nowhere/address", "cannot be written"});
}

}  // namespace
}  // namespace outrider::testing
