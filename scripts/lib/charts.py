"""Charts as SVG, for documents: on white, with title, axes, legend and where the figures come from. No scripts."""

import math
from xml.sax.saxutils import escape, quoteattr

INK, PALE = "#222222", "#dddddd"
WIDTH, LEFT, RIGHT = 900, 250, 130
ROW = 17


class Scale:
    """Where a value stands between 0 and 1, and which values are named on the axis."""

    def __init__(self, place, ticks):
        self.place, self.ticks = place, ticks


def _linear(values):
    top = max(values, default=1) or 1
    step = 10 ** math.floor(math.log10(top))
    step = next(step * part for part in (0.1, 0.2, 0.5, 1, 2) if top / (step * part) <= 5.5)
    end = math.ceil(top / step - 1e-9) * step
    return Scale(lambda value: value / end, [(i * step, f"{i * step:g}") for i in range(round(end / step) + 1)])


def _log(values):
    known = [value for value in values if value > 0] or [1]
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    high = max(high, low + 1)
    return Scale(lambda value: (math.log10(max(value, 10**low)) - low) / (high - low),
                 [(10**power, f"{10**power:g}") for power in range(low, high + 1)])


def _shares(_):
    """The rarer, the farther apart: 90 %, 99 % and 99.9 % have the same distance."""
    return Scale(lambda share: -math.log10(1 - share) / 4,
                 [(0, "0"), (0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %")])


LINEAR, LOG, SHARES = _linear, _log, _shares


def _text(x, y, words, anchor="start", size=12, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{more}>{escape(words)}</text>'


def _line(x1, y1, x2, y2, colour=INK, width=1.0, name=""):
    kind = f' class="{name}"' if name else ""
    return f'<path{kind} d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" stroke-width="{width}" fill="none"/>'


def _page(title, about, legend, height, parts):
    """`parts` begin below the legend, at 74."""
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'role="img" font-family="DejaVu Sans, Arial, sans-serif" fill="{INK}">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(about)}</desc>",
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
        _text(12, 22, title, size=15, more=' font-weight="bold"'),
        _text(12, 41, about, size=10.5),
    ]
    x = 12
    for name, colour in legend:
        head.append(f'<rect x="{x}" y="51" width="12" height="12" fill="{colour}"/>')
        head.append(_text(x + 17, 61, name))
        x += 40 + 7 * len(name)
    return "\n".join([*head, *parts, "</svg>"]) + "\n"


def _rows(title, about, axis, groups, legend, scale, draw):
    """A row for each server, in the order of the groups; `draw` makes what stands in it."""
    parts, marks, y = [], [], 84
    last, across = None, WIDTH - LEFT - RIGHT

    def at(value):
        return LEFT + across * scale.place(value)

    for name, rows in groups:
        if name != last:
            y += 10
            marks.append(_text(12, y + 4, name, more=' font-weight="bold"'))
            y += ROW
            last = name
        for label, colour, values in rows:
            marks.append(_text(LEFT - 8, y + 4, label, "end"))
            marks += draw(at, y, colour, values, f"{name}, {label}")
            y += ROW
        y += 7
    for value, words in scale.ticks:
        parts.append(_line(at(value), 78, at(value), y, PALE))
        parts.append(_text(at(value), y + 15, words, "middle", 11))
    parts.append(_text(LEFT + across / 2, y + 34, axis, "middle"))
    return _page(title, about, legend, y + 46, parts + marks)


def _middle(values):
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def bars(title, about, axis, groups, legend):
    """Groups are a name and rows of label, colour and values; a bar is their median, its whiskers their range."""

    def draw(at, y, colour, values, name):
        middle, low, high = _middle(values), min(values), max(values)
        words = f"{name}: {middle:.1f} ({low:.1f} to {high:.1f})"
        yield (f'<rect class="bar" x="{at(0):.1f}" y="{y - 6}" width="{at(middle) - at(0):.1f}" height="12" '
               f'fill="{colour}"><title>{escape(words)}</title></rect>')
        yield _line(at(low), y, at(high), y, name="whisker")
        yield _line(at(low), y - 3, at(low), y + 3)
        yield _line(at(high), y - 3, at(high), y + 3)
        yield _text(at(high) + 6, y + 4, f"{middle:.1f}", size=11)

    every = [value for _, rows in groups for _, _, values in rows for value in values]
    return _rows(title, about, axis, groups, legend, _linear(every), draw)


def spans(title, about, axis, groups, legend):
    """As bars, on a logarithmic axis: values are a smaller one, a circle, and a larger one, a diamond."""

    def draw(at, y, colour, values, name):
        low, high = values
        words = f"{name}: {low:.2f} and {high:.2f}"
        yield _line(at(low), y, at(high), y, colour, 3)
        yield f'<circle class="low" cx="{at(low):.1f}" cy="{y}" r="5" fill="{colour}"><title>{escape(words)}</title></circle>'
        x = at(high)
        yield (f'<path class="high" d="M{x - 6:.1f} {y}L{x:.1f} {y - 6}L{x + 6:.1f} {y}L{x:.1f} {y + 6}Z" fill="{colour}">'
               f"<title>{escape(words)}</title></path>")
        yield _text(x + 10, y + 4, f"{low:.2f} / {high:.2f}", size=11)

    every = [value for _, rows in groups for _, _, values in rows for value in values]
    return _rows(title, about, axis, groups, legend, _log(every), draw)


def panels(title, about, x_axis, y_axis, drawn, legend, x_kind, y_kind, is_line, is_alike=True):
    """Small charts, three in a row, with the same axes if `is_alike`; each has a name and series of label, colour, points."""
    columns, wide, high, pad = 3, 218, 150, 52
    parts = []
    for index, (name, all_series) in enumerate(drawn):
        of = [all_series for _, all_series in drawn] if is_alike else [all_series]
        points = [point for it in of for _, _, series in it for point in series]
        x_scale, y_scale = x_kind([x for x, _ in points]), y_kind([y for _, y in points])
        left = pad + (index % columns) * (wide + pad + 20)
        top = 108 + (index // columns) * (high + 78)
        # A name too long for one line has its second half on another one.
        first, _, second = name.partition(", ")
        parts.append(_text(left, top - 20, first, size=12, more=' font-weight="bold"'))
        parts.append(_text(left, top - 7, second, size=11))
        for value, words in x_scale.ticks:
            x = left + wide * x_scale.place(value)
            parts.append(_line(x, top, x, top + high, PALE))
            parts.append(_text(x, top + high + 13, words.replace(" %", ""), "middle", 9.5))
        for value, words in y_scale.ticks:
            y = top + high * (1 - y_scale.place(value))
            parts.append(_line(left, y, left + wide, y, PALE))
            parts.append(_text(left - 5, y + 3.5, words, "end", 9.5))
        unit = " (%)" if x_kind is SHARES else ""
        parts.append(_text(left + wide / 2, top + high + 28, x_axis + unit, "middle", 11))
        parts.append(_text(left - 34, top + high / 2, y_axis, "middle", 11,
                           f' transform="rotate(-90 {left - 34} {top + high / 2:.0f})"'))
        for number, (label, colour, series) in enumerate(all_series):
            spots = [(left + wide * x_scale.place(x), top + high * (1 - y_scale.place(y))) for x, y in series]
            cap = ("round", "square")[number % 2]
            if is_line:
                path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
                look = 'stroke-width="2"' + (' stroke-dasharray="6 3"' if number else "")
            else:
                # A line of no length is a point of the line's width: round of ours, square of the peer.
                path = "".join(dict.fromkeys(f"M{x:.1f} {y:.1f}h0" for x, y in spots))
                look = f'stroke-width="{(5, 4)[number % 2]}" stroke-linecap="{cap}" stroke-opacity="0.7"'
            parts.append(f'<path class="series" aria-label={quoteattr(label)} d="{path}" stroke="{colour}" {look} fill="none">'
                         f"<title>{escape(label)}</title></path>")
    height = 108 + math.ceil(len(drawn) / columns) * (high + 78) - 30
    return _page(title, about, legend, height, parts)
