//! After the visit, for whatever reason.

use leptos::prelude::*;
use signaling_protocol::{Bye, Role};
use web_call::Ending;

use crate::components::{Button, Glyph, Page};
use crate::i18n::{Key, say};

const fn words(ending: Ending) -> (Key, Key, &'static str) {
    match ending {
        Ending::Bye(Bye::Ended) => (Key::VisitEndedTitle, Key::VisitEndedText, "ended"),
        Ending::Bye(Bye::Left) => (Key::VisitLeftTitle, Key::VisitLeftText, "left"),
        Ending::Bye(Bye::Refused) => (Key::VisitRefusedTitle, Key::VisitRefusedText, "refused"),
        Ending::Bye(Bye::Removed) => (Key::VisitRemovedTitle, Key::VisitRemovedText, "removed"),
        Ending::Bye(Bye::Replaced) => (Key::VisitReplacedTitle, Key::VisitReplacedText, "replaced"),
        Ending::Bye(
            Bye::TestOver | Bye::Unauthorized | Bye::SlowReader | Bye::Misbehaved | Bye::Restarting,
        )
        | Ending::NoTicket => (Key::VisitBrokenTitle, Key::VisitBrokenText, "broken"),
    }
}

/// Whether coming back makes sense, and the words of its button.
const fn way_back(ending: Ending) -> Option<Key> {
    match ending {
        Ending::Bye(Bye::Left) => Some(Key::VisitComeBack),
        Ending::Bye(Bye::Replaced) => Some(Key::VisitUseHere),
        Ending::Bye(Bye::Ended | Bye::Removed) => None,
        Ending::Bye(Bye::Refused) => Some(Key::VisitAskAgain),
        Ending::Bye(
            Bye::TestOver | Bye::Unauthorized | Bye::SlowReader | Bye::Misbehaved | Bye::Restarting,
        )
        | Ending::NoTicket => Some(Key::VisitTryNow),
    }
}

/// The page after a visit.
#[component]
pub(super) fn Ended(ending: Ending, role: Role, again: UnsyncCallback<()>) -> impl IntoView {
    let (title, text, code) = words(ending);
    let over = matches!(ending, Ending::Bye(Bye::Ended));
    let hint = match role {
        Role::Patient if over => Some(Key::VisitSummaryHint),
        Role::Guest if over => Some(Key::VisitGuestThanks),
        Role::Patient | Role::Guest | Role::Clinician => None,
    };
    view! {
        <Page title=say(title) class="narrow">
            <div data-testid="ended" data-reason=code>
                <p class="visit-lead">{say(text)}</p>
                {hint.map(|hint| view! { <p data-testid="ended-hint">{say(hint)}</p> })}
                <p class="visit-next">
                    {way_back(ending)
                        .map(|words| {
                            view! {
                                <Button icon=Glyph::Video testid="come-back" on_press=move || again.run(())>
                                    {say(words)}
                                </Button>
                            }
                        })}
                    {match role {
                        Role::Patient => {
                            let class = if over { "button primary" } else { "button secondary" };
                            view! {
                                <a class=class href="/appointments" data-testid="to-appointments">
                                    {say(Key::VisitToAppointments)}
                                </a>
                            }
                                .into_any()
                        }
                        Role::Clinician => {
                            view! {
                                <a class="button secondary" href="/day" data-testid="to-day">{say(Key::VisitToDay)}</a>
                            }
                                .into_any()
                        }
                        Role::Guest => ().into_any(),
                    }}
                </p>
            </div>
        </Page>
    }
}
