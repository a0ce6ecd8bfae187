#include "learners/nn/threads.h"

#include <fstream>

#include <gmock/gmock.h>
#include <omp.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "learners/nn/processor_quota.h"

namespace outrider::nn {
namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

TEST(Threads, AreAsManyAsOpenMpGives) {
  EXPECT_EQ(resolve_threads(3), 3);
  EXPECT_GE(resolve_threads(0), 1);
  EXPECT_THROW(resolve_threads(-1), InputError);
  EXPECT_EQ(resolve_threads(1024), 1024);
  EXPECT_THROW(resolve_threads(1025), InputError);
  // A region within a region gets one thread unless OpenMP is told otherwise.
  int within = 0;
#pragma omp parallel num_threads(2)
#pragma omp single
  within = resolve_threads(3);
  EXPECT_EQ(within, 1);
}

TEST(Threads, AShortageIsSaid) {
  EXPECT_EQ(thread_shortage(1), std::nullopt);
  EXPECT_EQ(thread_shortage(3), std::nullopt);
  std::optional<std::string> shortage;
#pragma omp parallel num_threads(2)
#pragma omp single
  shortage = thread_shortage(3);
  EXPECT_THAT(shortage.value_or(""), testing::HasSubstr("OpenMP gives 1 of the 3 threads"));
}

TEST(Threads, OfAScopeAreNotLoweredByOpenMpItself) {
  omp_set_dynamic(1);
  {
    const ThreadScope scope(3);
    EXPECT_EQ(omp_get_dynamic(), 0);
    EXPECT_EQ(omp_get_max_threads(), 3);
  }
  EXPECT_NE(omp_get_dynamic(), 0);
  omp_set_dynamic(0);
}

TEST(ProcessorQuota, IsTheLeastOfTheControlGroupsAbove) {
  const TemporaryDirectory directory;
  const auto groups = directory.path() / "cgroup";
  const auto membership = directory.path() / "self";
  write(membership, "0::/a/b\n");
  EXPECT_EQ(processor_quota(groups, membership), std::nullopt);
  write(groups / "a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(processor_quota(groups, membership), std::nullopt);
  write(groups / "a/cpu.max", "250000 100000\n");
  EXPECT_EQ(processor_quota(groups, membership), 3);
  write(groups / "a/b/cpu.max", "20000 100000\n");
  EXPECT_EQ(processor_quota(groups, membership), 1);
  write(groups / "a/b/cpu.max", "garbage\n");
  EXPECT_EQ(processor_quota(groups, membership), 3);
}

TEST(ProcessorQuota, OfTheFirstVersionIsReadToo) {
  const TemporaryDirectory directory;
  const auto groups = directory.path() / "cgroup";
  const auto membership = directory.path() / "self";
  write(membership, "11:memory:/m\n4:cpu,cpuacct:/c\nno line\n0::/\n");
  write(groups / "memory/m/cpu.cfs_quota_us", "100000\n");
  write(groups / "cpu,cpuacct/c/cpu.cfs_quota_us", "-1\n");
  write(groups / "cpu,cpuacct/c/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(processor_quota(groups, membership), std::nullopt);
  write(groups / "cpu,cpuacct/c/cpu.cfs_quota_us", "200000\n");
  EXPECT_EQ(processor_quota(groups, membership), 2);
}

}  // namespace
}  // namespace outrider::nn
