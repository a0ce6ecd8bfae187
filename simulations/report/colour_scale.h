// From numbers to colours and back to the eye: a scale whose equal steps look equal, on light pages and on dark ones.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace outrider::simulations {

constexpr std::size_t kColourLevels = 33;

// The level of a value between `from` and `to`; values outside go to the nearer end. Finite numbers, from < to.
std::size_t colour_level(double value, double from, double to);

struct Rgb {
  double red = 0, green = 0, blue = 0;  // sRGB, in [0, 1]
};

// Even steps in OKLab (Ottosson 2020): from nearly the page's ground to a strong colour, whose lightness alone tells
// the order, so that it survives colour blindness and grey printers. On light pages more is darker, on dark ones
// lighter.
std::array<Rgb, kColourLevels> light_page_colours();
std::array<Rgb, kColourLevels> dark_page_colours();

std::string css_colour(const Rgb& colour);  // "#0072b2"
// How well text can be read: the contrast ratio of WCAG 2, from 1 to 21; 4.5 is enough.
double contrast(const Rgb& one, const Rgb& other);
// Black or white, whichever can be read better on it; at least 4.5.
Rgb text_colour_on(const Rgb& ground);

// Rules for the classes .l0 to .l32 below an element of the class "scaled": ground and text colour of each level.
std::string colour_scale_style();

}  // namespace outrider::simulations
