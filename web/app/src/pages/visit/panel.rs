//! One panel beside the pictures, or over them where there is no room beside.

use clinical_model::AppointmentId;
use leptos::prelude::*;
use signaling_protocol::Role;
use wasm_bindgen::JsCast as _;

use super::chat::Chat;
use super::device_choice::DeviceChoices;
use super::live_call::LiveCall;
use super::note_panel::NotePanel;
use super::people::People;
use super::secrecy::Secrecy;
use crate::browser;
use crate::components::{Button, Glyph, Icon, Look};
use crate::i18n::{Key, say, t_now};
use crate::pages::triage::Triage;

/// Width from which a panel stands beside the pictures, in CSS pixels; as in `visit.css`.
const WIDE_PX: f64 = 960.0;

/// What stands beside the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Panel {
    /// Nothing.
    None,
    /// Messages.
    Chat,
    /// Who is here.
    People,
    /// The doctor's note.
    Note,
    /// What the patient answered before the visit.
    Triage,
    /// Camera and microphone.
    Devices,
}

impl Panel {
    /// Test id of the button that opens it.
    pub(super) const fn toggle(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Chat => "toggle-chat",
            Self::People => "toggle-people",
            Self::Note => "toggle-note",
            Self::Triage => "toggle-triage",
            Self::Devices => "toggle-devices",
        }
    }
}

/// Whether a panel fits beside the pictures.
pub(super) fn has_room_for_panel() -> bool {
    let width = window().inner_width().ok().and_then(|width| width.as_f64());
    width.is_some_and(|width| width >= WIDE_PX)
}

/// The panel that is open.
#[component]
pub(super) fn Side(
    call: LiveCall,
    role: Role,
    appointment: Option<AppointmentId>,
    panel: RwSignal<Panel>,
) -> impl IntoView {
    follow_with_focus(panel);
    move || match panel.get() {
        Panel::None => ().into_any(),
        Panel::Chat => frame(
            panel,
            Key::VisitChat,
            "chat",
            view! { <Chat call/> }.into_any(),
        ),
        Panel::People => frame(
            panel,
            Key::VisitPeople,
            "people",
            view! {
                <People call role/>
                <Secrecy call role/>
            }
            .into_any(),
        ),
        Panel::Devices => frame(
            panel,
            Key::VisitDevices,
            "devices",
            view! {
                <DeviceChoices call/>
                <Report call/>
            }
            .into_any(),
        ),
        Panel::Triage => match appointment {
            Some(appointment) => frame(
                panel,
                Key::TriagePanel,
                "triage",
                view! { <Triage appointment says_none=true/> }.into_any(),
            ),
            None => ().into_any(),
        },
        Panel::Note => match appointment {
            Some(appointment) => frame(
                panel,
                Key::VisitNote,
                "note",
                view! { <NotePanel appointment/> }.into_any(),
            ),
            None => ().into_any(),
        },
    }
}

/// Numbers of the call for somebody who helps.
#[component]
fn Report(call: LiveCall) -> impl IntoView {
    let save = move || {
        let file = ("application/json", t_now(Key::ReportFile));
        browser::save_file(call.report().as_bytes(), file);
    };
    view! {
        <p class="visit-next">
            <Button look=Look::Secondary testid="call-report" on_press=save>{say(Key::ReportGo)}</Button>
        </p>
        <p class="hint">{say(Key::ReportText)}</p>
    }
}

fn frame(panel: RwSignal<Panel>, title: Key, testid: &'static str, inside: AnyView) -> AnyView {
    let close = move || panel.set(Panel::None);
    view! {
        <section
            class="visit-panel"
            aria-label=say(title)
            data-testid=testid
            on:keydown=move |event| {
                // A dialog inside closes itself with the same key.
                if event.key() == "Escape" && !within_dialog(&event) {
                    event.stop_propagation();
                    close();
                }
            }
        >
            <header>
                <h2 tabindex="-1">{say(title)}</h2>
                <button type="button" class="visit-close" data-testid="panel-close" on:click=move |_| close()>
                    <Icon glyph=Glyph::Cross/>
                    <span>{say(Key::Close)}</span>
                </button>
            </header>
            {inside}
        </section>
    }
    .into_any()
}

fn within_dialog(event: &leptos::ev::KeyboardEvent) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .is_some_and(|element| element.closest("dialog").ok().flatten().is_some())
}

/// The focus goes into a panel that is opened and back to its button when it is closed. A panel
/// that is open from the start leaves the focus where it is.
fn follow_with_focus(panel: RwSignal<Panel>) {
    Effect::new(move |before: Option<Panel>| {
        let now = panel.get();
        match before {
            Some(before) if before != now => request_animation_frame(move || match now {
                Panel::None => focus(&format!("[data-testid={}]", before.toggle())),
                Panel::Chat => focus("#chat-input"),
                Panel::People | Panel::Note | Panel::Triage | Panel::Devices => {
                    focus(".visit-panel h2");
                }
            }),
            Some(_) | None => {}
        }
        now
    });
}

fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
        element.focus().ok();
    }
}
