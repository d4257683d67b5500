//! Pictures beside words.

use leptos::prelude::*;

/// A small picture that stands beside words, never alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// A calendar sheet.
    Calendar,
    /// A clock.
    Clock,
    /// A film camera.
    Video,
    /// A film camera, crossed out.
    VideoOff,
    /// A microphone.
    Microphone,
    /// A microphone, crossed out.
    MicrophoneOff,
    /// A screen.
    Screen,
    /// A speech bubble.
    Chat,
    /// Two people.
    People,
    /// A person.
    Person,
    /// A hook.
    Check,
    /// A cross.
    Cross,
    /// A triangle with an exclamation mark.
    Warning,
    /// A circle with an i.
    Info,
    /// A question mark.
    Help,
    /// A chain.
    Link,
    /// Two sheets.
    Copy,
    /// A sheet with lines.
    Note,
    /// A printer.
    Printer,
    /// A way out.
    Exit,
    /// A pen.
    Edit,
    /// A bin.
    Bin,
    /// A plus.
    Plus,
    /// An arrow to the left.
    Back,
    /// An arrow to the right.
    Next,
    /// A receiver.
    Phone,
    /// A receiver, laid down.
    HangUp,
    /// A raised hand.
    Hand,
    /// Bars of a signal.
    Signal,
    /// A loudspeaker.
    Speaker,
    /// A cogwheel.
    Settings,
    /// A house.
    Home,
    /// A heart.
    Heart,
    /// A pill.
    Pill,
    /// A test tube.
    Tube,
    /// A key.
    Key,
    /// An eye.
    Eye,
    /// A magnifying glass.
    Search,
    /// Bars of a chart.
    Chart,
    /// A bell.
    Bell,
    /// A shield.
    Shield,
    /// A drawing pin.
    Pin,
    /// A dot in a ring.
    Record,
    /// A triangle to the right.
    Play,
    /// Two bars.
    Pause,
}

impl Glyph {
    /// Strokes on a 24 x 24 grid.
    const fn path(self) -> &'static str {
        match self {
            Self::Calendar => "M4 6h16v14H4zM4 10h16M8 3v5M16 3v5",
            Self::Clock => "M12 3a9 9 0 1 0 .01 0M12 7v5l3.5 2",
            Self::Video => "M3 6h12v12H3zM15 10l6-3v10l-6-3",
            Self::VideoOff => "M3 3l18 18M7 6h8v8M15 10l6-3v10l-3-1.5M3 6v12h12",
            Self::Microphone => {
                "M9 5a3 3 0 0 1 6 0v6a3 3 0 0 1-6 0zM5 11a7 7 0 0 0 14 0M12 18v3M8.5 21h7"
            }
            Self::MicrophoneOff => {
                "M3 3l18 18M9 9v2a3 3 0 0 0 4.5 2.6M15 11V5a3 3 0 0 0-5.8-1M5 11a7 7 0 0 0 11.5 5.4M19 11a7 7 0 0 1-.7 3M12 18v3M8.5 21h7"
            }
            Self::Screen => "M3 4h18v12H3zM8 20h8M12 16v4",
            Self::Chat => "M4 5h16v11H10l-5 4v-4H4z",
            Self::People => {
                "M9 4a3.5 3.5 0 1 0 .01 0M2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.2 3.2 0 0 1 0 6M18 14a6 6 0 0 1 3.5 6"
            }
            Self::Person => "M12 4a4 4 0 1 0 .01 0M4.5 20a7.5 7.5 0 0 1 15 0",
            Self::Check => "M4.5 12.5l5 5 10-11",
            Self::Cross => "M6 6l12 12M18 6L6 18",
            Self::Warning => "M12 4l9.5 16h-19zM12 10v4.5M12 17.4v.1",
            Self::Info => "M12 3a9 9 0 1 0 .01 0M12 11v5.5M12 7.6v.1",
            Self::Help => {
                "M12 3a9 9 0 1 0 .01 0M9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M12 16.9v.1"
            }
            Self::Link => {
                "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.6 1.6M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.6-1.6"
            }
            Self::Copy => "M9 9h11v11H9zM15 9V4H4v11h5",
            Self::Note => "M5 3h10l4 4v14H5zM9 11h6M9 15h6M9 7h3",
            Self::Printer => "M7 8V3h10v5M7 16H4V8h16v8h-3M7 13h10v8H7z",
            Self::Exit => "M14 4h6v16h-6M10 8l-4 4 4 4M6 12h9",
            Self::Edit => "M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19zM14 6.5l3.5 3.5",
            Self::Bin => "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Back => "M11 5l-7 7 7 7M4 12h16",
            Self::Next => "M13 5l7 7-7 7M4 12h16",
            Self::Phone => {
                "M6 3h3.5l2 5L9 9.7a12 12 0 0 0 5.3 5.3l1.7-2.5 5 2V18a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z"
            }
            Self::HangUp => {
                "M3 14c5-5 13-5 18 0l-2.5 2.8-3.8-1.6v-2.6a9 9 0 0 0-5.4 0v2.6l-3.8 1.6z"
            }
            Self::Hand => {
                "M8 12V5.500a1.500 1.500 0 0 1 3 0V11V4.500a1.500 1.500 0 0 1 3 0V11V6.500a1.500 1.500 0 0 1 3 0V15a6 6 0 0 1-6 6h-1a6 6 0 0 1-5-3l-2.500-4.500a1.500 1.500 0 0 1 2.500-1.600L8 14z"
            }
            Self::Signal => "M5 20v-4M10 20v-8M15 20V8M20 20V4",
            Self::Speaker => "M4 9v6h4l5 4V5L8 9zM16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11",
            Self::Home => "M4 11l8-7 8 7M6 10v10h12V10M10 20v-6h4v6",
            Self::Heart => "M12 20l-7.5-7.6a4.7 4.7 0 0 1 6.7-6.6l.8.8.8-.8a4.7 4.7 0 0 1 6.7 6.6z",
            Self::Pill => "M5 12l7-7a4.2 4.2 0 0 1 6 6l-7 7a4.2 4.2 0 0 1-6-6zM8.5 8.5l6 6",
            Self::Tube => "M9 3v14a3 3 0 0 0 6 0V3M7.5 3h9M9 12h6",
            Self::Key => "M8 11a4 4 0 1 0 .01 0M11 12.5L20 4M17 7l2.5 2.5M14 9.8l2 2",
            Self::Eye => "M2.5 12c4-7 15-7 19 0-4 7-15 7-19 0zM12 9a3 3 0 1 0 .01 0",
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 .01 0M15.5 15.5l5 5",
            Self::Chart => "M4 4v16h16M8 16v-4M12 16V8M16 16v-6",
            Self::Bell => "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5h4",
            Self::Shield => "M12 3l8 3v6c0 5-3.5 7.8-8 9.5-4.5-1.7-8-4.5-8-9.5V6z",
            Self::Record => {
                "M12 3a9 9 0 1 0 .01 0M12 8.5a3.5 3.5 0 1 0 .01 0M12 10.5a1.5 1.5 0 1 0 .01 0"
            }
            Self::Play => "M7 4.5l12 7.5-12 7.5z",
            Self::Pause => "M8 5v14M16 5v14",
            Self::Pin => "M9 3h6l-1 7 4 4H6l4-4zM12 14v7",
            Self::Settings => {
                "M12 9a3 3 0 1 0 .01 0M12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3M5.3 5.3l2.1 2.1M16.6 16.6l2.1 2.1M18.7 5.3l-2.1 2.1M7.4 16.6l-2.1 2.1"
            }
        }
    }
}

/// A picture; hidden from screen readers, because words stand beside it.
#[component]
pub fn Icon(
    /// Which.
    glyph: Glyph,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=glyph.path()></path>
        </svg>
    }
}
