#include "simulations/report/page.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "knowledge/whole_file.h"
#include "simulations/report/figure.h"
#include "simulations/report/markup.h"
#include "simulations/report/page_style.h"

namespace outrider::simulations {
namespace {

constexpr ChartSize kWideChart{760, 440}, kNarrowChart{380, 330};
constexpr std::size_t kSectionsWorthLinks = 3;

// A page may hold no script and load nothing, even if a text of it should ever pass for markup.
constexpr const char* kPolicy = "default-src 'none'; style-src 'unsafe-inline'";

// Writes one page, part after part.
class PageWriter {
 public:
  explicit PageWriter(const Page& page) : page_(page) {}

  std::string html() {
    add("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
        "<meta name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n"
        "</head>\n<body>\n<header>\n<h1>{}</h1>\n",
        kPolicy, escaped(page_.title), page_style(), escaped(page_.title));
    if (!page_.notice.empty()) add("<p class=\"notice\" role=\"note\">{}</p>\n", escaped(page_.notice));
    if (!page_.lead.empty()) add("<p class=\"lead\">{}</p>\n", escaped(page_.lead));
    key_figures();
    links();
    add("</header>\n<main>\n");
    for (std::size_t i = 0; i < page_.sections.size(); ++i) section(page_.sections[i], i + 1);
    facts();
    add("</main>\n</body>\n</html>\n");
    return std::move(html_);
  }

 private:
  template <typename... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(html_), format, std::forward<Arguments>(arguments)...);
  }

  void key_figures() {
    if (page_.figures.empty()) return;
    add("<dl class=\"figures\">\n");
    for (const KeyFigure& figure : page_.figures) {
      add("<div><dt>{}</dt><dd class=\"value\">{}</dd>", escaped(figure.name), escaped(figure.value));
      if (!figure.note.empty()) add("<dd class=\"note\">{}</dd>", escaped(figure.note));
      add("</div>\n");
    }
    add("</dl>\n");
  }

  void links() {
    if (page_.sections.size() < kSectionsWorthLinks) return;
    add("<nav>");
    for (std::size_t i = 0; i < page_.sections.size(); ++i)
      add("<a href=\"#section-{}\">{}</a> ", i + 1, escaped(page_.sections[i].heading));
    add("</nav>\n");
  }

  void section(const Section& section, std::size_t number) {
    add("<section>\n<h2 id=\"section-{}\">{}</h2>\n", number, escaped(section.heading));
    bool in_grid = false;
    for (const Block& block : section.blocks) {
      const bool belongs = section.side_by_side && !std::holds_alternative<Paragraph>(block);
      if (belongs && !in_grid) add("<div class=\"grid{}\">\n", std::holds_alternative<HeatMap>(block) ? " maps" : "");
      if (!belongs && in_grid) add("</div>\n");
      in_grid = belongs;
      small_ = belongs;
      std::visit([this](const auto& content) { write(content); }, block);
    }
    if (in_grid) add("</div>\n");
    add("</section>\n");
  }

  void write(const Paragraph& paragraph) { add("<p>{}</p>\n", escaped(paragraph.text)); }

  void write(const Chart& chart) {
    const std::string id = fmt::format("chart-{}", ++charts_);
    add("<figure>");
    if (!chart.title.empty()) add("<figcaption>{}</figcaption>\n", escaped(chart.title));
    if (small_)
      add("<div class=\"small\">{}</div>", to_inline_svg(chart, kNarrowChart, id));
    else
      add("<div class=\"wide\">{}</div>\n<div class=\"narrow\">{}</div>", to_inline_svg(chart, kWideChart, id),
          to_inline_svg(chart, kNarrowChart, id + "-narrow"));
    add("</figure>\n");
  }

  void write(const HeatMap& map) { html_ += to_html(map); }

  void write(const PageTable& table) {
    const auto& headings = table.table.headings();
    std::vector<const char*> classes;
    for (std::size_t column = 0; column < headings.size(); ++column)
      classes.push_back(table.table.is_numeric(column) ? " class=\"n\"" : "");
    add("<figure>");
    if (!table.title.empty()) add("<figcaption>{}</figcaption>\n", escaped(table.title));
    add("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"data\">\n<thead><tr>",
        escaped(table.title.empty() ? "table" : table.title));
    for (std::size_t column = 0; column < headings.size(); ++column)
      add("<th scope=\"col\"{}>{}</th>", classes[column], escaped(headings[column]));
    add("</tr></thead>\n<tbody>\n");
    const std::size_t left_out = rows(table, classes);
    add("</tbody></table></div>\n");
    if (left_out > 0)
      add("<p class=\"more\">and {} more{}</p>\n", grouped(static_cast<double>(left_out)),
          table.rest.empty() ? "" : ", all of them in " + escaped(table.rest));
    add("</figure>\n");
  }

  // Returns how many it has left out.
  std::size_t rows(const PageTable& table, const std::vector<const char*>& classes) {
    std::size_t written = 0, left_out = 0;
    bool rule = false;
    for (const auto& cells : table.table.rows()) {
      if (cells.empty()) {
        rule = true;
      } else if (written == table.shown) {
        ++left_out;
      } else {
        add("<tr{}>", rule ? " class=\"rule\"" : "");
        for (std::size_t column = 0; column < cells.size(); ++column)
          add("<td{}>{}</td>", classes[column], escaped(cells[column]));
        add("</tr>\n");
        ++written;
        rule = false;
      }
    }
    return left_out;
  }

  void write(const Bars& bars) {
    double most = 0;
    for (const Bars::Bar& bar : bars.bars)
      if (std::isfinite(bar.value)) most = std::max(most, bar.value);
    add("<figure><figcaption>{}</figcaption>\n<dl class=\"bars\">\n", escaped(bars.title));
    for (const Bars::Bar& bar : bars.bars) {
      const bool drawn = std::isfinite(bar.value) && bar.value > 0;
      add("<dt>{}</dt><dd><span class=\"track\">", escaped(bar.name));
      if (drawn) add("<b style=\"width:{:.2f}%\"></b>", 100 * bar.value / most);
      add("</span><span class=\"text\">{}</span></dd>\n", escaped(bar.text));
    }
    add("</dl></figure>\n");
  }

  void facts() {
    if (page_.facts.empty()) return;
    add("<section>\n<h2>How it came about</h2>\n<dl class=\"facts\">\n");
    for (const auto& [name, value] : page_.facts) add("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
    add("</dl>\n</section>\n");
  }

  const Page& page_;
  std::string html_;
  std::size_t charts_ = 0;
  bool small_ = false;  // whether charts are drawn small
};

}  // namespace

Section& Section::add(Block block) {
  blocks.push_back(std::move(block));
  return *this;
}

Section& Page::section(std::string heading, bool side_by_side) {
  return sections.emplace_back(Section{std::move(heading), {}, side_by_side});
}

std::string to_html(const Page& page) {
  return PageWriter(page).html();
}

void save_html(const Page& page, const std::filesystem::path& path) {
  replace_file(path, bytes_of(to_html(page)));
}

}  // namespace outrider::simulations
