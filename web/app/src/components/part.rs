//! Parts of a view that change.

use leptos::prelude::*;

/// A changing part of a view: `{part(move || ...)}` in place of a bare closure.
///
/// Every closure type that stands in a view brings its own copy of the code that builds and
/// updates it. Behind one boxed type that code exists once, which keeps the bundle small.
pub fn part<V>(mut view: impl FnMut() -> V + Send + 'static) -> Box<dyn FnMut() -> AnyView + Send>
where
    V: IntoView + 'static,
{
    Box::new(move || view().into_any())
}
