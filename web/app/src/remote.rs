//! Data that comes from the server: loading, there, or failed with a way to try again.

use core::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::ApiError;
use crate::components::{Failure, Spinner};

/// How far a load has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Load<T> {
    /// On its way.
    Loading,
    /// Here.
    Ready(T),
    /// Not to be had.
    Failed(ApiError),
}

/// A value from the server, with its way of loading.
pub struct Remote<T: Send + Sync + 'static> {
    state: RwSignal<Load<T>>,
    run: UnsyncCallback<()>,
}

impl<T: Send + Sync + 'static> core::fmt::Debug for Remote<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Remote(..)")
    }
}

impl<T: Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Remote<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Remote<T> {
    /// Loads at once. `fetch` is called again by [`Remote::reload`].
    pub fn new<F, Fut>(fetch: F) -> Self
    where
        F: Fn() -> Fut + 'static,
        Fut: Future<Output = Result<T, ApiError>> + 'static,
    {
        let state = RwSignal::new(Load::Loading);
        let run = UnsyncCallback::new(move |()| {
            let coming = fetch();
            spawn_local(async move {
                let next = match coming.await {
                    Ok(value) => Load::Ready(value),
                    Err(fault) => Load::Failed(fault),
                };
                // The page may be gone by now. What is there is not given up for a failed
                // reload, and an equal value is no change: it would build the page anew.
                let shown = state.try_get_untracked();
                let keep = match (&shown, &next) {
                    (None, _) | (Some(Load::Ready(_)), Load::Failed(_)) => true,
                    (Some(old), new) => old == new,
                };
                if !keep {
                    state.try_set(next);
                }
            });
        });
        run.run(());
        Self { state, run }
    }

    /// Loads again; what is there stays until another value comes.
    pub fn reload(&self) {
        self.run.run(());
    }

    /// Shows another value, for example the answer to a change.
    pub fn put(&self, value: T) {
        self.state.try_set(Load::Ready(value));
    }

    /// The state; tracked.
    #[must_use]
    pub fn get(&self) -> Load<T> {
        self.state.get()
    }

    /// The value, once it is there; tracked.
    #[must_use]
    pub fn value(&self) -> Option<T> {
        match self.state.get() {
            Load::Ready(value) => Some(value),
            Load::Loading | Load::Failed(_) => None,
        }
    }

    /// A spinner, an explanation with a button to try again, or the value as `view` shows it.
    pub fn show<V: IntoView + 'static>(
        self,
        view: impl Fn(T) -> V + Send + 'static,
    ) -> impl IntoView {
        move || {
            match self.state.get() {
            Load::Loading => leptos::view! { <Spinner/> }.into_any(),
            Load::Ready(value) => view(value).into_any(),
            Load::Failed(fault) => {
                leptos::view! { <Failure fault on_retry=move || { self.state.set(Load::Loading); self.reload(); }/> }
                    .into_any()
            }
        }
        }
    }
}
