// A scenario file: its tables, and what every kind of scenario says in the same way.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "simulations/scenario/data_source.h"
#include "simulations/scenario/setting.h"
#include "simulations/scenario/toml_reader.h"

namespace outrider::simulations {

// Hundreds of times what people write.
inline constexpr std::uint64_t kMostScenarioBytes = 1U << 20U;

// The tables of a file, each read strictly.
class TomlFile {
 public:
  // Throws InputError, with the line where there is one, when the file is missing, longer than
  // kMostScenarioBytes or no TOML.
  explicit TomlFile(const std::filesystem::path& path);

  const std::string& path() const { return path_; }
  const toml::table& root() const { return root_; }

  // Calls read(TomlReader&) for the table if it is there, and refuses what `read` did not ask for.
  template <typename Read>
  void table(const std::string& name, Read&& read) const {
    const toml::table* found = find_table(name);
    if (found == nullptr) return;
    TomlReader reader(*found, path_, name);
    read(reader);
    reader.finish();
  }

  // Reads each of these that is no list, if the file has it, and then calls check(name, const TomlReader&).
  template <typename Check>
  void read_tables(const SettingTables& tables, Check&& check) const {
    for (const SettingTable& declared : tables) {
      if (declared.name.empty() || declared.is_list || declared.elements.empty()) continue;
      table(declared.name, [&](TomlReader& reader) {
        read_settings(reader, declared.elements.front());
        check(declared.name, std::as_const(reader));
      });
    }
  }

  // The same for each of a list of tables, [[name]].
  template <typename Read>
  void tables(const std::string& name, Read&& read) const {
    for (const toml::table* found : find_tables(name)) {
      TomlReader reader(*found, path_, name);
      read(reader);
      reader.finish();
    }
  }

  // About a table, or a key outside of any, that is there.
  [[noreturn]] void complain(const std::string& name, const std::string& expected) const;

 private:
  const toml::table* find_table(const std::string& name) const;
  std::vector<const toml::table*> find_tables(const std::string& name) const;

  std::string path_;
  toml::table root_;
};

// Whether a scenario may be called so.
bool names_directory(const std::string& name);
// What the scenario file of any kind calls itself. Throws InputError as TomlFile and read_name.
std::string name_of_scenario(const std::filesystem::path& file);
// What several kinds have alike. The key "name": a run's directory is called so.
Setting name_setting(std::string& name);
Setting title_setting(std::string& title);
Setting seeds_setting(std::vector<std::uint64_t>& seeds);
// The key that says where data of the kind lie.
Setting path_setting(std::filesystem::path& path);
// The network, and how it takes pictures.
Setting architecture_setting(std::string& architecture);
SettingList preprocessing_settings(ImageShape& input, bool& invert, float& mean, float& deviation);
// The tables [data] and [pretraining].
SettingTable data_table(DataSource& data);
SettingTable pretraining_table(Pretraining& pretraining);
// Puts lists behind one another.
SettingList joined(std::vector<SettingList> lists);

// Reads the keys outside of any table, and refuses tables of other names.
void read_root(const TomlFile& file, const SettingTables& tables);

}  // namespace outrider::simulations
