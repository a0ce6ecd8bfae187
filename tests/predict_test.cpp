// `outrider predict` answers from a client's state, whether the client runs or not.
#include <csignal>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "learners/data/image.h"
#include "learners/random.h"
#include "tests/daemons.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

// Pictures that nobody has learned.
std::vector<std::string> unseen_pictures(const Site& site, const std::string& class_name, std::size_t count) {
  std::vector<std::string> files;
  std::filesystem::create_directories(site.path("unseen"));
  for (const std::size_t picture : pictures_of(class_name, 500, count)) {
    files.push_back(site.path("unseen/" + class_name + std::to_string(picture) + ".png").string());
    save_png(files.back(), fashion().shape, fashion().image(picture));
  }
  return files;
}

std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<nlohmann::json> lines_of_json(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

// ann has seen sneakers and bob trousers; ann's answers rest on both.
class Predict : public ::testing::Test {
 protected:
  Predict() : aggregator(site.start_aggregator_with_encoder()) {
    show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 20));
    show(site.data("bob"), "ankle-boot", pictures_of("ankle-boot", 0, 20));
    Process bob = site.start_client("bob");
    ann.emplace(site.start_client("ann"));
    const bool learned = eventually([&] { return pictures_known(site.state("ann")).size() == kBaseClasses + 2; });
    EXPECT_TRUE(learned) << ann->errors();
  }

  // Of ten unseen pictures; by chance it would be two.
  int right_answers(const std::string& class_name, const std::string& head) {
    const std::vector<std::string> files = unseen_pictures(site, class_name, 10);
    const Outcome outcome =
        run(with({"predict", "--json", "--head", head, "--state", site.state("ann").string()}, files));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    int right = 0;
    for (const nlohmann::json& line : lines_of_json(outcome.output)) {
      EXPECT_NE(line.at("class"), line.at("runner_up"));
      EXPECT_GE(line.at("distance").get<double>(), 0);
      EXPECT_LE(line.at("distance").get<double>(), line.at("runner_up_distance").get<double>());
      right += line.at("class") == class_name ? 1 : 0;
    }
    return right;
  }

  Site site;
  Process aggregator;
  std::optional<Process> ann;
};

TEST_F(Predict, AnswersClassDistanceAndRunnerUpWhileTheClientRunsAndAfterwards) {
  const std::string picture = unseen_pictures(site, "trouser", 1).front();
  const std::vector<std::string> command{"predict", picture, "--state", site.state("ann").string()};
  ASSERT_TRUE(ann->running());
  const Outcome first = run(command);
  EXPECT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_THAT(first.output, ::testing::StartsWith(picture + ": "));
  EXPECT_THAT(first.output, ::testing::ContainsRegex("  distance [0-9.e+-]+  runner-up [a-z-]+ [0-9.e+-]+\n$"));
  ann->send(SIGTERM);
  ASSERT_TRUE(ann->wait(5s));
  const Outcome second = run(command);
  EXPECT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_EQ(second.output, first.output);
}

TEST_F(Predict, IsMostlyRightOnUnseenPicturesOfItsOwnAndOfOthersClasses) {
  for (const char* head : {"euclidean", "cosine"}) {
    EXPECT_GE(right_answers("trouser", head), 7) << head;     // from the aggregator's base
    EXPECT_GE(right_answers("ankle-boot", head), 7) << head;  // from bob
    EXPECT_GE(right_answers("sneaker", head), 7) << head;     // its own
  }
}

TEST_F(Predict, GoesOnAfterABadFileAndReadsFolders) {
  const std::vector<std::string> good = unseen_pictures(site, "sneaker", 2);
  write_text(site.path("bad.png"), "no picture");
  const Outcome outcome =
      run({"predict", "--json", "--state", site.state("ann").string(), good[0], site.path("bad.png").string(),
           site.path("nowhere.png").string(), site.path("unseen").string()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, ::testing::HasSubstr("bad.png"));
  EXPECT_THAT(outcome.errors, ::testing::HasSubstr("nowhere.png"));
  EXPECT_EQ(lines_of_json(outcome.output).size(), 3U);  // one by name, two in the folder
}

TEST_F(Predict, SaysOfNoiseThatItIsUnlikeAnyClass) {
  std::vector<std::uint8_t> noise(fashion().shape.size());
  Random random(1, "noise");
  for (std::uint8_t& pixel : noise) pixel = static_cast<std::uint8_t>(random());
  const std::string file = site.path("strange.png").string();
  save_png(file, fashion().shape, noise);
  const std::string state = site.state("ann").string();
  const Outcome strange = run({"predict", "--json", "--state", state, file});
  ASSERT_EQ(strange.exit_code, 0) << strange.errors;
  const nlohmann::json line = lines_of_json(strange.output).front();
  EXPECT_EQ(line.at("unlike_anything"), true);
  EXPECT_GT(line.at("strangeness"), 1.0);
  EXPECT_THAT(run({"predict", "--state", state, file}).output, ::testing::HasSubstr(": unlike any class, nearest "));
  const std::vector<std::string> known = unseen_pictures(site, "sneaker", 10);
  int alarms = 0;
  for (const nlohmann::json& answer : lines_of_json(run(with({"predict", "--json", "--state", state}, known)).output))
    alarms += answer.at("unlike_anything").get<bool>() ? 1 : 0;
  EXPECT_LE(alarms, 3);
}

TEST_F(Predict, AnUnusableFolderOfAClassShowsInTheExitCode) {
  show(site.path("labelled"), "sneaker", pictures_of("sneaker", 500, 2));
  const std::string state = site.state("ann").string();
  EXPECT_EQ(run({"evaluate", site.path("labelled").string(), "--state", state}).exit_code, 0);
  std::filesystem::create_directories(site.path("labelled") / "a\nb");
  const Outcome outcome = run({"evaluate", site.path("labelled").string(), "--state", state, "--json"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(nlohmann::json::parse(outcome.output).at("unusable_folders"), 1);
}

TEST_F(Predict, NamesAsManyClassesAsAreAskedFor) {
  const std::vector<std::string> files = unseen_pictures(site, "sneaker", 1);
  const Outcome outcome =
      run({"predict", "--json", "--top", "3", "--state", site.state("ann").string(), files.front()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const nlohmann::json line = lines_of_json(outcome.output).front();
  ASSERT_EQ(line.at("top").size(), 3U);
  EXPECT_EQ(line.at("top")[0].at("class"), line.at("class"));
  EXPECT_LE(line.at("top")[1].at("distance"), line.at("top")[2].at("distance"));
}

// Each class folder of unseen pictures, and one that nobody has taught.
TEST_F(Predict, EvaluateTellsHowWellLabelledPicturesAreKnown) {
  for (const char* name : {"sneaker", "ankle-boot", "dress"})
    show(site.path("labelled"), name, pictures_of(name, 500, 10));
  write_text(site.path("labelled/sneaker/bad.png"), "no picture");
  const std::string page = site.path("page.html").string();
  const Outcome outcome = run(
      {"evaluate", site.path("labelled").string(), "--state", site.state("ann").string(), "--json", "--page", page});
  EXPECT_EQ(outcome.exit_code, 1);  // for the bad picture
  EXPECT_THAT(outcome.errors, ::testing::HasSubstr("bad.png"));
  const nlohmann::json result = nlohmann::json::parse(outcome.output);
  EXPECT_EQ(result.at("pictures"), 20);
  EXPECT_EQ(result.at("unusable"), 1);
  EXPECT_EQ(result.at("untaught"), nlohmann::json({{"dress", 10}}));
  EXPECT_GT(result.at("accuracy").get<double>(), 0.5);
  EXPECT_EQ(result.at("classes").at("sneaker").at("pictures"), 10);
  EXPECT_THAT(text_of_file(page), ::testing::HasSubstr("ankle-boot"));
  EXPECT_LE(result.at("unlike_anything").at("of_known_classes"), 20);
  EXPECT_LE(result.at("unlike_anything").at("of_untaught_classes"), 10);
  const std::vector<std::string> again{"evaluate", site.path("labelled").string(), "--state",
                                       site.state("ann").string()};
  std::vector<std::string> to_page = again;
  to_page.insert(to_page.end(), {"--page", page});
  write_text(page, "last year's");
  const Outcome refused = run(to_page);
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.errors, ::testing::AllOf(::testing::HasSubstr(page), ::testing::HasSubstr("--replace")));
  EXPECT_EQ(refused.output, "") << "it is said before the work";
  EXPECT_EQ(text_of_file(page), "last year's");
  to_page.push_back("--replace");
  EXPECT_EQ(run(to_page).exit_code, 1);
  EXPECT_THAT(text_of_file(page), ::testing::HasSubstr("ankle-boot"));
  const Outcome table = run(again);
  EXPECT_THAT(table.output, ::testing::HasSubstr("not taught, so not counted: 10 pictures of 'dress'"));
}

TEST_F(Predict, EvaluateFindsPicturesThatLieUnderAWrongName) {
  const std::vector<std::string> names{"trouser", "bag", "ankle-boot", "t-shirt"};
  for (std::size_t k = 0; k < names.size(); ++k) {
    show(site.path("own"), names[k], pictures_of(names[k], 100, 17));
    show(site.path("own"), names[k], pictures_of(names[(k + 1) % names.size()], 200, 3));
  }
  const Outcome outcome =
      run({"evaluate", site.path("own").string(), "--own", "--state", site.state("ann").string(), "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const nlohmann::json result = nlohmann::json::parse(outcome.output);
  std::size_t found = 0;
  for (const nlohmann::json& one : result.at("mislabelled")) {
    const auto label = std::ranges::find(names, one.at("class").get<std::string>()) - names.begin();
    const std::string& truth = names[static_cast<std::size_t>(label + 1) % names.size()];
    const auto wrong = pictures_of(truth, 200, 3);
    const std::string image = one.at("image");
    found += std::ranges::any_of(
        wrong, [&](std::size_t picture) { return image.find(std::to_string(picture)) != std::string::npos; });
  }
  EXPECT_GE(found, 9U) << outcome.output;
  EXPECT_LE(result.at("mislabelled").size() - found, 9U) << outcome.output;
}

}  // namespace
}  // namespace outrider::testing
