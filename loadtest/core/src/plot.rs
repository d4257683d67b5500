//! A line plot as SVG, without script or font.

use core::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 36.0;
const TOP: f64 = 14.0;
const STEPS: u32 = 4;

/// What a plot shows.
#[derive(Debug)]
pub(crate) struct Plot<'a> {
    pub(crate) title: &'a str,
    pub(crate) x_name: &'a str,
    pub(crate) y_name: &'a str,
    pub(crate) points: &'a [(f64, f64)],
    /// Dots without a line between them.
    pub(crate) scattered: bool,
}

impl Plot<'_> {
    /// The plot as an SVG element. Names are written by us and hold no markup.
    pub(crate) fn svg(&self) -> String {
        let most = |values: &mut dyn Iterator<Item = f64>| {
            let most = values.fold(0.0_f64, f64::max);
            if most > 0.0 { most } else { 1.0 }
        };
        let x_max = most(&mut self.points.iter().map(|point| point.0));
        let y_max = most(&mut self.points.iter().map(|point| point.1)) * 1.05;
        let x = |value: f64| LEFT + value / x_max * (WIDTH - LEFT - 20.0);
        let y = |value: f64| HEIGHT - BOTTOM - value / y_max * (HEIGHT - BOTTOM - TOP);
        let mut svg = format!(
            "<figure><figcaption>{}</figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            self.title, self.title
        );
        for step in 0..=STEPS {
            let share = f64::from(step) / f64::from(STEPS);
            let (at_y, at_x) = (y(y_max * share), x(x_max * share));
            // Writing to a string does not fail.
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at_y:.1}\" y2=\"{at_y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <text x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                WIDTH - 20.0,
                LEFT - 6.0,
                at_y + 4.0,
                short(y_max * share),
                HEIGHT - BOTTOM + 16.0,
                short(x_max * share),
            );
        }
        if self.scattered {
            for (at_x, at_y) in self.points {
                let _ = write!(
                    svg,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>",
                    x(*at_x),
                    y(*at_y)
                );
            }
        } else {
            svg.push_str("<polyline points=\"");
            for (at_x, at_y) in self.points {
                let _ = write!(svg, "{:.1},{:.1} ", x(*at_x), y(*at_y));
            }
            svg.push_str("\"/>");
        }
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><text x=\"{LEFT}\" y=\"10\">{}</text></svg></figure>",
            WIDTH - 20.0,
            HEIGHT - 4.0,
            self.x_name,
            self.y_name
        );
        svg
    }
}

/// A number of at most four digits.
fn short(value: f64) -> String {
    if value >= 1e6 {
        format!("{:.1}M", value / 1e6)
    } else if value >= 1e4 {
        format!("{:.0}k", value / 1e3)
    } else if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 1.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_lies_inside() {
        let plot = Plot {
            title: "t",
            x_name: "x",
            y_name: "y",
            points: &[(0.0, 0.0), (1.0, 5.0), (2.0, 2.0)],
            scattered: true,
        };
        let svg = plot.svg();
        assert_eq!(svg.matches("<circle").count(), 3);
        let centre = |name: &str| -> Vec<f64> {
            let before = format!("{name}=\"");
            let parts = svg.split(&before).skip(1);
            parts
                .map(|part| part.split('"').next().unwrap().parse().unwrap())
                .collect()
        };
        assert!(centre("cx").iter().all(|x| (0.0..=WIDTH).contains(x)));
        assert!(centre("cy").iter().all(|y| (0.0..=HEIGHT).contains(y)));
    }

    #[test]
    fn nothing_to_show_is_no_mistake() {
        let plot = Plot {
            title: "t",
            x_name: "x",
            y_name: "y",
            points: &[],
            scattered: false,
        };
        assert!(!plot.svg().contains("NaN"));
    }
}
