//! What an administrator writes down: a list of things, each opened by a press, and one form at a
//! time to change a thing or add one.

use core::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::ApiError;
use crate::components::{Button, EmptyState, Failure, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};

/// What is being written: nothing, a new thing, or a known one.
pub(super) type Editing<T> = RwSignal<Option<Option<T>>>;

/// How a kind of thing is called.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// What tests call it: `room` has `room-add`, `room-form`, `room-save` and `room-close`.
    pub(super) testid: &'static str,
    pub(super) title: Key,
    pub(super) none: Key,
    pub(super) add: Key,
    pub(super) glyph: Glyph,
}

/// A thing of the list, opened by a press.
pub(super) fn row<T: Clone + Send + Sync + 'static>(
    kind: Kind,
    (glyph, thing): (Glyph, T),
    editing: Editing<T>,
    (name, about): (AnyView, AnyView),
) -> AnyView {
    let open = move |_| editing.set(Some(Some(thing.clone())));
    view! {
        <li>
            <button type="button" class="choice" data-testid=kind.testid on:click=open>
                <Icon glyph/>
                <span><strong>{name}</strong><small>{about}</small></span>
                <Icon glyph=Glyph::Edit/>
            </button>
        </li>
    }
    .into_any()
}

/// The list, and below it the form or the button that opens it.
pub(super) fn list<T: Clone + Send + Sync + 'static>(
    kind: Kind,
    rows: Vec<AnyView>,
    editing: Editing<T>,
    form: impl Fn(Option<T>) -> AnyView + Send + 'static,
) -> AnyView {
    let is_empty = rows.is_empty();
    view! {
        <section data-testid=format!("{}s", kind.testid)>
            <h2>{say(kind.title)}</h2>
            {is_empty.then(|| view! { <EmptyState glyph=kind.glyph><p>{say(kind.none)}</p></EmptyState> })}
            <ul class="choices">{rows}</ul>
            {part(move || match editing.get() {
                Some(thing) => form(thing),
                None => view! {
                    <p><Button look=Look::Secondary icon=Glyph::Plus testid=format!("{}-add", kind.testid) on_press=move || editing.set(Some(None))>{say(kind.add)}</Button></p>
                }
                .into_any(),
            })}
        </section>
    }
    .into_any()
}

/// How far the saving of a form has come.
#[derive(Clone, Copy)]
pub(super) struct Saving {
    tried: RwSignal<bool>,
    busy: RwSignal<bool>,
    fault: RwSignal<Option<ApiError>>,
    close: UnsyncCallback<()>,
    reload: UnsyncCallback<()>,
}

impl Saving {
    /// `close` ends the form, `reload` shows what was saved.
    pub(super) fn new(close: UnsyncCallback<()>, reload: UnsyncCallback<()>) -> Self {
        Self {
            tried: RwSignal::new(false),
            busy: RwSignal::new(false),
            fault: RwSignal::new(None),
            close,
            reload,
        }
    }

    /// Marks the form as tried; whether it may be sent now.
    pub(super) fn begin(self) -> bool {
        self.tried.set(true);
        !self.busy.get_untracked()
    }

    /// What stands beside a field once the form was tried and the field is wrong.
    pub(super) fn wrong(
        self,
        words: Key,
        is_wrong: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Signal<Option<String>> {
        let tried = self.tried;
        Signal::derive(move || (tried.get() && is_wrong()).then(|| t(words).to_owned()))
    }

    /// Waits for the answer of the server.
    pub(super) fn send<T: 'static>(
        self,
        saved: impl Future<Output = Result<T, ApiError>> + 'static,
    ) {
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            match saved.await {
                Ok(_) => {
                    toast(t_now(Key::ServiceSaved));
                    self.close.run(());
                    self.reload.run(());
                }
                Err(refused) => {
                    self.fault.try_set(Some(refused));
                    self.busy.try_set(false);
                }
            }
        });
    }
}

/// The frame of a form: its fields, what went wrong, and its buttons.
#[component]
pub(super) fn EditForm(
    kind: Kind,
    saving: Saving,
    /// Sends the form.
    send: UnsyncCallback<()>,
    /// The fields.
    children: Children,
) -> impl IntoView {
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        send.run(());
    };
    let (busy, fault, close) = (saving.busy, saving.fault, saving.close);
    let called = move |part: &str| format!("{}-{part}", kind.testid);
    view! {
        <form class="card" on:submit=submit novalidate data-testid=called("form")>
            {children()}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button submit=true busy icon=Glyph::Check testid=called("save")>{say(Key::Save)}</Button>
                <Button look=Look::Quiet testid=called("close") on_press=close>{say(Key::FormClose)}</Button>
            </div>
        </form>
    }
}
